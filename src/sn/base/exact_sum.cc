// sn/base/exact_sum.cc
//
// Fixed-point accumulation in 32-bit limbs; see the header.
//
// A term is mantissa (53 bits) times count (64 bits), shifted into place: at most five limbs, then
// the carry. The top limb starts at bit 2208; 2^1024 * 2^64 needs bit 2162.

#include "sn/base/exact_sum.h"

#include <cmath>

#include "sn/base/result.h"

namespace sn {

namespace {
constexpr int lowest_exponent = -1074;  // of the smallest subnormal double
constexpr std::uint64_t low_half = 0xffff'ffffu;
}  // namespace

void ExactSum::add_at(std::size_t limb, std::uint64_t amount) {
  while (amount != 0) {
    SN_ASSERT(limb < limb_count);
    const std::uint64_t sum = (amount & low_half) + limbs_[limb];
    limbs_[limb] = static_cast<std::uint32_t>(sum & low_half);
    amount = (amount >> 32) + (sum >> 32);
    ++limb;
  }
}

void ExactSum::add(double value, std::uint64_t count) {
  SN_ASSERT(std::isfinite(value) && value >= 0.0);
  if (value == 0.0 || count == 0) return;
  int exponent = 0;
  const double fraction = std::frexp(value, &exponent);  // in [0.5, 1)
  auto mantissa = static_cast<std::uint64_t>(std::ldexp(fraction, 53));
  exponent -= 53;
  if (exponent < lowest_exponent) {  // subnormal: the low bits of the mantissa are zero
    mantissa >>= lowest_exponent - exponent;
    exponent = lowest_exponent;
  }
  const auto bit = static_cast<std::size_t>(exponent - lowest_exponent);
  std::size_t limb = bit / 32;
  const auto shift = static_cast<unsigned>(bit % 32);

  // mantissa < 2^53 and shift < 32: split the mantissa so that every product fits 64 bits.
  const std::uint64_t parts[3] = {(mantissa << shift) & low_half,
                                  ((mantissa >> (32 - shift)) & low_half),
                                  shift == 0 ? 0 : mantissa >> (64 - shift)};
  const std::uint64_t count_low = count & low_half;
  const std::uint64_t count_high = count >> 32;
  for (const std::uint64_t part : parts) {
    add_at(limb, part * count_low);
    add_at(limb + 1, part * count_high);
    ++limb;
  }
}

void ExactSum::add(const ExactSum& other) {
  for (std::size_t i = 0; i < limb_count; ++i) add_at(i, other.limbs_[i]);
}

double ExactSum::value() const {
  std::size_t top = limb_count;
  while (top > 0 && limbs_[top - 1] == 0) --top;
  const std::size_t bottom = top > 4 ? top - 4 : 0;
  double sum = 0.0;
  for (std::size_t i = bottom; i < top; ++i) {  // small terms first: one rounding that matters
    sum += std::ldexp(static_cast<double>(limbs_[i]), static_cast<int>(32 * i) + lowest_exponent);
  }
  return sum;
}

}  // namespace sn
