// sn/facility/availability.h
//
// How many of a rack's units are up: in closed form and by Monte Carlo, for policies that need some
// of them.
//
//   n units, each fails at rate l and is repaired in a mean time r; the rack as a whole at L, R
//   repairs without a limit:  up units are binomial(n, 1 / (1 + l r)), whatever the distribution of
//                             the repair times
//   c crews, one repair each: birth and death chain; k down -> k + 1 at (n - k) l, -> k - 1 at
//                             min(k, c) / r
//   the rack                  independent of the units: 1 / (1 + L R)
//
// Monte Carlo plays one trajectory of the same chain, year after year, and gives means over years
// with their 95 % intervals: the second way to the same numbers, and the only one for anything that
// is not stationary.

#pragma once

#include <cstdint>
#include <vector>

#include "sn/base/run.h"
#include "sn/base/units/quantity.h"

namespace sn::facility {

/// One way in which a unit fails.
struct RepairKind {
  Rate rate;    // of one unit
  Time repair;  // mean, exponential
};

struct UnitModel {
  std::int64_t units = 0;
  std::vector<RepairKind> kinds;
  std::int64_t crews = 0;         // 0: as many as it takes; else repairs are of the mean kind
  std::vector<RepairKind> whole;  // of the rack

  [[nodiscard]] Rate rate() const;        // of one unit, all kinds
  [[nodiscard]] Time repair() const;      // mean over kinds
  [[nodiscard]] double unit_off() const;  // sum of rate * repair
  [[nodiscard]] double rack_up() const;   // share of the time
  [[nodiscard]] Rate rack_rate() const;
};

/// Probability that exactly k of the units are up, k = 0 ... n. The rack is another matter.
[[nodiscard]] std::vector<double> units_up(const UnitModel& model);

/// Serving with `needed` units: all of them or nothing.
struct Availability {
  std::int64_t needed = 0;
  double up = 0.0;            // share of the time that so many are up, and the rack
  double up_error = 0.0;      // half of the 95 % interval; 0 of closed forms
  Rate losses;                // how often it is lost, rack included
  double losses_error = 0.0;  // per second, likewise
};

struct AvailabilityTable {
  std::vector<Availability> policies;
  double mean_units = 0.0;  // up, in racks that are up
  double mean_units_error = 0.0;
  double years = 0.0;  // of Monte Carlo
  std::uint64_t events = 0;
  bool interrupted = false;
};

[[nodiscard]] AvailabilityTable availability(const UnitModel& model,
                                             const std::vector<std::int64_t>& needed);

/// The same by `years` of one rack, in streams that do not depend on the number of threads.
[[nodiscard]] AvailabilityTable monte_carlo(const UnitModel& model,
                                            const std::vector<std::int64_t>& needed,
                                            std::int64_t years, std::uint64_t seed,
                                            const Run& run = Run());

}  // namespace sn::facility
