// sn/base/exact_sum.h
//
// A sum of non-negative doubles without rounding, so that the order of the terms cannot matter.
//
//   sum = Σ limb[i] * 2^(32 i - 1074)
//
// One fixed-point number wide enough for every finite double times 2^64 (Kulisch, "Computer
// Arithmetic and Validity", 2008, ch. 8). `value` rounds; nothing before it does. 280 bytes.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace sn {

class ExactSum {
 public:
  /// Adds `value` `count` times. `value` must be finite and not negative (asserted).
  void add(double value, std::uint64_t count = 1);
  void add(const ExactSum& other);

  /// The sum as a double, within one unit in the last place; infinite when it does not fit.
  [[nodiscard]] double value() const;

  friend bool operator==(const ExactSum&, const ExactSum&) = default;

 private:
  static constexpr std::size_t limb_count = 70;

  void add_at(std::size_t limb, std::uint64_t amount);

  std::array<std::uint32_t, limb_count> limbs_{};
};

}  // namespace sn
