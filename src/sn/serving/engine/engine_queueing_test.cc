// sn/serving/engine/engine_queueing_test.cc
//
// The engine against queueing theory: M/D/1, M/M/1 and M/M/c as limits of one rank.
//
// Steps are made long and even (host time of 50 ms against kernels of a few), so that a request's
// service time is its number of steps. One sequence at a time is a single server, c sequences are c
// servers with one queue. Arrivals wait for the step under way to end: half a step in c > 1
// servers.

#include <gtest/gtest.h>

#include <cmath>

#include "sn/base/random.h"
#include "sn/serving/engine/engine_test_util.h"

namespace sn::serving {
namespace {

constexpr double step_seconds = 0.05;

const TestBed& slow_bed() {
  static const TestBed bed = [] {
    TestBed b = small_bed();
    b.framework.host_decode = Time::from_si(step_seconds);
    b.framework.host_prefill = Time::from_si(step_seconds);
    b.framework.host_sequence = {};
    b.framework.host_launch = {};
    return b;
  }();
  return bed;
}

/// Poisson arrivals at a given load; `length` draws the output tokens.
class Poisson final {
 public:
  Poisson(double load, double servers, std::int64_t sequences, double mean_steps)
      : engine_(spec_of({pool_spec(slow_bed(), 1, {}, {.tokens = 4096, .sequences = sequences},
                                   100'000)}),
                &seen_) {
    engine_rate_ = load * servers / (mean_steps * one_step());
  }

  /// One step of the bed: a short prompt's, which a decode step's is within a per cent of.
  static double one_step() {
    static const double value = [] {
      Collector seen;
      ServingEngine engine(spec_of({pool_spec(slow_bed(), 1, {}, {.tokens = 4096}, 1000)}), &seen);
      run_all(engine, {request_of(0.0, 16, 100)});
      return seconds(Nanos{}, seen.lives[0].last_token) / 100.0;
    }();
    return value;
  }

  template <class Length>
  void run(std::int64_t requests, Length length) {
    RandomStream arrivals(7, entity_key("arrivals"));
    RandomStream lengths(7, entity_key("lengths"));
    double t = 0.0;
    for (std::int64_t i = 0; i < requests; ++i) {
      t += arrivals.exponential(1.0 / engine_rate_);
      const Request r = request_of(t, 16, length(lengths));
      engine_.advance(r.arrival);
      engine_.submit(r, r.arrival);
    }
    run_to_end(engine_);
  }

  [[nodiscard]] double mean_wait() const {
    double sum = 0.0;
    for (const RequestRecord& r : seen_.lives) sum += seconds(r.arrival, r.scheduled);
    return sum / static_cast<double>(seen_.lives.size());
  }
  [[nodiscard]] double mean_service() const {
    double sum = 0.0;
    for (const RequestRecord& r : seen_.lives) sum += seconds(r.scheduled, r.last_token);
    return sum / static_cast<double>(seen_.lives.size());
  }
  /// Squared coefficient of variation of the service as it came out.
  [[nodiscard]] double variation() const {
    const double mean = mean_service();
    double square = 0.0;
    for (const RequestRecord& r : seen_.lives) {
      square += std::pow(seconds(r.scheduled, r.last_token) - mean, 2);
    }
    return square / static_cast<double>(seen_.lives.size()) / (mean * mean);
  }
  [[nodiscard]] double load(double servers) const {
    return engine_rate_ * mean_service() / servers;
  }

 private:
  Collector seen_;
  ServingEngine engine_;
  double engine_rate_ = 1.0;
};

std::int64_t exponential_steps(RandomStream& stream, double mean) {
  return std::max<std::int64_t>(1, std::llround(stream.exponential(mean)));
}

/// Waiting probability of M/M/c (Erlang C).
double erlang_c(double servers, double load) {
  const double a = servers * load;
  double term = 1.0;
  double sum = 1.0;
  for (double k = 1.0; k < servers; k += 1.0) {
    term *= a / k;
    sum += term;
  }
  const double last = term * a / servers / (1.0 - load);
  return last / (sum + last);
}

TEST(EngineQueueing, MD1) {
  Poisson q(0.7, 1.0, 1, 20.0);
  q.run(60'000, [](RandomStream&) { return std::int64_t{20}; });
  const double load = q.load(1.0);
  EXPECT_NEAR(load, 0.7, 0.01);
  // Pollaczek-Khinchine with a constant service.
  const double expected = load / (2.0 * (1.0 - load)) * q.mean_service();
  EXPECT_NEAR(q.mean_wait() / expected, 1.0, 0.04);
}

TEST(EngineQueueing, MM1) {
  Poisson q(0.7, 1.0, 1, 200.0);
  q.run(100'000, [](RandomStream& s) { return exponential_steps(s, 200.0); });
  const double load = q.load(1.0);
  EXPECT_NEAR(q.variation(), 1.0, 0.03);
  const double expected = load / (1.0 - load) * q.mean_service();
  EXPECT_NEAR(q.mean_wait() / expected, 1.0, 0.05);
}

TEST(EngineQueueing, MMc) {
  for (const double servers : {4.0, 16.0}) {
    Poisson q(0.85, servers, static_cast<std::int64_t>(servers), 200.0);
    q.run(100'000, [](RandomStream& s) { return exponential_steps(s, 200.0); });
    const double load = q.load(servers);
    const double expected = erlang_c(servers, load) / (servers * (1.0 - load)) * q.mean_service() +
                            0.5 * Poisson::one_step();
    EXPECT_NEAR(q.mean_wait() / expected, 1.0, 0.06) << servers;
  }
}

/// Little's law holds whatever the load does: sequences in service = rate x time in service.
TEST(EngineQueueing, UnderloadNobodyWaitsLongerThanAStep) {
  Poisson q(0.05, 64.0, 64, 100.0);
  q.run(5'000, [](RandomStream&) { return std::int64_t{100}; });
  EXPECT_LT(q.mean_wait(), 0.75 * Poisson::one_step());
}

}  // namespace
}  // namespace sn::serving
