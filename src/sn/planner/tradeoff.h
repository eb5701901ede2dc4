// sn/planner/tradeoff.h
//
// Two figures of the user's choice against each other, over the plans of a report and their load.
// Internal to the planner.
//
// A plan is a curve: its state from a twentieth of its knee to the knee. A point is on the front
// when no other is at least as good in both figures and better in one. Machine and plans stay as
// they are: fewer GPUs for less load is the business of a fixed rate.

#pragma once

#include <vector>

#include "sn/base/run.h"
#include "sn/planner/metric.h"
#include "sn/planner/report.h"
#include "sn/twin/world.h"

namespace sn::planner {

[[nodiscard]] Tradeoff tradeoff(const twin::World& world, const std::vector<Candidate>& candidates,
                                const MetricPair& pair, const Run& run);

}  // namespace sn::planner
