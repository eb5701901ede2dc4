// sn/kernel/operators/attention_test.cc
//
// Attention of grouped heads against own arithmetic: tiles of prompts, windows, one call for
// prompts and positions, and which kernel reads a cache in how many parts.

#include "sn/kernel/operators/attention.h"

#include <gtest/gtest.h>

#include <cmath>

#include "sn/kernel/kernel_test_util.h"

namespace sn::kernel {
namespace {

using namespace sn::literals;

/// 100 SMs of 10 TFLOP/s, HBM 4 TB/s, L2 8 TB/s and 100 MB.
hw::Chip chip() {
  hw::Chip c = round_chip();
  c.sms = 100;
  c.hbm_bandwidth = 4_TB_per_s;
  c.l2_capacity = 100_MB;
  c.l2_bandwidth = 8_TB_per_s;
  return c;
}

/// A key step of 64 keys takes 1 us in a prompt and 2 us in a cache, whatever the products; a tile
/// and a part 3 us beside it; memory is next to nothing.
KernelParams params() {
  KernelParams p;
  p.prefill = {.launch = 10_us,
               .rate = 1.0,
               .exp = 1e9,
               .k_step = 1_us,
               .tile = 3_us,
               .tail = 0.5,
               .traffic = 1e-9,
               .l2 = 1.0,
               .empty = 0.25_us,
               .convert = 1.0};
  p.decode = {.launch = 8_us,
              .rate = 1.0,
              .hbm = 1.0,
              .l2 = 1.0,
              .k_step = 2_us,
              .head = 3_us,
              .split = 5_us};
  return p;
}

AttentionModel model() { return {ChipRates(chip()), params()}; }

PrefillAttention prompt(double tokens, double cached, Library library) {
  return {.pairs = tokens * cached + 0.5 * tokens * (tokens + 1.0),
          .tokens = tokens,
          .kv_tokens = cached + tokens,
          .heads = 32,
          .kv_heads = 8,
          .qk_dim = 128,
          .v_dim = 128,
          .library = library};
}

DecodeAttention caches(double sequences, double keys, Library library) {
  return {.sequences = sequences,
          .context = sequences * keys,
          .heads = 32,
          .kv_heads = 8,
          .head_dim = 128,
          .repeated = true,
          .library = library};
}

TEST(Prompt, OneTileForEachSmTakesAsLongAsTheLongest) {
  // FlashAttention-2: 128 tokens are two tiles of 64 rows on 32 heads, 64 of 100 SMs. The last one
  // sees 1,152 keys in 9 tiles of 128: 18 us and its own 3 us.
  const Cost c = model().cost(prompt(128, 1024, Library::flash2));
  EXPECT_NEAR(c.compute.si(), 21.0 * us, 1e-12);
  EXPECT_NEAR(c.time.si(), 31.0 * us, 1e-9);
}

TEST(Prompt, ManyTilesShareTheSmsAndEndUnevenly) {
  // 640 tokens on 32 heads: 320 tiles of 64 rows, 3.2 for each SM. Their rows see 320.5 keys in the
  // mean, the tile half its rows more: 352.5 keys = 5.508 us, and 3 us. The longest sees 640 keys,
  // 13 us, half of which the last SM ends late.
  const Cost c = model().cost(prompt(640, 0, Library::flash2));
  EXPECT_NEAR(c.compute.si(), (3.2 * (352.5 / 64.0 + 3.0) + 0.5 * 13.0) * us, 1e-11);
}

TEST(Prompt, FlashAttention3PacksTheHeadsOfAGroup) {
  // 32 tokens of 4 heads are the 128 rows of one tile: 8 tiles, one for each KV head; unpacked
  // (TensorRT-LLM), 32 tiles of which a quarter is used. Both fit the SMs, so that the time is one
  // tile's; with 64 sequences the former are 5.12 for each SM, the latter 20.48.
  PrefillAttention a = prompt(32, 0, Library::flash);
  PrefillAttention b = prompt(32, 0, Library::trtllm);
  EXPECT_EQ(model().cost(a).compute, model().cost(b).compute);
  for (PrefillAttention* p : {&a, &b}) {
    p->sequences = 64;
    p->pairs *= 64.0;
    p->tokens *= 64.0;
    p->kv_tokens *= 64.0;
  }
  const double tile = 32.5 / 64.0 + 3.0;  // mean keys 16.5 and half the positions of a tile
  const double longest = 128.0 / 64.0 + 3.0;
  EXPECT_NEAR(model().cost(a).compute.si(), (5.12 * tile + 0.5 * longest) * us, 1e-11);
  EXPECT_NEAR(model().cost(b).compute.si(), (20.48 * tile + 0.5 * longest) * us, 1e-11);
}

TEST(Prompt, AWindowCostsTheTilesThatItTouches) {
  // 8,192 tokens that see 128 keys each: a tile of 64 rows sees 128 + 64 and begins inside a tile
  // of 128 keys, so 320 keys on 128 x 32 tiles, 40.96 for each SM.
  PrefillAttention a = prompt(8192, 0, Library::flash2);
  a.window = 128;
  a.pairs = 8192.0 * 128.0;
  const double tile = 320.0 / 64.0 + 3.0;
  EXPECT_NEAR(model().cost(a).compute.si(), (40.96 * tile + 0.5 * tile) * us, 1e-11);
}

TEST(Mixed, BlocksOfPromptsAndPositionsShareTheSms) {
  // A prompt of 640 tokens as above; 20 positions on 32 heads with 1,000 keys: 8 tiles of 128 keys
  // = 16 us and 3 us on 640 blocks, and 9 more blocks each that find nothing to do, 0.25 us. The
  // longest is a position's.
  const MixedAttention m{.prompts = prompt(640, 0, Library::flash2),
                         .caches = caches(20, 1000, Library::flash2)};
  const double work = 3.2 * (352.5 / 64.0 + 3.0) + 6.4 * (19.0 + 9.0 * 0.25);
  EXPECT_NEAR(model().cost(m).compute.si(), (work + 0.5 * 19.0) * us, 1e-11);
}

TEST(Mixed, EveryHeadOfAGroupReadsALargeCacheAgain) {
  // 200 sequences of 40,000 keys: 4.1 GB in one KV head alone, 32.8 GB in all, 8.19 ms of HBM. Four
  // heads follow each other; at any time one of them runs.
  const MixedAttention m{.prompts = prompt(64, 0, Library::flash2),
                         .caches = caches(200, 40000, Library::flash2)};
  EXPECT_NEAR(model().cost(m).memory.si(), 4.0 * 200.0 * 40000.0 * 4096.0 / 4e12, 1e-6);
  // 24 sequences leave room for four heads at once on 100 SMs: one reading.
  const MixedAttention few{.prompts = prompt(64, 0, Library::flash2),
                           .caches = caches(24, 40000, Library::flash2)};
  EXPECT_NEAR(model().cost(few).memory.si(), 24.0 * 40000.0 * 4096.0 / 4e12, 1e-6);
}

TEST(Mixed, WithoutOneOfThemIsTheOther) {
  const PrefillAttention p = prompt(640, 512, Library::flash2);
  const DecodeAttention d = caches(20, 1000, Library::flash2);
  EXPECT_EQ(model().cost(MixedAttention{.prompts = p, .caches = {}}).time, model().cost(p).time);
  EXPECT_EQ(model().cost(MixedAttention{.prompts = {}, .caches = d}).time, model().cost(d).time);
}

TEST(Cache, AnUnfilledWaveIsReadInParts) {
  // FlashAttention-3, 3 sequences on 8 KV heads: 24 of 100 SMs, so four parts each; 4,096 keys are
  // 32 tiles of 128, 8 for a part, the first one's most part in `head`: 7.25 x 4 us, 3 us, 5 us for
  // joining. The combining kernel: 96 rows.
  const Cost c = model().cost(caches(3, 4096, Library::flash));
  EXPECT_NEAR(c.compute.si(), (3.0 + 29.0) * us, 1e-11);
  const double parts = (8.0 + 3.0 + 5.0) * us + std::hypot(29.0 * us, c.memory.si());
  EXPECT_NEAR(c.time.si(), parts + 96 * 0.9e-9, 1e-11);
  // 10 sequences fill 0.8 of the SMs: whole ones, 31.25 tiles, nothing to join.
  const Cost whole = model().cost(caches(10, 4096, Library::flash));
  const double loop = std::hypot(125.0 * us, whole.memory.si());
  EXPECT_NEAR(whole.time.si(), (8.0 + 3.0) * us + loop + 320 * 0.9e-9, 1e-11);
}

TEST(Cache, TensorRtCountsPartsByTheHistory) {
  // 64 sequences on 8 KV heads are 5.12 waves; 1,024 keys could be 8 parts, 41 waves, of which 8
  // are allowed: one part. 512 blocks take 6 waves of (3 us + 7.25 tiles of 4 us).
  const Cost c = model().cost(caches(64, 1024, Library::xqa));
  EXPECT_NEAR(c.compute.si(), 6.0 * 32.0 * us, 1e-10);
  // 4 sequences: 8 parts each, 256 blocks in 3 waves of one tile, a quarter of it beside `head`.
  EXPECT_NEAR(model().cost(caches(4, 1024, Library::xqa)).compute.si(), 3.0 * 4.0 * us, 1e-10);
  // A window of 128 keys over the same history: as many blocks; the two tiles it touches lie in
  // one.
  DecodeAttention windowed = caches(4, 128, Library::xqa);
  windowed.history = 4.0 * 1024.0;
  EXPECT_NEAR(model().cost(windowed).compute.si(), 3.0 * (3.0 + 1.25 * 4.0) * us, 1e-10);
}

TEST(Cache, TensorRtTakesCudaCoresForLittleWork) {
  // One sequence of 128 keys: 8 blocks, less than a quarter of 100 SMs: each of the 32 heads by
  // itself, 2 tiles of 64 keys at 2 us (no part in `head`). With 384 keys tensor cores take over:
  // 24 blocks x 4 = 96 < 100 still not; with 512, 128.
  const auto compute = [](double keys) {
    return model().cost(caches(1, keys, Library::xqa)).compute.si();
  };
  EXPECT_NEAR(compute(128), (3.0 + 4.0) * us, 1e-10);
  EXPECT_NEAR(compute(384), (3.0 + 12.0) * us, 1e-10);
  EXPECT_NEAR(compute(512), (3.0 + 0.25 * 4.0) * us, 1e-10);
}

TEST(Cache, FlashAttention2SwapsGroupsIntoRowsFirst) {
  // Two copies of half a launch, unless there is one sequence or one KV head.
  DecodeAttention a = caches(1, 64, Library::flash2);
  const double one = model().cost(a).time.si();
  a.sequences = 2;
  a.context *= 2.0;
  EXPECT_NEAR(model().cost(a).time.si() - one, 4.0 * us, 1e-7);
}

TEST(Cache, EnginesCallWhatTheGenerationHas) {
  hw::Chip c = chip();
  const auto library = [&](const char* generation) {
    c.kernels = generation;
    return usual_attention_library(c);
  };
  EXPECT_EQ(library("ampere"), Library::flash2);
  EXPECT_EQ(library("blackwell-rtx"), Library::flash2);
  EXPECT_EQ(library("hopper"), Library::flash);
  EXPECT_EQ(library("blackwell-grace"), Library::flashinfer);
}

}  // namespace
}  // namespace sn::kernel
