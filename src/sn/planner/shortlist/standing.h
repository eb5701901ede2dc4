// sn/planner/shortlist/standing.h
//
// Played plans as rows of a report: the engine's figures, and which of them can be told apart.
//
// Two plans are judged by the difference of their knees, not by the width of each: what both are
// made of errs in both. With d = ln(knee_a / knee_b):
//
//   sigma^2(d) = sum over parts of ((share_a - share_b) sigma_part)^2 + s^2 / 3
//
// share: part of a mean request's GPU time; sigma_part: of the models (llm/uncertainty.h); s:
// spread of d over three quarters of the load that both were played on. Within the middle 80 % of
// zero the two share a place.

#pragma once

#include <vector>

#include "sn/planner/report.h"
#include "sn/planner/shortlist/race.h"

namespace sn::planner {

/// The plan's row, with the engine's latencies, rates and utilisation in place of the formulas'.
[[nodiscard]] Candidate played_candidate(const twin::World& world, const Played& played);

/// Numbers rows that are in order and gives places; `knees` are those of three quarters of the load
/// for the rows that have them, else empty.
void give_places(const twin::World& world, const std::vector<std::vector<double>>& knees,
                 std::vector<Candidate>& rows);

/// The plan at `operating_share` of its knee (at the World's rate where that is fixed), and there
/// with one instance less of each pool.
inline constexpr double operating_share = 0.8;
[[nodiscard]] Result<OperatingLoad> operating_load(const twin::World& world,
                                                   const Candidate& candidate,
                                                   const twin::SimulationOptions& options,
                                                   const Run& run);

}  // namespace sn::planner
