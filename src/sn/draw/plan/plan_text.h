// sn/draw/plan/plan_text.h
//
// A plan as text: a table to pin up, the bill behind it, and several plans side by side.
//
// Fixed columns, units in the header or beside the number, three significant digits. The first line
// says what was asked, the last what to do next. Every number is taken from the report as it is;
// only differences from what was asked (by how much a target is missed) are formed here.

#pragma once

#include <string>
#include <vector>

#include "sn/draw/kit/table.h"
#include "sn/planner/report.h"

namespace sn::draw {

/// The ranked deployments; with an explanation also what binds the first one, what would help and
/// which assumptions it rests on.
[[nodiscard]] std::string plan_table(const planner::PlanReport& report, const TextStyle& style);

/// The table and, below it, the bills of TTFT and TPOT, operators, memory, elasticities and
/// assumptions of the first deployment.
[[nodiscard]] std::string explain_text(const planner::PlanReport& report, const TextStyle& style);

/// One line for each report, its best deployment, in the order given; `rel` is tokens/s per GPU
/// over that of the first line which meets its SLO.
[[nodiscard]] std::string comparison_table(const std::vector<planner::PlanReport>& reports,
                                           const TextStyle& style);

}  // namespace sn::draw
