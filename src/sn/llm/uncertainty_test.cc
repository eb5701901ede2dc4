// sn/llm/uncertainty_test.cc

#include "sn/llm/uncertainty.h"

#include <gtest/gtest.h>

#include <cmath>

namespace sn::llm {
namespace {

constexpr Uncertainty some{
    .gemm = 0.1, .attention = 0.2, .experts = 0.3, .collective = 0.4, .host = 0.5, .load = 0.05};

PartTimes parts(std::initializer_list<std::pair<Part, double>> times) {
  PartTimes out = {};
  for (const auto& [part, t] : times) out[static_cast<std::size_t>(part)] = Time::from_si(t);
  return out;
}

TEST(Uncertainty, FamiliesAreIndependentAndWholeInside) {
  // Half attention, half experts: sqrt((0.5 x 0.2)^2 + (0.5 x 0.3)^2 + 0.05^2).
  const double two = sigma_of(parts({{Part::attention, 2.0}, {Part::experts, 2.0}}), some);
  EXPECT_NEAR(two, std::sqrt(0.01 + 0.0225 + 0.0025), 1e-12);
  // Projections and the head are products both: no averaging between them.
  const double one = sigma_of(parts({{Part::projections, 3.0}, {Part::logits, 1.0}}), some);
  EXPECT_NEAR(one, std::hypot(0.1, 0.05), 1e-12);
  EXPECT_NEAR(sigma_of({}, some), 0.05, 1e-12);
}

TEST(Uncertainty, IntervalHoldsEightOfTen) {
  const Interval i = interval80(100.0, 0.1);
  EXPECT_NEAR(i.low, 100.0 * std::exp(-0.12815515655446004), 1e-9);
  EXPECT_NEAR(i.high * i.low, 1e4, 1e-6);
  EXPECT_TRUE(i.holds(100.0));
  EXPECT_FALSE(i.holds(115.0));
  // P(|N| <= 1.2816) = 0.8.
  EXPECT_NEAR(std::erf(1.2815515655446004 / std::sqrt(2.0)), 0.8, 1e-9);
}

TEST(Uncertainty, WaitsAndRatesAddToTheStep) {
  const Uncertainty u{.wait = 0.3, .rate = 0.05, .pool_wait = 0.8, .pool_rate = 0.12};
  EXPECT_NEAR(sigma_of_ttft(0.4, u, false), 0.5, 1e-12);
  EXPECT_NEAR(sigma_of_ttft(0.6, u, true), 1.0, 1e-12);
  EXPECT_NEAR(sigma_of_rate(0.12, u, false), 0.13, 1e-12);
  EXPECT_NEAR(sigma_of_rate(0.16, u, true), 0.2, 1e-12);
  // Nothing beside the step leaves the step, and a sure step leaves what is beside it.
  for (const bool two : {false, true}) {
    EXPECT_EQ(sigma_of_ttft(0.1, {}, two), 0.1);
    EXPECT_EQ(sigma_of_rate(0.1, {}, two), 0.1);
  }
  EXPECT_EQ(sigma_of_ttft(0.0, u, false), u.wait);
  EXPECT_EQ(sigma_of_rate(0.0, u, true), u.pool_rate);
}

}  // namespace
}  // namespace sn::llm
