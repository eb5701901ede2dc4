// sn/serving/steady/steady_state_test.cc

#include "sn/serving/steady/steady_state.h"

#include <gtest/gtest.h>

#include <cmath>

#include "sn/serving/steady/serving_test_util.h"

namespace sn::serving {
namespace {

using namespace sn::literals;

struct Named {
  std::string name;
  ServingPlan plan;
};

/// Plans of DeepSeek-V3 on two servers of eight.
std::vector<Named> plans() {
  const llm::Parallelism dp8{.dp = 8, .ep = 8};
  return {
      {"aggregated TP8", aggregated({.tp = 8}, 2, 2048)},
      {"aggregated DP8", aggregated(dp8, 2, 512)},
      {"aggregated DP8 with MTP", aggregated(dp8, 2, 512, 1)},
      {"aggregated PP", aggregated({.tp = 2, .pp = 4}, 2, 2048)},
      {"aggregated across servers", aggregated({.dp = 16, .ep = 16}, 1, 512)},
      {"two pools", {.prefill = pool({.tp = 8}, 1, 4096), .decode = pool(dp8, 1)}},
      {"two pools with MTP", {.prefill = pool(dp8, 1, 4096), .decode = pool(dp8, 1, 0, 1)}},
      {"two pools with PP",
       {.prefill = pool({.pp = 8}, 1, 4096), .decode = pool({.tp = 4, .pp = 2}, 1)}},
  };
}

const Slo loose = {ttft(0.9, 4.0), tpot(0.9, 0.080)};

TEST(ServingModel, TheKneeMeetsTheSloAndAPercentMoreDoesNot) {
  const TestBed bed = test_bed("hgx-h200", 2, "deepseek-v3");
  const Workload w = chat();
  const ServingInputs inputs = bed.inputs(w);
  for (const Named& n : plans()) {
    for (const Slo& slo : {loose, Slo{ttft(0.9, 2.0)}, Slo{tpot(0.99, 0.060)},
                           Slo{ttft(-1.0, 2.0), tpot(-1.0, 0.050)}, Slo{}}) {
      SCOPED_TRACE(n.name + ": " + to_string(slo));
      ServingModel model(inputs, n.plan);
      ASSERT_TRUE(model.fits());
      const double knee = model.knee(slo);
      ASSERT_GT(knee, 0.0);
      EXPECT_TRUE(model.meets(knee * 0.9999, slo));
      EXPECT_FALSE(model.meets(knee * 1.01, slo));
      EXPECT_FALSE(model.knee_limit(slo).empty());
    }
  }
}

TEST(ServingModel, StateAtTheKneeHoldsWhatTheSloAsks) {
  const TestBed bed = test_bed("hgx-h200", 2, "deepseek-v3");
  const Workload w = chat();
  const ServingInputs inputs = bed.inputs(w);
  for (const Named& n : plans()) {
    SCOPED_TRACE(n.name);
    ServingModel model(inputs, n.plan);
    const double knee = model.knee(loose);
    const SteadyState s = model.at(knee);
    EXPECT_TRUE(s.stable);
    EXPECT_LE(s.ttft.p90.si(), 4.0 * (1.0 + 1e-4));
    EXPECT_LE(s.tpot.p90.si(), 0.080 * (1.0 + 1e-4));
    // Output tokens are requests times the mean output, and all tokens the input too.
    const double out = 0.4 * 150 + 0.3 * 300 + 0.2 * 400 + 0.1 * 250;
    const double in = 0.4 * 500 + 0.3 * 2000 + 0.2 * 6000 + 0.1 * 20000;
    EXPECT_NEAR(s.output_tokens, knee * out, 1e-6 * s.output_tokens);
    EXPECT_NEAR(s.total_tokens, knee * (in + out), 1e-6 * s.total_tokens);
    EXPECT_NEAR(s.output_per_gpu, s.output_tokens / static_cast<double>(n.plan.gpus()), 1e-9);
    EXPECT_NEAR(s.per_user * s.tpot.mean.si(), 1.0, 1e-12);
    EXPECT_NEAR(s.e2e_mean.si(), s.ttft.mean.si() + (out - 1.0) * s.tpot.mean.si(), 1e-9);
    // Little's law over the decode ranks of all replicas.
    const double ranks =
        static_cast<double>(n.plan.decode.replicas * n.plan.decode.deployment.parallel.dp);
    EXPECT_NEAR(s.sequences * ranks / (knee * out * s.tpot.mean.si()), 1.0, 1e-3);
    EXPECT_GT(s.kv_utilisation, 0.0);
    EXPECT_LT(s.kv_utilisation, 1.0);
    EXPECT_GT(s.prefill_utilisation, 0.0);
    EXPECT_LE(s.prefill_utilisation, 1.0);
    EXPECT_NEAR(s.hit_rate, (0.3 * 1000 + 0.2 * 2000 + 0.1 * 500) / in, 1e-9);
  }
}

TEST(ServingModel, LatenciesGrowWithLoad) {
  const TestBed bed = test_bed("hgx-h200", 2, "deepseek-v3");
  const Workload w = chat();
  const ServingInputs inputs = bed.inputs(w);
  for (const Named& n : plans()) {
    SCOPED_TRACE(n.name);
    ServingModel model(inputs, n.plan);
    const double knee = model.knee(loose);
    SteadyState last;
    for (const double share : {0.001, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0}) {
      const SteadyState s = model.at(share * knee);
      // A wave of tiles more or less moves a step by a few per cent; beyond that, more load is
      // never faster.
      EXPECT_GE(s.tpot.mean.si(), last.tpot.mean.si() * 0.97) << share;
      EXPECT_GE(s.ttft.mean.si(), last.ttft.mean.si() * 0.97) << share;
      EXPECT_GE(s.ttft.p90.si(), last.ttft.p90.si() * 0.97) << share;
      EXPECT_GT(s.output_tokens, last.output_tokens) << share;
      last = s;
    }
  }
}

TEST(ServingModel, EnergyIsAboveIdleAndBelowFullPower) {
  const TestBed bed = test_bed("hgx-h200", 2, "deepseek-v3");
  const Workload w = chat();
  const ServingInputs inputs = bed.inputs(w);
  const hw::Chip& chip = bed.cluster.rack.chip;
  for (const Named& n : plans()) {
    SCOPED_TRACE(n.name);
    ServingModel model(inputs, n.plan);
    const double knee = model.knee(loose);
    for (const double share : {0.1, 0.5, 1.0}) {
      const SteadyState s = model.at(share * knee);
      const double gpu_seconds = static_cast<double>(n.plan.gpus()) / s.output_tokens;
      EXPECT_GT(s.energy_per_token, 0.95 * chip.idle.si() * gpu_seconds) << share;
      EXPECT_LT(s.energy_per_token, 1.05 * chip.tdp.si() * gpu_seconds) << share;
    }
  }
}

TEST(ServingModel, ZeroLoadTtftOfTwoPoolsByHand) {
  // 4096 tokens in one chunk on TP8: front end, one step, and the exposed part of the KV transfer
  // to the other server over ScaleOut.
  const TestBed bed = test_bed("hgx-h200", 2, "deepseek-v3");
  const Workload w = workload_of({{1.0, 4096, 200}});
  const ServingInputs inputs = bed.inputs(w);
  const ServingPlan plan{.prefill = pool({.tp = 8}, 1, 4096),
                         .decode = pool({.dp = 8, .ep = 8}, 1)};
  ServingModel model(inputs, plan);
  const llm::StepProgram program =
      compile(bed.model, {.parallel = {.tp = 8}, .precision = all_fp8}, bed.machine());
  llm::StepEvaluator steps(program);
  const double step = steps
                          .eval({.prefill_tokens = 4096,
                                 .prefill_pairs = 4096.0 * 2048.0,
                                 .prefill_context = 4096,
                                 .prefill_sequences = 1.0})
                          .latency.si();
  // The latent cache of 61 layers x 576 fp8 elements lies whole on each of the eight GPUs.
  const double wire = 4096.0 * 61.0 * 576.0 /
                      (bed.cluster.rack.nic.bandwidth.si() * bed.cluster.rack.nic.efficiency);
  const double hidden = std::min(wire * 60.0 / 61.0, step * 60.0 / 61.0);
  const double latency =
      2.0 * bed.cluster.rack.nic.latency.si() + bed.cluster.scale_out.latency.si();
  const double transfer = bed.collectives.point_to_point.si() + latency + wire - hidden;
  const double by_hand = bed.framework.before_first_step(4096.0).si() + step + transfer;
  EXPECT_NEAR(idle_state(model).ttft.mean.si() / by_hand, 1.0, 0.01);
}

TEST(ServingModel, KvTravelsOverTheLayerThatJoinsThePools) {
  const TestBed two = test_bed("hgx-h200", 2, "deepseek-v3");
  const TestBed one = test_bed("nvl72-gb200", 1, "deepseek-v3");
  const Workload w = chat();
  const ServingPlan plan{.prefill = pool({.tp = 8}, 1, 4096),
                         .decode = pool({.dp = 8, .ep = 8}, 1)};
  EXPECT_EQ(kv_transfer(two.inputs(w), plan).path.layer, fabric::Layer::scale_out);
  EXPECT_EQ(kv_transfer(one.inputs(w), plan).path.layer, fabric::Layer::scale_up);
  EXPECT_EQ(kv_transfer(two.inputs(w), plan).per_token.si(), 61.0 * 576.0);
  EXPECT_EQ(kv_transfer(two.inputs(w), plan).layers, 61.0);
  // Grouped-query attention spreads its heads: 8 KV heads over TP4 are 2 each, K and V of 128 in
  // fp8, 80 layers.
  const TestBed dense = test_bed("hgx-h200", 1, "llama-3.1-70b");
  const ServingPlan split{.prefill = pool({.tp = 4}, 1, 4096), .decode = pool({.tp = 4}, 1)};
  EXPECT_EQ(kv_transfer(dense.inputs(w), split).per_token.si(), 80.0 * 2.0 * 2.0 * 128.0);
  EXPECT_EQ(kv_transfer(dense.inputs(w), split).path.layer, fabric::Layer::scale_up);
}

TEST(ServingModel, HitsRaiseTheKnee) {
  const TestBed bed = test_bed("hgx-h200", 2, "deepseek-v3");
  const Workload cold = workload_of({{1.0, 6000, 300}});
  const Workload warm = workload_of({{1.0, 6000, 300, 4000}});
  const ServingInputs without = bed.inputs(cold);
  const ServingInputs with = bed.inputs(warm);
  for (const Named& n : plans()) {
    SCOPED_TRACE(n.name);
    EXPECT_GT(ServingModel(with, n.plan).knee(loose), ServingModel(without, n.plan).knee(loose));
  }
}

TEST(ServingModel, BurstsLowerTheKnee) {
  const TestBed bed = test_bed("hgx-h200", 2, "deepseek-v3");
  const Workload calm = chat();
  Workload bursts = chat();
  bursts.dispersion = 8.0;
  const ServingInputs a = bed.inputs(calm);
  const ServingInputs b = bed.inputs(bursts);
  const Slo slo = {ttft(0.9, 0.8), tpot(0.9, 0.080)};
  for (const Named& n : plans()) {
    SCOPED_TRACE(n.name);
    EXPECT_LE(ServingModel(b, n.plan).knee(slo), ServingModel(a, n.plan).knee(slo) * 1.0001);
  }
}

TEST(ServingModel, BatchLimitIsKept) {
  const TestBed bed = test_bed("hgx-h200", 2, "deepseek-v3");
  const Workload w = chat();
  const ServingInputs inputs = bed.inputs(w);
  ServingPlan plan{.prefill = pool({.tp = 8}, 1, 4096), .decode = pool({.dp = 8, .ep = 8}, 1)};
  plan.decode.max_batch = 3;
  ServingModel model(inputs, plan);
  const double knee = model.knee({});
  EXPECT_NEAR(model.at(knee).sequences, 3.0, 1e-3);
  EXPECT_EQ(model.knee_limit({}), "max sequences");
}

TEST(ServingModel, WhatDoesNotFitCarriesNothing) {
  const TestBed bed = test_bed("hgx-h200", 2, "deepseek-v3");
  const Workload w = workload_of({{1.0, 3e7, 100}});  // 30 million tokens x 35 kB are 1 TB
  const ServingInputs inputs = bed.inputs(w);
  for (const Named& n : plans()) {
    SCOPED_TRACE(n.name);
    ServingModel model(inputs, n.plan);
    EXPECT_FALSE(model.fits());
    EXPECT_EQ(model.knee(loose), 0.0);
    EXPECT_FALSE(model.meets(1e-3, loose));
    EXPECT_FALSE(model.decode_at(1e-3).has_value());
  }
}

TEST(ServingModel, OneRequestClassOneGpu) {
  const TestBed bed = test_bed("hgx-h200", 1, "llama-3.1-70b");
  const Workload w = workload_of({{1.0, 500, 100}});
  const ServingInputs inputs = bed.inputs(w);
  ServingModel model(inputs, aggregated({.tp = 1}, 1, 2048));
  const Slo slo = {ttft(0.9, 2.0), tpot(0.9, 0.060)};
  const double knee = model.knee(slo);
  EXPECT_GT(knee, 0.0);
  // 70.6 G parameters in fp8 at 4.8 TB/s: no token faster than 14.7 ms.
  EXPECT_GT(idle_state(model).tpot.mean.si(), 70.6e9 / 4.8e12);
}

TEST(Slo, InWords) {
  EXPECT_EQ(to_string(ttft(0.9, 2.0)), "TTFT p90 2 s");
  EXPECT_EQ(to_string(tpot(-1.0, 0.05)), "TPOT mean 50 ms");
  EXPECT_EQ(to_string(Slo{ttft(0.99, 0.2), tpot(0.5, 0.01)}), "TTFT p99 200 ms, TPOT p50 10 ms");
}

}  // namespace
}  // namespace sn::serving
