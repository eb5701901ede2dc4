// apps/cli/export_plan.h
//
// `supernode plan --export TOOL`: a deployment of the plan as the tool's launch script.

#pragma once

#include <string>

#include "apps/cli/cli.h"
#include "sn/planner/report.h"
#include "sn/twin/world.h"

namespace sn::cli {

/// Reports a tool that is not known, with the nearest.
void check_tool(const std::string& verb, const std::string& tool, Errors& errors);

struct ExportRun {
  std::string verb;
  std::string tool;  // a known one
  int rank = 1;
  std::string catalog;  // folder that is laid over the catalog
};

/// Prints deployment `rank` of `report`; returns the exit code.
[[nodiscard]] int export_plan(const ExportRun& run, const twin::World& world,
                              const planner::PlanReport& report);

}  // namespace sn::cli
