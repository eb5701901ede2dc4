// sn/draw/plan/plan_pages.h
//
// A plan as a table for other programs and as a page; several plans as one chart.

#pragma once

#include <string>
#include <vector>

#include "sn/planner/report.h"

namespace sn::draw {

/// A line for each candidate, columns named with their units (RFC 4180).
[[nodiscard]] std::string plan_csv(const std::vector<planner::PlanReport>& reports);

/// A self-contained page: what was asked, the ranked deployments, the Pareto chart.
[[nodiscard]] std::string plan_html(const planner::PlanReport& report);

/// Output tokens/s per GPU of the best deployment of each scenario, as bars with their 80 %.
[[nodiscard]] std::string comparison_svg(const std::vector<planner::PlanReport>& reports);

}  // namespace sn::draw
