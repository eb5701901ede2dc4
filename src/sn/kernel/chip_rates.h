// sn/kernel/chip_rates.h
//
// What the kernel models need of a chip, in plain numbers, and the arithmetic that they share.

#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "sn/hw/machine.h"
#include "sn/kernel/format.h"

namespace sn::kernel {

struct ChipRates {
  double sms = 1.0;
  std::array<double, format_count> peak = {};  // FLOP/s; a missing format runs as the next wider
  double hbm = 1.0;                            // B/s
  double l2 = 1.0;                             // B/s
  double l2_capacity = 0.0;                    // B

  explicit ChipRates(const hw::Chip& chip);
  [[nodiscard]] double peak_of(Format format) const {
    return peak[static_cast<std::size_t>(format)];
  }
  /// Sustained L2 rate: a hit is never slower than a miss, whatever the two shares say; else a
  /// larger operator could be the quicker one.
  [[nodiscard]] double l2_rate(double l2_share, double hbm_share) const {
    const double hit = l2 * l2_share;
    const double miss = hbm * hbm_share;
    return hit > miss ? hit : miss;
  }
  /// Share of a working set that is still in L2 when it is used again: all of what fits the share
  /// `keep` of the cache, none of twice as much.
  [[nodiscard]] double resident(double bytes, double keep = 0.5) const {
    const double share = 2.0 - bytes / (keep * l2_capacity);
    return share < 0.0 ? 0.0 : share > 1.0 ? 1.0 : share;
  }
};

/// std::ceil is a function call on baseline x86-64, and this is the hottest line of a plan.
[[nodiscard]] inline double round_up(double x) {
  const auto whole = static_cast<double>(static_cast<std::int64_t>(x));
  return whole < x ? whole + 1.0 : whole;
}

/// Waves that `grid` (work items per SM) takes: one at least; of the idle rest of the last wave the
/// share `lost` is paid, since persistent kernels and other work fill the remainder.
[[nodiscard]] inline double waves(double grid, double lost) {
  return grid <= 1.0 ? 1.0 : grid + lost * (round_up(grid) - grid);
}

/// Smooth maximum of exponent 4.
[[nodiscard]] inline double sharp_max(double a, double b) {
  const double hi = a > b ? a : b;
  if (hi <= 0.0) return 0.0;
  const double r = (a > b ? b : a) / hi;
  return hi * std::sqrt(std::sqrt(1.0 + r * r * r * r));
}

/// Smooth maximum of exponent 2: what overlaps imperfectly.
[[nodiscard]] inline double smooth_max(double a, double b) { return std::sqrt(a * a + b * b); }

}  // namespace sn::kernel
