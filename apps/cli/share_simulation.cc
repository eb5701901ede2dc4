// apps/cli/share_simulation.cc
//
// Several tenants on one machine, request by request (see share_simulation.h).

#include "apps/cli/share_simulation.h"

#include <algorithm>

#include "apps/cli/cli.h"
#include "sn/draw/simulation/simulation_views.h"
#include "sn/planner/search/shapes.h"
#include "sn/planner/share/share.h"

namespace sn::cli {

namespace {

/// The tenant's load on `plan`; a knee is first looked for at `guess`.
twin::TenantRun run_of(const twin::Tenant& tenant, serving::ServingPlan plan, std::int64_t gpus,
                       double guess) {
  const std::optional<double> target = tenant.world.load.target_rate();
  return {.plan = std::move(plan),
          .gpus = gpus,
          .knee = !target,
          .multiple = target ? *target / tenant.world.load.workload.rate.si() : guess};
}

/// Each tenant's own deployment; where one has none, all of them as the planner deals the GPUs.
Result<std::vector<twin::TenantRun>> choose(const twin::SharedMachine& machine) {
  std::vector<twin::TenantRun> out;
  const auto& tenants = machine.tenants;
  if (std::all_of(tenants.begin(), tenants.end(),
                  [](const twin::Tenant& t) { return !t.world.load.search.fixed.empty(); })) {
    std::vector<serving::ServingPlan> plans;
    std::int64_t taken = 0;
    for (const twin::Tenant& t : tenants) {
      plans.push_back(t.world.load.search.fixed.front());
      taken += t.gpus;
      out.push_back(run_of(t, plans.back(), t.gpus, 1.0));
    }
    if (planner::fit_together(tenants.front().world.machine.cluster, plans)) return out;
    return fail(planner::not_side_by_side(machine, taken));
  }
  const Result<planner::ShareReport> report =
      planner::share(machine, {.top = 1, .pareto = false}, [](const std::string&, std::int64_t) {});
  if (!report) return fail(report.error());
  for (std::size_t i = 0; i < tenants.size(); ++i) {
    const planner::TenantReport& dealt = report->tenants[i];
    const planner::Candidate& best = dealt.plan.candidates.front();
    out.push_back(run_of(tenants[i], best.plan, dealt.gpus, best.multiple));
  }
  return out;
}

}  // namespace

int run_shared_simulation(const twin::SharedMachine& machine, const SharedSimulation& run) {
  const Result<std::vector<twin::TenantRun>> runs = choose(machine);
  if (!runs) {
    report(runs.error());
    return exit_mistake;
  }
  const Result<twin::SharedReport> result = twin::simulate_shared(machine, *runs, run.options);
  run.ran();
  if (!result) {
    report(result.error());
    return exit_mistake;
  }
  warn(result->warnings);
  const std::string text = run.json == "-"
                               ? draw::shared_simulation_json(*result)
                               : draw::shared_simulation_text(*result, text_style(run.file));
  int code = print(text);
  if (!run.json.empty() && run.json != "-") {
    code = std::max(code, write_output(run.json, draw::shared_simulation_json(*result)));
  }
  if (std::any_of(result->tenants.begin(), result->tenants.end(),
                  [](const twin::TenantResult& t) { return t.report.stuck(); })) {
    code = std::max<int>(code, exit_fault);
  }
  const bool missed =
      std::any_of(result->tenants.begin(), result->tenants.end(),
                  [](const twin::TenantResult& t) { return t.report.knee && !t.report.meets_slo; });
  if (result->interrupted) return exit_interrupted;
  return missed ? std::max<int>(code, exit_mistake) : code;
}

}  // namespace sn::cli
