// sn/draw/plan/choice_views.h
//
// Views of what a user chose to look at: a pair of metrics, a deployment that is not the answer.

#pragma once

#include <string>

#include "sn/draw/kit/table.h"
#include "sn/planner/report.h"
#include "sn/planner/why_not.h"

namespace sn::draw {

/// The front of a trade-off, one point a line.
[[nodiscard]] std::string tradeoff_table(const planner::Tradeoff& tradeoff, const TextStyle& style);

/// One curve a plan over the two metrics, the front in a heavy pen.
[[nodiscard]] std::string tradeoff_svg(const planner::PlanReport& report);

[[nodiscard]] std::string why_not_text(const planner::WhyNotReport& report, const TextStyle& style);
/// Schema: schema/why-not.schema.json.
[[nodiscard]] std::string why_not_json(const planner::WhyNotReport& report);

}  // namespace sn::draw
