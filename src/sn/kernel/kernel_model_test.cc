// sn/kernel/kernel_model_test.cc
//
// Operator times against closed forms on a chip of round numbers, and properties over random chips.

#include "sn/kernel/kernel_model.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <vector>

#include "sn/kernel/kernel_test_util.h"

namespace sn::kernel {
namespace {

using namespace sn::literals;

TEST(Gemm, LargeOneRunsAtTheSustainedRate) {
  // 8192 cubed: 32 x 64 tiles of 256 x 128 are 16 full waves of 128 SMs, so nothing is lost:
  // 2 x 8192^3 = 1.0995e12 FLOP at 0.8 PFLOP/s = 1374.4 us. Three matrices of 134.2 MB at 4 TB/s =
  // 100.7 us, joined as the root of squares.
  const Cost c = round_model().gemm({.m = 8192, .n = 8192, .k = 8192});
  EXPECT_EQ(c.flops.si(), 2.0 * 8192.0 * 8192.0 * 8192.0);
  EXPECT_EQ(c.bytes.si(), 3.0 * 2.0 * 8192.0 * 8192.0);
  expect_within(c.compute, 1374.39 * us, 1e-4);
  expect_within(c.memory, 100.66 * us, 1e-4);
  expect_within(c.time, (std::hypot(1374.39, 100.66) + 2.0) * us, 1e-4);
  expect_within(c.bound, 1099.51 * us, 1e-5);  // at 1 PFLOP/s
}

TEST(Gemm, OneRowStreamsTheWeights) {
  // 16384 x 16384 weights of 2 B = 536.9 MB at 4 TB/s = 134.2 us.
  const Cost c = round_model().gemm({.m = 1, .n = 16384, .k = 16384});
  expect_within(c.memory, 134.22 * us, 1e-3);
  EXPECT_GT(c.time.si(), 136.2 * us);
  // Weights in fp8 take half, in fp4 17/64 of that.
  const auto bytes = [](DataType weight) {
    return round_model().gemm({.m = 1, .n = 16384, .k = 16384, .weight = weight}).bytes.si();
  };
  EXPECT_EQ(bytes(DataType::fp8), 0.5 * bytes(DataType::bf16));
  EXPECT_EQ(bytes(DataType::fp4), 17.0 / 64.0 * bytes(DataType::bf16));
}

TEST(Gemm, AKStepTakesItsTimeHoweverSmallTheTile) {
  KernelParams p = round_params();
  p.gemm.k_step = 0.1_us;
  // 1 x 64 outputs, k = 100: below two parts of 128, so k is not split; 100/64 steps of 0.1 us.
  const Cost c = KernelModel(round_chip(), p).gemm({.m = 1, .n = 64, .k = 100});
  expect_within(c.compute, 100.0 / 64.0 * 0.1 * us, 1e-2);
}

TEST(Gemm, OnlyVendorLibrariesSplitK) {
  const Gemm vendor{.m = 64, .n = 128, .k = 65536};
  Gemm fixed = vendor;
  fixed.library = Library::deepgemm;
  EXPECT_LT(round_model().gemm(vendor).compute.si(), 0.5 * round_model().gemm(fixed).compute.si());
}

TEST(Gemm, WeightsThatComeAgainSoonAreFoundInL2) {
  // 8 MB of weights: cold at 4 TB/s as part of a model, at 5 TB/s when nothing passes in between.
  Gemm g{.m = 1, .n = 2048, .k = 2048};
  EXPECT_EQ(round_model().gemm(g).bytes.si(), 2048.0 * 2048.0 * 2.0);
  g.weight_cycle = 0.0;
  EXPECT_EQ(round_model().gemm(g).bytes.si(), 0.0);
  expect_within(round_model().gemm(g).memory, (8388608.0 + 8192.0) / 5e12, 1e-6);
}

TEST(Gemm, ActivationsThatFitL2DoNotCountAsHbmTraffic) {
  // 1024 x (2048 x 2 + 4096 x 2) B = 12.6 MB, below half of 50 MB; at m = 4096 four times as much.
  const KernelModel model = round_model();
  const double weights = 4096.0 * 2048.0 * 2.0;
  EXPECT_EQ(model.gemm({.m = 1024, .n = 4096, .k = 2048}).bytes.si(), weights);
  EXPECT_EQ(model.gemm({.m = 4096, .n = 4096, .k = 2048}).bytes.si(), weights + 4096.0 * 12288.0);
}

TEST(Gemm, NarrowingActivationsIsAKernelOfItsOwn) {
  // 8192 x 4096 activations, of which 3 B each pass: 100.7 MB, twice the L2, at 4 TB/s. One block
  // of an SM a row: 100 ns however short it is, here 4096 x 0.1 ns = 409.6 ns, on 128 SMs.
  KernelParams p = round_params();
  const Gemm narrow{.m = 8192,
                    .n = 4096,
                    .k = 4096,
                    .activation = DataType::fp8,
                    .weight = DataType::fp8,
                    .library = Library::sgl};
  const Cost c = KernelModel(round_chip(), p).gemm(narrow);
  const double product = std::hypot(c.compute.si(), c.memory.si());
  const double row = 409.6e-9 * std::pow(1.0 + std::pow(100.0 / 409.6, 4.0), 0.25);
  const double narrowing = std::hypot(8192.0 * 4096.0 * 3.0 / 4e12, 8192.0 / 128.0 * row);
  expect_within(c.time, 2e-6 + 1e-6 + product + narrowing, 1e-9);
  // Narrow already: the product alone. One scale for the whole tensor: read once more.
  Gemm given = narrow;
  given.narrowed = true;
  expect_within(KernelModel(round_chip(), p).gemm(given).time, 3e-6 + product, 1e-9);
  Gemm whole = narrow;
  whole.library = Library::trtllm;
  const Cost w = KernelModel(round_chip(), p).gemm(whole);
  expect_within(w.time,
                3e-6 + std::hypot(w.compute.si(), w.memory.si()) +
                    std::hypot(8192.0 * 4096.0 * 5.0 / 4e12, 8192.0 / 128.0 * row),
                1e-9);
}

TEST(Gemm, TheHostIsAFloorOutsideACapturedGraph) {
  Gemm g{.m = 1, .n = 64, .k = 64};
  g.eager = 2.0;
  expect_within(round_model().gemm(g).time, 200.0 * us, 1e-12);
}

TEST(Formats, FollowFromTheOperands) {
  EXPECT_EQ(format_of(DataType::bf16, DataType::bf16, false), Format::bf16);
  EXPECT_EQ(format_of(DataType::bf16, DataType::fp8, false), Format::w8a16);
  EXPECT_EQ(format_of(DataType::bf16, DataType::fp4, false), Format::w4a16);
  EXPECT_EQ(format_of(DataType::fp8, DataType::bf16, false), Format::bf16);
  EXPECT_EQ(format_of(DataType::fp8, DataType::fp8, true), Format::fp8_block);
  EXPECT_EQ(format_of(DataType::fp8, DataType::fp4, false), Format::w4a8);
  EXPECT_EQ(format_of(DataType::int8, DataType::int8, false), Format::int8);
  for (std::size_t l = 0; l < library_count; ++l) {
    EXPECT_EQ(parse_library(to_string(static_cast<Library>(l))), static_cast<Library>(l));
  }
}

TEST(Rates, AMissingTypeRunsAsTheNextWiderOne) {
  const ChipRates rates(round_chip());
  EXPECT_EQ(rates.peak_of(Format::fp4), rates.peak_of(Format::fp8));
  EXPECT_EQ(rates.peak_of(Format::int8), rates.peak_of(Format::bf16));
  hw::Chip old = round_chip();
  old.peak.fp8 = FlopRate{};
  EXPECT_EQ(ChipRates(old).peak_of(Format::fp8), 1e15);
}

TEST(Prefill, LongPromptsRunAtTheSustainedRate) {
  // 32768 tokens, 64 heads of 128: 2^29 pairs x 64 x 512 FLOP at 0.5 PFLOP/s = 35.2 ms.
  const double n = 32768.0;
  const Cost c = round_model().prefill_attention({.pairs = 0.5 * n * n,
                                                  .tokens = n,
                                                  .kv_tokens = n,
                                                  .heads = 64,
                                                  .kv_heads = 8,
                                                  .qk_dim = 128,
                                                  .v_dim = 128,
                                                  .kv_bytes = 4096});
  expect_within(c.compute, 0.5 * n * n * 64.0 * 512.0 / 0.5e15, 0.01);
}

TEST(Prefill, ExponentialsAreALimitOfTheirOwn) {
  // Heads of 16 elements have as many exponentials as heads of 128: 28.08 G/s on each of 128 SMs.
  KernelParams p = round_params();
  p.prefill.exp = 1.0;
  const double n = 32768.0;
  const Cost c = KernelModel(round_chip(), p)
                     .prefill_attention({.pairs = 0.5 * n * n,
                                         .tokens = n,
                                         .kv_tokens = n,
                                         .heads = 64,
                                         .qk_dim = 16,
                                         .v_dim = 16});
  const double products = 0.5 * n * n * 64.0 * 64.0 / 0.5e15;
  const double exponentials = 0.5 * n * n * 64.0 / (28.08e9 * 128.0);
  expect_within(c.compute, std::hypot(products, exponentials), 0.01);
}

TEST(Decode, LongCachesStreamAtTheSustainedRate) {
  // 128 sequences of 32768 keys, 8 KV heads of 128 in bf16: 17.18 GB at 4 TB/s.
  const double context = 128.0 * 32768.0;
  const Cost c = round_model().decode_attention(
      {.sequences = 128, .context = context, .heads = 64, .kv_heads = 8, .head_dim = 128});
  EXPECT_EQ(c.bytes.si(), context * 8.0 * 128.0 * 2.0 * 2.0);
  expect_within(c.memory, c.bytes.si() / 4e12, 1e-9);
  EXPECT_GE(c.time.si(), 8.0 * us + c.memory.si());
}

TEST(Decode, TensorRtReadsKeysForEachHeadBeyondItsGroups) {
  const auto flops_and_time = [](double heads, Library library) {
    return round_model().decode_attention({.sequences = 8,
                                           .context = 8.0 * 65536.0,
                                           .heads = heads,
                                           .kv_heads = 1,
                                           .head_dim = 128,
                                           .library = library});
  };
  // One cache from HBM either way; 64 readers of it through L2.
  EXPECT_EQ(flops_and_time(64, Library::trtllm).bytes, flops_and_time(64, Library::flash).bytes);
  EXPECT_GT(flops_and_time(64, Library::trtllm).memory.si(),
            10.0 * flops_and_time(64, Library::flash).memory.si());
  EXPECT_EQ(flops_and_time(32, Library::trtllm).memory, flops_and_time(32, Library::flash).memory);
}

TEST(Decode, ACacheThatIsReadAgainMayBeInL2) {
  DecodeAttention a{.sequences = 8, .context = 8192, .heads = 8, .kv_heads = 1, .head_dim = 128};
  EXPECT_GT(round_model().decode_attention(a).bytes.si(), 0.0);
  a.repeated = true;
  EXPECT_EQ(round_model().decode_attention(a).bytes.si(), 0.0);
}

TEST(Elementwise, UsesL2WhileItFits) {
  // 20 MB at 5 TB/s of L2 = 4 us without HBM traffic; of 80 MB all but 25 MB come from HBM at
  // 4 TB/s: 13.75 us and 5 us.
  const KernelModel model = round_model();
  EXPECT_NEAR(model.elementwise(20_MB).time.si(), 6.0 * us, 1e-12);
  EXPECT_EQ(model.elementwise(20_MB).bytes.si(), 0.0);
  EXPECT_NEAR(model.elementwise(80_MB).time.si(), 20.75 * us, 1e-12);
  EXPECT_EQ(model.elementwise(80_MB).bytes.si(), 55e6);
}

TEST(Elementwise, ABlockTakesARowWhateverTheMemory) {
  // 64 rows of 100 kB, one an SM: 100 x 0.02 us; 6.4 MB of L2 traffic in 1.28 us run beside.
  const KernelModel model = round_model();
  const auto joined = [](double a, double b) {
    return std::pow(a * a * a * a + b * b * b * b, 0.25);
  };
  const Elementwise e{.bytes = 6.4e6, .rows = 64.0};
  expect_within(model.elementwise(e).time, (2.0 + joined(2.0, 1.28)) * us, 1e-4);
  // 129 rows are two waves on 128 SMs; reading two bytes at a time takes three times as long.
  const Elementwise slow{.bytes = 12.9e6, .rows = 129.0, .access = Access::scalar};
  expect_within(model.elementwise(slow).compute, 2.0 * 6.0 * us, 1e-3);
  // Three calls from Python that are waited for.
  expect_within(model.elementwise({.calls = 3.0}).time, 32.0 * us, 1e-9);
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
  for (double* share : {&p.gemm.rate, &p.gemm.hbm, &p.gemm.l2, &p.moe.rate, &p.moe.hbm,
                        &p.prefill.rate, &p.decode.rate, &p.decode.hbm, &p.mla_decode.rate}) {
    *share = between(0.05, 1.0);
  }
  for (Time* t : {&p.gemm.k_step, &p.gemm.tile, &p.moe.tile, &p.prefill.tile, &p.decode.head}) {
    *t = Time::from_si(between(1e-9, 1e-5));
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
          .weight = random_type(),
          .block = *rc::gen::arbitrary<bool>(),
          .library = *rc::gen::element(Library::cublas, Library::deepgemm, Library::sgl,
                                       Library::portable)};
}

std::vector<Cost> random_costs(const KernelModel& model) {
  const double sequences = std::floor(between(1.0, 1e3));
  const double context = sequences * between(1.0, 1e5);
  const double heads = std::floor(between(1.0, 129.0));
  const double tokens = between(1.0, 1e5);
  const double rows = between(1.0, 1e5);
  return {
      model.gemm(random_gemm()),
      model.moe({.tokens = tokens,
                 .load = ExpertLoad::spread(rows, std::min(rows, between(1.0, 256.0))),
                 .hidden = between(16.0, 2e4),
                 .inter = between(16.0, 2e4),
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
      model.prefill_attention({.sequences = sequences,
                               .pairs = tokens * context / sequences,
                               .tokens = tokens,
                               .kv_tokens = context,
                               .heads = heads,
                               .qk_dim = 192.0,
                               .v_dim = 128.0,
                               .kv_bytes = between(1.0, 1e5)}),
      model.mla_prefill({.sequences = sequences,
                         .pairs = tokens * context / sequences,
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
    RC_ASSERT(c.flops.si() >= 0.0 && c.bytes.si() >= 0.0);
  }
}

// Not so for depth: a longer k may be split, a shorter one not.
RC_GTEST_PROP(KernelProperties, MoreColumnsNeverTakeLess, ()) {
  const KernelModel model = random_model();
  const Gemm small = random_gemm();
  Gemm large = small;
  large.n *= between(1.0001, 4.0);
  RC_ASSERT(model.gemm(large).time >= model.gemm(small).time * (1.0 - 1e-12));
}

RC_GTEST_PROP(KernelProperties, ElementwiseTimeNeverFallsWithSize, ()) {
  const KernelModel model = random_model();
  const Bytes bytes = Bytes::from_si(between(1.0, 1e10));
  RC_ASSERT(model.elementwise(bytes * between(1.0, 4.0)).time >=
            model.elementwise(bytes).time * (1.0 - 1e-12));
}

RC_GTEST_PROP(KernelProperties, AFasterChipIsNeverSlower, ()) {
  hw::Chip slow = round_chip();
  hw::Chip fast = slow;
  fast.hbm_bandwidth = slow.hbm_bandwidth * between(1.0, 2.0);
  fast.peak.bf16 = slow.peak.bf16 * between(1.0, 2.0);
  fast.peak.fp8 = fast.peak.bf16 * 2.0;
  const Gemm g = random_gemm();
  RC_ASSERT(KernelModel(fast, round_params()).gemm(g).time <=
            KernelModel(slow, round_params()).gemm(g).time * (1.0 + 1e-12));
}

}  // namespace
}  // namespace sn::kernel
