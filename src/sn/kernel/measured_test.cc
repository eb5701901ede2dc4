// sn/kernel/measured_test.cc
//
// Measured shapes come back, between them the ratio is interpolated, far away the model stands.

#include "sn/kernel/measured.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>

#include "sn/kernel/kernel_model.h"

namespace sn::kernel {
namespace {

Gemm product(double m, double n = 4096.0, double k = 4096.0) { return {.m = m, .n = n, .k = k}; }

MeasuredRatios two_points() {
  MeasuredRatios r;
  r.add(place_of(product(64)), 2.0);
  r.add(place_of(product(128)), 0.5);
  r.finish();
  return r;
}

TEST(MeasuredRatios, AMeasuredShapeComesBack) {
  const MeasuredRatios r = two_points();
  EXPECT_NEAR(r.ratio(place_of(product(64))), 2.0, 1e-4);
  EXPECT_NEAR(r.ratio(place_of(product(128))), 0.5, 1e-4);
}

TEST(MeasuredRatios, BetweenTwoShapesLiesTheGeometricMean) {
  const MeasuredRatios r = two_points();
  EXPECT_NEAR(r.ratio(place_of(product(64.0 * std::sqrt(2.0)))), 1.0, 1e-9);
  const double nearer = r.ratio(place_of(product(80)));
  EXPECT_GT(nearer, 1.0);
  EXPECT_LT(nearer, 2.0);
}

TEST(MeasuredRatios, TheModelStandsWhereNothingNearWasMeasured) {
  const MeasuredRatios r = two_points();
  EXPECT_EQ(r.ratio(place_of(product(64, 4096 * 4.0))), 1.0);
  EXPECT_EQ(r.ratio(place_of(product(1000))), 1.0);
  Gemm fp8 = product(64);
  fp8.activation = fp8.weight = DataType::fp8;
  EXPECT_EQ(r.ratio(place_of(fp8)), 1.0);
  // No step at the edge.
  EXPECT_NEAR(r.ratio(place_of(product(64.0 / 2.999))), 1.0, 1e-3);
}

TEST(MeasuredRatios, OrderOfReadingDoesNotMatter) {
  MeasuredRatios a;
  MeasuredRatios b;
  for (int i = 0; i < 100; ++i) a.add(place_of(product(64 + i % 10)), 1.0 + 0.01 * i);
  for (int i = 99; i >= 0; --i) b.add(place_of(product(64 + i % 10)), 1.0 + 0.01 * i);
  a.finish();
  b.finish();
  EXPECT_EQ(a.ratio(place_of(product(70.5))), b.ratio(place_of(product(70.5))));
}

TEST(MeasuredRatios, CorrectedTimesKeepTheirBound) {
  const MeasuredRatios r = two_points();
  const Cost cost{.time = Time::from_si(1e-5),
                  .compute = Time::from_si(8e-6),
                  .memory = Time::from_si(4e-6),
                  .bound = Time::from_si(7e-6),
                  .flops = {},
                  .bytes = {}};
  const Cost slower = r.corrected(cost, product(64));
  EXPECT_NEAR(slower.time.si(), 2e-5, 1e-9);
  EXPECT_NEAR(slower.compute.si(), 1.6e-5, 1e-9);
  EXPECT_EQ(r.corrected(cost, product(128)).time, cost.bound);  // half of 10 us is below 7 us
}

}  // namespace
}  // namespace sn::kernel
