// sn/serving/engine/reserved_answer_test.cc
//
// Pages for an answer that is still to come: what the engine admits, and how many sequences the
// steady state then holds.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "sn/serving/engine/engine_test_util.h"
#include "sn/serving/steady/decode.h"

namespace sn::serving {
namespace {

// --- The engine ----------------------------------------------------------------------------------

/// The lives, by id, of two prompts of 128 tokens with answers of 96: 14 pages of 16 tokens each.
std::vector<RequestRecord> two_lives(double share, std::int64_t pages, double second = 1e-5,
                                     const std::vector<std::uint64_t>& blocks = {}) {
  Collector seen;
  EngineSpec spec = spec_of({pool_spec(
      small_bed(), 1, {}, {.tokens = 4096, .sequences = 64, .reserved_answer = share}, pages)});
  ServingEngine engine(spec, &seen);
  run_all(engine, {request_of(0.0, 128, 96, blocks), request_of(second, 128, 96, blocks)});
  EXPECT_TRUE(engine.consistent());
  EXPECT_EQ(engine.state(0, 0).held, 0);
  std::sort(seen.lives.begin(), seen.lives.end(),
            [](const RequestRecord& a, const RequestRecord& b) { return a.id < b.id; });
  EXPECT_EQ(seen.lives.size(), 2u);
  for (const RequestRecord& r : seen.lives) EXPECT_EQ(r.tokens, 96);
  return seen.lives;
}

bool together(const std::vector<RequestRecord>& lives) {
  return lives[1].scheduled < lives[0].last_token;
}

TEST(ReservedAnswer, AdmitsWhatFitsToItsEndAndNeverPreempts) {
  const auto none = two_lives(0.0, 20);
  EXPECT_TRUE(together(none));
  EXPECT_EQ(none[1].preempted, 1);
  const auto whole = two_lives(1.0, 20);
  EXPECT_FALSE(together(whole));
  EXPECT_GT(whole[1].scheduled, none[1].scheduled);
  EXPECT_GT(whole[1].first_token, none[1].first_token);
  EXPECT_EQ(whole[0].preempted, 0);
  EXPECT_EQ(whole[1].preempted, 0);
}

TEST(ReservedAnswer, CountsPagesOfPromptAndAnswer) {
  EXPECT_FALSE(together(two_lives(1.0, 27)));
  EXPECT_TRUE(together(two_lives(1.0, 28)));
  // Half of it: 128 + 48 tokens in 11 pages, and the rest as it is needed.
  EXPECT_FALSE(together(two_lives(0.5, 21)));
  const auto half = two_lives(0.5, 22);
  EXPECT_TRUE(together(half));
  EXPECT_EQ(half[1].preempted, 1);
  // With pages for everybody nothing changes.
  EXPECT_EQ(two_lives(1.0, 1000), two_lives(0.0, 1000));
}

TEST(ReservedAnswer, APrefixInTheCacheTakesNoPagesAgain) {
  // The first holds 14 pages, 8 of them blocks of its prompt; the second needs 6 more.
  EXPECT_FALSE(together(two_lives(1.0, 19, 0.1, {1, 2})));
  const auto shared = two_lives(1.0, 20, 0.1, {1, 2});
  EXPECT_TRUE(together(shared));
  EXPECT_EQ(shared[1].cached, 127);
  EXPECT_EQ(shared[1].preempted, 0);
}

TEST(ReservedAnswer, DecodePoolsTakeWhatFitsToItsEnd) {
  const auto preempted = [](double share) {
    Collector seen;
    EngineSpec spec =
        spec_of({pool_spec(small_bed(), 1, {}, {.tokens = 4096}, 1000),
                 pool_spec(small_bed(), 1, {}, {.tokens = 0, .reserved_answer = share}, 20)});
    spec.deployments[0].decode_headroom = 0.0;
    ServingEngine engine(spec, &seen);
    run_all(engine, {request_of(0.0, 128, 96), request_of(1e-5, 128, 96)});
    EXPECT_TRUE(engine.consistent());
    EXPECT_EQ(seen.lives.size(), 2u);
    std::int64_t sum = 0;
    for (const RequestRecord& r : seen.lives) sum += r.preempted;
    return sum;
  };
  EXPECT_EQ(preempted(0.0), 1);
  EXPECT_EQ(preempted(1.0), 0);
}

// --- The steady state ----------------------------------------------------------------------------

double limit_of(double share, const Workload& workload, double kv_tokens, double block) {
  TestBed bed = small_bed();
  bed.framework.reserved_answer = share;
  const llm::StepProgram program = compile(bed.model, {}, bed.machine());
  return DecodeModel(program, decode_moments(workload, block), kv_tokens, 1e9).sequence_limit();
}

TEST(ReservedAnswer, SteadyBatchByHand) {
  // 900 tokens in, 200 out: a sequence holds 1000 on average, and 1100 when all of its answer is
  // set aside. Of half, 100 - j at token j of 200, 25 are ahead of it on average.
  const Workload w = workload_of({{1.0, 900, 200}});
  const double k = 400'000.0;
  for (const auto& [share, held] : {std::pair{0.0, 1000.0}, {0.5, 1025.0}, {1.0, 1100.0}}) {
    const double n = limit_of(share, w, k, 64.0);
    EXPECT_NEAR(n * (held + 32.0) + 2.33 * std::sqrt(n * 40'000.0 / 12.0), k, 1e-3) << share;
  }
  EXPECT_LT(limit_of(1.0, w, k, 64.0), limit_of(0.0, w, k, 64.0));
  // Small pages and many sequences: the margin is 2.33 x 57.7 / sqrt(36 000) of 1100, 0.07 %.
  const double many = limit_of(1.0, w, 4e7, 1.0) * (900.0 + 200.0) / 4e7;
  EXPECT_LT(many, 1.0);
  EXPECT_GT(many, 0.998);
}

TEST(ReservedAnswer, LongAnswersStayLongerInTheSteadyBatch) {
  // Decoding time is shared 1 : 3, as answers are: 110 and 1030 tokens held.
  const Workload w = workload_of({{0.5, 100, 10}, {0.5, 1000, 30}});
  const double held = 0.25 * 110.0 + 0.75 * 1030.0;
  EXPECT_NEAR(limit_of(1.0, w, 1e9, 1.0) * (held + 0.5) / 1e9, 1.0, 0.002);
}

}  // namespace
}  // namespace sn::serving
