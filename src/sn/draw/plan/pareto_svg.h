// sn/draw/plan/pareto_svg.h
//
// The Pareto chart of a plan as a drawing sheet: tokens/s per GPU against tokens/s per user.
//
// Every mark is a deployment at a load. A deployment stands on the front when no other gives its
// users more at the same yield; the front is drawn in ink as the steps between what can be had, the
// region below it is hatched. Aggregated deployments are circles, disaggregated ones diamonds. The
// best of the front are called out. Axes are linear and start at zero.

#pragma once

#include <string>

#include "sn/planner/report.h"

namespace sn::draw {

/// A self-contained SVG document. Same report, same bytes.
[[nodiscard]] std::string pareto_svg(const planner::PlanReport& report);

}  // namespace sn::draw
