// sn/planner/shortlist/race.h
//
// The engine decides: plans of a shortlist are played on the World's requests, in rounds of longer
// runs for fewer plans (successive halving; Jamieson and Talwalkar, AISTATS 2016).
//
//   heats   an eighth of the requests at common multiples, 15 % apart, up or down until the best of
//           the list met one and those within a third of it are known
//   second  a quarter of the requests, a knee to 3 % for the best ten, and for the leaders'
//           neighbours: half and twice the chunk, one instance more on the side that binds
//   last    all requests, a knee to 1 % for the best four: the run that `simulate` makes of them;
//   and
//           two more quarters of the requests, for how far knees spread from load to load
//
// All plans of a round meet the same requests, so that what they have in common cancels. At a fixed
// rate a plan's figure is the fewest GPUs that carry it: replicas are added where a target fails
// and taken away while all are met. Runs go to threads in a fixed order and are told apart by
// place: the result does not depend on the number of threads.

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
  FoundPlan found;  // its replicas as they were played
  twin::SimulationReport report;
  double screened = 0.0;      // multiple that the formulas had for it; 0 for a neighbour
  bool whole = false;         // played on the whole load
  std::vector<double> knees;  // of the first three quarters of the load, one by one

  [[nodiscard]] bool meets() const { return report.met(); }
};

struct RaceOptions {
  std::size_t second = 10;  // plans of the second round
  std::size_t last = 4;     // and of the last
  twin::SimulationOptions simulation;
};

/// The plans of the second round, those of the last one before the others, best first: more of the
/// workload, or fewer GPUs. Some may not meet the SLO. Errors: a trace that cannot be read any
/// more.
[[nodiscard]] Result<std::vector<Played>> race(const twin::World& world,
                                               const std::vector<FoundPlan>& plans,
                                               const RaceOptions& options, const Run& run = Run());

/// One plan on the whole load: its knee, looked for at `guess` first, or its run at the World's
/// rate.
[[nodiscard]] Result<Played> play(const twin::World& world, const FoundPlan& found, double guess,
                                  const twin::SimulationOptions& options, const Run& run = Run());

/// `options`, cut to a whole run.
[[nodiscard]] twin::SimulationOptions whole_options(const twin::World& world,
                                                    twin::SimulationOptions options);

}  // namespace sn::planner
