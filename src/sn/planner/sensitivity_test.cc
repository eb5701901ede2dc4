// sn/planner/sensitivity_test.cc

#include "sn/planner/sensitivity.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>

#include "sn/kernel/measured.h"
#include "sn/planner/planner_test_util.h"

namespace sn::planner {
namespace {

const Elasticity* find(const Sensitivity& s, const std::string& path) {
  for (const Elasticity& e : s.elasticities) {
    if (e.param == path) return &e;
  }
  return nullptr;
}

double elasticity(const Sensitivity& s, const std::string& path) {
  const Elasticity* e = find(s, path);
  return e == nullptr ? 0.0 : e->elasticity;
}

/// Decoding one sequence on one GPU, without latencies: nothing counts but streaming weights and
/// KV.
SmallCase memory_alone() {
  return {.input = "1000",
          .output = "1000",
          .slo = "{tpot: {p90: 1 s}}",
          .more =
              "software:\n"
              "  kernels:\n"
              "    base: hopper\n"
              "    gemm: {launch: 1 ns, tile: 0.1 ns, k_step: 0.1 ns, split: 0.1 ns, rate: 1}\n"
              "    attention: {decode: {launch: 1 ns, head: 0.1 ns, k_step: 0.1 ns}}\n"
              "  framework: {base: generic, host: {decode: 0 ms, prefill: 0 ms}}\n"
              "deployments:\n  - {pool: prefill, tp: 4, chunk: 4096}\n"
              "  - {pool: decode, tp: 1, max_batch: 1}\n"};
}

TEST(Sensitivity, MemoryAloneHasElasticityOne) {
  const twin::World world = small_world(memory_alone());
  ASSERT_EQ(world.load.search.fixed.size(), 1u);
  const Sensitivity s = sensitivity(world, world.load.search.fixed.front());
  // Rate = sequences x tokens / (output x bytes / (bandwidth x share)): near proportional to both.
  // Tensor cores work on whole tiles of 16 rows beside the stream, and the two overlap imperfectly
  // (root of squares), which leaves an eighth to the peak rate and the latencies.
  EXPECT_NEAR(elasticity(s, "rack.chip.hbm.bandwidth"), 1.0, 0.15);
  EXPECT_NEAR(elasticity(s, "kernels.gemm.hbm"), 1.0, 0.15);
  EXPECT_NEAR(elasticity(s, "rack.chip.peak.fp8"), 0.0, 0.1);
  EXPECT_EQ(find(s, "rack.scale_up.bandwidth"), nullptr) << "one GPU sends nothing";
  EXPECT_EQ(find(s, "rack.power.feed"), nullptr);
  EXPECT_EQ(s.elasticities.front().param.find("hbm") == std::string::npos, false);
  const Elasticity* e = find(s, "rack.chip.hbm.bandwidth");
  ASSERT_NE(e, nullptr);
  EXPECT_NEAR(e->more, 0.10, 0.015);
  EXPECT_NEAR(e->less, -0.10, 0.015);
  EXPECT_NE(e->value.find("TB/s"), std::string::npos);
  EXPECT_FALSE(e->source.empty());
}

TEST(Sensitivity, AssumptionsAreListedWithWhatTheyMove) {
  const twin::World world =
      small_world({.more = "deployments: [{pool: aggregated, tp: 4, replicas: 2, chunk: 2048}]\n"});
  const Sensitivity s = sensitivity(world, world.load.search.fixed.front());
  EXPECT_FALSE(s.assumptions.empty());
  double last = INFINITY;
  for (const AssumptionLine& a : s.assumptions) {
    const double size = std::max(std::abs(a.result_low), std::abs(a.result_high));
    EXPECT_LE(size, last) << "largest first";
    last = size;
    EXPECT_FALSE(a.note.empty()) << a.param;
    EXPECT_NE(find(s, a.param), nullptr);
  }
  last = INFINITY;
  for (const Elasticity& e : s.elasticities) {
    EXPECT_LE(std::abs(e.elasticity), last);
    EXPECT_GE(std::abs(e.elasticity), 5e-4);
    last = std::abs(e.elasticity);
  }
}

TEST(Sensitivity, WhatAnSloThatIsNotMetRestsOn) {
  const twin::World world = small_world(
      {.slo = "{ttft: {p90: 1 ms}}", .more = "deployments: [{pool: aggregated, tp: 8}]\n"});
  const Sensitivity s = sensitivity(world, world.load.search.fixed.front());
  EXPECT_TRUE(s.elasticities.empty());
  EXPECT_TRUE(s.assumptions.empty());
}

/// The knee of `plan` with one number of the world times `factor`.
double knee_with(const twin::World& world, const serving::ServingPlan& plan,
                 const std::string& path, double factor) {
  std::vector<double> values = twin::param_values(world);
  bool found = false;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (world.machine.params[i].path != path) continue;
    values[i] *= factor;
    found = true;
  }
  EXPECT_TRUE(found) << path;
  return knee_of(twin::with_values(world, values), plan);
}

TEST(Sensitivity, RatesAndLatenciesTogetherAreHomogeneous) {
  // Ten per cent faster clocks everywhere are one machine seen in quick motion: with all rates and
  // inverse latencies, the rate of a batch held fixed rises by ten per cent, less what no parameter
  // holds: the second kernel of a split attention, 3 us of some 75 to 110 a layer (3 to 5 %).
  const std::vector<std::string> deployments = {
      "[{pool: prefill, tp: 4, replicas: 3, chunk: 4096}, {pool: decode, tp: 4, max_batch: 16}]",
      "[{pool: prefill, dp: 4, replicas: 3, chunk: 4096}, {pool: decode, dp: 4, max_batch: 16}]",
  };
  for (const std::string& d : deployments) {
    SCOPED_TRACE(d);
    const twin::World world =
        small_world({.cluster = "{rack: hgx-h200, racks: 2}",
                     .model = "qwen3-235b-a22b",
                     .slo = "{tpot: {p90: 1 s}}",
                     .more = "software: {framework: {base: generic, host: {frontend: 0 ms}}}\n"
                             "deployments: " +
                             d + "\n"});
    const serving::ServingPlan& plan = world.load.search.fixed.front();
    std::vector<double> values = twin::param_values(world);
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] *= std::pow(1.1, -world.machine.params[i].dimension.time);
    }
    const double ratio = knee_of(twin::with_values(world, values), plan) / knee_of(world, plan);
    EXPECT_LE(ratio, 1.1 + 1e-4);
    EXPECT_GE(ratio, 1.0 + 0.1 * (1.0 - 5.0 / 100.0));
  }
}

