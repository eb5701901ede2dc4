// sn/collective/collective_test.cc
//
// Collectives by hand on 8 (HGX H200), 72 (GB200 NVL72) and 128 (AL128) GPUs, over 16 x 8 GPUs, and
// properties over random groups.
//
// The machines and constants are those of the catalog at the time of writing, spelt out here so
// that a later fit moves no expected number.

#include "sn/collective/collective.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <cmath>
#include <set>
#include <string>

#include "sn/base/random.h"

namespace sn::collective {
namespace {

using namespace sn::literals;

constexpr double us = 1e-6;

CollectiveParams params() {
  CollectiveParams p;
  p.custom_alpha = 4_us;
  p.custom_barrier = 4_us;
  p.custom = 0.70;
  p.library_alpha = 6_us;
  p.library_step = 600_ns;
  p.library = 0.90;
  p.in_switch_alpha = 25_us;
  p.in_switch = 0.65;
  p.dispatch_alpha = 15_us;
  p.combine_alpha = 15_us;
  p.per_peer = 100_ns;
  p.moe = 0.60;
  p.network_alpha = 15_us;
  p.network = 0.90;
  p.point_to_point = 10_us;
  return p;
}

fabric::Fabric machine(std::int64_t domain, std::int64_t domains, Bandwidth raw, double efficiency,
                       Time latency, bool in_switch) {
  fabric::Fabric f;
  f.domain = domain;
  f.domains = domains;
  f.segment = 1024;
  f.in_switch_reduction = in_switch;
  f.scale_up = {.layer = fabric::Layer::scale_up,
                .raw = raw,
                .sustained = raw * efficiency,
                .latency = latency};
  // 400 Gbit/s adapters at 0.95: 47.5 GB/s; 5 us.
  f.scale_out = {.layer = fabric::Layer::scale_out,
                 .raw = 50_GB_per_s,
                 .sustained = 50_GB_per_s * 0.95,
                 .latency = 5_us};
  f.scale_out_far = f.scale_out;
  return f;
}

// 396 GB/s sustained, 738 and 738.
CollectiveTimer hgx_h200(bool in_switch = true, std::int64_t servers = 16) {
  return {machine(8, servers, 450_GB_per_s, 0.88, 400_ns, in_switch), params()};
}
CollectiveTimer nvl72(bool in_switch = true) {
  return {machine(72, 1, 900_GB_per_s, 0.82, 400_ns, in_switch), params()};
}
CollectiveTimer al128(bool in_switch = true) {
  return {machine(128, 1, 900_GB_per_s, 0.82, 450_ns, in_switch), params()};
}

Group all(const CollectiveTimer& timer) { return {timer.fabric().domain, timer.fabric().domain}; }

void expect_timing(const Timing& t, std::string_view algorithm, double microseconds) {
  EXPECT_EQ(t.algorithm, algorithm);
  EXPECT_NEAR(t.time.si(), microseconds * us, microseconds * us * 2e-5);
  EXPECT_GE(t.time, t.bound);
}

Timing all_reduce(const CollectiveTimer& timer, Bytes size) {
  return timer.time(Op::all_reduce, all(timer), size);
}

TEST(AllReduce, OneShotWinsSmallMessages) {
  // alpha 4 + one hop + S (N-1) over 0.7 of the sustained rate: 277.2 and 516.6 GB/s.
  // 8: 4.4 + 65536 x 7 / 277.2e9 = 1.6549 us.
  expect_timing(all_reduce(hgx_h200(), 64_KiB), "one-shot", 6.0549);
  // 72: 4.4 + 4096 x 71 / 516.6e9 = 0.5629 us.
  expect_timing(all_reduce(nvl72(), 4_KiB), "one-shot", 4.9629);
  // 128: 4.45 + 4096 x 127 / 516.6e9 = 1.0070 us.
  expect_timing(all_reduce(al128(), 4_KiB), "one-shot", 5.4570);
}

TEST(AllReduce, TwoShotWinsAMebibyte) {
  // alpha 4 + barrier 4 + two hops + 2 S (N-1)/N over 277.2 or 516.6 GB/s.
  // 8: 8.8 + 1835008 / 277.2e9 = 6.6198 us.
  expect_timing(all_reduce(hgx_h200(), 1_MiB), "two-shot", 15.4198);
  // 72: 8.8 + 2068025 / 516.6e9 = 4.0032 us.
  expect_timing(all_reduce(nvl72(), 1_MiB), "two-shot", 12.8032);
  // 128: 8.9 + 2080768 / 516.6e9 = 4.0278 us.
  expect_timing(all_reduce(al128(), 1_MiB), "two-shot", 12.9278);
}

TEST(AllReduce, TheSwitchReducesLargeMessages) {
  // alpha 25 + two hops + S (1 + 1/N) over 0.65 of the sustained rate: 257.4 and 479.7 GB/s.
  // 8: 25.8 + 1207959552 / 257.4e9 = 4692.93 us; busbw 1879048192 B / 4718.7 us = 398 GB/s.
  const Timing eight = all_reduce(hgx_h200(), 1_GiB);
  expect_timing(eight, "in-switch", 4718.73);
  EXPECT_NEAR(bus_bandwidth(Op::all_reduce, 8, 1_GiB, eight.time).si(), 398.2e9, 0.1e9);
  // 72: 25.8 + 1088654905 / 479.7e9 = 2269.45 us.
  expect_timing(all_reduce(nvl72(), 1_GiB), "in-switch", 2295.25);
  // 128: 25.9 + 1082130432 / 479.7e9 = 2255.85 us.
  expect_timing(all_reduce(al128(), 1_GiB), "in-switch", 2281.75);
  // Bound: a byte enters and leaves once, S / 900 GB/s = 1193.05 us.
  EXPECT_NEAR(all_reduce(al128(), 1_GiB).bound.si(), 1193.05 * us, 0.01 * us);
}

TEST(AllReduce, RingsWinWithoutReductionInTheSwitch) {
  // alpha 6 + 2(N-1) steps of 0.6 us and a hop + 2 S (N-1)/N over 0.9: 356.4 and 664.2 GB/s.
  // 8: 6 + 14 x 1.0 + 1879048192 / 356.4e9 = 5272.30 us.
  expect_timing(all_reduce(hgx_h200(false), 1_GiB), "ring", 5292.30);
  // 72: 6 + 142 x 1.0 + 2117657486 / 664.2e9 = 3188.28 us.
  expect_timing(all_reduce(nvl72(false), 1_GiB), "ring", 3336.28);
  // 128: 6 + 254 x 1.05 + 2130706432 / 664.2e9 = 3207.93 us.
  expect_timing(all_reduce(al128(false), 1_GiB), "ring", 3480.63);
  // Bound: 2 S (N-1)/N / 900 GB/s = 2367.45 us.
  EXPECT_NEAR(all_reduce(al128(false), 1_GiB).bound.si(), 2367.45 * us, 0.01 * us);
}

TEST(AllGather, DirectWhenSmallRingWhenLarge) {
  // S is the whole buffer. 8, 1 MiB: 4 + 0.4 + 917504 / 277.2e9 = 3.3099 us.
  const Group g{8, 8};
  expect_timing(hgx_h200().time(Op::all_gather, g, 1_MiB), "direct", 7.7099);
  // 1 GiB: 6 + 7 x 1.0 + 939524096 / 356.4e9 = 2636.15 us.
  expect_timing(hgx_h200().time(Op::all_gather, g, 1_GiB), "ring", 2649.15);
  EXPECT_EQ(hgx_h200().time(Op::reduce_scatter, g, 1_GiB),
            hgx_h200().time(Op::all_gather, g, 1_GiB));
}

TEST(AllToAll, SendsAllButTheOwnShare) {
  // S per rank. alpha 6 + hop + S (N-1)/N over 356.4 or 664.2 GB/s; 64 MiB = 67108864 B.
  const auto run = [](const CollectiveTimer& t) { return t.time(Op::all_to_all, all(t), 64_MiB); };
  expect_timing(run(hgx_h200()), "direct", 171.157);  // 6.4 + 58720256 / 356.4e9 = 164.757
  expect_timing(run(nvl72()), "direct", 106.034);     // 6.4 + 66176796 / 664.2e9 = 99.634
  expect_timing(run(al128()), "direct", 106.698);     // 6.45 + 66584576 / 664.2e9 = 100.248
}

TEST(Hierarchical, AllReduceOverSixteenServersOfEight) {
  // Inside, 1 GiB on 8 GPUs through the switch: 4718.73 us. Across, a ring of 16 on an eighth of
  // the buffer: 15 + 2 x 15 x 5 us + 2 x 134217728 x 15/16 / (47.5 x 0.9 GB/s) = 5886.74 us.
  const Timing t = hgx_h200().time(Op::all_reduce, {128, 8}, 1_GiB);
  expect_timing(t, "hierarchical", 4718.73 + 165.0 + 5886.74);
  // Bound: the adapter's share, 251658240 B / 50 GB/s = 5033.16 us, above 2386 us of ScaleUp.
  EXPECT_NEAR(t.bound.si(), 5033.16 * us, 0.01 * us);
  // One rank per server has no inside: 16 ranks, the whole buffer over the adapter.
  // 15 + 150 + 2 x 1073741824 x 15/16 / 42.75e9 = 47093.94 us.
  expect_timing(hgx_h200().time(Op::all_reduce, {16, 1}, 1_GiB), "hierarchical", 47258.94);
}

TEST(Hierarchical, AllToAllKeepsBothLayersBusy) {
  // 64 MiB per rank over 128: 7/128 inside = 3670016 B / 356.4 GB/s = 10.3 us, 120/128 outside
  // = 62914560 B / 42.75 GB/s = 1471.69 us at the same time; 6 + 15 + 5 us of latency.
  const Timing t = hgx_h200().time(Op::all_to_all, {128, 8}, 64_MiB);
  expect_timing(t, "direct", 1497.69);
  EXPECT_NEAR(t.bound.si(), 1258.29 * us, 0.01 * us);  // 62914560 / 50e9
}

TEST(Hierarchical, AllGatherBringsARailThenSpreadsIt) {
  // 1 GiB in all. Across: 15 + 15 x 5 us + 134217728 x 15/16 / 42.75e9 = 2943.37 us.
  // Inside: 2649.15 us, as on one server.
  expect_timing(hgx_h200().time(Op::all_gather, {128, 8}, 1_GiB), "hierarchical",
                90.0 + 2943.37 + 2649.15);
}

TEST(Hierarchical, OversubscriptionHoldsBeyondASegment) {
  fabric::Fabric f = hgx_h200().fabric();
  f.segment = 64;
  f.scale_out_far.raw = f.scale_out.raw / 2.0;
  f.scale_out_far.sustained = f.scale_out.sustained / 2.0;
  const CollectiveTimer timer(f, params());
  expect_timing(timer.time(Op::all_to_all, {128, 8}, 64_MiB), "direct", 26.0 + 2.0 * 1471.69);
  EXPECT_EQ(timer.time(Op::all_to_all, {64, 8}, 64_MiB),
            hgx_h200().time(Op::all_to_all, {64, 8}, 64_MiB));
}

TEST(Background, TakesItsShareOfBandwidthOnly) {
  const CollectiveTimer t = al128(false);
  // Half of the links taken: the ring's 3207.93 us of transfer double, its 272.7 us stay.
  const Timing half = t.time(Op::all_reduce, all(t), 1_GiB, 0.5);
  expect_timing(half, "ring", 272.7 + 2.0 * 3207.93);
  EXPECT_EQ(half.bound, t.time(Op::all_reduce, all(t), 1_GiB).bound);
}

TEST(GroupOfOne, TakesNoTime) {
  for (const Op op : {Op::all_reduce, Op::all_gather, Op::reduce_scatter, Op::all_to_all}) {
    const Timing t = al128().time(op, {1, 1}, 1_GiB);
    EXPECT_EQ(t.time, Time{}) << to_string(op);
    EXPECT_EQ(t.bound, Time{}) << to_string(op);
  }
  ExpertExchange one;
  one.tokens = 8.0;
  const ExchangeTiming e = al128().exchange(one, {1, 1});
  EXPECT_EQ(e.dispatch.time, Time{});
  EXPECT_EQ(e.combine.time, Time{});
}

TEST(BusBandwidth, FollowsNcclTests) {
  // 8 ranks, 1 GB in 10 ms: algbw 100 GB/s; x 2(N-1)/N for all-reduce, x (N-1)/N for the others.
  EXPECT_NEAR(bus_bandwidth(Op::all_reduce, 8, 1_GB, 10_ms).si(), 175e9, 1.0);
  EXPECT_NEAR(bus_bandwidth(Op::all_gather, 8, 1_GB, 10_ms).si(), 87.5e9, 1.0);
  EXPECT_NEAR(bus_bandwidth(Op::reduce_scatter, 8, 1_GB, 10_ms).si(), 87.5e9, 1.0);
  EXPECT_NEAR(bus_bandwidth(Op::all_to_all, 8, 1_GB, 10_ms).si(), 87.5e9, 1.0);
}

TEST(Send, AddsTheSoftwareToTheWire) {
  // 10 us + 0.45 + 7.38 MB / 738 GB/s = 10 us; far: 10 + 5 + 7.38 MB / 47.5 GB/s = 155.37 us.
  const Bytes size = Bytes::from_si(7.38e6);
  EXPECT_NEAR(al128().send(size, false).time.si(), 20.45 * us, 1e-3 * us);
  EXPECT_NEAR(al128().send(size, true).time.si(), 170.37 * us, 1e-2 * us);
  EXPECT_NEAR(al128().send(size, true).bound.si(), 147.6 * us, 1e-3 * us);
}

// --- Expert exchange -----------------------------------------------------------------------------

/// Mean count of distinct ranks other than rank 0 that hold one of `top_k` distinct experts drawn
/// at random, `per_rank` experts to a rank.
double drawn_ranks(std::int64_t ranks, std::int64_t per_rank, std::int64_t top_k,
                   std::int64_t tokens) {
  RandomStream random(7, entity_key("routing"));
  std::int64_t sum = 0;
  for (std::int64_t t = 0; t < tokens; ++t) {
    std::set<std::int64_t> chosen;
    while (static_cast<std::int64_t>(chosen.size()) < top_k) {
      chosen.insert(random.integer(0, ranks * per_rank - 1));
    }
    std::set<std::int64_t> visited;
    for (const std::int64_t expert : chosen) visited.insert(expert / per_rank);
    visited.erase(0);
    sum += static_cast<std::int64_t>(visited.size());
  }
  return static_cast<double>(sum) / static_cast<double>(tokens);
}

TEST(HitProbability, HasClosedForms) {
  // One expert: the chance that it is here.
  EXPECT_NEAR(hit_probability(256, 1, 8.0), 1.0 / 8.0, 1e-15);
  // All experts: certain. More draws than experts elsewhere: certain.
  EXPECT_NEAR(hit_probability(8, 8, 4.0), 1.0, 1e-15);
  EXPECT_NEAR(hit_probability(16, 9, 2.0), 1.0, 1e-15);
  EXPECT_NEAR(hit_probability(256, 8, 1.0), 1.0, 1e-15);
  // 2 of 256 experts, 8 drawn: 1 - (248 x 247) / (256 x 255) = 0.0616422.
  EXPECT_NEAR(hit_probability(256, 8, 128.0), 1.0 - 61256.0 / 65280.0, 1e-12);
}

TEST(HitProbability, EqualsACountOfDrawnTokens) {
  // 20,000 tokens; the count per token varies by about 1, so its mean by 0.007: 3 sigma is 0.021.
  constexpr std::int64_t tokens = 20'000;
  for (const auto& [ranks, per_rank] :
       {std::pair<std::int64_t, std::int64_t>{8, 32}, {72, 4}, {128, 2}}) {
    const double expected = static_cast<double>(ranks - 1) *
                            hit_probability(ranks * per_rank, 8, static_cast<double>(ranks));
    EXPECT_NEAR(drawn_ranks(ranks, per_rank, 8, tokens), expected, 0.025) << ranks << " ranks";
  }
}

ExpertExchange deepseek(double tokens, std::int64_t experts) {
  // Hidden 7168: fp8 with a scale of 4 B per 128 elements out, bf16 back.
  return {.tokens = tokens,
          .dispatch_bytes = 7392_B,
          .combine_bytes = 14336_B,
          .top_k = 8,
          .experts = experts};
}

TEST(Exchange, DispatchAndCombineOn128Gpus) {
  // 128 tokens per rank reach 127 x 0.0616422 = 7.8286 other ranks each: 128 x 7392 x 7.8286
  // = 7.40716 MB over 738 x 0.6 = 442.8 GB/s = 16.728 us; combine 14.36550 MB = 32.442 us.
  // 15 + 127 x 0.1 + 0.45 us = 28.15 us before.
  const CollectiveTimer t = al128();
  const ExchangeTiming e = t.exchange(deepseek(128, 256), all(t));
  expect_timing(e.dispatch, "direct", 44.878);
  expect_timing(e.combine, "direct", 60.592);
  EXPECT_NEAR(e.dispatch.bound.si(), 8.2302 * us, 1e-3 * us);  // at 900 GB/s
}

TEST(Exchange, DispatchOn8And72Gpus) {
  // 8 ranks of 32 experts: a rank is hit with 1 - C(224,8)/C(256,8) = 0.661832; 7 x 0.661832
  // = 4.63282 ranks x 128 x 7392 B = 4.38346 MB over 396 x 0.6 = 237.6 GB/s = 18.449 us;
  // 15 + 0.7 + 0.4 us before.
  double miss = 1.0;
  for (int i = 0; i < 8; ++i) miss *= (224.0 - i) / (256.0 - i);
  EXPECT_NEAR(1.0 - miss, 0.661832, 1e-6);
  const CollectiveTimer eight = hgx_h200();
  expect_timing(eight.exchange(deepseek(128, 256), all(eight)).dispatch, "direct", 34.549);
  // 72 ranks of 4 (32 of 256 experts twice): 0.107103; 71 x 0.107103 = 7.60429 ranks x 946176 B
  // = 7.19500 MB over 442.8 GB/s = 16.249 us; 15 + 7.1 + 0.4 us before.
  miss = 1.0;
  for (int i = 0; i < 8; ++i) miss *= (284.0 - i) / (288.0 - i);
  EXPECT_NEAR(1.0 - miss, 0.107103, 1e-6);
  const CollectiveTimer rack = nvl72();
  expect_timing(rack.exchange(deepseek(128, 288), all(rack)).dispatch, "direct", 38.749);
}

TEST(Exchange, ForwardsOverScaleUpWhenTheNetworkBinds) {
  // 16 servers of 8, 1024 tokens. Direct: 120 x 0.0616422 = 7.39706 copies a token over 42.75 GB/s
  // = 1309.76 us. Forwarded: one copy per server, 15 x h with h = 1 - C(240,8)/C(256,8), and the
  // rest over ScaleUp at 237.6 GB/s, which hides. Fixed: 15 + 12.7 + 0.4 + 15 + 5 + barrier 4 us.
  double miss = 1.0;
  for (int i = 0; i < 8; ++i) miss *= (240.0 - i) / (256.0 - i);
  const double copies = 15.0 * (1.0 - miss);
  const double far = 1024.0 * 7392.0 * copies / 42.75e9;
  const Timing t = hgx_h200().exchange(deepseek(1024, 256), {128, 8}).dispatch;
  expect_timing(t, "forwarded", 52.1 + far / us);
  EXPECT_NEAR(t.bound.si(), 1024.0 * 7392.0 * copies / 50e9, 1e-9);
  // A single token is quicker sent directly than over a second hop.
  EXPECT_EQ(hgx_h200().exchange(deepseek(1, 256), {128, 8}).dispatch.algorithm, "direct");
}

TEST(Exchange, SlicedExpertsReceiveEveryTokenOnEachSlice) {
  // One expert holder of 8 slices: every token goes to all 7 others, whatever it chose.
  ExpertExchange e = deepseek(128, 256);
  e.slices = 8;
  const CollectiveTimer t = hgx_h200();
  const Timing whole = t.exchange(e, {8, 8}).dispatch;
  EXPECT_NEAR(whole.bound.si(), 128.0 * 7392.0 * 7.0 / 450e9, 1e-12);
  // Two holders of 4: the 7 others are hit as halves are; 1 - C(128,8)/C(256,8) = 0.9965.
  e.slices = 4;
  double miss = 1.0;
  for (int i = 0; i < 8; ++i) miss *= (128.0 - i) / (256.0 - i);
  EXPECT_NEAR(t.exchange(e, {8, 8}).dispatch.bound.si() / whole.bound.si(), 1.0 - miss, 1e-12);
}

// --- Properties ----------------------------------------------------------------------------------

struct Case {
  CollectiveTimer timer;
  Group group;
  double background;
};

Case random_case() {
  const auto domain = *rc::gen::element<std::int64_t>(8, 16, 72, 128);
  const auto domains = *rc::gen::element<std::int64_t>(1, 2, 16);
  const double efficiency = *rc::gen::inRange(10, 101) * 0.01;
  const Bandwidth raw = Bandwidth::from_si(*rc::gen::inRange(50, 2000) * 1e9);
  CollectiveParams p = params();
  for (double* share : {&p.custom, &p.library, &p.in_switch, &p.moe, &p.network}) {
    *share = *rc::gen::inRange(5, 101) * 0.01;
  }
  const fabric::Fabric f =
      machine(domain, domains, raw, efficiency, 400_ns, *rc::gen::arbitrary<bool>());
  const auto inside = *rc::gen::inRange<std::int64_t>(1, domain + 1);
  const auto across = *rc::gen::inRange<std::int64_t>(1, domains + 1);
  return {{f, p}, {inside * across, inside}, *rc::gen::inRange(0, 95) * 0.01};
}

Op random_op() {
  return *rc::gen::element(Op::all_reduce, Op::all_gather, Op::reduce_scatter, Op::all_to_all);
}

Bytes random_size() {
  return Bytes::from_si(std::exp2(static_cast<double>(*rc::gen::inRange(0, 400)) * 0.1));
}

RC_GTEST_PROP(CollectiveProperties, NothingBeatsItsBound, ()) {
  const Case c = random_case();
  const Op op = random_op();
  const Bytes size = random_size();
  const Timing t = c.timer.time(op, c.group, size, c.background);
  RC_ASSERT(std::isfinite(t.time.si()));
  RC_ASSERT(t.time >= t.bound);
  RC_ASSERT(t.time >= c.timer.time(op, c.group, size).time);
  // What a rank receives from inside its domain at least: all shares there but its own, once.
  const double n = static_cast<double>(c.group.per_domain);
  const double ranks = static_cast<double>(c.group.ranks);
  if (c.group.domains() == 1 && ranks > 1.0) {
    RC_ASSERT(t.time.si() >= size.si() * (n - 1.0) / n / c.timer.fabric().scale_up.raw.si());
  }
}

RC_GTEST_PROP(CollectiveProperties, TimeNeverFallsWithSize, ()) {
  const Case c = random_case();
  const Op op = random_op();
  const Bytes size = random_size();
  RC_ASSERT(c.timer.time(op, c.group, size * 1.5, c.background).time >=
            c.timer.time(op, c.group, size, c.background).time);
}

RC_GTEST_PROP(CollectiveProperties, ExchangesNeverBeatTheirBounds, ()) {
  const Case c = random_case();
  const auto per_rank = *rc::gen::inRange<std::int64_t>(1, 33);
  ExpertExchange e =
      deepseek(static_cast<double>(*rc::gen::inRange(1, 8192)), c.group.ranks * per_rank);
  e.top_k = *rc::gen::inRange<std::int64_t>(1, std::min<std::int64_t>(e.experts, 16) + 1);
  const ExchangeTiming t = c.timer.exchange(e, c.group, c.background);
  RC_ASSERT(t.dispatch.time >= t.dispatch.bound);
  RC_ASSERT(t.combine.time >= t.combine.bound);
  e.tokens *= 2.0;
  RC_ASSERT(c.timer.exchange(e, c.group, c.background).combine.time >= t.combine.time);
}

RC_GTEST_PROP(CollectiveProperties, HitProbabilityGrowsWithDrawsAndFallsWithRanks, ()) {
  const auto experts = *rc::gen::inRange<std::int64_t>(2, 512);
  const auto k = *rc::gen::inRange<std::int64_t>(1, experts);
  const double ranks = static_cast<double>(*rc::gen::inRange<std::int64_t>(1, experts + 1));
  const double hit = hit_probability(experts, k, ranks);
  RC_ASSERT(hit >= 1.0 / ranks - 1e-12);
  RC_ASSERT(hit <= std::min(1.0, static_cast<double>(k) / ranks) + 1e-12);
  RC_ASSERT(hit_probability(experts, k + 1, ranks) >= hit);
}

}  // namespace
}  // namespace sn::collective
