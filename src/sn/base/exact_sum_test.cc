// sn/base/exact_sum_test.cc
//
// Sums that a double cannot hold, and independence of order.

#include "sn/base/exact_sum.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace sn {
namespace {

constexpr double largest = std::numeric_limits<double>::max();
constexpr double smallest = std::numeric_limits<double>::denorm_min();

double sum(const std::vector<double>& values) {
  ExactSum out;
  for (const double v : values) out.add(v);
  return out.value();
}

TEST(ExactSum, SingleValuesComeBack) {
  for (const double v : {0.0, smallest, 1e-310, std::numeric_limits<double>::min(), 0.1, 1.0,
                         3.0e-7, 1e15 + 0.125, 1e300, largest}) {
    EXPECT_EQ(sum({v}), v);
  }
}

TEST(ExactSum, NothingIsLost) {
  // In doubles 1e16 + 1 = 1e16: ten thousand ones would vanish one by one.
  ExactSum total;
  total.add(1e16);
  total.add(1.0, 10'000);
  EXPECT_EQ(total.value(), 1e16 + 10'000.0);
}

TEST(ExactSum, CountTimesValue) {
  // 2^60 * (2^32 + 1) = 2^92 + 2^60, exact in a double
  ExactSum total;
  total.add(0x1p60, (1ull << 32) + 1);
  EXPECT_EQ(total.value(), 0x1p92 + 0x1p60);
  ExactSum many;
  many.add(smallest, std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(many.value(), std::ldexp(1.0, 64 - 1074));
}

TEST(ExactSum, TheLargestValueTheLargestCountOfTimes) {
  ExactSum total;
  total.add(largest, std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(total.value(), HUGE_VAL);
  total.add(total);
  EXPECT_EQ(total.value(), HUGE_VAL);
}

TEST(ExactSumDeathTest, RefusesWhatHasNoPlace) {
  ExactSum total;
  EXPECT_DEATH(total.add(-1.0), "assertion failed");
  EXPECT_DEATH(total.add(std::nan("")), "assertion failed");
}

RC_GTEST_PROP(ExactSumProperty, OrderAndGroupingDoNotMatter, ()) {
  const auto element =
      rc::gen::apply([](int mantissa, int exponent) { return std::ldexp(mantissa, exponent); },
                     rc::gen::inRange(0, 1 << 30), rc::gen::inRange(-1074, 900));
  const auto values = *rc::gen::container<std::vector<double>>(element);
  ExactSum forward;
  for (const double v : values) forward.add(v);
  ExactSum left;
  ExactSum right;
  for (std::size_t i = values.size(); i-- > 0;) (i % 3 == 0 ? left : right).add(values[i]);
  right.add(left);
  RC_ASSERT(forward == right);
}

RC_GTEST_PROP(ExactSumProperty, AgreesWithIntegers, (const std::vector<std::uint32_t>& values)) {
  std::uint64_t expected = 0;
  ExactSum total;
  for (const std::uint32_t v : values) {
    expected += v;
    total.add(static_cast<double>(v));
  }
  RC_ASSERT(total.value() == static_cast<double>(expected));
}

}  // namespace
}  // namespace sn
