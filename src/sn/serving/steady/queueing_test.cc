// sn/serving/steady/queueing_test.cc

#include "sn/serving/steady/queueing.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <queue>
#include <vector>

#include "sn/base/random.h"

namespace sn::serving {
namespace {

using namespace sn::literals;

/// Probability of waiting in M/M/m, by the recursion of Erlang B.
double erlang_c(int servers, double rho) {
  const double load = servers * rho;
  double blocked = 1.0;
  for (int k = 1; k <= servers; ++k) blocked = load * blocked / (k + load * blocked);
  return blocked / (1.0 - rho * (1.0 - blocked));
}

TEST(QueueWait, OneServerIsPollaczekKhinchine) {
  // E[W] = rho s (1 + cs2) / (2 (1 - rho)).
  for (const double rho : {0.01, 0.3, 0.5, 0.9, 0.99}) {
    for (const double cs2 : {0.0, 0.25, 1.0, 7.7}) {
      const Wait w = queue_wait(rho, 1.0, 20_ms, 1.0, cs2);
      const double by_hand = rho * 20e-3 * (1.0 + cs2) / (2.0 * (1.0 - rho));
      EXPECT_NEAR(w.mean().si() / by_hand, 1.0, 1e-12) << rho << " " << cs2;
      EXPECT_NEAR(w.probability, rho, 1e-12);
    }
  }
  // M/D/1 at one half: half of the service time; M/M/1: all of it.
  EXPECT_NEAR(queue_wait(0.5, 1.0, 1_s, 1.0, 0.0).mean().si(), 0.5, 1e-12);
  EXPECT_NEAR(queue_wait(0.5, 1.0, 1_s, 1.0, 1.0).mean().si(), 1.0, 1e-12);
}

TEST(QueueWait, ManyServersAreNearErlangC) {
  for (const int m : {2, 4, 8, 16, 64}) {
    for (const double rho : {0.5, 0.7, 0.9, 0.97}) {
      const double exact = erlang_c(m, rho) / (m * (1.0 - rho));
      const double near = queue_wait(rho, m, 1_s, 1.0, 1.0).mean().si();
      // Sakasegawa errs on the safe side where hardly anybody waits, by 0.04 of a service time at
      // most, and is within a tenth where waits count.
      EXPECT_GT(near, 0.97 * exact) << m << " " << rho;
      EXPECT_LT(near, exact + 0.04) << m << " " << rho;
      if (exact < 0.3) continue;
      EXPECT_NEAR(near / exact, 1.0, 0.10) << m << " " << rho;
    }
  }
}

TEST(QueueWait, GrowsWithLoadBurstsAndSpreadAndFallsWithServers) {
  const auto mean = [](double rho, double m, double ca2, double cs2) {
    return queue_wait(rho, m, 1_s, ca2, cs2).mean();
  };
  EXPECT_LT(mean(0.6, 4.0, 1.0, 1.0), mean(0.7, 4.0, 1.0, 1.0));
  EXPECT_LT(mean(0.7, 4.0, 1.0, 1.0), mean(0.7, 4.0, 2.1, 1.0));
  EXPECT_LT(mean(0.7, 4.0, 1.0, 0.0), mean(0.7, 4.0, 1.0, 1.0));
  EXPECT_GT(mean(0.7, 4.0, 1.0, 1.0), mean(0.7, 5.0, 1.0, 1.0));
  EXPECT_EQ(mean(0.0, 4.0, 1.0, 1.0), Time{});
}

/// Mean wait in a first-come-first-served queue of `servers`, by event simulation.
double simulated_wait(int servers, double rho, double sigma, std::uint64_t seed) {
  // Lognormal service of mean 1: median exp(-sigma^2 / 2).
  RandomStream arrivals(seed, entity_key("arrivals"));
  RandomStream services(seed, entity_key("services"));
  std::priority_queue<double, std::vector<double>, std::greater<>> free;
  for (int i = 0; i < servers; ++i) free.push(0.0);
  constexpr int requests = 400'000;
  constexpr int warm_up = 20'000;
  double now = 0.0;
  double waited = 0.0;
  for (int i = 0; i < requests; ++i) {
    now += arrivals.exponential(1.0 / (servers * rho));
    const double start = std::max(now, free.top());
    free.pop();
    free.push(start + services.lognormal(std::exp(-0.5 * sigma * sigma), sigma));
    if (i >= warm_up) waited += start - now;
  }
  return waited / (requests - warm_up);
}

TEST(QueueWait, AgreesWithASimulationOfLognormalService) {
  const double sigma = 0.8;
  const double cs2 = std::exp(sigma * sigma) - 1.0;  // 0.90
  for (const int m : {1, 4, 14}) {
    for (const double rho : {0.7, 0.85, 0.95}) {
      const double simulated = simulated_wait(m, rho, sigma, 11);
      const double formula = queue_wait(rho, m, 1_s, 1.0, cs2).mean().si();
      if (simulated < 0.05) continue;  // a twentieth of a service time: nobody's limit
      EXPECT_NEAR(formula / simulated, 1.0, 0.15) << m << " servers at " << rho;
    }
  }
}

TEST(Wait, Distribution) {
  const Wait w{.probability = 0.4, .scale = 2_s};
  EXPECT_EQ(w.cdf(Time::from_si(-1.0)), 0.0);
  EXPECT_NEAR(w.cdf(0_s), 0.6, 1e-15);
  EXPECT_NEAR(w.cdf(2_s), 1.0 - 0.4 * std::exp(-1.0), 1e-15);
  EXPECT_NEAR(w.mean().si(), 0.8, 1e-15);
  EXPECT_EQ(Wait{}.cdf(0_s), 1.0);
}

TEST(Delay, QuantilesByHand) {
  // Two constants: 30 % at 1 s, 70 % at 3 s. Weights need not add up to 1.
  const std::vector<DelayClass> two = {{.weight = 0.6, .offset = 1_s, .sigma = {}},
                                       {.weight = 1.4, .offset = 3_s, .sigma = {}}};
  EXPECT_NEAR(delay_quantile(two, {}, 0.29).si(), 1.0, 1e-9);
  EXPECT_NEAR(delay_quantile(two, {}, 0.31).si(), 3.0, 1e-9);
  EXPECT_NEAR(delay_mean(two, {}).si(), 2.4, 1e-12);
  EXPECT_NEAR(delay_cdf(two, {}, 2_s), 0.3, 1e-12);
  // One constant and an exponential wait: the 90 % point is where p exp(-t / s) = 0.1.
  const std::vector<DelayClass> one = {{.weight = 1.0, .offset = 1_s, .sigma = {}}};
  const Wait wait{.probability = 0.5, .scale = 2_s};
  EXPECT_NEAR(delay_quantile(one, wait, 0.9).si(), 1.0 + 2.0 * std::log(5.0), 1e-9);
  EXPECT_NEAR(delay_quantile(one, wait, 0.4).si(), 1.0, 1e-9);
  // A normal: 1.28155 standard deviations.
  const std::vector<DelayClass> normal = {{.weight = 1.0, .offset = 1_s, .sigma = 100_ms}};
  EXPECT_NEAR(delay_quantile(normal, {}, 0.9).si(), 1.0 + 0.128155, 1e-6);
  EXPECT_EQ(delay_quantile({}, {}, 0.9), Time{});
}

RC_GTEST_PROP(Delay, QuantileInvertsCdf, ()) {
  const auto real = [](double lo, double hi) {
    return lo + (hi - lo) * (*rc::gen::inRange(0, 1'000'001)) / 1e6;
  };
  const bool noise = *rc::gen::arbitrary<bool>();
  std::vector<DelayClass> classes;
  const int n = *rc::gen::inRange(1, 9);
  for (int i = 0; i < n; ++i) {
    const double offset = std::pow(10.0, real(-4.0, 2.0));
    classes.push_back({.weight = real(0.01, 1.0),
                       .offset = Time::from_si(offset),
                       .sigma = Time::from_si(noise ? offset * real(0.001, 0.3) : 0.0)});
  }
  const Wait wait = noise ? Wait{}
                          : Wait{.probability = real(0.0, 1.0),
                                 .scale = Time::from_si(std::pow(10.0, real(-4.0, 2.0)))};
  const double q = real(0.01, 0.99);
  const Time t = delay_quantile(classes, wait, q);
  RC_ASSERT(delay_cdf(classes, wait, t) >= q - 1e-9);
  RC_ASSERT(delay_cdf(classes, wait, t * (1.0 - 1e-6) - 1_ns) <= q + 1e-6);
  RC_ASSERT(delay_cdf(classes, wait, t * 2.0) >= delay_cdf(classes, wait, t));
}

}  // namespace
}  // namespace sn::serving
