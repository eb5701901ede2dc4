// sn/planner/shortlist/race.h
//
// The engine decides: plans of a shortlist are played on the World's requests, in rounds of longer
// runs for fewer plans (successive halving; Jamieson and Talwalkar, AISTATS 2016).
//
//   round   share of the requests   plans   knee to
//     1             1/8               all     6 %
//     2             1/3                10     3 %
//     3              1                  6     1 %
//
// All plans of a round meet the same requests, so that what they have in common cancels. Between the
// second and the last round the leaders' neighbours join: half and twice the chunk, one instance more
// on the side that binds. At a fixed rate a plan's figure is the fewest GPUs that carry it: replicas
// are added where a target fails and taken away while all are met.
//
// The last round is the run that `simulate` makes of that plan. Runs go to threads in a fixed order
// and are told apart by place: the result does not depend on the number of threads.

#pragma once

#include <vector>

#include "sn/planner/search/search.h"
#include "sn/twin/simulate/simulate.h"
#include "sn/twin/world.h"

namespace sn::planner {

/// Requests of a whole run at most; longer traces are played from their start.
inline constexpr std::int64_t whole_most = 20'000;

/// A plan as the engine played it, at its knee or at the World's rate.
struct Played {
  FoundPlan found;               // its replicas as they were played
  twin::SimulationReport report;
  double screened = 0.0;         // multiple that the formulas had for it; 0 for a neighbour
  std::vector<double> draws;     // multiples of other draws of the same load, the same for all

  [[nodiscard]] bool meets() const { return report.meets_slo && !report.cut_short; }
};

struct RaceOptions {
  std::size_t keep = 6;  // plans of the last round
  twin::SimulationOptions simulation;
};

/// The last round's plans, best first: more of the workload, or fewer GPUs; none when the SLO is met
/// by none. Errors: a trace that cannot be read any more.
[[nodiscard]] Result<std::vector<Played>> race(const twin::World& world,
                                               const std::vector<FoundPlan>& plans,
                                               const RaceOptions& options);

/// One plan on the whole load: its knee, looked for at `guess` first, or its run at the World's rate.
[[nodiscard]] Result<Played> play(const twin::World& world, const FoundPlan& found, double guess,
                                  const twin::SimulationOptions& options);

/// Requests of a whole run.
[[nodiscard]] std::int64_t whole_run(const twin::World& world,
                                     const twin::SimulationOptions& options);

}  // namespace sn::planner