TEST(Sensitivity, MoreHardwareNeverHurts) {
  const std::vector<std::string> deployments = {
      "[{pool: aggregated, tp: 8, chunk: 2048}]",
      "[{pool: aggregated, dp: 8, chunk: 512, mtp: 1}]",
      "[{pool: aggregated, tp: 4, pp: 2, chunk: 2048}]",
      "[{pool: prefill, tp: 8, chunk: 4096}, {pool: decode, dp: 8, mtp: 1}]",
      "[{pool: prefill, pp: 8, chunk: 4096}, {pool: decode, dp: 4, pp: 2}]",
  };
  for (const std::string& d : deployments) {
    SCOPED_TRACE(d);
    const twin::World world = small_world({.cluster = "{rack: hgx-h200, racks: 2}",
                                           .model = "deepseek-v3",
                                           .slo = "{ttft: {p90: 4 s}, tpot: {p90: 60 ms}}",
                                           .more = "deployments: " + d + "\n"});
    const serving::ServingPlan& plan = world.load.search.fixed.front();
    const double knee = knee_of(world, plan);
    ASSERT_GT(knee, 0.0);
    // Tiles come in whole waves: a step's time jumps by up to 5 % where the batch needs one wave
    // more, and the knee may land just before or just behind such a jump. Beyond that, nothing may
    // get worse.
    constexpr double wave = 0.03;
    for (const char* path : {"rack.chip.hbm.bandwidth", "rack.chip.hbm.capacity",
                             "rack.chip.peak.fp8", "rack.chip.peak.bf16", "rack.chip.l2.bandwidth",
                             "rack.scale_up.bandwidth", "rack.nic.bandwidth"}) {
      EXPECT_GE(knee_with(world, plan, path, 1.1), knee * (1.0 - wave)) << path;
    }
    for (const char* path : {"framework.host.decode", "framework.host.prefill",
                             "kernels.gemm.launch", "collectives.moe.low_latency.dispatch.alpha"}) {
      EXPECT_LE(knee_with(world, plan, path, 1.1), knee * (1.0 + wave)) << path;
    }
  }
}

TEST(Evidence, IsTheWeakestOfKernelsAndChip) {
  EXPECT_EQ(evidence_of(small_world()), Evidence::calibrated);
  // Norms and activations were not measured on this chip; what fills a step was.
  EXPECT_EQ(evidence_of(small_world({.cluster = "{rack: al128}"})), Evidence::calibrated);
  EXPECT_EQ(evidence_of(small_world({.cluster = "{rack: al128-xpu2kw}"})), Evidence::assumption);
  EXPECT_EQ(to_string(Evidence::calibrated), "calibrated");
  EXPECT_EQ(to_string(Evidence::family_default), "family default");
  EXPECT_EQ(to_string(Evidence::assumption), "assumption");
}

TEST(Evidence, IsInterpolatedWhereTheModelRunsOnMeasurements) {
  twin::World world = small_world();
  const auto ratios = std::make_shared<kernel::MeasuredRatios>();
  ratios->add(kernel::place_of(kernel::Gemm{.m = 64, .n = 4096, .k = 4096}), 1.1);
  ratios->finish();
  world.machine.kernels.measured = ratios;
  EXPECT_EQ(evidence_of(world), Evidence::interpolated);
  EXPECT_EQ(to_string(Evidence::interpolated), "interpolated");
  // A chip whose peak is assumed stays so, whatever was measured on it.
  twin::World assumed = small_world({.cluster = "{rack: al128-xpu2kw}"});
  assumed.machine.kernels.measured = ratios;
  EXPECT_EQ(evidence_of(assumed), Evidence::assumption);
}

}  // namespace
}  // namespace sn::planner
