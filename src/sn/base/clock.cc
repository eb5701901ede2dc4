// sn/base/clock.cc
//
// Checked conversion from seconds to ticks, and checked addition; see the header.
//
//   ticks = round(seconds * ticks per second), halves away from zero

#include "sn/base/clock.h"

#include <cmath>

namespace sn {

namespace {

template <std::int64_t Denominator>
std::optional<Ticks<Denominator>> to_ticks(Time t) {
  const double ticks = std::round(t.si() * static_cast<double>(Denominator));
  // 2^63 is a double, the largest int64 is not. A NaN fails both comparisons.
  if (!(ticks >= -0x1p63 && ticks < 0x1p63)) return std::nullopt;
  return Ticks<Denominator>{static_cast<std::int64_t>(ticks)};
}

template <std::int64_t Denominator>
std::optional<Ticks<Denominator>> add(Ticks<Denominator> a, Ticks<Denominator> b) {
  Ticks<Denominator> sum;
  if (__builtin_add_overflow(a.count, b.count, &sum.count)) return std::nullopt;
  return sum;
}

}  // namespace

std::optional<Nanos> to_nanos(Time t) { return to_ticks<Nanos::per_second>(t); }
std::optional<Picos> to_picos(Time t) { return to_ticks<Picos::per_second>(t); }

std::optional<Nanos> checked_add(Nanos a, Nanos b) { return add(a, b); }
std::optional<Picos> checked_add(Picos a, Picos b) { return add(a, b); }

}  // namespace sn
