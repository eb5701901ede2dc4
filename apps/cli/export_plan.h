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

/// Prints deployment `rank` of `report` for `tool`, which is known; returns the exit code.
[[nodiscard]] int export_plan(const std::string& verb, const twin::World& world,
                              const planner::PlanReport& report, const std::string& tool, int rank);

}  // namespace sn::cli
