// sn/serving/engine/first_step_test.cc
//
// The first step with prompts after a start takes longer, once.

#include <gtest/gtest.h>

#include "sn/serving/engine/engine_test_util.h"

namespace sn::serving {
namespace {

constexpr double extra = 0.7;
constexpr double tick = 1.5e-9;  // times are rounded to nanoseconds

PoolSpec cold_pool(bool warm, const llm::Parallelism& parallel = {}) {
  PoolSpec pool = pool_spec(small_bed(), 1, parallel, {.tokens = 512}, 10'000);
  pool.first_step = Time::from_si(extra);
  pool.warm = warm;
  return pool;
}

double wait(const RequestRecord& r) { return seconds(r.arrival, r.first_token); }
double decoding(const RequestRecord& r) { return seconds(r.first_token, r.last_token); }

std::vector<RequestRecord> lives_of(const std::vector<PoolSpec>& pools) {
  Collector seen;
  ServingEngine engine(spec_of(pools), &seen);
  // Prompts of three steps each.
  run_all(engine, {request_of(0.5, 1300, 5), request_of(5.0, 1300, 5), request_of(9.0, 1300, 5)});
  EXPECT_EQ(seen.lives.size(), 3u);
  return seen.lives;
}

TEST(FirstStep, OnceAndOfPromptsAlone) {
  for (const llm::Parallelism& p : {llm::Parallelism{}, llm::Parallelism{.pp = 2}}) {
    SCOPED_TRACE(llm::to_string(p));
    const auto warm = lives_of({cold_pool(true, p)});
    const auto cold = lives_of({cold_pool(false, p)});
    EXPECT_NEAR(wait(cold[0]) - wait(warm[0]), extra, tick);
    EXPECT_EQ(wait(cold[1]), wait(warm[1]));
    EXPECT_EQ(wait(cold[2]), wait(warm[2]));
    for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(decoding(cold[i]), decoding(warm[i]), tick);
  }
}

TEST(FirstStep, NothingByDefault) {
  PoolSpec plain = pool_spec(small_bed(), 1, {}, {.tokens = 512}, 10'000);
  EXPECT_EQ(lives_of({plain}), lives_of({cold_pool(true)}));
  plain.warm = false;
  EXPECT_EQ(lives_of({plain}), lives_of({cold_pool(true)}));
}

TEST(FirstStep, DecodePoolsHaveNone) {
  const auto warm = lives_of({cold_pool(true), cold_pool(true)});
  EXPECT_EQ(lives_of({cold_pool(true), cold_pool(false)}), warm);
  const auto cold = lives_of({cold_pool(false), cold_pool(false)});
  EXPECT_NEAR(wait(cold[0]) - wait(warm[0]), extra, tick);
  EXPECT_EQ(wait(cold[1]), wait(warm[1]));
}

TEST(FirstStep, AgainAfterEveryStart) {
  const auto at = [](double t) { return *to_nanos(Time::from_si(t)); };
  Collector seen;
  ServingEngine engine(spec_of({cold_pool(true)}), &seen);
  const auto request = [&](double t) {
    engine.advance(at(t));
    engine.submit(request_of(t, 1300, 5), at(t));
  };
  request(0.5);
  engine.fail(0, 0, at(5.0));
  engine.start(0, 0, at(6.0));  // up at 8 s
  request(9.0);
  request(12.0);
  engine.start(0, 0, at(13.0));  // is up already: stays warm
  request(14.0);
  engine.fail(0, 0, at(20.0));
  engine.start(0, 0, at(20.0));
  request(23.0);
  run_to_end(engine);
  ASSERT_EQ(seen.lives.size(), 5u);
  const double usual = wait(seen.lives[0]);
  EXPECT_NEAR(wait(seen.lives[1]), usual + extra, tick);
  EXPECT_NEAR(wait(seen.lives[2]), usual, tick);
  EXPECT_NEAR(wait(seen.lives[3]), usual, tick);
  EXPECT_NEAR(wait(seen.lives[4]), usual + extra, tick);
}

TEST(FirstStep, InstancesThatStartLaterAreCold) {
  PoolSpec pool = cold_pool(true);
  pool.initially_down = 1;
  Collector seen;
  ServingEngine engine(spec_of({pool}), &seen);
  engine.start(0, 0, Nanos{});  // up at 2 s
  run_all(engine, {request_of(3.0, 1300, 5), request_of(6.0, 1300, 5)});
  ASSERT_EQ(seen.lives.size(), 2u);
  EXPECT_NEAR(wait(seen.lives[0]) - wait(seen.lives[1]), extra, tick);
}

}  // namespace
}  // namespace sn::serving
