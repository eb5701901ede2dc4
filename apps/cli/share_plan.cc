// apps/cli/share_plan.cc
//
// Several tenants on one machine, for the command line (see share_plan.h).

#include "apps/cli/share_plan.h"

#include <algorithm>

#include "apps/cli/cli.h"
#include "apps/cli/progress.h"
#include "sn/draw/plan/share_views.h"
#include "sn/planner/share/share.h"

namespace sn::cli {

namespace {

/// Shares the machine; the line of progress says which tenant is being planned.
Result<planner::ShareReport> shared(const twin::SharedMachine& machine, const ShareRun& run) {
  int plans = 0;
  return planner::share(machine, run.options, [&](const std::string& tenant, std::int64_t gpus) {
    say("plan " + std::to_string(++plans) + " of " + shown(tenant) + " on " + std::to_string(gpus) +
        " GPUs");
  });
}

}  // namespace

int run_share(const twin::SharedMachine& machine, const ShareRun& run) {
  const Result<planner::ShareReport> report = shared(machine, run);
  if (!report) {
    sn::cli::report(report.error());
    return exit_mistake;
  }
  warn(report->warnings);
  if (run.json == "-") return print(draw::share_json(*report));
  const int code = print(draw::share_table(*report, text_style(run.file)));
  if (run.json.empty()) return code;
  return std::max(code, write_output(run.json, draw::share_json(*report)));
}

void check_tenant(const std::string& verb, const twin::SharedMachine& machine,
                  const std::string& tenant, Errors& errors) {
  std::vector<std::string> names;
  std::string all;
  for (const twin::Tenant& t : machine.tenants) {
    names.push_back(t.name);
    all += (all.empty() ? "" : ", ") + shown(t.name);
  }
  if (std::find(names.begin(), names.end(), tenant) != names.end()) return;
  const std::string near = nearest(tenant, names);
  errors.push_back(
      flag_error(verb, "there is no tenant '" + shown(tenant) + "'",
                 near.empty() ? "tenants are " + all : "did you mean '" + near + "'?"));
}

Result<twin::World> world_of_tenant(const twin::SharedMachine& machine, const std::string& tenant,
                                    const ShareRun& run) {
  const Result<planner::ShareReport> report = shared(machine, run);
  if (!report) return fail(report.error());
  const auto at = std::find_if(machine.tenants.begin(), machine.tenants.end(),
                               [&](const twin::Tenant& t) { return t.name == tenant; });
  SN_ASSERT(at != machine.tenants.end());
  const auto index = static_cast<std::size_t>(at - machine.tenants.begin());
  twin::World world = at->world;
  world.machine.gpu_limit = report->tenants[index].gpus;
  return world;
}

}  // namespace sn::cli
