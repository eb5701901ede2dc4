// sn/base/histogram_test.cc
//
// Error bound of quantiles against sorted values; merging in any order gives the same bits.

#include "sn/base/histogram.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace sn {
namespace {

Histogram of(const std::vector<double>& values) {
  Histogram out;
  for (const double v : values) out.add(v);
  return out;
}

bool same(const Histogram& a, const Histogram& b) {
  bool equal =
      a.count() == b.count() && a.mean() == b.mean() && a.min() == b.min() && a.max() == b.max();
  for (int i = 0; i <= 100; ++i) equal = equal && a.quantile(i / 100.0) == b.quantile(i / 100.0);
  return equal;
}

/// Non-negative values over many powers of two, zero among them.
rc::Gen<double> any_value() {
  return rc::gen::apply([](int mantissa, int exponent) { return std::ldexp(mantissa, exponent); },
                        rc::gen::inRange(0, 100'000), rc::gen::inRange(-60, 40));
}

TEST(Histogram, Empty) {
  const Histogram h;
  EXPECT_EQ(h.count(), 0u);
  EXPECT_EQ(h.mean(), 0.0);
  EXPECT_EQ(h.quantile(0.5), 0.0);
}

TEST(Histogram, NearestRank) {
  // Powers of two: the bucket's midpoint is 1/128 over its lower end. Both ends are exact.
  const Histogram h = of({1.0, 2.0, 4.0, 8.0});
  EXPECT_EQ(h.quantile(0.0), 1.0);
  EXPECT_EQ(h.quantile(0.25), 1.0);
  EXPECT_EQ(h.quantile(0.2501), 2.0 + 2.0 / 128);
  EXPECT_EQ(h.quantile(0.75), 4.0 + 4.0 / 128);
  EXPECT_EQ(h.quantile(0.7501), 8.0);
  EXPECT_EQ(h.quantile(1.0), 8.0);
  EXPECT_EQ(h.mean(), 3.75);
  EXPECT_EQ(h.min(), 1.0);
  EXPECT_EQ(h.max(), 8.0);
}

TEST(Histogram, RanksThatBinaryFractionsMiss) {
  // 0.07 * 100 = 7.000000000000001 in doubles; the rank is 7.
  Histogram h;
  for (int i = 1; i <= 100; ++i) h.add(std::ldexp(1.0, i));
  EXPECT_LT(h.quantile(0.07), std::ldexp(1.01, 7));
}

TEST(Histogram, CountsAndZeros) {
  Histogram h;
  h.add(0.0, 90);
  h.add(5.0, 10);
  h.add(7.0, 0);
  EXPECT_EQ(h.count(), 100u);
  EXPECT_EQ(h.quantile(0.9), 0.0);
  EXPECT_NEAR(h.quantile(0.91), 5.0, 5.0 * 0.008);
  EXPECT_EQ(h.quantile(0.0), 0.0);
  EXPECT_EQ(h.mean(), 0.5);
  EXPECT_EQ(h.max(), 5.0);
}

TEST(Histogram, TheWholeRangeOfDoubles) {
  const double smallest = std::numeric_limits<double>::denorm_min();
  const double largest = std::numeric_limits<double>::max();
  const Histogram h = of({largest, smallest});
  EXPECT_EQ(h.quantile(0.5), smallest);
  EXPECT_EQ(h.quantile(1.0), largest);
}

TEST(HistogramDeathTest, RefusesWhatIsNoMeasurement) {
  Histogram h;
  EXPECT_DEATH(h.add(-1.0), "assertion failed");
  EXPECT_DEATH(h.add(std::nan("")), "assertion failed");
  EXPECT_DEATH(h.add(HUGE_VAL), "assertion failed");
  EXPECT_DEATH(static_cast<void>(h.quantile(1.01)), "assertion failed");
}

TEST(Histogram, MergeWithItselfDoubles) {
  Histogram h = of({1.0, 3.0});
  h.merge(h);
  EXPECT_TRUE(same(h, of({1.0, 1.0, 3.0, 3.0})));
}

RC_GTEST_PROP(HistogramProperty, QuantilesAreWithinTheBound, ()) {
  auto values = *rc::gen::nonEmpty(rc::gen::container<std::vector<double>>(any_value()));
  const double q = *rc::gen::inRange(0, 1001) / 1000.0;
  const Histogram h = of(values);
  std::sort(values.begin(), values.end());
  const double n = static_cast<double>(values.size());
  const auto rank = std::clamp(std::ceil(q * n - 1e-9), 1.0, n);
  const double exact = values[static_cast<std::size_t>(rank) - 1];
  RC_ASSERT(std::abs(h.quantile(q) - exact) <= 0.008 * exact);
}

RC_GTEST_PROP(HistogramProperty, MergingIsAssociativeAndCommutative, ()) {
  const auto values = rc::gen::container<std::vector<double>>(any_value());
  const Histogram a = of(*values);
  const Histogram b = of(*values);
  const Histogram c = of(*values);
  Histogram left = a;
  left.merge(b);
  left.merge(c);
  Histogram right = c;
  right.merge(b);
  Histogram all = right;
  all.merge(a);
  Histogram other = a;
  other.merge(right);
  RC_ASSERT(same(left, all));
  RC_ASSERT(same(left, other));
}

RC_GTEST_PROP(HistogramProperty, OrderOfAddingDoesNotMatter, ()) {
  auto values = *rc::gen::container<std::vector<double>>(any_value());
  const Histogram forward = of(values);
  std::reverse(values.begin(), values.end());
  RC_ASSERT(same(forward, of(values)));
}

}  // namespace
}  // namespace sn
