// sn/serving/steady/decode_test.cc

#include "sn/serving/steady/decode.h"

#include <gtest/gtest.h>

#include <cmath>

#include "sn/serving/steady/serving_test_util.h"

namespace sn::serving {
namespace {

using namespace sn::literals;

struct Case {
  llm::Parallelism parallel;
  std::int64_t drafts = 0;
  double chunk = 0.0;
};

const std::vector<Case> cases = {
    {{.tp = 8}, 0, 0.0},
    {{.dp = 8, .ep = 8}, 1, 0.0},
    {{.tp = 2, .pp = 4}, 0, 0.0},
    {{.tp = 8}, 0, 2048.0},
    {{.dp = 8, .ep = 8}, 1, 512.0},
    {{.tp = 2, .dp = 2, .pp = 2, .ep = 4}, 0, 2048.0},
};

/// A decode model of DeepSeek-V3 on one server, with what it refers to.
struct Bench {
  TestBed bed = test_bed("hgx-h200", 1, "deepseek-v3");
  Workload workload = chat();
  llm::StepProgram program;
  DecodeModel model;

  explicit Bench(const Case& c, double kv_tokens = 1e6)
      : program(compile(bed.model,
                        {.parallel = c.parallel, .precision = all_fp8, .draft_tokens = c.drafts},
                        bed.machine())),
        model(program, decode_moments(workload, 64.0), kv_tokens, 1024.0, mixed(c)) {}

