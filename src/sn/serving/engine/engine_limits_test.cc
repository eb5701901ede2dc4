// sn/serving/engine/engine_limits_test.cc
//
// Limits that a launch recipe sets: slots, KV pools, whole prompts, prompts that wait for others,
// and front ends that do not know of each other.

#include <gtest/gtest.h>

#include <algorithm>

#include "sn/serving/engine/engine_test_util.h"

namespace sn::serving {
namespace {

/// `n` requests at once.
std::vector<Request> burst(int n, std::int64_t input, std::int64_t output) {
  return std::vector<Request>(static_cast<std::size_t>(n), request_of(0.0, input, output));
}

std::vector<double> sorted_ttft(const Collector& seen) {
  std::vector<double> out;
  for (const RequestRecord& r : seen.lives) out.push_back(seconds(r.arrival, r.first_token));
  std::sort(out.begin(), out.end());
  return out;
}

/// One prefill instance and `decode` of one slot each.
EngineSpec one_slot_each(std::int64_t decode, std::int64_t frontends) {
  EngineSpec spec = spec_of({pool_spec(small_bed(), 1, {}, {.tokens = 8192}, 10'000),
                             pool_spec(small_bed(), decode, {}, {.sequences = 1}, 10'000)});
  spec.deployments.front().frontends = frontends;
  return spec;
}

TEST(EngineLimits, APromptWaitsForADecodeSlotAndItsFirstTokenWithIt) {
  Collector seen;
  ServingEngine engine(one_slot_each(1, 0), &seen);
  run_all(engine, burst(3, 256, 200));
  ASSERT_EQ(seen.lives.size(), 3u);
  const std::vector<double> ttft = sorted_ttft(seen);
  const double answer = seconds(seen.lives[0].first_token, seen.lives[0].last_token);
  EXPECT_NEAR(ttft[1] - ttft[0], answer, 0.02 * answer) << "one after the other";
  EXPECT_NEAR(ttft[2] - ttft[0], 2.0 * answer, 0.04 * answer);
  EXPECT_TRUE(engine.consistent());
}

TEST(EngineLimits, PrefilledPromptsHoldTheirPagesUntilASlotIsFree) {
  // Pages of two prompts: the third is not computed before one of them has left.
  const auto third_scheduled = [](std::int64_t pages) {
    Collector seen;
    EngineSpec spec = one_slot_each(1, 0);
    spec.deployments.front().pools.front().kv_pages = pages;
    spec.deployments.front().pools.front().batching.tokens = 256;
    ServingEngine engine(spec, &seen);
    run_all(engine, burst(4, 256, 200));
    std::vector<double> at;
    for (const RequestRecord& r : seen.lives) at.push_back(seconds(r.arrival, r.scheduled));
    std::sort(at.begin(), at.end());
    EXPECT_EQ(at.size(), 4u);
    return at[3];
  };
  const double small = third_scheduled(2 * 256 / 16);
  const double large = third_scheduled(10'000);
  EXPECT_LT(large, 0.2);
  EXPECT_GT(small, 4.0 * large) << "two hold the pool, one decodes: the fourth waits for a slot";
}

/// Mean requests in decode slots while a closed loop of as many clients as slots runs.
double filled(std::int64_t slots, std::int64_t frontends) {
  Collector seen;
  ServingEngine engine(one_slot_each(slots, frontends), &seen);
  constexpr int rounds = 40;
  const auto send = [&](Nanos now) {
    Request r = request_of(0.0, 64, 100);
    r.arrival = now;
    engine.submit(r, now);
  };
  for (std::int64_t i = 0; i < slots; ++i) send({});
  std::size_t sent = static_cast<std::size_t>(slots);
  std::size_t ended = 0;
  while (const auto next = engine.next_wakeup()) {
    engine.advance(*next);
    for (; ended < seen.lives.size(); ++ended) {
      if (sent++ < static_cast<std::size_t>(rounds * slots)) send(*next);
    }
  }
  double busy = 0.0;
  for (const RequestRecord& r : seen.lives) busy += seconds(r.first_token, r.last_token);
  return busy / seconds({}, seen.lives.back().last_token) / static_cast<double>(slots);
}

TEST(EngineLimits, FrontEndsThatTakeTurnsEachForItselfLeaveSlotsEmpty) {
  const double sees_all = filled(4, 0);
  const double one = filled(4, 1);
  const double ten = filled(4, 10);
  EXPECT_GT(sees_all, 0.85);
  EXPECT_GT(one, 0.85) << "strict turns of equal answers collide hardly";
  EXPECT_LT(ten, 0.75);
  EXPECT_GT(ten, 0.35);
}

TEST(EngineLimits, ARequestBoundToAnInstanceThatFailsGoesToAnother) {
  Collector seen;
  ServingEngine engine(one_slot_each(2, 3), &seen);
  for (const Request& r : burst(6, 128, 300)) engine.submit(r, {});
  engine.advance(*to_nanos(Time::from_si(0.3)));
  engine.fail(0, 2, *to_nanos(Time::from_si(0.3)));
  run_to_end(engine);
  ASSERT_EQ(seen.lives.size(), 6u);
  for (const RequestRecord& r : seen.lives) EXPECT_EQ(r.ending, Ending::finished);
  EXPECT_TRUE(engine.consistent());
}

TEST(EngineLimits, WholePromptsWaitForAStepThatHoldsThem) {
  // A budget of 1.5 prompts. The first one starts alone; of the four after it three cut steps take
  // as many tokens as four whole ones.
  const auto steps = [](bool whole) {
    Collector seen;
    ServingEngine engine(
        spec_of({pool_spec(small_bed(), 1, {}, {.tokens = 1536, .whole_prompts = whole}, 10'000)}),
        &seen);
    run_all(engine, burst(5, 1024, 1));
    return seen.steps;
  };
  EXPECT_EQ(steps(false), 4);
  EXPECT_EQ(steps(true), 5);
}

TEST(EngineLimits, PromptsWaitToBeGatheredWhileOthersDecode) {
  const auto ttft = [](std::int64_t gather) {
    Collector seen;
    Batching batching{.tokens = 8192};
    batching.gather = gather;
    batching.gathered = 0.9;
    ServingEngine engine(spec_of({pool_spec(small_bed(), 1, {}, batching, 10'000)}), &seen);
    run_all(engine, {request_of(0.0, 64, 400), request_of(1.0, 256, 2)});
    for (const RequestRecord& r : seen.lives) {
      if (r.input == 256) return seconds(r.arrival, r.first_token);
    }
    return 0.0;
  };
  Collector alone;
  ServingEngine engine(spec_of({pool_spec(small_bed(), 1, {}, {.tokens = 8192}, 10'000)}), &alone);
  run_all(engine, {request_of(0.0, 64, 400)});
  const double step = seconds(alone.lives[0].first_token, alone.lives[0].last_token) / 399.0;
  EXPECT_NEAR(ttft(20) - ttft(0), 20.0 * step, 2.0 * step);
}

TEST(EngineLimits, BalanceHoldsPromptsForOtherRanksUntilItsTurn) {
  // Two ranks decode; a lone prompt waits until one of them has nothing more to decode.
  const TestBed bed = test_bed("hgx-h100", 1, "qwen3-30b-a3b");
  const auto ttft = [&](std::int64_t balance) {
    Collector seen;
    Batching batching{.tokens = 8192};
    batching.balance = balance;
    EngineSpec spec = spec_of({pool_spec(bed, 1, {.dp = 2, .ep = 2}, batching, 10'000)});
    spec.deployments.front().routing = Routing::round_robin;
    ServingEngine engine(spec, &seen);
    run_all(engine, {request_of(0.0, 64, 900), request_of(0.0, 64, 900), request_of(0.5, 256, 2)});
    for (const RequestRecord& r : seen.lives) {
      if (r.input == 256) return seconds(r.arrival, r.first_token);
    }
    return 0.0;
  };
  EXPECT_GT(ttft(10'000), 3.0 * ttft(0));
}

}  // namespace
}  // namespace sn::serving
