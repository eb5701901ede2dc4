// sn/planner/search/evaluate.h
//
// A plan of the search, evaluated on the whole workload. Internal to the planner.

#pragma once

#include <vector>

#include "sn/planner/report.h"
#include "sn/planner/search/search.h"
#include "sn/twin/world.h"

namespace sn::planner {

/// The plan at its knee, or at the rate that the World asks for, with its memory and bound.
[[nodiscard]] Candidate candidate_of(const twin::World& world, const FoundPlan& found);
/// What the candidate's state makes of its racks; nothing where they have no plant.
void set_running(const twin::World& world, Candidate& candidate);

/// GPU seconds of physical bound per output token at `requests` per second: decode steps and
/// prefill work.
[[nodiscard]] double bound_gpu_seconds(serving::ServingModel& model, double requests);

/// Middle 80 % of `state`, by the parts of the model's steps at `requests` per second.
[[nodiscard]] Intervals intervals_of(const twin::World& world, serving::ServingModel& model,
                                     double requests, const serving::SteadyState& state);

/// The plan's state at shares of its knee, every GPU of the machine counted. Empty when nothing
/// meets the SLO.
[[nodiscard]] std::vector<Candidate> along_load(const twin::World& world, const FoundPlan& found,
                                                const std::vector<double>& shares);

}  // namespace sn::planner
