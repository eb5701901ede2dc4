// apps/cli/vary_plan.cc
//
// `supernode plan FILE --vary FIELD=A,B,...`: one question over many values.

#include <algorithm>
#include <chrono>

#include "apps/cli/cli.h"
#include "apps/cli/load_scenario.h"
#include "apps/cli/open_catalog.h"
#include "apps/cli/progress.h"
#include "sn/base/files.h"
#include "sn/draw/kit/text_table.h"
#include "sn/draw/plan/vary_views.h"
#include "sn/planner/vary.h"
#include "sn/twin/scenario/tenants.h"

namespace sn::cli {

namespace {

int show(const planner::VaryReport& report, const VaryRun& run) {
  int code = exit_done;
  if (run.json == "-") {
    code = print(draw::vary_json(report));
  } else if (run.svg != "-") {
    code = print(draw::vary_table(report, text_style(run.file)));
  }
  if (!run.json.empty() && run.json != "-") {
    code = std::max(code, write_output(run.json, draw::vary_json(report)));
  }
  if (!run.svg.empty()) code = std::max(code, write_output(run.svg, draw::vary_svg(report)));
  const bool any = std::any_of(report.points.begin(), report.points.end(),
                               [](const planner::VaryPoint& p) { return p.best.has_value(); });
  return any ? code : exit_mistake;
}

}  // namespace

int run_vary(const VaryRun& run) {
  const auto start = std::chrono::steady_clock::now();
  const Result<std::vector<planner::VaryAxis>> axes = planner::parse_axes(run.flags);
  if (!axes) return refuse(axes.error());
  const Result<catalog::Catalog> catalog = open_catalog(run.catalog);
  if (!catalog) return refuse(catalog.error());
  const Result<Node> scenario = read_scenario(run.file, run.overrides);
  if (!scenario) return refuse(scenario.error());
  if (twin::has_tenants(*scenario)) {
    return refuse({flag_error("supernode plan",
                              "--vary plans one model on one machine; this "
                              "scenario has tenants",
                              "vary a scenario of the tenant alone")});
  }
  planner::PlanOptions options = run.options;
  options.explain = false;
  options.top = 1;
  const FileLoader load = FileLoader::disk();
  const std::string directory = directory_of(run.file);
  const Result<planner::VaryReport> report =
      planner::vary({*scenario, *catalog, load, directory}, *axes, options,
                    [](std::size_t done, std::size_t all) {
                      say(std::to_string(done) + " of " + std::to_string(all) + " combinations");
                    });
  if (!report) return refuse(report.error());
  const int code = show(*report, run);
  if (!run.quiet) {
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    complain("planned " + std::to_string(report->points.size()) + " combinations in " +
             draw::significant(took.count()) + " s\n");
  }
  return code;
}

}  // namespace sn::cli
