// sn/serving/steady/crossing.h
//
// Where a margin that falls with the load crosses zero: the ITP method (interpolate, truncate,
// project; Oliveira and Takahashi, ACM TOMS 47(1), 2020). Never more evaluations than bisection
// and one, and far fewer where the margin is smooth.

#pragma once

#include <algorithm>
#include <cmath>

namespace sn::serving {

/// Margin of a quantile: how many factors of e the share P that is beyond the limit stays below
/// what the quantile allows. Nearly linear in the load, where P itself is flat and then steep.
inline constexpr double widest_margin = 20.0;
inline double tail_margin(double cdf, double quantile) {
  // Where a quantile is the weight of whole classes, P stays on it up to rounding: it is met.
  constexpr double rounding = 1e-9;
  const double allowed = 1.0 - quantile + rounding;
  return std::min(widest_margin, std::log(allowed / std::max(1.0 - cdf, rounding * allowed)));
}
/// Of a queue without end: all are beyond the limit.
inline constexpr double saturated_margin = 3.0;

/// The largest x known to have `margin(x) >= 0` in [lo, hi], to within `tolerance`. `margin(lo)` is
/// `at_lo` >= 0, `margin(hi)` is `at_hi` < 0.
template <class Margin>
double last_met(double lo, double hi, double at_lo, double at_hi, double tolerance,
                const Margin& margin) {
  const double half = 0.5 * tolerance;
  if (hi - lo <= tolerance) return lo;
  const double k1 = 0.2 / (hi - lo);
  const int most = static_cast<int>(std::ceil(std::log2((hi - lo) / tolerance))) + 1;
  for (int i = 0; i < most && hi - lo > tolerance; ++i) {
    const double middle = 0.5 * (lo + hi);
    const double falsi = (at_lo * hi - at_hi * lo) / (at_lo - at_hi);
    const double side = middle >= falsi ? 1.0 : -1.0;
    const double width = hi - lo;
    const double step = std::max(half, k1 * width * width);
    const double truncated = step <= std::abs(middle - falsi) ? falsi + side * step : middle;
    const double room = std::max(0.0, std::ldexp(half, most - i) - 0.5 * width);
    const double x = std::abs(truncated - middle) <= room ? truncated : middle - side * room;
    const double at = margin(x);
    (at >= 0.0 ? lo : hi) = x;
    (at >= 0.0 ? at_lo : at_hi) = at;
  }
  return lo;
}

}  // namespace sn::serving
