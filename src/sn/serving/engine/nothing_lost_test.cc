// sn/serving/engine/nothing_lost_test.cc
//
// Every request ends exactly once, in the places where some were lost: preempted beyond what the
// prefill pool holds, reserved answers at exactly full memory, hand-overs to nobody.

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "sn/serving/engine/engine_test_util.h"

namespace sn::serving {
namespace {

/// Runs to the end; whoever is still alive is a failure.
std::vector<RequestRecord> lives_of(const EngineSpec& spec, const std::vector<Request>& requests) {
  Collector seen;
  ServingEngine engine(spec, &seen);
  run_all(engine, requests);
  EXPECT_TRUE(engine.consistent());
  EXPECT_EQ(engine.alive_by_state(0), AliveCounts{});
  EXPECT_EQ(seen.lives.size(), requests.size());
  std::sort(seen.lives.begin(), seen.lives.end(),
            [](const RequestRecord& a, const RequestRecord& b) { return a.id < b.id; });
  return seen.lives;
}

TEST(NothingLost, PreemptedBeyondThePrefillPoolIsComputedAgainWhereItDecoded) {
  // Prompts of 10 pages, answers of 20; prefill ranks hold 12 pages, decode ranks 40.
  EngineSpec spec =
      spec_of({pool_spec(small_bed(), 1, {}, {.tokens = 64}, 12),
               pool_spec(small_bed(), 1, {}, {.tokens = 0, .decodes_in_budget = false}, 40)});
  std::vector<Request> requests;
  for (int i = 0; i < 12; ++i) requests.push_back(request_of(0.001 * i, 160, 320));
  const auto lives = lives_of(spec, requests);
  std::int64_t preempted = 0;
  for (const RequestRecord& r : lives) {
    EXPECT_EQ(r.ending, Ending::finished);
    EXPECT_EQ(r.tokens, 320);
    preempted += r.preempted;
  }
  EXPECT_GT(preempted, 0);
}

TEST(NothingLost, ItsDecodeInstanceFailsAndAnotherComputesIt) {
  EngineSpec spec = spec_of({pool_spec(small_bed(), 1, {}, {.tokens = 64}, 12),
                             pool_spec(small_bed(), 2, {}, {.tokens = 0}, 40)});
  Collector seen;
  ServingEngine engine(spec, &seen);
  engine.submit(request_of(0.0, 160, 320), {});
  engine.advance(*to_nanos(Time::from_si(1.5)));  // some hundred tokens
  ASSERT_EQ(engine.alive_by_state(0).decoding, 1);
  engine.fail(0, 1, *to_nanos(Time::from_si(1.5)));
  run_to_end(engine);
  ASSERT_EQ(seen.lives.size(), 1u);
  EXPECT_EQ(seen.lives[0].ending, Ending::finished);
  EXPECT_EQ(seen.lives[0].tokens, 320);
  EXPECT_EQ(seen.lives[0].preempted, 1);
  EXPECT_EQ(seen.lives[0].instance, 2u);
  EXPECT_TRUE(engine.consistent());
}

TEST(NothingLost, AReservedAnswerThatFillsARankToItsLastPageIsAdmitted) {
  // 300 + 21 tokens, of which the last is not stored: 20 pages of 16, and the rank has no more.
  for (const double reserved : {0.0, 0.1, 1.0}) {
    const PoolSpec pool =
        pool_spec(small_bed(), 1, {}, {.tokens = 4096, .reserved_answer = reserved}, 20);
    const auto alone = lives_of(spec_of({pool}), {request_of(0.0, 300, 21)});
    EXPECT_EQ(alone[0].ending, Ending::finished) << reserved;
    EXPECT_EQ(alone[0].tokens, 21) << reserved;
    EXPECT_EQ(alone[0].preempted, 0) << reserved;
    PoolSpec first = pool_spec(small_bed(), 1, {}, {.tokens = 4096}, 20);
    const auto two = lives_of(spec_of({std::move(first), pool}), {request_of(0.0, 300, 21)});
    EXPECT_EQ(two[0].ending, Ending::finished) << reserved;
    EXPECT_EQ(two[0].preempted, 0) << reserved;
  }
}

TEST(NothingLost, HandedOverToNobodyIsAFailure) {
  const EngineSpec spec = spec_of({pool_spec(small_bed(), 1, {}, {.tokens = 4096}, 100),
                                   pool_spec(small_bed(), 1, {}, {.tokens = 0}, 100)});
  for (const bool drained : {false, true}) {
    Collector seen;
    ServingEngine engine(spec, &seen);
    engine.submit(request_of(0.0, 160, 320), {});
    if (drained) {
      engine.drain(0, 1, {});
    } else {
      engine.fail(0, 1, {});
    }
    run_to_end(engine);
    ASSERT_EQ(seen.lives.size(), 1u);
    EXPECT_EQ(seen.lives[0].ending, Ending::failed);
    EXPECT_EQ(engine.state(0, 0).held, 0);
  }
}

TEST(NothingLost, WaitsForAStartWhereTheOwnerSaysSo) {
  EngineSpec spec = spec_of({pool_spec(small_bed(), 1, {}, {.tokens = 4096}, 100)});
  spec.wait_for_start = true;
  Collector seen;
  ServingEngine engine(spec, &seen);
  engine.submit(request_of(0.0, 160, 320), {});
  engine.fail(0, 0, *to_nanos(Time::from_si(0.1)));
  run_to_end(engine);
  EXPECT_TRUE(seen.lives.empty());
  EXPECT_EQ(engine.alive_by_state(0).homeless, 1);
  EXPECT_EQ(engine.alive_by_state(0).all(), 1);
  engine.start(0, 0, *to_nanos(Time::from_si(5.0)));
  run_to_end(engine);
  ASSERT_EQ(seen.lives.size(), 1u);
  EXPECT_EQ(seen.lives[0].ending, Ending::finished);
  EXPECT_GT(seen.lives[0].first_token, *to_nanos(Time::from_si(0.0)));
}

TEST(NothingLost, WhoWaitsForAStartThatFailsEnds) {
  EngineSpec spec = spec_of({pool_spec(small_bed(), 1, {}, {.tokens = 4096}, 100)});
  spec.deployments[0].pools[0].initially_down = 1;
  Collector seen;
  ServingEngine engine(spec, &seen);
  engine.start(0, 0, {});
  engine.submit(request_of(0.0, 160, 320), {});
  engine.advance(*to_nanos(Time::from_si(1.0)));
  EXPECT_EQ(engine.alive_by_state(0).homeless, 1);
  engine.fail(0, 0, *to_nanos(Time::from_si(1.0)));
  run_to_end(engine);
  ASSERT_EQ(seen.lives.size(), 1u);
  EXPECT_EQ(seen.lives[0].ending, Ending::failed);
}

}  // namespace
}  // namespace sn::serving
