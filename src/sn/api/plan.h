// sn/api/plan.h
//
// Questions to the planner: the best deployments, the same over values of a field or for several
// tenants, what keeps one deployment from being the best, and the launch script of one.

#pragma once

#include <string>
#include <vector>

#include "sn/api/open.h"
#include "sn/base/result.h"
#include "sn/base/run.h"
#include "sn/catalog/catalog.h"
#include "sn/planner/export/export.h"
#include "sn/planner/report.h"
#include "sn/planner/share/share.h"
#include "sn/planner/vary.h"
#include "sn/planner/why_not.h"
#include "sn/twin/scenario/tenants.h"
#include "sn/twin/world.h"

namespace sn::api {

struct PlanRequest {
  int top = 10;                           // rows of the report
  bool screen = false;                    // by closed forms alone, without the engine
  bool explain = false;                   // bills, elasticities, assumptions of the first row
  bool pareto = true;                     // points of the front
  std::vector<std::string> filters = {};  // "decode.tp<=4"
  std::string pair = {};                  // "J/tok,tok/s/GPU": traded off against each other
};

/// As the planner takes it. Errors: filters and metrics that there are not.
[[nodiscard]] Result<planner::PlanOptions> plan_options(const PlanRequest& request);

[[nodiscard]] Result<planner::PlanReport> plan(const twin::World& world,
                                               const PlanRequest& request = {},
                                               const Run& run = Run());

struct VaryRequest {
  OpenRequest scenario;
  std::vector<std::string> axes;  // "cluster.rack.gpus=8,16,32"
  bool screen = false;
};
[[nodiscard]] Result<planner::VaryReport> vary(const VaryRequest& request,
                                               const catalog::Catalog& catalog,
                                               const Run& run = Run());

/// The GPUs of a machine dealt to its tenants.
[[nodiscard]] Result<planner::ShareReport> share(const twin::SharedMachine& machine,
                                                 const PlanRequest& request = {},
                                                 const Run& run = Run());

/// That `tenant` is one of the machine's; else an error with the nearest.
[[nodiscard]] Errors check_tenant(const twin::SharedMachine& machine, const std::string& tenant);
/// The World of `tenant` on the GPUs that it gets when all are planned.
[[nodiscard]] Result<twin::World> world_of_tenant(const twin::SharedMachine& machine,
                                                  const std::string& tenant,
                                                  const PlanRequest& request = {},
                                                  const Run& run = Run());

struct WhyNotRequest {
  std::string deployment;  // "14 x (TP8) + 2 x (DP8)"
  PlanRequest plan = {};   // of the best, which it is compared with
};
[[nodiscard]] Result<planner::WhyNotReport> why_not(const twin::World& world,
                                                    const WhyNotRequest& request,
                                                    const Run& run = Run());

struct ExportRequest {
  std::string tool;  // one of planner::export_tools()
  int rank = 1;      // of the plan's deployments
  PlanRequest plan = {};
};
/// That the tool is known; else an error with the nearest.
[[nodiscard]] Errors check_tool(const std::string& tool);
[[nodiscard]] Result<planner::ExportedScript> export_script(const twin::World& world,
                                                            const ExportRequest& request,
                                                            const catalog::Catalog& catalog,
                                                            const Run& run = Run());

}  // namespace sn::api
