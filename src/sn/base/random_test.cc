// sn/base/random_test.cc
//
// Known answers of Philox4x32-10 (Random123's kat_vectors), moments and Kolmogorov-Smirnov
// distances of the distributions at fixed seeds.
//
//   KS bound: D < 1.95 / sqrt(n) fails by chance once in a thousand seeds; seeds are fixed.

#include "sn/base/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <vector>

namespace sn {
namespace {

constexpr int n = 100'000;
constexpr std::int64_t lowest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t highest = std::numeric_limits<std::int64_t>::max();

std::vector<double> draw(std::uint64_t seed, const std::function<double(RandomStream&)>& next) {
  RandomStream stream(seed, entity_key("test"));
  std::vector<double> out;
  for (int i = 0; i < n; ++i) out.push_back(next(stream));
  return out;
}

double mean(const std::vector<double>& values) {
  double sum = 0.0;
  for (const double v : values) sum += v;
  return sum / static_cast<double>(values.size());
}

double variance(const std::vector<double>& values) {
  const double m = mean(values);
  double sum = 0.0;
  for (const double v : values) sum += (v - m) * (v - m);
  return sum / static_cast<double>(values.size() - 1);
}

double ks_distance(std::vector<double> values, const std::function<double(double)>& cdf) {
  std::sort(values.begin(), values.end());
  double worst = 0.0;
  const double count = static_cast<double>(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double f = cdf(values[i]);
    worst = std::max(
        {worst, f - static_cast<double>(i) / count, static_cast<double>(i + 1) / count - f});
  }
  return worst;
}

const double ks_bound = 1.95 / std::sqrt(n);

double normal_cdf(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }

TEST(Philox, KnownAnswers) {
  // Lines "philox 4x32 10" of kat_vectors: counter, key, result; we use the first two result words.
  EXPECT_EQ(RandomStream::bits_at(0, 0, 0), 0xe169c58d'6627e8d5u);
  EXPECT_EQ(RandomStream::bits_at(~0ull, ~0ull, ~0ull), 0x41c83b0e'408f276du);
  // counter 243f6a88 85a308d3 13198a2e 03707344, key a4093822 299f31d0 (digits of pi)
  EXPECT_EQ(RandomStream::bits_at(0x299f31d0'a4093822u, 0x03707344'13198a2eu, 0x85a308d3'243f6a88u),
            0x94fdcceb'd16cfe09u);
}

TEST(RandomStream, IsAFunctionOfSeedEntityAndNumber) {
  RandomStream a(7, 9);
  for (std::uint64_t i = 0; i < 10; ++i) EXPECT_EQ(a.next_bits(), RandomStream::bits_at(7, 9, i));
  EXPECT_NE(RandomStream::bits_at(7, 9, 0), RandomStream::bits_at(8, 9, 0));
  EXPECT_NE(RandomStream::bits_at(7, 9, 0), RandomStream::bits_at(7, 10, 0));
}

TEST(EntityKey, IsFnv1a) {
  // Test vectors of the FNV reference: "", "a", "foobar".
  EXPECT_EQ(entity_key(""), 0xcbf29ce484222325u);
  EXPECT_EQ(entity_key("a"), 0xaf63dc4c8601ec8cu);
  EXPECT_EQ(entity_key("foobar"), 0x85944171f73967e8u);
}

TEST(Distribution, Uniform) {
  const auto values = draw(1, [](RandomStream& s) { return s.uniform(); });
  EXPECT_GT(*std::min_element(values.begin(), values.end()), 0.0);
  EXPECT_LT(*std::max_element(values.begin(), values.end()), 1.0);
  EXPECT_LT(ks_distance(values, [](double x) { return x; }), ks_bound);
}

TEST(Distribution, Exponential) {
  const auto values = draw(2, [](RandomStream& s) { return s.exponential(3.0); });
  EXPECT_NEAR(mean(values), 3.0, 3.0 * 4 / std::sqrt(n));  // sd = mean; four standard errors
  EXPECT_LT(ks_distance(values, [](double x) { return 1.0 - std::exp(-x / 3.0); }), ks_bound);
}

TEST(Distribution, Normal) {
  const auto values = draw(3, [](RandomStream& s) { return s.normal(); });
  EXPECT_NEAR(mean(values), 0.0, 4 / std::sqrt(n));
  EXPECT_NEAR(variance(values), 1.0, 4 * std::sqrt(2.0 / n));
  EXPECT_LT(ks_distance(values, normal_cdf), ks_bound);
}

TEST(Distribution, Lognormal) {
  const auto values = draw(4, [](RandomStream& s) { return s.lognormal(200.0, 0.5); });
  const auto cdf = [](double x) { return normal_cdf(std::log(x / 200.0) / 0.5); };
  EXPECT_LT(ks_distance(values, cdf), ks_bound);
  // mean = median exp(sigma^2 / 2) = 200 * 1.1331; sd = mean sqrt(exp(0.25) - 1) = 0.533 mean
  const double expected = 200.0 * std::exp(0.125);
  EXPECT_NEAR(mean(values), expected, 4 * 0.533 * expected / std::sqrt(n));
}

TEST(Distribution, GammaMoments) {
  for (const double shape : {0.2, 0.5, 1.0, 2.5, 40.0}) {
    const auto values = draw(5, [&](RandomStream& s) { return s.gamma(shape, 6.0); });
    // variance = mean^2 / shape; kurtosis of the sample variance: 2 + 6 / shape over n
    const double expected = 36.0 / shape;
    EXPECT_NEAR(mean(values), 6.0, 4 * std::sqrt(expected / n)) << shape;
    EXPECT_NEAR(variance(values), expected, 4 * expected * std::sqrt((2 + 6 / shape) / n)) << shape;
    EXPECT_GE(*std::min_element(values.begin(), values.end()), 0.0);
  }
}

TEST(Distribution, GammaOfShapesWithClosedForms) {
  // shape 1 is exponential; shape 2: F = 1 - (1 + y) e^-y; shape 1/2: F = erf(sqrt(y)).
  const auto one = draw(6, [](RandomStream& s) { return s.gamma(1.0, 3.0); });
  EXPECT_LT(ks_distance(one, [](double x) { return 1.0 - std::exp(-x / 3.0); }), ks_bound);
  const auto two = draw(7, [](RandomStream& s) { return s.gamma(2.0, 2.0); });
  EXPECT_LT(ks_distance(two, [](double x) { return 1.0 - (1.0 + x) * std::exp(-x); }), ks_bound);
  const auto half = draw(8, [](RandomStream& s) { return s.gamma(0.5, 0.5); });
  EXPECT_LT(ks_distance(half, [](double x) { return std::erf(std::sqrt(x)); }), ks_bound);
}

TEST(Distribution, IntegersAreEven) {
  RandomStream stream(9, 0);
  std::vector<int> counts(7);
  for (int i = 0; i < n; ++i) {
    const std::int64_t v = stream.integer(-3, 3);
    ASSERT_GE(v, -3);
    ASSERT_LE(v, 3);
    ++counts[static_cast<std::size_t>(v + 3)];
  }
  double chi2 = 0.0;
  for (const int c : counts) chi2 += (c - n / 7.0) * (c - n / 7.0) / (n / 7.0);
  EXPECT_LT(chi2, 22.5);  // 6 degrees of freedom, once in a thousand
}

TEST(Distribution, IntegersAtTheEnds) {
  RandomStream stream(10, 0);
  EXPECT_EQ(stream.integer(5, 5), 5);
  EXPECT_EQ(stream.integer(highest, highest), highest);
  bool negative = false;
  bool positive = false;
  for (int i = 0; i < 64; ++i) {
    const std::int64_t v = stream.integer(lowest, highest);
    (v < 0 ? negative : positive) = true;
    EXPECT_LE(stream.integer(lowest, 0), 0);
    EXPECT_GE(stream.integer(highest - 1, highest), highest - 1);
  }
  EXPECT_TRUE(negative && positive);
}

TEST(DistributionDeathTest, RefusesImpossibleParameters) {
  RandomStream stream(1, 1);
  EXPECT_DEATH(static_cast<void>(stream.gamma(0.0, 1.0)), "assertion failed");
  EXPECT_DEATH(static_cast<void>(stream.integer(2, 1)), "assertion failed");
  EXPECT_DEATH(static_cast<void>(stream.exponential(-1.0)), "assertion failed");
}

}  // namespace
}  // namespace sn
