// sn/serving/load/synthetic_test.cc
//
// Generated requests against the moments and bounds of the distributions they are drawn from.

#include "sn/serving/load/synthetic.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace sn::serving {
namespace {

LengthDistribution fixed(double tokens) {
  LengthDistribution d;
  d.min = tokens;
  return d;
}

LengthDistribution lognormal(double median, double p90, double min, double max) {
  LengthDistribution d;
  d.kind = LengthDistribution::Kind::lognormal;
  d.min = min;
  d.max = max;
  d.median = median;
  d.p90 = p90;
  return d;
}

LengthDistribution uniform(double min, double max) {
  LengthDistribution d;
  d.kind = LengthDistribution::Kind::uniform;
  d.min = min;
  d.max = max;
  return d;
}

SyntheticSpec spec_of(ArrivalProcess::Kind kind, double rate, double cv, std::int64_t requests) {
  SyntheticSpec spec;
  spec.arrivals.kind = kind;
  spec.arrivals.rate = Rate::from_si(rate);
  spec.arrivals.cv = cv;
  spec.input = fixed(1000);
  spec.output = fixed(100);
  spec.requests = requests;
  return spec;
}

struct Moments {
  double mean = 0.0;
  double cv = 0.0;
};

Moments gap_moments(const std::vector<Request>& requests) {
  double sum = 0.0;
  double squares = 0.0;
  std::int64_t before = 0;
  for (const Request& r : requests) {
    const double gap = static_cast<double>(r.arrival.count - before) * 1e-9;
    before = r.arrival.count;
    sum += gap;
    squares += gap * gap;
  }
  const auto n = static_cast<double>(requests.size());
  const double mean = sum / n;
  return {mean, std::sqrt(squares / n - mean * mean) / mean};
}

std::vector<std::int64_t> sorted_inputs(const std::vector<Request>& requests) {
  std::vector<std::int64_t> inputs;
  for (const Request& r : requests) inputs.push_back(r.input_tokens);
  std::sort(inputs.begin(), inputs.end());
  return inputs;
}

TEST(Generate, FixedIntervalsAndLengths) {
  const auto requests = generate(spec_of(ArrivalProcess::Kind::fixed, 4.0, 1.0, 3), 1);
  ASSERT_EQ(requests.size(), 3u);
  for (int i = 0; i < 3; ++i) {
    const Request& r = requests[static_cast<std::size_t>(i)];
    EXPECT_EQ(r.arrival.count, (i + 1) * 250'000'000ll);  // a quarter of a second each
    EXPECT_EQ(r.input_tokens, 1000);
    EXPECT_EQ(r.output_tokens, 100);
    EXPECT_TRUE(r.blocks.empty());
  }
}

TEST(Generate, PoissonGapsHaveTheirMeanAndUnitVariation) {
  const auto m = gap_moments(generate(spec_of(ArrivalProcess::Kind::poisson, 8.0, 1.0, 40'000), 7));
  // Standard errors: mean 0.125 / 200, cv about 1 / 200; five of them allowed.
  EXPECT_NEAR(m.mean, 0.125, 5 * 0.125 / 200);
  EXPECT_NEAR(m.cv, 1.0, 5.0 / 200);
}

TEST(Generate, GammaGapsHaveTheirVariation) {
  for (const double cv : {0.25, 1.0, 2.5}) {
    const auto m = gap_moments(generate(spec_of(ArrivalProcess::Kind::gamma, 2.0, cv, 40'000), 3));
    EXPECT_NEAR(m.mean, 0.5, 5 * 0.5 * cv / 200) << cv;
    EXPECT_NEAR(m.cv, cv, 0.06 * cv) << cv;
  }
}

TEST(Generate, UniformCoversItsBoundsAndNothingElse) {
  auto spec = spec_of(ArrivalProcess::Kind::fixed, 1.0, 1.0, 20'000);
  spec.input = uniform(10, 19);
  const auto inputs = sorted_inputs(generate(spec, 5));
  EXPECT_EQ(inputs.front(), 10);
  EXPECT_EQ(inputs.back(), 19);
  double sum = 0.0;
  for (const auto i : inputs) sum += static_cast<double>(i);
  // Mean 14.5, standard deviation sqrt((10^2 - 1) / 12) = 2.87 over sqrt(20 000) = 141.
  EXPECT_NEAR(sum / 20'000, 14.5, 5 * 2.87 / 141);
}

TEST(Generate, UniformWithoutAWholeNumberBetween) {
  auto spec = spec_of(ArrivalProcess::Kind::fixed, 1.0, 1.0, 2);
  spec.input = uniform(10.2, 10.8);
  EXPECT_EQ(generate(spec, 5)[0].input_tokens, 10);
}

TEST(Generate, LognormalHitsItsMedianAndP90) {
  auto spec = spec_of(ArrivalProcess::Kind::fixed, 1.0, 1.0, 40'000);
  spec.input = lognormal(1000, 4000, 1, 1e8);
  const auto inputs = sorted_inputs(generate(spec, 11));
  // sigma = ln 4 / 1.2816 = 1.0817; the median's standard error is 1.2533 sigma / 200 = 0.7 %, that
  // of the p90 is sqrt(0.09) / (phi(1.2816) 200) sigma = 0.0015 / 0.1755 x 1.08 = 0.9 %.
  EXPECT_NEAR(static_cast<double>(inputs[20'000]), 1000, 5 * 0.007 * 1000);
  EXPECT_NEAR(static_cast<double>(inputs[36'000]), 4000, 5 * 0.009 * 4000);
}

TEST(Generate, LognormalIsTruncatedNotClamped) {
  auto spec = spec_of(ArrivalProcess::Kind::fixed, 1.0, 1.0, 20'000);
  spec.input = lognormal(1000, 4000, 500, 2000);
  const auto inputs = sorted_inputs(generate(spec, 11));
  EXPECT_GE(inputs.front(), 500);
  EXPECT_LE(inputs.back(), 2000);
  // Clamped, a quarter of all values would sit on each bound.
  EXPECT_LT(std::count(inputs.begin(), inputs.end(), 500), 200);
  EXPECT_LT(std::count(inputs.begin(), inputs.end(), 2000), 200);
}

TEST(Generate, BoundsFarInTheTailEndInThem) {
  auto spec = spec_of(ArrivalProcess::Kind::fixed, 1.0, 1.0, 4);
  spec.input = lognormal(10, 11, 50'000, 60'000);
  for (const Request& r : generate(spec, 1)) EXPECT_EQ(r.input_tokens, 50'000);
}

TEST(Generate, SameSeedSameRequestsAndStreamsAreIndependent) {
  auto spec = spec_of(ArrivalProcess::Kind::poisson, 3.0, 1.0, 500);
  spec.output = lognormal(100, 400, 1, 10'000);
  const auto a = generate(spec, 42);
  const auto b = generate(spec, 42);
  auto other_inputs = spec;
  other_inputs.input = uniform(1, 5000);
  const auto c = generate(other_inputs, 42);
  const auto d = generate(spec, 43);
  std::size_t differ = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].arrival, b[i].arrival);
    EXPECT_EQ(a[i].output_tokens, b[i].output_tokens);
    EXPECT_EQ(a[i].arrival, c[i].arrival);  // the inputs' distribution leaves the arrivals alone
    EXPECT_EQ(a[i].output_tokens, c[i].output_tokens);
    if (a[i].arrival != d[i].arrival) ++differ;
  }
  EXPECT_GT(differ, 490u);
}

TEST(Generate, SlowestAndMostFitTheClock) {
  const auto requests =
      generate(spec_of(ArrivalProcess::Kind::fixed, SyntheticLimits::rate_min, 1.0, 1000), 1);
  // 1 000 gaps of 100 s.
  EXPECT_EQ(requests.back().arrival.count, 100'000'000'000'000ll);
  EXPECT_TRUE(generate(spec_of(ArrivalProcess::Kind::poisson, 1.0, 1.0, 0), 1).empty());
}

TEST(GenerateDeathTest, RefusesWhatALoaderShouldHaveReported) {
  EXPECT_DEATH((void)generate(spec_of(ArrivalProcess::Kind::poisson, 0.0, 1.0, 1), 1), "rate");
  auto spec = spec_of(ArrivalProcess::Kind::poisson, 1.0, 1.0, 1);
  spec.input = fixed(0.0);
  EXPECT_DEATH((void)generate(spec, 1), "min");
}

}  // namespace
}  // namespace sn::serving
