// sn/draw/plan/plan_json.h
//
// A plan as JSON: everything of the report, nothing more. Schema: schema/plan.schema.json.
//
// Keys are snake_case; a raw number in a unit has the unit in its key or in that of the object
// around it (`ttft_seconds`). Rates are per second. Absent parts are null. Same report, same bytes.

#pragma once

#include <string>
#include <vector>

#include "sn/base/json_writer.h"
#include "sn/planner/report.h"

namespace sn::draw {

[[nodiscard]] std::string plan_json(const planner::PlanReport& report);

/// Several plans: {"format": "supernode-plans", "plans": [...]}.
[[nodiscard]] std::string plans_json(const std::vector<planner::PlanReport>& reports);

/// The same as a value inside of another document.
void write_plan(JsonWriter& writer, const planner::PlanReport& report);

}  // namespace sn::draw
