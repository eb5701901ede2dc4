// sn/collective/collective_test.cc
//
// Collectives by hand on 8 (HGX H200 class), 72 (NVL72 class) and 128 GPUs, over 2 x 8 GPUs, and
// properties over random groups.
//
// Parameters are round numbers, spelt out here, so that a later fit moves no expected number.

#include "sn/collective/collective.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <cmath>

namespace sn::collective {
namespace {

using namespace sn::literals;

constexpr double us = 1e-6;

LibraryCurve curve() {
  return {.alpha = 6_us,
          .step = 1_us,
          .low_latency = 0.25,
          .bulk_alpha = 10_us,
          .bulk_step = 5_us,
          .bulk = 0.8,
          .local = 2.0};
}

ExchangePhase sided() {
  return {.alpha = 12_us, .per_peer = 100_ns, .per_copy = 1_ns, .per_token = 2_ns, .share = 0.8};
}

StreamedPhase streamed() {
  return {
      .alpha = 30_us, .per_copy = 100_ns, .sm_rate = 20_GB_per_s, .per_token = 20_ns, .share = 0.8};
}

CollectiveParams params() {
  CollectiveParams p;
  p.library = {curve(), curve(), curve(), curve(), 2_us};
  p.library.all_to_all.low_latency = 0.01;
  p.in_switch = {.alpha = 25_us,
                 .share = 0.6,
                 .fill = 100_us,
                 .fill_volume = 50_MB,
                 .level = 10_us,
                 .tree = 0.5};
  p.custom = {.alpha = 3_us,
              .doubling = 500_ns,
              .one_shot = 0.4,
              .barrier = 4_us,
              .two_shot = 0.5,
              .legacy = 1.5,
              .limit = 32_MiB,
              .host = 20_us};
  p.moe = {sided(), sided(), streamed(), streamed(), sided(), sided(), sided(), sided(), sided()};
  p.network_alpha = 15_us;
  p.network = 0.9;
  p.ring = 0.5;
  p.point_to_point = 10_us;
  return p;
}

// 400 GB/s sustained, 400 ns across; adapters of 50 GB/s raw, 40 sustained, 5 us.
CollectiveTimer machine(std::int64_t domain, std::int64_t domains, bool in_switch) {
  fabric::Fabric f;
  f.domain = domain;
  f.domains = domains;
  f.segment = 1 << 20;
  f.in_switch_reduction = in_switch;
  f.scale_up = {.layer = fabric::Layer::scale_up,
                .raw = 500_GB_per_s,
                .sustained = 400_GB_per_s,
                .latency = 400_ns};
  f.scale_out = {.layer = fabric::Layer::scale_out,
                 .raw = 50_GB_per_s,
                 .sustained = 40_GB_per_s,
                 .latency = 5_us};
  f.scale_out_far = f.scale_out;
  return {f, params()};
}

Timing run(const CollectiveTimer& timer, Op op, Bytes size, Kernels kernels = Kernels::automatic) {
  const std::int64_t n = timer.fabric().domain;
  return timer.time({.op = op, .group = {n, n}, .size = size, .kernels = kernels});
}

void expect_timing(const Timing& t, std::string_view algorithm, double microseconds) {
  EXPECT_EQ(t.algorithm, algorithm);
  EXPECT_NEAR(t.time.si(), microseconds * us, microseconds * us * 1e-4);
  EXPECT_GE(t.time, t.bound);
}

TEST(AllReduce, OneShotWinsSmallMessages) {
  // 3 + 2 doublings of 0.5 + 0.4 + 4096 x 7 / 160e9 = 0.1792 us.
  expect_timing(run(machine(8, 1, true), Op::all_reduce, 4_KiB), "one-shot", 4.5792);
  // 72: log2(36) = 5.16993 doublings: 3 + 2.58496 + 0.4 + 4096 x 71 / 160e9 = 1.8176 us.
  expect_timing(run(machine(72, 1, true), Op::all_reduce, 4_KiB), "one-shot", 7.80256);
}

TEST(AllReduce, TwoShotWinsAMebibyte) {
  // 4 + 4 + 0.8 + 2 x 1048576 x 7/8 / 200e9 = 9.17504 us.
  expect_timing(run(machine(8, 1, true), Op::all_reduce, 1_MiB), "two-shot", 17.97504);
}

TEST(AllReduce, TheFirstGenerationOfKernelsStartsLater) {
  const CollectiveTimer timer = machine(8, 1, true);
  const Timing t =
      timer.time({.op = Op::all_reduce, .group = {8, 8}, .size = 4_KiB, .legacy = true});
  expect_timing(t, "one-shot", 4.5792 + 1.5);
}

TEST(AllReduce, TheSwitchReducesLargeMessages) {
  // 25 + 0.8 + 2^30 x 9/8 / 240e9 = 5033.165 us + fill 100 x 1073.74 / 1123.74 = 95.5506 us.
  const Timing t = run(machine(8, 1, true), Op::all_reduce, 1_GiB);
  expect_timing(t, "in-switch", 5154.515);
  // Bound: S / 500 GB/s.
  EXPECT_NEAR(t.bound.si(), 2147.48 * us, 0.01 * us);
}

TEST(AllReduce, IntegersGoAroundTheRing) {
  const CollectiveTimer timer = machine(8, 1, true);
  const Timing t =
      timer.time({.op = Op::all_reduce, .group = {8, 8}, .size = 1_GiB, .switch_reducible = false});
  // 6 + 10 + 14 x 0.4 + the cubic mean of 14 x 5 us and wire 2^30 x 1.75 / 320e9 = 5872.026
  // plus own share 2^30 / 8 / 800e9 = 167.772 us: 6039.798; the chunks add 0.003 us.
  expect_timing(t, "ring", 6061.401);
  // Bound without the switch: 2 S 7/8 / 500 GB/s.
  EXPECT_NEAR(t.bound.si(), 3758.10 * us, 0.01 * us);
}

TEST(AllReduce, TreesServeWideGroups) {
  // 6 + 2 x 7 levels x 2.4 + 2 x 1024 x 127/128 / 100e9 = 0.0203 us.
  expect_timing(run(machine(128, 1, false), Op::all_reduce, 1_KiB, Kernels::library), "tree",
                39.6203);
}

TEST(AllReduce, LibrariesAloneTakeLowLatencyThenBulk) {
  const CollectiveTimer timer = machine(4, 1, false);
  // 6 + 6 x 1.4 + 65536 x 1.5 / 100e9 = 0.98304 us.
  expect_timing(run(timer, Op::all_reduce, 64_KiB, Kernels::library), "ring", 15.38304);
}

TEST(AllReduce, TwoServersTakeATreeOfTheirSwitches) {
  const CollectiveTimer timer = machine(8, 2, true);
  const Timing t = timer.time({.op = Op::all_reduce, .group = {16, 8}, .size = 1_GiB});
  // 25.8 + 15 + 2 x 5; inside 5033.165, across 2 x 2^27 x 1/2 / 36e9 = 3728.270: cubic 5653.2;
  // fill (100 + 10) x 0.955506 = 105.106.
  EXPECT_EQ(t.algorithm, "in-switch tree");
  const double cubic = std::cbrt(std::pow(5033.165, 3.0) + std::pow(3728.270, 3.0));
  EXPECT_NEAR(t.time.si(), (50.8 + cubic + 105.106) * us, 0.1 * us);
}

TEST(AllGather, DirectWhenSmallRingWhenLarge) {
  const CollectiveTimer timer = machine(8, 1, true);
  // 4 + 0.4 + 1048576 x 7/8 / 200e9 = 4.58752 us.
  expect_timing(run(timer, Op::all_gather, 1_MiB), "direct", 8.98752);
  // 6 + 10 + 7 x 0.4 + 2^30 x 7/8 / 320e9 = 2936.013 + 167.772; chunks of 35 us add 0.0015.
  expect_timing(run(timer, Op::all_gather, 1_GiB), "ring", 3122.586);
}

TEST(AllToAll, PeersAtOnce) {
  const CollectiveTimer timer = machine(8, 1, true);
  // 6 + 7 + 0.4 + 10 + 2^30 x 7/8 / 320e9 + 167.772.
  expect_timing(run(timer, Op::all_to_all, 1_GiB), "direct", 3127.185);
}

TEST(Kernels, AnAbsentFamilyIsInfinite) {
  EXPECT_TRUE(
      std::isinf(run(machine(8, 1, false), Op::all_reduce, 1_MiB, Kernels::in_switch).time.si()));
  EXPECT_TRUE(
      std::isinf(run(machine(8, 1, true), Op::all_reduce, 1_GiB, Kernels::custom).time.si()));
}

ExpertExchange tokens(double n) {
  return {.tokens = n,
          .dispatch_bytes = Bytes::from_si(7392.0),
          .combine_bytes = Bytes::from_si(14336.0),
          .top_k = 8,
          .experts = 256};
}

TEST(Exchange, LowLatencyByHand) {
  // 12 + 0.4 + 32 experts x 0.1 + 1024 copies x 1 ns; wire 1024 x 7392 x 7/8 / 320e9 = 20.6976;
  // the stream of 128 x 8 / 256 = 4 tokens is shorter.
  const ExchangeTiming t =
      machine(8, 1, true).exchange(tokens(128), {8, 8}, ExchangeKernels::low_latency, 0.0);
  expect_timing(t.dispatch, "low-latency", 12.0 + 0.4 + 3.2 + 1.024 + 20.6976);
}

TEST(Exchange, TheBusiestReceiverSetsTheWireAndPhysicsBoundsTheMean) {
  ExpertExchange even = tokens(128);
  ExpertExchange hot = even;
  hot.hottest = 1.5;
  const CollectiveTimer timer = machine(8, 1, true);
  const ExchangeTiming a = timer.exchange(even, {8, 8}, ExchangeKernels::low_latency, 0.0);
  const ExchangeTiming b = timer.exchange(hot, {8, 8}, ExchangeKernels::low_latency, 0.0);
  expect_timing(b.dispatch, "low-latency", 12.0 + 0.4 + 3.2 + 1.024 + 1.5 * 20.6976);
  EXPECT_EQ(b.dispatch.bound.si(), a.dispatch.bound.si());
  EXPECT_GT(b.combine.time, a.combine.time);
}

TEST(Exchange, RoundRobinReachesEveryRankOnce) {
  ExpertExchange e = tokens(1000);
  e.spread = true;
  // 8 copies a token: 12 + 0.4 + 7 x 0.1 + 1000 x 2 ns + 8000 x 1 ns + 7000 x 7392 / 320e9.
  const ExchangeTiming t = machine(8, 1, true).exchange(e, {8, 8}, ExchangeKernels::one_sided, 0.0);
  expect_timing(t.dispatch, "one-sided", 12.0 + 0.4 + 0.7 + 2.0 + 8.0 + 161.7);
}

TEST(Exchange, EnginesTakeLowLatencyForDecodeAndNormalForPrefill) {
  const CollectiveTimer server = machine(8, 4, true);
  EXPECT_EQ(server.exchange(tokens(16), {32, 8}).dispatch.algorithm, "low-latency");
  EXPECT_EQ(server.exchange(tokens(8192), {32, 8}).dispatch.algorithm, "normal");
  const Timing rack = machine(72, 1, true).exchange(tokens(2048), {64, 64}).dispatch;
  EXPECT_TRUE(rack.algorithm == "one-sided" || rack.algorithm == "two-sided") << rack.algorithm;
}

TEST(Exchange, PrepareIsPartOfATwoSidedDispatch) {
  const CollectiveTimer timer = machine(72, 1, true);
  const Group g{64, 64};
  const Time one = timer.exchange(tokens(64), g, ExchangeKernels::one_sided, 0.0).dispatch.time;
  const Time two = timer.exchange(tokens(64), g, ExchangeKernels::two_sided, 0.0).dispatch.time;
  EXPECT_NEAR((two - one).si(), timer.prepare(tokens(64), g).si(), 1e-12);
}

TEST(HitProbability, ByHand) {
  // 8 of 256 over 8 ranks: 1 - (224 x 223 x ... x 217) / (256 x ... x 249).
  double miss = 1.0;
  for (int i = 0; i < 8; ++i) miss *= (224.0 - i) / (256.0 - i);
  EXPECT_NEAR(hit_probability(256, 8, 8.0), 1.0 - miss, 1e-12);
  EXPECT_EQ(hit_probability(8, 8, 8.0), 1.0);
}

TEST(Send, AlphaWireAndBytes) {
  // 10 + 0.4 + 4 MB / 400 GB/s.
  EXPECT_NEAR(machine(8, 1, true).send(4_MB, false).time.si(), 20.4 * us, 1e-9);
}

RC_GTEST_PROP(Collectives, KeepTheirBoundsAndGrow, ()) {
  const std::int64_t domain = *rc::gen::element<std::int64_t>(2, 4, 8, 72, 128);
  const std::int64_t domains = *rc::gen::element<std::int64_t>(1, 2, 8);
  const CollectiveTimer timer = machine(domain, domains, *rc::gen::arbitrary<bool>());
  const Group g{domain * domains, domain};
  const Op op =
      *rc::gen::element(Op::all_reduce, Op::all_gather, Op::reduce_scatter, Op::all_to_all);
  Time before;
  for (double bytes = 1024.0; bytes < 2e10; bytes *= 3.0) {
    const Timing t = timer.time(op, g, Bytes::from_si(bytes));
    RC_ASSERT(t.time >= t.bound);
    RC_ASSERT(t.time >= before);
    RC_ASSERT(timer.time(op, g, Bytes::from_si(bytes), 0.5).time >= t.time);
    before = t.time;
  }
}

RC_GTEST_PROP(Exchange, KeepsItsBoundsAndGrows, ()) {
  const std::int64_t domain = *rc::gen::element<std::int64_t>(8, 64);
  const std::int64_t domains = *rc::gen::element<std::int64_t>(1, 2, 4);
  const CollectiveTimer timer = machine(domain, domains, true);
  Time before;
  for (double n = 1.0; n < 1e6; n *= 5.0) {
    const ExchangeTiming t = timer.exchange(tokens(n), {domain * domains, domain});
    RC_ASSERT(t.dispatch.time >= t.dispatch.bound);
    RC_ASSERT(t.combine.time >= t.combine.bound);
    RC_ASSERT(t.dispatch.time + t.combine.time >= before);
    before = t.dispatch.time + t.combine.time;
  }
}

}  // namespace
}  // namespace sn::collective
