// sn/draw/plan/plan_json.h
//
// A plan as JSON: everything of the report, nothing more. Schema: schema/plan.schema.json.
//
// Keys are those of the descriptions (planner/describe_plan.cc): a number in a unit ends with it.
// Absent parts are null. Same report, same bytes.

#pragma once

#include <string>
#include <vector>

#include "sn/planner/report.h"

namespace sn::draw {

[[nodiscard]] std::string plan_json(const planner::PlanReport& report);

/// Several plans: {"format": "supernode-plans", "plans": [...]}.
[[nodiscard]] std::string plans_json(const std::vector<planner::PlanReport>& reports);

}  // namespace sn::draw
