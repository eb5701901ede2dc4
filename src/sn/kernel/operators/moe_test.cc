// sn/kernel/operators/moe_test.cc
//
// Layers of experts against own arithmetic: weights, rows, tiles, libraries and what they hide.

#include "sn/kernel/operators/moe.h"

#include <gtest/gtest.h>

#include <cstddef>

#include "sn/kernel/kernel_test_util.h"

namespace sn::kernel {
namespace {

using namespace sn::literals;

TEST(Moe, StreamsTheExpertsThatGotATokenAndPaysItsBase) {
  // 8 experts of 3 x 2048 x 7168 in bf16 = 704.6 MB at 4 TB/s = 176.2 us, beside 20 us of base.
  Moe m{.tokens = 8, .load = ExpertLoad::spread(8, 8), .hidden = 7168, .inter = 2048};
  const Cost c = round_model().moe(m);
  const double weights = 8.0 * 3.0 * 2048.0 * 7168.0 * 2.0;
  EXPECT_EQ(c.bytes.si(), weights);
  EXPECT_GT(c.time.si(), weights / 4e12 + 20.0 * us);
  EXPECT_LT(c.time.si(), 1.02 * weights / 4e12 + 20.0 * us);
  m.load = ExpertLoad::spread(8, 4);
  EXPECT_EQ(round_model().moe(m).bytes.si(), 0.5 * weights);
}

TEST(Moe, ManyTokensRunAtTheSustainedRate) {
  // 8 experts, 16384 tokens each: 2 x 131072 x 3 x 2048 x 7168 FLOP at 0.8 PFLOP/s = 14.43 ms.
  const Moe m{
      .tokens = 131072, .load = ExpertLoad::spread(131072, 8), .hidden = 7168, .inter = 2048};
  const Cost c = round_model().moe(m);
  expect_within(c.compute, 2.0 * 131072.0 * 3.0 * 2048.0 * 7168.0 / 0.8e15, 0.02);
  EXPECT_GT(c.time, c.compute);
}

TEST(Moe, TheHalfThatIsNotHiddenIsPaid) {
  // 64 experts of 64 rows: 2 x 4096 x 3 x 1024 x 4096 FLOP at 0.8 PFLOP/s = 128.8 us of arithmetic
  // in whole tiles and 1.61 GB at 4 TB/s = 402.7 us of weights, half of the former on top.
  KernelParams p = round_params();
  p.moe.overlap = 0.5;
  Moe m{.tokens = 512, .top_k = 8, .experts = 64, .load = {}, .hidden = 4096, .inter = 1024};
  m.load = {.rows = 4096, .active = 64, .tiles = {512, 256, 128, 64, 64, 64}};
  const double overlapped = round_model().moe(m).time.si();
  const Cost c = KernelModel(round_chip(), p).moe(m);
  EXPECT_NEAR(c.time.si() - overlapped, 0.5 * c.compute.si(), 1e-9);
  expect_within(c.compute, 2.0 * 4096.0 * 3.0 * 1024.0 * 4096.0 / 0.8e15, 0.35);  // whole waves
}

TEST(Moe, ATileWaitsForWhatItLoads) {
  // A tile of 256 x 128 takes 65,536 FLOP and 768 B for each element of k: at 6.25 TFLOP/s and at
  // 7.8125 GB/s of L2 per SM, a tenth of 10 TB/s over 128 SMs, it waits for the bytes.
  KernelParams p = round_params();
  p.moe.l2 = 0.1;
  const Moe m{.tokens = 131072,
              .top_k = 1,
              .experts = 8,
              .load = ExpertLoad::spread(131072, 8),
              .hidden = 7168,
              .inter = 2048};
  const double steps = 131072.0 * 3.0 * 2048.0 * 7168.0 / (256.0 * 128.0) / 128.0;
  expect_within(KernelModel(round_chip(), p).moe(m).compute, steps * 768.0 / 7.8125e9, 0.02);
}

TEST(Moe, LibrariesMoveWhatTheyKeep) {
  // Of 8 choices of a token this rank holds one. Triton keeps rows for all eight, TensorRT-LLM's
  // own kernels for that one; rows that arrive sorted are neither permuted nor summed.
  Moe m{.tokens = 8192, .top_k = 8, .experts = 64, .load = {}, .hidden = 4096, .inter = 1024};
  m.load = ExpertLoad::spread(8192, 8);
  const auto side = [&](Library library, bool dispatched) {
    m.library = library;
    m.dispatched = dispatched;
    const Cost with = round_model().moe(m);
    KernelParams none = round_params();
    none.moe.rows = 1e-9;
    return (with.memory.si() - KernelModel(round_chip(), none).moe(m).memory.si()) * 5e12;
  };
  const double h = 4096.0;
  const double i = 1024.0;
  const double tokens = 8192.0 * h * 4.0;
  EXPECT_NEAR(side(Library::trtllm, false), 8192.0 * (h * 2 + i * 4 + h * 4) + tokens, 1e3);
  EXPECT_NEAR(side(Library::cutlass, false), 8192.0 * (h * 6 + 2 * i * 4 + i * 4 + h * 4) + tokens,
              1e3);
  EXPECT_NEAR(side(Library::triton, false), 65536.0 * (h * 2 + 2 * i * 4 + i * 4 + h * 4) + tokens,
              1e3);
  EXPECT_NEAR(side(Library::deepgemm, true), 8192.0 * (h * 2 + 2 * i * 4 + i * 4 + h * 2), 1e3);
}

TEST(Moe, MarlinDoesNotGainFromNewTensorCores) {
  hw::Chip fast = round_chip();
  fast.peak.bf16 = 4000_TFLOP_per_s;
  Moe m{.tokens = 65536, .top_k = 8, .experts = 8, .load = {}, .hidden = 4096, .inter = 1024};
  m.load = ExpertLoad::spread(524288, 8);
  m.weight = DataType::fp4;
  m.library = Library::marlin;
  const double warp = 2048.0 * 1.755e9 * 128.0;  // 460 TFLOP/s
  const double flops = 2.0 * 524288.0 * 3.0 * 1024.0 * 4096.0;
  const Cost c = KernelModel(fast, round_params()).moe(m);
  expect_within(c.compute, flops / (0.8 * warp), 0.05);
  EXPECT_EQ(c.time, round_model().moe(m).time);
}

TEST(Moe, TritonTakesItsTileFromTheTokens) {
  // 33 tokens have tiles of 32 rows, 32 tokens such of 16: with one row an expert, twice the work.
  Moe m{.tokens = 32, .top_k = 1, .experts = 64, .load = {}, .hidden = 4096, .inter = 1024};
  m.load = {.rows = 32, .active = 32, .tiles = {32, 32, 32, 32, 32, 32}};
  m.library = Library::triton;
  const double sixteen = round_model().moe(m).compute.si();
  m.tokens = 33;
  EXPECT_GT(round_model().moe(m).compute.si(), 1.1 * sixteen);
}

TEST(Moe, NarrowingTakesTimeOfTheSms) {
  KernelParams p = round_params();
  const auto fp8 = static_cast<std::size_t>(Format::fp8);
  Moe m{.tokens = 1024, .top_k = 8, .experts = 64, .load = {}, .hidden = 4096, .inter = 1024};
  m.load = ExpertLoad::spread(8192, 64);
  m.activation = DataType::fp8;
  m.weight = DataType::fp8;
  p.software.moe_formats[fp8].quantise = 1.0;
  const double one = KernelModel(round_chip(), p).moe(m).time.si();
  p.software.moe_formats[fp8].quantise = 3.0;
  const double three = KernelModel(round_chip(), p).moe(m).time.si();
  // 8192 rows of 4096 + 1024 elements at 100 ps on one of 128 SMs.
  EXPECT_NEAR(three - one, 2.0 * 8192.0 * 5120.0 * 100e-12 / 128.0, 1e-10);
}

TEST(Moe, AnExpertPaysForWholeTiles) {
  const ExpertLoad one = ExpertLoad::spread(1, 1);
  for (const double tiles : one.tiles) EXPECT_GE(tiles, 1.0);
  const ExpertLoad many = ExpertLoad::spread(1000, 10);
  EXPECT_NEAR(many.tiles[3], 1000.0 / 64.0 + 5.0 * (1.0 - 1.0 / 64.0), 1e-9);
}

}  // namespace
}  // namespace sn::kernel
