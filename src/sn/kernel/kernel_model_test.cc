// sn/kernel/kernel_model_test.cc
//
// Operator times against closed forms on a chip of round numbers, and properties over random chips.

#include "sn/kernel/kernel_model.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <vector>

namespace sn::kernel {
namespace {

using namespace sn::literals;

constexpr double us = 1e-6;

/// 128 SMs; of the peaks in brackets it sustains: 1 PFLOP/s bf16 (0.8), 2 PFLOP/s fp8 (0.6), HBM
/// 5 TB/s (0.8), L2 10 TB/s (0.5).
hw::Chip round_chip() {
  hw::Chip c;
  c.sms = 128;
  c.peak.bf16 = 1000_TFLOP_per_s;
  c.peak.fp8 = 2000_TFLOP_per_s;
  c.hbm_capacity = 100_GB;
  c.hbm_bandwidth = 5_TB_per_s;
  c.l2_capacity = 50_MB;
  c.l2_bandwidth = 10_TB_per_s;
  return c;
}

KernelParams round_params() {
  KernelParams p;
  p.launch = 2_us;
  p.sharpness = 4.0;
  p.hbm = 0.8;
  p.l2 = 0.5;
  p.gemm_bf16 = 0.8;
  p.gemm_fp8 = 0.6;
  p.grouped = 0.5;
  p.attention_prefill = 0.5;
  p.attention_decode = 0.9;
  p.mla_decode = 0.6;
  return p;
}

KernelModel round_model() { return {round_chip(), round_params()}; }

void expect_within(Time actual, double seconds, double share) {
  EXPECT_NEAR(actual.si(), seconds, seconds * share);
}

TEST(Gemm, LargeOneRunsAtTheSustainedRate) {
  // 8192 cubed: 32 x 64 tiles of 256 x 128 are 16 full waves of 128 SMs, so nothing is lost:
  // 2 x 8192^3 = 1.0995e12 FLOP at 0.8 PFLOP/s = 1374.4 us. Three matrices of 134.2 MB, the two
  // of activations too large for half of L2: 402.7 MB at 4 TB/s = 100.7 us, which hides.
  const Cost c = round_model().gemm({.m = 8192, .n = 8192, .k = 8192});
  EXPECT_EQ(c.flops.si(), 2.0 * 8192.0 * 8192.0 * 8192.0);
  EXPECT_EQ(c.bytes.si(), 3.0 * 2.0 * 8192.0 * 8192.0);
  expect_within(c.compute, 1374.39 * us, 1e-5);
  expect_within(c.memory, 100.66 * us, 1e-4);
  expect_within(c.time, (1374.39 + 2.0) * us, 5e-5);
  expect_within(c.bound, 1099.51 * us, 1e-5);  // at 1 PFLOP/s
}

TEST(Gemm, OneRowStreamsTheWeights) {
  // 16384 x 16384 weights of 2 B = 536.9 MB at 4 TB/s = 134.2 us, and the launch. The tensor cores
  // are busy for a third of that, which a smooth maximum of power 4 shows as less than 1 %.
  const Cost c = round_model().gemm({.m = 1, .n = 16384, .k = 16384});
  expect_within(c.memory, 134.22 * us, 1e-3);
  EXPECT_GT(c.time.si(), 136.2 * us);
  EXPECT_LT(c.time.si(), 136.2 * 1.01 * us);
  // Weights in fp8 take half, in fp4 17/64 of that.
  const auto memory = [](DataType weight) {
    return round_model().gemm({.m = 1, .n = 16384, .k = 16384, .weight = weight}).bytes.si();
  };
  EXPECT_EQ(memory(DataType::fp8), 0.5 * memory(DataType::bf16));
  EXPECT_EQ(memory(DataType::fp4), 17.0 / 64.0 * memory(DataType::bf16));
}

TEST(Gemm, OneTileMoreThanSmsCostsAWave) {
  // 256 x (128 x 128): 128 tiles of 256 x 128, one wave. With 129 the large tile needs two; the
  // best is then 64 x 128 tiles of relative efficiency (2/3)/(8/9) = 0.75: 516 of them are 5 waves
  // of a quarter of the work, 5 x 0.25 / 0.75 = 5/3. The work itself grew by 0.8 %.
  const KernelModel model = round_model();
  const Cost full = model.gemm({.m = 256, .n = 128.0 * 128.0, .k = 4096});
  const Cost more = model.gemm({.m = 256, .n = 129.0 * 128.0, .k = 4096});
  EXPECT_NEAR(more.compute / full.compute, 5.0 / 3.0, 1e-9);
  EXPECT_NEAR(more.flops / full.flops, 129.0 / 128.0, 1e-12);
}

TEST(Gemm, SplitKPutsIdleSmsToWork) {
  // One tile of 256 x 128 on 128 SMs would take 2 x 256 x 128 x k at 1/128 of the sustained rate.
  const double k = 65536.0;
  const double alone = 2.0 * 256.0 * 128.0 * k / (0.8e15 / 128.0);
  const Cost c = round_model().gemm({.m = 256, .n = 128, .k = k});
  EXPECT_LT(c.compute.si(), alone / 8.0);
  EXPECT_GT(c.compute.si(), alone / 128.0);
}

TEST(Gemm, ActivationsThatFitL2DoNotCountAsHbmTraffic) {
  // 1024 x (2048 x 2 + 4096 x 2) B = 12.6 MB, below half of 50 MB; at m = 4096 four times as much.
  const KernelModel model = round_model();
  const double weights = 4096.0 * 2048.0 * 2.0;
  EXPECT_EQ(model.gemm({.m = 1024, .n = 4096, .k = 2048}).bytes.si(), weights);
  EXPECT_EQ(model.gemm({.m = 4096, .n = 4096, .k = 2048}).bytes.si(), weights + 4096.0 * 12288.0);
}

TEST(Rates, AMissingTypeRunsAsTheNextWiderOne) {
  // No fp4 units: fp4 multiplies as fp8; no int8 units: as bf16. Storage stays narrow.
  const KernelModel model = round_model();
  const auto gemm = [&](DataType type) {
    return model.gemm({.m = 4096, .n = 4096, .k = 4096, .activation = type, .weight = type});
  };
  EXPECT_EQ(gemm(DataType::fp4).compute, gemm(DataType::fp8).compute);
  EXPECT_EQ(gemm(DataType::int8).compute, gemm(DataType::bf16).compute);
  EXPECT_LT(gemm(DataType::fp4).bytes, gemm(DataType::fp8).bytes);
  EXPECT_LT(gemm(DataType::fp8).compute, gemm(DataType::bf16).compute);

  hw::Chip old = round_chip();
  old.peak.fp8 = FlopRate{};
  const KernelModel without(old, round_params());
  for (const DataType type : {DataType::fp8, DataType::fp4}) {
    const Gemm g{.m = 4096, .n = 4096, .k = 4096, .activation = type, .weight = type};
    EXPECT_EQ(without.gemm(g).compute, gemm(DataType::bf16).compute);
  }
}

TEST(Rates, OperandsOfTwoFormatsRunAsTheWider) {
  const KernelModel model = round_model();
  const auto compute = [&](DataType activation, DataType weight) {
    return model.gemm({.m = 4096, .n = 4096, .k = 4096, .activation = activation, .weight = weight})
        .compute;
  };
  const Time bf16 = compute(DataType::bf16, DataType::bf16);
  EXPECT_EQ(compute(DataType::bf16, DataType::fp8), bf16);  // weights are widened on the way
  EXPECT_EQ(compute(DataType::fp8, DataType::bf16), bf16);
  EXPECT_EQ(compute(DataType::fp4, DataType::fp8), compute(DataType::fp8, DataType::fp8));
}

TEST(GroupedGemm, NoRowsCostALaunch) {
  for (const double groups : {0.0, 8.0}) {
    const Cost c = round_model().grouped_gemm({.groups = groups, .rows = 0, .n = 4096, .k = 7168});
    EXPECT_EQ(c.time, 2_us);
    EXPECT_EQ(c.flops.si(), 0.0);
    EXPECT_EQ(c.bytes.si(), 0.0);
    EXPECT_EQ(c.bound, Time{});
  }
}

TEST(GroupedGemm, ReadsTheWeightsOfEveryGroup) {
  // 32 experts of 4096 x 7168 in fp8 = 939.5 MB at 4 TB/s = 234.9 us for one row each.
  const Cost c = round_model().grouped_gemm({.groups = 32,
                                             .rows = 32,
                                             .n = 4096,
                                             .k = 7168,
                                             .activation = DataType::fp8,
                                             .weight = DataType::fp8});
  EXPECT_EQ(c.bytes.si(), 32.0 * 4096.0 * 7168.0);
  expect_within(c.memory, 234.88 * us, 1e-3);
  EXPECT_EQ(c.flops.si(), 2.0 * 32.0 * 4096.0 * 7168.0);
}

TEST(GroupedGemm, ManyRowsRunAtTheGroupedShareOfDense) {
  // 16 groups of 2048 rows, n 4096: 16 x 8 x 32 tiles of 256 x 128 = 32 full waves.
  // 2 x 32768 x 4096 x 4096 = 1.0995e12 FLOP at 0.8 x 0.5 PFLOP/s.
  const Cost c = round_model().grouped_gemm({.groups = 16, .rows = 32768, .n = 4096, .k = 4096});
  expect_within(c.compute, 2748.78 * us, 1e-5);
}

TEST(DecodeAttention, StreamsTheCacheOfAllSequences) {
  // 64 sequences of 8192 keys, 1 KV head of 128, K and V in bf16: 268.4 MB at 5 x 0.8 x 0.9 TB/s
  // = 74.57 us. FLOPs: 4 x 524288 x 8 heads x 128 = 2.147e9, padded from 8 to 16 rows, 8.6 us.
  const Cost c = round_model().decode_attention(
      {.sequences = 64, .context = 64.0 * 8192.0, .heads = 8, .kv_heads = 1, .head_dim = 128});
  EXPECT_EQ(c.bytes.si(), 2.0 * 64.0 * 8192.0 * 128.0 * 2.0);
  EXPECT_EQ(c.flops.si(), 4.0 * 64.0 * 8192.0 * 8.0 * 128.0);
  expect_within(c.memory, 74.57 * us, 2e-3);
  expect_within(c.compute, 8.59 * us, 1e-3);
}

TEST(DecodeAttention, GrowsLinearlyWithContext) {
  const auto memory = [](double context) {
    return round_model()
        .decode_attention(
            {.sequences = 4, .context = context, .heads = 8, .kv_heads = 1, .head_dim = 128})
        .memory.si();
  };
  const double step = 1e6 * 2.0 * 128.0 * 2.0 / (5e12 * 0.8 * 0.9);  // of a million keys
  for (const double context : {0.0, 1e6, 7e6}) {
    EXPECT_NEAR(memory(context + 1e6) - memory(context), step, step * 1e-9);
  }
}

TEST(MlaDecode, CountsTheAbsorbedForm) {
  // 131072 keys, 128 heads: scores over 576, values over 512 elements, 2 FLOP each: 2176 per head
  // and key, 36.51e9 in all, at 0.6 PFLOP/s = 60.85 us. Cache: 576 x 2 B per key = 151.0 MB at
  // 3.6 TB/s = 41.94 us. (60.85^4 + 41.94^4)^(1/4) = 64.08 us.
  const Cost c = round_model().mla_decode(
      {.sequences = 16, .context = 131072, .heads = 128, .latent = 512, .rope = 64});
  EXPECT_EQ(c.flops.si(), 131072.0 * 128.0 * 2176.0);
  EXPECT_EQ(c.bytes.si(), 131072.0 * 1152.0);
  expect_within(c.compute, 60.85 * us, 1e-3);
  expect_within(c.memory, 41.94 * us, 4e-2);  // queries and results through L2 on top
  expect_within(c.time, (64.08 + 2.0) * us, 1e-2);
}

TEST(PrefillAttention, CountsPairsOfQueriesAndKeys) {
  // Causal over 4096 tokens: 4096 x 4097 / 2 = 8,390,656 pairs x 16 heads x 2 x (192 + 128) FLOP
  // = 85.92e9, at 0.5 PFLOP/s = 171.8 us.
  const Cost c = round_model().prefill_attention({.pairs = 8390656,
                                                  .tokens = 4096,
                                                  .kv_tokens = 4096,
                                                  .heads = 16,
                                                  .qk_dim = 192,
                                                  .v_dim = 128,
                                                  .kv_bytes = 1152});
  EXPECT_EQ(c.flops.si(), 8390656.0 * 16.0 * 640.0);
  EXPECT_EQ(c.bytes.si(), 4096.0 * 1152.0 + 4096.0 * 16.0 * 320.0 * 2.0);
  expect_within(c.compute, 171.84 * us, 1e-4);
}

TEST(Elementwise, UsesL2WhileItFits) {
  // 20 MB at 5 TB/s of L2 = 4 us without HBM traffic; 40 MB at 4 TB/s of HBM = 10 us.
  const KernelModel model = round_model();
  EXPECT_NEAR(model.elementwise(20_MB).time.si(), 6.0 * us, 1e-12);
  EXPECT_EQ(model.elementwise(20_MB).bytes.si(), 0.0);
  EXPECT_NEAR(model.elementwise(40_MB).time.si(), 12.0 * us, 1e-12);
  EXPECT_EQ(model.elementwise(40_MB).bytes.si(), 40e6);
}

TEST(SmoothMaximum, HasItsLimits) {
  const auto cost = [](double sharpness, double kv_bytes) {
    KernelParams p = round_params();
    p.sharpness = sharpness;
    // Compute: 5e8 pairs x 2 x (0.5 + 0.5) at 0.5 PFLOP/s = 2 us; memory: kv_bytes at 4 TB/s.
    return KernelModel(round_chip(), p)
               .prefill_attention({.pairs = 5e8,
                                   .kv_tokens = 1,
                                   .heads = 1,
                                   .qk_dim = 0.5,
                                   .v_dim = 0.5,
                                   .kv_bytes = kv_bytes})
               .time.si() -
           2.0 * us;
  };
  EXPECT_NEAR(cost(4.0, 8e6), 2.0 * us * std::pow(2.0, 0.25), 1e-15);  // both 2 us
  EXPECT_NEAR(cost(4.0, 8e2), 2.0 * us, 1e-15);                        // compute alone
  EXPECT_NEAR(cost(4.0, 8e10), 2e4 * us, 1e-12);                       // memory alone
  EXPECT_NEAR(cost(1.0, 8e6), 4.0 * us, 1e-15);                        // power 1: the sum
  EXPECT_NEAR(cost(64.0, 4e6), 2.0 * us, 1e-12);                       // power 64: the maximum
}

// --- Properties ----------------------------------------------------------------------------------

double between(double lo, double hi) {
  const double u = static_cast<double>(*rc::gen::inRange(0, 1000001)) * 1e-6;
  return lo * std::pow(hi / lo, u);
}

KernelModel random_model() {
  hw::Chip c = round_chip();
  c.sms = *rc::gen::inRange<std::int64_t>(1, 1024);
  c.peak.bf16 = FlopRate::from_si(between(1e13, 1e16));
  c.peak.fp8 = FlopRate::from_si(*rc::gen::arbitrary<bool>() ? c.peak.bf16.si() * 2.0 : 0.0);
  c.hbm_bandwidth = Bandwidth::from_si(between(1e11, 1e14));
  c.l2_bandwidth = c.hbm_bandwidth * between(1.0, 10.0);
  c.l2_capacity = Bytes::from_si(between(1e6, 1e9));
  KernelParams p = round_params();
  p.sharpness = between(1.0, 64.0);
  for (double* share : {&p.hbm, &p.l2, &p.gemm_bf16, &p.gemm_fp8, &p.grouped, &p.attention_prefill,
                        &p.attention_decode, &p.mla_decode}) {
    *share = between(0.05, 1.0);
  }
  return {c, p};
}

DataType random_type() {
  return *rc::gen::element(DataType::bf16, DataType::fp8, DataType::fp4, DataType::int8);
}

Gemm random_gemm() {
  return {.m = between(0.5, 1e5),
          .n = between(1.0, 2e5),
          .k = between(16.0, 1e5),
          .activation = random_type(),
          .weight = random_type()};
}

std::vector<Cost> random_costs(const KernelModel& model) {
  const double sequences = between(1.0, 1e3);
  const double context = sequences * between(1.0, 1e5);
  const double heads = std::floor(between(1.0, 129.0));
  const double tokens = between(1.0, 1e5);
  return {
      model.gemm(random_gemm()),
      model.grouped_gemm({.groups = between(1.0, 256.0),
                          .rows = between(0.5, 1e5),
                          .n = between(1.0, 2e4),
                          .k = between(16.0, 2e4),
                          .activation = random_type(),
                          .weight = random_type()}),
      model.decode_attention({.sequences = sequences,
                              .context = context,
                              .queries = between(1.0, 4.0),
                              .heads = heads,
                              .kv_heads = std::max(1.0, std::floor(heads / 8.0)),
                              .head_dim = 128.0,
                              .kv = random_type()}),
      model.mla_decode({.sequences = sequences,
                        .context = context,
                        .queries = between(1.0, 4.0),
                        .heads = heads,
                        .latent = 512.0,
                        .rope = 64.0,
                        .kv = random_type()}),
      model.prefill_attention({.pairs = tokens * context,
                               .tokens = tokens,
                               .kv_tokens = context,
                               .heads = heads,
                               .qk_dim = 192.0,
                               .v_dim = 128.0,
                               .kv_bytes = between(1.0, 1e5)}),
      model.elementwise(Bytes::from_si(between(1.0, 1e10))),
  };
}

RC_GTEST_PROP(KernelProperties, NoOperatorBeatsPhysics, ()) {
  for (const Cost& c : random_costs(random_model())) {
    RC_ASSERT(std::isfinite(c.time.si()));
    RC_ASSERT(c.time >= c.bound);
    RC_ASSERT(c.time >= 2_us);
    RC_ASSERT(c.time >= std::max(c.compute, c.memory));
    RC_ASSERT(c.time <= (2_us + c.compute + c.memory) * (1.0 + 1e-9));
  }
}

RC_GTEST_PROP(KernelProperties, GemmTimeNeverFallsWithAnyDimension, ()) {
  const KernelModel model = random_model();
  const Gemm small = random_gemm();
  Gemm large = small;
  double* const dimension = *rc::gen::element(&large.m, &large.n, &large.k);
  *dimension *= between(1.0001, 4.0);
  RC_ASSERT(model.gemm(large).time >= model.gemm(small).time * (1.0 - 1e-12));
}

RC_GTEST_PROP(KernelProperties, ElementwiseTimeNeverFallsWithSize, ()) {
  const KernelModel model = random_model();
  const Bytes bytes = Bytes::from_si(between(1.0, 1e10));
  RC_ASSERT(model.elementwise(bytes * between(1.0, 4.0)).time >=
            model.elementwise(bytes).time * (1.0 - 1e-12));
}

RC_GTEST_PROP(KernelProperties, AttentionTimeNeverFallsWithContext, ()) {
  const KernelModel model = random_model();
  MlaDecode mla{.sequences = between(1.0, 1e3),
                .context = between(1.0, 1e7),
                .heads = 128.0,
                .latent = 512.0,
                .rope = 64.0,
                .kv = random_type()};
  DecodeAttention gqa{.sequences = mla.sequences,
                      .context = mla.context,
                      .heads = 8.0,
                      .kv_heads = 1.0,
                      .head_dim = 128.0,
                      .kv = mla.kv};
  const Time mla_before = model.mla_decode(mla).time;
  const Time gqa_before = model.decode_attention(gqa).time;
  mla.context *= 1.5;
  gqa.context *= 1.5;
  RC_ASSERT(model.mla_decode(mla).time >= mla_before);
  RC_ASSERT(model.decode_attention(gqa).time >= gqa_before);
}

}  // namespace
}  // namespace sn::kernel
