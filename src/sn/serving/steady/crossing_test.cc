// sn/serving/steady/crossing_test.cc

#include "sn/serving/steady/crossing.h"

#include <gtest/gtest.h>

#include <cmath>

namespace sn::serving {
namespace {

struct Found {
  double x = 0.0;
  int evaluations = 0;
};

template <class Margin>
Found cross(double lo, double hi, double tolerance, const Margin& margin) {
  Found f;
  f.x = last_met(lo, hi, margin(lo), margin(hi), tolerance, [&](double x) {
    ++f.evaluations;
    return margin(x);
  });
  return f;
}

TEST(LastMet, SmoothStepsAndFlatMarginsWithinTheToleranceAndNeverMoreThanBisection) {
  const double tolerance = 1e-5;
  const int bisection = 17;  // ceil(log2(1e5))
  for (double at = 0.01; at < 1.0; at += 0.037) {
    const auto smooth = [&](double x) { return std::tanh(3.0 * (at - x)) + 0.1 * (at - x); };
    const auto step = [&](double x) { return x <= at ? 0.1 : -0.9; };
    const auto flat = [&](double x) { return std::max(-0.9, std::min(0.1, 40.0 * (at - x))); };
    const Found found[] = {cross(0.0, 1.0, tolerance, smooth), cross(0.0, 1.0, tolerance, step),
                           cross(0.0, 1.0, tolerance, flat)};
    for (const Found& f : found) {
      EXPECT_LE(f.x, at);
      EXPECT_GT(f.x, at - 1.01 * tolerance);
      EXPECT_LE(f.evaluations, bisection + 1);
    }
    EXPECT_LE(found[0].evaluations, 10);
  }
}

TEST(LastMet, ABracketThatIsNarrowEnoughIsNotLookedInto) {
  const Found f = cross(1.0, 1.0 + 1e-6, 1e-5, [](double x) { return 1.0 - x; });
  EXPECT_EQ(f.evaluations, 0);
  EXPECT_EQ(f.x, 1.0);
}

}  // namespace
}  // namespace sn::serving