  [[nodiscard]] MixedPrefill mixed(const Case& c) const {
    if (c.chunk <= 0.0) return {};
    return {c.chunk, chunk_work(workload, c.chunk, 1e6)};
  }
};

TEST(DecodeMoments, CappedContext) {
  const Workload w = workload_of({{1.0, 100, 10}});
  EXPECT_NEAR(decode_moments(w, 64.0, 50.0).context_capped, 50.0, 1e-9);
  EXPECT_NEAR(decode_moments(w, 64.0, 50.0).context_capped_variance, 0.0, 1e-6);
  // From 100 to 105 it grows, then it stays: (5 x 102.5 + 5 x 105) / 10.
  EXPECT_NEAR(decode_moments(w, 64.0, 105.0).context_capped, 103.75, 1e-9);
  EXPECT_NEAR(decode_moments(w, 64.0, 1e6).context_capped, 105.0, 1e-9);
  EXPECT_EQ(decode_moments(w, 64.0).context_capped, 0.0);
}

TEST(DecodeMoments, ByHand) {
  // 100 in and 10 out, 1000 in and 30 out, half each: decoding time is shared 1 : 3. The first sees
  // contexts of 100 to 110, the second of 1000 to 1030.
  const DecodeMoments m = decode_moments(workload_of({{0.5, 100, 10}, {0.5, 1000, 30}}), 64.0);
  EXPECT_NEAR(m.output, 20.0, 1e-12);
  EXPECT_NEAR(m.context, 0.25 * 105 + 0.75 * 1015, 1e-9);
  const double square = 0.25 * (105.0 * 105.0 + 100.0 / 12.0) +
                        0.75 * (1015.0 * 1015.0 + 900.0 / 12.0);  // uniform: width^2 / 12
  EXPECT_NEAR(m.context_variance, square - m.context * m.context, 1e-6);
  EXPECT_EQ(m.longest, 1030.0);
  EXPECT_EQ(m.block_waste, 32.0);
}

TEST(Decode, MemoryLimitByHand) {
  // All requests alike: contexts of 900 to 1100, mean 1000 and variance 200^2 / 12; half a block of
  // 64 is lost. n 1032 + 2.33 sqrt(n 3333.3) = 40 000 holds at n = 37.96.
  const TestBed bed = test_bed("hgx-h200", 1, "deepseek-v3");
  const Workload w = workload_of({{1.0, 900, 200}});
  const llm::StepProgram program =
      compile(bed.model, {.parallel = {.tp = 8}, .precision = all_fp8}, bed.machine());
  const DecodeModel model(program, decode_moments(w, 64.0), 40'000.0, 1024.0);
  const double n = model.sequence_limit();
  EXPECT_NEAR(n * 1032.0 + 2.33 * std::sqrt(n * 40'000.0 / 12.0), 40'000.0, 1e-6);
  EXPECT_NEAR(n, 37.96, 0.01);
  EXPECT_STREQ(model.limit_reason(), "KV memory");
  const DecodeModel few(program, decode_moments(w, 64.0), 40'000.0, 16.0);
  EXPECT_EQ(few.sequence_limit(), 16.0);
  EXPECT_STREQ(few.limit_reason(), "max sequences");
  // The longest request takes 1100 tokens.
  EXPECT_EQ(DecodeModel(program, decode_moments(w, 64.0), 1099.0, 16.0).sequence_limit(), 0.0);
  EXPECT_GT(DecodeModel(program, decode_moments(w, 64.0), 1101.0, 16.0).sequence_limit(), 0.0);
}

TEST(Decode, ChunkSlotsByHand) {
  // A request brings 3000 tokens and leaves 100: with a step for every token of its own, n
  // sequences bring n x 30 tokens of prefill a step, which is n x 30 / 2048 of a chunk. At 98 %, n
  // = 66.9.
  const TestBed bed = test_bed("hgx-h200", 1, "deepseek-v3");
  const Workload w = workload_of({{1.0, 3000, 100}});
  const llm::StepProgram program =
      compile(bed.model, {.parallel = {.tp = 8}, .precision = all_fp8}, bed.machine());
  const MixedPrefill mixed{2048.0, chunk_work(w, 2048.0, 0.0)};
  DecodeModel model(program, decode_moments(w, 64.0), 1e7, 1024.0, mixed);
  EXPECT_NEAR(model.sequence_limit(), 0.98 * 2048.0 / 30.0, 1e-9);
  EXPECT_STREQ(model.limit_reason(), "prefill slots");
  EXPECT_NEAR(model.at(20.0).chunk_fill, 20.0 * 30.0 / 2048.0, 1e-12);
  // Two pipeline stages: each sequence is in every second micro-batch, so half as much a step.
  const llm::StepProgram two =
      compile(bed.model, {.parallel = {.tp = 4, .pp = 2}, .precision = all_fp8}, bed.machine());
  DecodeModel piped(two, decode_moments(w, 64.0), 1e7, 1024.0, mixed);
  EXPECT_NEAR(piped.at(20.0).chunk_fill, 10.0 * 30.0 / 2048.0, 1e-12);
}

TEST(Decode, LittlesLawHoldsAtEveryPoint) {
  for (const Case& c : cases) {
    SCOPED_TRACE(llm::to_string(c.parallel) + " chunk " + std::to_string(c.chunk));
    Bench bench(c);
    DecodeModel& m = bench.model;
    const double out = 0.4 * 150 + 0.3 * 300 + 0.2 * 400 + 0.1 * 250;
    for (const double share : {0.01, 0.1, 0.5, 0.9, 1.0}) {
      const double n = share * m.sequence_limit();
      const DecodePoint p = m.at(n);
      const double in_flight = n * static_cast<double>(c.parallel.dp);
      const double residence = out * m.tpot_mean(p).si();
      EXPECT_NEAR(p.requests * residence / in_flight, 1.0, 1e-9) << share;
    }
  }
}

TEST(Decode, TpotGrowsWithTheBatch) {
  for (const Case& c : cases) {
    SCOPED_TRACE(llm::to_string(c.parallel) + " chunk " + std::to_string(c.chunk));
    Bench bench(c);
    DecodeModel& m = bench.model;
    double last = 0.0;
    for (double n = 0.25; n < std::min(400.0, m.sequence_limit()); n *= 1.5) {
      const DecodePoint p = m.at(n);
      const Percentiles t = m.tpot(p);
      // Libraries change to larger tiles at some batches, which gains a little.
      EXPECT_GE(t.mean.si(), last * 0.99) << n;
      EXPECT_LE(t.p50, t.p90);
      EXPECT_LE(t.p90, t.p99);
      EXPECT_GE(p.period_mixed, p.period_pure * 0.999);
      EXPECT_GE(p.mixed_slots, 0.0);
      EXPECT_LE(p.mixed_slots, 1.0);
      // The mean period is the mix of the two kinds of steps.
      const double mixed = 1.0 - p.pure_steps;
      EXPECT_NEAR(p.period.si(), p.pure_steps * p.period_pure.si() + mixed * p.period_mixed.si(),
                  1e-12);
      last = t.mean.si();
    }
  }
}

TEST(Decode, PureStepsAreThoseWithoutAChunkOnAnyRank) {
  Bench bench({{.dp = 8, .ep = 8}, 0, 2048.0});
  const DecodePoint p = bench.model.at(4.0);
  EXPECT_NEAR(p.pure_steps, std::pow(1.0 - p.mixed_slots, 8.0), 1e-12);
  // Tokens are kept: what ranks carry in mixed steps is what arrives. 4 sequences bring 4 x u / O
  // tokens a step.
  const double u = 0.4 * 500 + 0.3 * 1000 + 0.2 * 4000 + 0.1 * 19500;
  const double out = 0.4 * 150 + 0.3 * 300 + 0.2 * 400 + 0.1 * 250;
  EXPECT_NEAR((1.0 - p.pure_steps) * p.mixed_tokens, 4.0 * u / out, 1e-6 * u);
}

TEST(Decode, TokensPerStepWithMtp) {
  Bench one({{.dp = 8, .ep = 8}, 1, 0.0});
  Bench none({{.dp = 8, .ep = 8}, 0, 0.0});
  const double accept = one.bed.traits.mtp_acceptance;
  EXPECT_GT(accept, 0.5);
  const DecodePoint p = one.model.at(8.0);
  EXPECT_NEAR(one.model.tpot_mean(p).si(), p.period.si() / (1.0 + accept), 1e-15);
  EXPECT_GT(p.period, none.model.at(8.0).period) << "drafting and verifying take time";
  EXPECT_LT(one.model.tpot_mean(p), none.model.tpot_mean(none.model.at(8.0)));
  // ITL is the gap between steps: tokens of one step arrive together.
  EXPECT_NEAR(one.model.itl(p).mean.si(), p.period.si(), 1e-15);
}

TEST(Decode, ALoneRequestStillReadsItsExperts) {
  // At vanishing load a step holds the one request that is looked at, not a billionth of it: 8 of
  // 256 experts in each of 58 layers, 44 MB each in fp8, half a layer's worth on the busiest rank
  // at least.
  Bench bench({{.dp = 8, .ep = 8}, 0, 0.0});
  const DecodePoint idle = bench.model.at(1e-9);
  const DecodePoint one = bench.model.at(1.0 / 8.0);
  EXPECT_NEAR(idle.period / one.period, 1.0, 1e-9);
  const double least = 58.0 * 1.0 * 44e6 / 4.8e12;  // one expert a layer
  EXPECT_GT(idle.step.parts[static_cast<std::size_t>(llm::Part::experts)].si(), least);
}

TEST(Decode, ShortOutputs) {
  // One token a request: TPOT is not defined, nothing is infinite, and no target on it can fail.
  const TestBed bed = test_bed("hgx-h200", 1, "deepseek-v3");
  const Workload w = workload_of({{1.0, 1000, 1}});
  const llm::StepProgram program =
      compile(bed.model, {.parallel = {.tp = 8}, .precision = all_fp8}, bed.machine());
  DecodeModel m(program, decode_moments(w, 64.0), 1e6, 1024.0);
  const DecodePoint p = m.at(10.0);
  EXPECT_TRUE(std::isfinite(p.requests));
  EXPECT_GT(p.requests, 0.0);
  EXPECT_TRUE(m.meets(p, {tpot(0.9, 1e-6)}));
}

TEST(Decode, SpreadByHand) {
  // A decode pool: sigma is what sqrt(2/3 n D) more sequences would take longer, and the p90 of
  // equal requests is 1.28155 of it above the mean.
  Bench bench({{.tp = 8}, 0, 0.0});
  DecodeModel& m = bench.model;
  const double n = 100.0;
  const DecodePoint p = m.at(n);
  const double up = m.at(n + std::sqrt(2.0 / 3.0 * n)).period.si();
  EXPECT_NEAR(p.sigma_load.si(), up - p.period.si(), 1e-12);
  EXPECT_NEAR(m.tpot(p).p90.si(), p.period.si() + 1.28155 * p.sigma_load.si(), 1e-8);
  EXPECT_NEAR(m.tpot_cdf(p, m.tpot(p).p99), 0.99, 1e-6);
}

}  // namespace
}  // namespace sn::serving
