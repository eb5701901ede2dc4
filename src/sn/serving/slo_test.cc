// sn/serving/slo_test.cc
//
// Which value of a summary a target is judged by.

#include "sn/serving/slo.h"

#include <gtest/gtest.h>

namespace sn::serving {
namespace {

Time s(double v) { return Time::from_si(v); }

TEST(Percentiles, ATargetIsJudgedByItsOwnQuantile) {
  const Percentiles p = {
      .mean = s(1.0), .p50 = s(2.0), .p90 = s(3.0), .p95 = s(4.0), .p99 = s(5.0)};
  EXPECT_EQ(value_at(p, -1.0), p.mean);
  EXPECT_EQ(value_at(p, 0.5), p.p50);
  EXPECT_EQ(value_at(p, 0.9), p.p90);
  EXPECT_EQ(value_at(p, 95.0 / 100.0), p.p95);
  EXPECT_EQ(value_at(p, 0.99), p.p99);
  // One that the summary does not hold: the next higher, so that a miss is never hidden.
  EXPECT_EQ(value_at(p, 0.75), p.p90);
  EXPECT_EQ(value_at(p, 0.999), p.p99);
}

TEST(Percentiles, SayWhichQuantilesTheyHold) {
  for (const double q : {-1.0, 0.5, 0.9, 0.95, 0.99}) EXPECT_TRUE(holds_quantile(q)) << q;
  for (const double q : {0.0, 0.75, 0.999}) EXPECT_FALSE(holds_quantile(q)) << q;
  EXPECT_EQ(quantile_name(-1.0), "mean");
  EXPECT_EQ(quantile_name(0.95), "p95");
}

}  // namespace
}  // namespace sn::serving
