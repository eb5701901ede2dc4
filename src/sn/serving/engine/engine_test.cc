// sn/serving/engine/engine_test.cc

#include "sn/serving/engine/engine.h"

#include <gtest/gtest.h>

#include "sn/serving/engine/engine_test_util.h"

namespace sn::serving {
namespace {

Batching batching(std::int64_t tokens, std::int64_t sequences = 64) {
  return {.tokens = tokens, .sequences = sequences};
}

/// One request alone: prompt in chunks, then a step a token, each as StepEvaluator says.
TEST(Engine, OneRequestIsTheSumOfItsSteps) {
  const TestBed& bed = small_bed();
  Collector seen;
  EngineSpec spec = spec_of({pool_spec(bed, 1, {}, batching(512), 10'000)});
  spec.deployments[0].frontend = Time::from_si(0.015);
  ServingEngine engine(spec, &seen);
  run_all(engine, {request_of(1.0, 1300, 4)});

  const auto program = spec.deployments[0].pools[0].compile({});
  llm::StepEvaluator evaluator(*program);
  double t = 1.015;
  for (const auto& [before, n] : {std::pair{0, 512}, std::pair{512, 512}, std::pair{1024, 276}}) {
    llm::BatchShape shape;
    shape.prefill_tokens = n;
    shape.prefill_pairs = n * before + 0.5 * n * (n + 1);
    shape.prefill_context = before + n;
    shape.prefill_sequences = n == 276 ? 1.0 : 0.0;
    t += evaluator.eval(shape).latency.si();
  }
  ASSERT_EQ(seen.lives.size(), 1u);
  const RequestRecord& r = seen.lives[0];
  EXPECT_EQ(r.ending, Ending::finished);
  EXPECT_NEAR(static_cast<double>(r.first_token.count) * 1e-9, t, 1e-8);
  for (int j = 1; j <= 3; ++j) {
    t += evaluator.eval({.decode_sequences = 1.0, .decode_context = 1300.0 + j}).latency.si();
  }
  EXPECT_NEAR(static_cast<double>(r.last_token.count) * 1e-9, t, 1e-8);
  EXPECT_EQ(r.tokens, 4);
  EXPECT_EQ(seen.steps, 6);
  EXPECT_EQ(seen.gaps, 3);
  EXPECT_TRUE(engine.consistent());
}

TEST(Engine, DecodesGoFirstAndPromptsTakeTheRestOfTheBudget) {
  Collector seen;
  ServingEngine engine(spec_of({pool_spec(small_bed(), 1, {}, batching(256), 10'000)}), &seen);
  // 256 tokens fill the first step; then one decode leaves 255 of 510 for each of two steps.
  run_all(engine, {request_of(0.0, 256, 50), request_of(1e-4, 510, 2)});
  ASSERT_EQ(seen.lives.size(), 2u);
  const RequestRecord& second = seen.lives[0];
  EXPECT_EQ(second.id, 1u);
  EXPECT_EQ(second.first_token, seen.ends[2]);
}

TEST(Engine, APrefixInTheCacheIsNotComputedAgain) {
  Collector seen;
  ServingEngine engine(spec_of({pool_spec(small_bed(), 1, {}, batching(4096), 10'000)}), &seen);
  run_all(engine, {request_of(0.0, 192, 2, {1, 2, 3}), request_of(5.0, 200, 2, {1, 2, 3, 4}),
                   request_of(10.0, 192, 2, {1, 2, 3})});
  ASSERT_EQ(seen.lives.size(), 3u);
  EXPECT_EQ(seen.lives[0].cached, 0);
  EXPECT_EQ(seen.lives[1].cached, 192);
  EXPECT_EQ(seen.lives[1].hit_blocks, 3);
  EXPECT_EQ(seen.lives[2].cached, 191);  // one token at least is computed
  EXPECT_DOUBLE_EQ(seen.prompt_tokens, 192.0 + 8.0 + 1.0);
}

/// The next turn of a conversation finds the answer of the one before in the cache.
TEST(Engine, AnswersAreCachedForTheNextTurn) {
  Collector seen;
  ServingEngine engine(spec_of({pool_spec(small_bed(), 1, {}, batching(4096), 10'000)}), &seen);
  // 100 + 92 tokens are three blocks of 64; the second turn has 192 + 30 tokens.
  run_all(engine, {request_of(0.0, 100, 92, {1, 2, 3}), request_of(9.0, 222, 2, {1, 2, 3})});
  ASSERT_EQ(seen.lives.size(), 2u);
  EXPECT_EQ(seen.lives[1].cached, 192);
}

TEST(Engine, PagesThatRunOutPreemptTheYoungest) {
  Collector seen;
  // 20 pages of 16 tokens: two prompts of 128 take 16; 192 tokens of answers need 28 in all.
  ServingEngine engine(spec_of({pool_spec(small_bed(), 1, {}, batching(4096), 20)}), &seen);
  run_all(engine, {request_of(0.0, 128, 96), request_of(1e-5, 128, 96)});
  ASSERT_EQ(seen.lives.size(), 2u);
  EXPECT_EQ(seen.lives[0].id, 0u);
  EXPECT_EQ(seen.lives[0].preempted, 0);
  EXPECT_EQ(seen.lives[1].preempted, 1);
  EXPECT_EQ(seen.lives[1].tokens, 96);
  EXPECT_EQ(seen.gaps, 2 * 95);  // every token after the first has its gap, recomputed or not
  EXPECT_TRUE(engine.consistent());
}

TEST(Engine, WhatCanNeverBeServedIsRefusedAtOnce) {
  Collector seen;
  EngineSpec spec = spec_of({pool_spec(small_bed(), 1, {}, batching(4096, 1), 20)});
  spec.deployments[0].max_context = 300;
  spec.deployments[0].queue_limit = 2;
  ServingEngine engine(spec, &seen);
  for (const Request& r :
       {request_of(0.0, 250, 60), request_of(0.0, 290, 40), request_of(0.0, 200, 20),
        request_of(0.0, 10, 1), request_of(0.0, 10, 1), request_of(0.0, 0, 0)}) {
    engine.submit(r, Nanos{});
  }
  run_to_end(engine);
  ASSERT_EQ(seen.lives.size(), 6u);
  EXPECT_EQ(seen.lives[0].ending, Ending::too_long);  // beyond the context
  EXPECT_EQ(seen.lives[1].ending, Ending::too_long);  // and beyond the memory
  EXPECT_EQ(seen.lives[2].ending, Ending::queue_full);
  EXPECT_EQ(seen.lives[3].ending, Ending::queue_full);
  EXPECT_EQ(seen.lives[4].ending, Ending::finished);
}

TEST(Engine, TimeOutsAndCancellationsGiveEverythingBack) {
  Collector seen;
  ServingEngine engine(spec_of({pool_spec(small_bed(), 1, {}, batching(4096), 1000)}), &seen);
  Request slow = request_of(0.0, 100, 5000);
  slow.timeout = Nanos{500'000'000};
  engine.submit(slow, Nanos{});
  const std::uint64_t id = engine.submit(request_of(0.0, 100, 5000), Nanos{});
  engine.advance(Nanos{300'000'000});
  EXPECT_TRUE(engine.cancel(id, Nanos{300'000'000}));
  EXPECT_FALSE(engine.cancel(id, Nanos{300'000'000}));
  run_to_end(engine);
  ASSERT_EQ(seen.lives.size(), 2u);
  EXPECT_EQ(seen.lives[0].ending, Ending::cancelled);
  EXPECT_GT(seen.lives[0].tokens, 1);
  EXPECT_EQ(seen.lives[1].ending, Ending::timed_out);
  EXPECT_EQ(seen.lives[1].end.count, 500'000'000);
  EXPECT_EQ(engine.state(0, 0).held, 0);
  EXPECT_TRUE(engine.consistent());
}

TEST(Engine, PrioritiesOvertakeInTheQueue) {
  Collector seen;
  ServingEngine engine(spec_of({pool_spec(small_bed(), 1, {}, batching(512, 1), 1000)}), &seen);
  std::vector<Request> all = {request_of(0.0, 64, 50), request_of(0.001, 64, 50),
                              request_of(0.002, 64, 50)};
  all[1].priority = 2;
  run_all(engine, all);
  ASSERT_EQ(seen.lives.size(), 3u);
  EXPECT_EQ(seen.lives[1].id, 2u);
  EXPECT_EQ(seen.lives[2].id, 1u);
}

TEST(Engine, PrefillHandsOverAndTheTransferHidesBehindThePrompt) {
  Collector seen;
  ServingEngine engine(spec_of({pool_spec(small_bed(), 1, {}, batching(8192), 10'000),
                                pool_spec(small_bed(), 1, {}, batching(0), 10'000)}),
                       &seen);
  run_all(engine, {request_of(0.0, 8000, 10), request_of(3.0, 8000, 1)});
  ASSERT_EQ(seen.lives.size(), 2u);
  EXPECT_EQ(seen.transfers, 1);  // the second has its only token from prefill
  EXPECT_NEAR(seen.moved, 8000.0 * 131072.0, 1.0);
  // 1.05 GB at 50 GB/s is 21 ms; prefill takes longer, so that one layer of 32 is left: 0.66 ms.
  EXPECT_NEAR(seen.exposed, 8000.0 * 131072.0 / 50e9 / 32.0 + 10e-6, 1e-6);
  EXPECT_EQ(seen.lives[0].tokens, 10);
  EXPECT_EQ(seen.gaps, 9);
  EXPECT_TRUE(engine.consistent());
}

TEST(Engine, AFailedInstanceLosesItsMemoryAndOthersTakeOver) {
  Collector seen;
  EngineSpec spec = spec_of({pool_spec(small_bed(), 2, {}, batching(2048), 10'000)});
  spec.deployments[0].routing = Routing::round_robin;
  ServingEngine engine(spec, &seen);
  for (int i = 0; i < 8; ++i) engine.submit(request_of(0.0, 100, 200), Nanos{});
  engine.advance(Nanos{200'000'000});
  engine.fail(0, 0, Nanos{200'000'000});
  EXPECT_EQ(engine.state(0, 0).up, 1);
  EXPECT_TRUE(engine.consistent());
  engine.start(0, 0, Nanos{300'000'000});
  engine.advance(Nanos{2'299'999'999});
  EXPECT_EQ(engine.state(0, 0).up, 1);
  engine.advance(Nanos{2'300'000'000});
  EXPECT_EQ(engine.state(0, 0).up, 2);
  run_to_end(engine);
  ASSERT_EQ(seen.lives.size(), 8u);
  for (const RequestRecord& r : seen.lives) {
    EXPECT_EQ(r.ending, Ending::finished);
    EXPECT_EQ(r.tokens, 200);
    EXPECT_EQ(r.instance, 1u);
  }
}

TEST(Engine, ADrainedInstanceFinishesWhatItHas) {
  Collector seen;
  EngineSpec spec = spec_of({pool_spec(small_bed(), 2, {}, batching(2048), 10'000)});
  spec.deployments[0].routing = Routing::round_robin;
  ServingEngine engine(spec, &seen);
  engine.submit(request_of(0.0, 100, 50), Nanos{});
  engine.submit(request_of(0.0, 100, 50), Nanos{});
  engine.advance(Nanos{1'000'000});
  engine.drain(0, 0, Nanos{1'000'000});
  for (int i = 0; i < 4; ++i) engine.submit(request_of(0.001, 100, 5), Nanos{1'000'000});
  run_to_end(engine);
  ASSERT_EQ(seen.lives.size(), 6u);
  EXPECT_EQ(std::count_if(seen.lives.begin(), seen.lives.end(),
                          [](const RequestRecord& r) { return r.instance == 0; }),
            1);
}

TEST(Engine, WithNobodyLeftRequestsEnd) {
  Collector seen;
  ServingEngine engine(spec_of({pool_spec(small_bed(), 1, {}, batching(2048), 10'000)}), &seen);
  engine.submit(request_of(0.0, 100, 50), Nanos{});
  engine.advance(Nanos{1'000'000});
  engine.fail(0, 0, Nanos{1'000'000});
  ASSERT_EQ(seen.lives.size(), 1u);
  EXPECT_EQ(seen.lives[0].ending, Ending::failed);
  EXPECT_EQ(engine.alive(), 0);
}

TEST(Engine, ASlowerClockMakesLongerSteps) {
  const auto time_at = [](double clock) {
    Collector seen;
    ServingEngine engine(spec_of({pool_spec(small_bed(), 1, {}, batching(8192), 10'000)}), &seen);
    engine.set_conditions(0, 0, {.clock = clock}, Nanos{});
    run_all(engine, {request_of(0.0, 8000, 1)});
    return seen.busy;
  };
  EXPECT_GT(time_at(0.5), 1.5 * time_at(1.0));
}

TEST(Engine, LockstepRanksWaitForTheBusiest) {
  const TestBed bed = test_bed("hgx-h100", 1, "qwen3-30b-a3b");
  const llm::Parallelism two{.dp = 2, .ep = 2};
  const auto step_with = [&](std::vector<Request> all) {
    Collector seen;
    EngineSpec spec = spec_of({pool_spec(bed, 1, two, batching(40'000), 100'000)});
    spec.deployments[0].routing = Routing::round_robin;
    ServingEngine engine(spec, &seen);
    run_all(engine, all);
    return seen.busy;
  };
  const double even = step_with({request_of(0.0, 16000, 1), request_of(0.0, 16000, 1)});
  const double uneven = step_with({request_of(0.0, 31000, 1), request_of(0.0, 1000, 1)});
  EXPECT_GT(uneven, 1.1 * even);  // the same tokens, but four times the scores on one rank
}

}  // namespace
}  // namespace sn::serving
