// sn/kernel/operators/mla_test.cc
//
// Latent attention against closed forms on a chip of round numbers.

#include "sn/kernel/operators/mla.h"

#include <gtest/gtest.h>

#include <cmath>

#include "sn/kernel/kernel_test_util.h"

namespace sn::kernel {
namespace {

using namespace sn::literals;

constexpr double key_bytes = 1152.0;  // 512 + 64 elements of bf16
constexpr double key_flops = 2176.0;  // per query row: 2 x 576 + 2 x 512

/// 128 SMs, 1 PFLOP/s bf16, 2 PFLOP/s fp8, HBM 5 TB/s; L2 so small that nothing stays.
hw::Chip hopper_like() {
  hw::Chip c = round_chip();
  c.l2_capacity = 1_MB;
  c.l2_bandwidth = 1000_TB_per_s;
  return c;
}

/// With 4 PFLOP/s fp4: tensor cores of two SMs work as one.
hw::Chip blackwell_like() {
  hw::Chip c = hopper_like();
  c.peak.fp4 = 4000_TFLOP_per_s;
  return c;
}

/// Half of the peak, 4 TB/s of HBM; no latency but what a test sets.
KernelParams bare_params() {
  const Time none = Time::from_si(1e-12);
  KernelParams p;
  p.gemm.launch = 2_us;
  p.mla_prefill = {
      .launch = none, .rate = 0.5, .k_step = none, .tile = none, .traffic = 1e-6, .host = 500_us};
  p.mla_decode = {.launch = none,
                  .rate = 0.5,
                  .hbm = 0.8,
                  .l2 = 1.0,
                  .k_step = none,
                  .head = none,
                  .split = none,
                  .swapped = 0.5};
  return p;
}

MlaDecode decode(double sequences, double keys, double heads) {
  return {.sequences = sequences,
          .context = sequences * keys,
          .heads = heads,
          .latent = 512.0,
          .rope = 64.0};
}

MlaPrefill prompt(double length, double cached, double heads) {
  return {.pairs = length * cached + 0.5 * length * (length + 1.0),
          .tokens = length,
          .kv_tokens = cached + length,
          .heads = heads,
          .qk_dim = 192.0,
          .v_dim = 128.0,
          .kv_bytes = key_bytes};
}

TEST(MlaPrefill, LongPromptsRunAtTheSustainedRate) {
  // 32768 tokens, 128 heads: 32768 x 32769 / 2 pairs x 128 x 2 x 320 FLOP = 43.98e12, at
  // 0.5 PFLOP/s 87.96 ms; half a tile on the diagonal adds 64 keys to 16384: 0.4 %.
  const MlaModel model(ChipRates(hopper_like()), bare_params());
  const Cost c = model.cost(prompt(32768.0, 0.0, 128.0));
  EXPECT_NEAR(c.flops.si(), 43.98e12, 0.01e12);
  expect_within(c.time, 87.96e-3 * (1.0 + 64.0 / 16384.5), 1e-3);
  expect_within(c.bound, 43.98e-3, 1e-3);
}

TEST(MlaPrefill, KeysAndValuesOfACachedPrefixAreReadToo) {
  // 128 new tokens, 128 heads: 40960 keys and values of 320 elements more in bf16 are 3.355 GB, at
  // 0.85 x 5 TB/s 789.5 us, and the latents themselves 47.2 MB, 11.1 us.
  KernelParams p = bare_params();
  p.mla_prefill.traffic = 1.0;
  const MlaModel model(ChipRates(hopper_like()), p);
  const double alone = model.cost(prompt(128.0, 0.0, 128.0)).memory.si();
  const double cached = model.cost(prompt(128.0, 40960.0, 128.0)).memory.si();
  EXPECT_NEAR(cached - alone, 800.6 * us, 1.0 * us);
}

TEST(MlaPrefill, NarrowProductsReadAndWriteTheirOperandsFirst) {
  // 1024 tokens, 16 heads: 1024 x 16 x (192 + 320) = 8.389e6 elements x 3 B at 4.25 TB/s = 5.92 us
  // and a launch of 2 us.
  const MlaModel model(ChipRates(hopper_like()), bare_params());
  MlaPrefill a = prompt(1024.0, 0.0, 16.0);
  const Cost wide = model.cost(a);
  a.math = DataType::fp8;
  const Cost narrow = model.cost(a);
  EXPECT_NEAR(narrow.memory.si() - wide.memory.si(), 5.92 * us, 0.01 * us);
  EXPECT_NEAR(narrow.time.si() - narrow.compute.si() - narrow.memory.si(), 2.0 * us, 0.01 * us);
  EXPECT_NEAR(narrow.compute.si(), 0.5 * wide.compute.si(), 1e-9);  // twice the peak
}

TEST(MlaDecode, FewHeadsStreamTheCache) {
  // 256 x 32768 keys of 1152 B are 9.664 GB: 2415.9 us at 4 TB/s. 16 heads on wgmma's 64 rows:
  // 8.389e6 x 64 x 2176 FLOP at 0.5 PFLOP/s = 2336.5 us in two full waves; joined with exponent 4.
  const MlaModel hopper(ChipRates(hopper_like()), bare_params());
  const Cost padded = hopper.cost(decode(256.0, 32768.0, 16.0));
  expect_within(padded.memory, 2415.9 * us, 1e-3);
  expect_within(padded.compute, 2336.5 * us, 3e-3);
  expect_within(padded.time, std::pow(std::pow(2415.9, 4) + std::pow(2336.5, 4), 0.25) * us, 4e-3);
  // Swapped operands pad to 16: a quarter of the work.
  const MlaModel blackwell(ChipRates(blackwell_like()), bare_params());
  const Cost swapped = blackwell.cost(decode(256.0, 32768.0, 16.0));
  expect_within(swapped.compute, 0.25 * 2336.5 * us, 3e-3);
}

TEST(MlaDecode, SwappedOperandsOf32RowsKeepFewerLoadsInFlight) {
  const MlaModel model(ChipRates(blackwell_like()), bare_params());
  const Cost few = model.cost(decode(256.0, 32768.0, 16.0));
  const Cost more = model.cost(decode(256.0, 32768.0, 32.0));
  EXPECT_NEAR(more.memory.si(), 2.0 * few.memory.si(), 1e-9);  // swapped = 0.5
}

TEST(MlaDecode, AnUndividedCacheTakesItsStepsOneAfterTheOther) {
  // 6400 keys = 100 steps, the first with the start: 99 x 7 us. In parts on 128 SMs: 64 parts of
  // 100 keys, half a step each.
  KernelParams p = bare_params();
  p.mla_decode.k_step = 7_us;
  const MlaModel model(ChipRates(hopper_like()), p);
  MlaDecode a = decode(1.0, 6400.0, 16.0);
  a.divisible = false;
  expect_within(model.cost(a).compute, 99.0 * 7.0 * us, 1e-3);
  a.divisible = true;
  expect_within(model.cost(a).compute, (100.0 / 64.0 - 1.0) * 7.0 * us, 1e-2);
}

TEST(MlaDecode, TheTritonKernelCutsInFourAlways) {
  // 16 heads a block: 128 heads are 8, times 4 parts and 8 sequences 256 blocks, two waves; a part
  // of 6400 keys is 25 steps, 24 after the first.
  KernelParams p = bare_params();
  p.mla_decode.k_step = 7_us;
  const MlaModel model(ChipRates(hopper_like()), p);
  MlaDecode a = decode(8.0, 6400.0, 128.0);
  a.library = Library::triton;
  expect_within(model.cost(a).compute, 2.0 * 24.0 * 7.0 * us, 1e-3);
}

TEST(MlaDecode, AnAbsorbedPromptPaysForItsPairsAlone) {
  // 512 tokens x 128 heads in tiles of 64 rows: 1024 tiles on 128 SMs; a causal prompt has half of
  // the pairs: 512 x 513 / 2 x 128 x 2176 FLOP.
  const MlaModel model(ChipRates(hopper_like()), bare_params());
  MlaDecode a = decode(1.0, 512.0, 128.0);
  a.queries = 512.0;
  const Cost full = model.cost(a);
  a.pairs = 0.5 * 512.0 * 513.0;
  const Cost causal = model.cost(a);
  EXPECT_EQ(full.flops.si(), 512.0 * 512.0 * 128.0 * key_flops);
  EXPECT_EQ(causal.flops.si(), 0.5 * 512.0 * 513.0 * 128.0 * key_flops);
  // Steps after the first: 512 / 64 - 1 = 7 and 256.5 / 64 - 1 = 3.008.
  EXPECT_NEAR(causal.compute.si() / full.compute.si(), 3.0078 / 7.0, 1e-3);
}

TEST(MlaDecode, NarrowCachesDoubleTheRateWhereTensorCoresTakeThemAsTheyLie) {
  MlaDecode a = decode(256.0, 32768.0, 128.0);
  const auto compute = [&a](const hw::Chip& chip, DataType kv) {
    a.kv = kv;
    return MlaModel(ChipRates(chip), bare_params()).cost(a).compute.si();
  };
  EXPECT_NEAR(compute(hopper_like(), DataType::fp8), compute(hopper_like(), DataType::bf16), 1e-9);
  EXPECT_NEAR(compute(blackwell_like(), DataType::fp8),
              0.5 * compute(blackwell_like(), DataType::bf16), 1e-9);
}

}  // namespace
}  // namespace sn::kernel
