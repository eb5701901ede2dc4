// sn/base/clock.h
//
// Integer clocks with checked conversion.
//
// Serving, twin and trace clocks count int64 nanoseconds (292 years); a fabric run counts int64
// picoseconds (106 days). Durations of the models are `Time` (double seconds); `to_nanos` and
// `to_picos` are the only way from one to the other, and they refuse what does not fit.

#pragma once

#include <compare>
#include <cstdint>
#include <optional>

#include "sn/base/units/quantity.h"

namespace sn {

/// A point or span on an integer clock with `Denominator` ticks per second.
template <std::int64_t Denominator>
struct Ticks {
  static constexpr std::int64_t per_second = Denominator;
  std::int64_t count = 0;

  friend constexpr auto operator<=>(const Ticks&, const Ticks&) = default;
  [[nodiscard]] constexpr Time to_time() const {
    return Time::from_si(static_cast<double>(count) / static_cast<double>(Denominator));
  }
};

using Nanos = Ticks<1'000'000'000>;
using Picos = Ticks<1'000'000'000'000>;

/// Nearest tick; nothing when the value is not finite or outside the clock's range.
[[nodiscard]] std::optional<Nanos> to_nanos(Time t);
[[nodiscard]] std::optional<Picos> to_picos(Time t);

/// Sum; nothing on overflow.
[[nodiscard]] std::optional<Nanos> checked_add(Nanos a, Nanos b);
[[nodiscard]] std::optional<Picos> checked_add(Picos a, Picos b);

}  // namespace sn
