// sn/kernel/operators/gemm_test.cc
//
// What tells libraries of dense products apart, against own arithmetic: writing by area, waves of
// static schedulers, set-up of tensor memory, narrow tiles, batches, the vendor library of 2023.

#include "sn/kernel/operators/gemm.h"

#include <gtest/gtest.h>

#include <cmath>

#include "sn/kernel/kernel_test_util.h"

namespace sn::kernel {
namespace {

using namespace sn::literals;

GemmModel model() { return {ChipRates(round_chip()), round_params()}; }

TEST(GemmLibraries, WritingATileTakesTimeByItsArea) {
  // 128 x 96 outputs of k = 1: nothing but the writing.
  KernelParams p = round_params();
  p.gemm.tile = 4_us;
  const Gemm g{.m = 128, .n = 96, .k = 1, .library = Library::deepgemm};
  const double narrowest = 128.0 * 16.0 / 16384.0 * 4.0;  // six tiles of 16 columns on six SMs
  expect_within(GemmModel(ChipRates(round_chip()), p).cost(g).compute, narrowest * us, 1e-2);
  // On one SM they come one after the other: 12288 / 16384 of 4 us whatever the tile.
  hw::Chip one = round_chip();
  one.sms = 1;
  EXPECT_GE(GemmModel(ChipRates(one), p).cost(g).compute.si(), 0.75 * 4.0 * us);
}

TEST(GemmLibraries, StaticSchedulersPayAnUnfinishedWaveWhole) {
  // 129 tiles of 128 x 128 on 128 SMs take two waves in CUTLASS's scaled products; a vendor library
  // that loses a tenth of the idle rest takes 129/128 + 0.1 x 127/128 or less, by another tile.
  KernelParams p = round_params();
  p.gemm.wave = 0.1;
  const Gemm g{.m = 2048.0 * 8.0 + 128.0, .n = 128, .k = 4096, .library = Library::sgl};
  const double tile = 2.0 * 128.0 * 128.0 * 4096.0 / (0.8e15 / 128.0);
  expect_within(GemmModel(ChipRates(round_chip()), p).cost(g).compute, 2.0 * tile, 1e-2);
  Gemm vendor = g;
  vendor.library = Library::cublas;
  EXPECT_LT(GemmModel(ChipRates(round_chip()), p).cost(vendor).compute.si(),
            (129.0 + 0.1 * 127.0) / 128.0 * tile * 1.01);
}

TEST(GemmLibraries, TensorMemoryIsSetUpBeforeNarrowProductsAlone) {
  KernelParams p = round_params();
  const Gemm wide{.m = 16, .n = 128, .k = 128};
  Gemm narrow = wide;
  narrow.activation = narrow.weight = DataType::fp8;
  narrow.narrowed = true;
  const auto time = [&](const Gemm& g) {
    return GemmModel(ChipRates(round_chip()), p).cost(g).time.si();
  };
  const double wide_before = time(wide);
  const double narrow_before = time(narrow);
  p.gemm.setup = 1.5_us;
  EXPECT_EQ(time(wide), wide_before);
  EXPECT_NEAR(time(narrow) - narrow_before, 1.5e-6, 1e-12);
}

TEST(GemmLibraries, FewRowsOfAScaledProductTakeANarrowTile) {
  // 16 rows of 1280 columns: vLLM on Hopper multiplies tiles of 16 x 64, SGLang of 64 x 64; both
  // fill 20 SMs, and at the sustained rate the former take a quarter.
  Gemm g{.m = 16, .n = 1280, .k = 65536, .library = Library::sgl};
  const double wide = model().cost(g).compute.si();
  g.library = Library::vllm;
  EXPECT_NEAR(model().cost(g).compute.si(), 0.25 * wide, 0.01 * wide);
}

TEST(GemmLibraries, ALoneKernelShowsTheLaunchOfItsGraph) {
  Gemm g{.m = 16, .n = 128, .k = 128, .batches = 16, .library = Library::batched};
  const double inside = model().cost(g).time.si();
  g.lone = true;
  EXPECT_NEAR(model().cost(g).time.si() - inside, 3e-6, 1e-12);
}

TEST(GemmLibraries, BlocksOfABatchOverlapWritingAndMultiplying) {
  // 64 products of 4096 x 512 x 128: the longer of both joined by the fourth power, not by squares.
  const Gemm g{.m = 4096, .n = 512, .k = 128, .batches = 64, .library = Library::batched};
  const Cost c = model().cost(g);
  const double joined =
      std::pow(std::pow(c.compute.si(), 4.0) + std::pow(c.memory.si(), 4.0), 0.25);
  expect_within(c.time, 2e-6 + joined, 1e-9);
}

TEST(GemmLibraries, TheVendorLibraryOf2023IsSlowerInsideATile) {
  KernelParams p = round_params();
  p.software.gemm_libraries[static_cast<std::size_t>(Library::cublas12)].rate = 0.9;
  const GemmModel faster(ChipRates(round_chip()), p);
  Gemm g{.m = 8192, .n = 8192, .k = 8192};
  const double now = faster.cost(g).compute.si();
  g.library = Library::cublas12;
  EXPECT_NEAR(faster.cost(g).compute.si(), now / 0.9, 1e-6 * now);
}

}  // namespace
}  // namespace sn::kernel
