// sn/draw/plan/plan_samples_test.h
//
// A small plan made by hand, for the tests of the views.

#pragma once

#include "sn/planner/report.h"

namespace sn::draw {

inline Time ms(double v) { return Time::from_si(v * 1e-3); }

inline serving::Percentiles around(Time t) { return {t, t * 0.9, t * 1.5, t * 1.7, t * 2.0}; }

inline constexpr llm::Precision sample_fp8 = {
    .weights = kernel::DataType::fp8,
    .activations = kernel::DataType::fp8,
    .kv = kernel::DataType::fp8,
};

/// TPOT p90 50 ms, and TTFT p90.
inline serving::Slo sample_slo(double ttft_ms) {
  return {{.metric = serving::Metric::ttft, .quantile = 0.9, .limit = ms(ttft_ms)},
          {.metric = serving::Metric::tpot, .quantile = 0.9, .limit = ms(50.0)}};
}

/// 48 prefill + 80 decode GPUs: 6 x (DP8 EP8) and 1 x (DP80 EP80).
inline planner::Candidate sample_disaggregated() {
  planner::Candidate c;
  c.rank = 1;
  c.disaggregated = true;
  c.plan.prefill.deployment.parallel = {.tp = 1, .dp = 8, .pp = 1, .ep = 8};
  c.plan.prefill.replicas = 6;
  c.plan.decode.deployment.parallel = {.tp = 1, .dp = 80, .pp = 1, .ep = 80};
  c.plan.decode.deployment.draft_tokens = 1;
  c.plan.decode.replicas = 1;
  c.prefill = {.replicas = 6,
               .gpus = 48,
               .deployment = {.parallel = {.dp = 8, .ep = 8}, .precision = sample_fp8},
               .chunk = 8192,
               .sequences = 0.0,
               .batch = 0.0,
               .memory = {}};
  c.decode = {
      .replicas = 1,
      .gpus = 80,
      .deployment = {.parallel = {.dp = 80, .ep = 80}, .precision = sample_fp8, .draft_tokens = 1},
      .chunk = 0,
      .sequences = 40.0,
      .batch = 3200.0,
      .memory = {.usable = Bytes::from_si(162e9),
                 .weights = Bytes::from_si(20e9),
                 .activations = Bytes::from_si(1e9),
                 .workspace = Bytes::from_si(4e9),
                 .kv = Bytes::from_si(137e9),
                 .kv_tokens = 3'900'000.0}};
  c.state.requests = 39.12;
  c.state.ttft = around(ms(1000.0));  // p90 1.50 s
  c.state.tpot = around(ms(25.0));    // p90 37.5 ms
  c.state.itl = around(ms(40.0));
  c.state.e2e_mean = ms(9000.0);
  c.state.output_tokens = 13400.0;
  c.state.total_tokens = 480000.0;
  c.state.output_per_gpu = 104.7;
  c.state.per_user = 40.0;
  c.state.energy_per_token = 5.25;
  c.state.prefill_utilisation = 0.8;
  c.state.kv_utilisation = 0.25;
  c.state.hit_rate = 0.366;
  c.state.stable = true;
  c.multiple = 11.5;
  c.meets_slo = true;
  c.limit = "TPOT p90 50 ms";
  c.bound_per_gpu = 240.0;
  c.evidence = planner::Evidence::calibrated;
  return c;
}

inline planner::Candidate sample_aggregated() {
  planner::Candidate c = sample_disaggregated();
  c.rank = 2;
  c.disaggregated = false;
  c.plan.prefill = {};
  c.plan.decode = {};
  c.plan.decode.deployment.parallel = {.tp = 8, .dp = 1, .pp = 1, .ep = 1};
  c.plan.decode.replicas = 16;
  c.plan.decode.chunk = 2048;
  c.prefill = {};
  c.decode.replicas = 16;
  c.decode.gpus = 128;
  c.decode.deployment.parallel = {.tp = 8};
  c.decode.deployment.draft_tokens = 0;
  c.decode.chunk = 2048;
  c.decode.batch = 55.4;
  c.state.output_per_gpu = 80.0;
  c.state.per_user = 31.3;
  c.evidence = planner::Evidence::assumption;
  return c;
}

inline planner::Explanation sample_explanation() {
  planner::Explanation e;
  e.tpot = {{"attention", ms(11.0), 0.44, ms(5.5)},
            {"experts", ms(10.0), 0.40, ms(8.0)},
            {"host", ms(4.0), 0.16, Time{}}};
  e.ttft = {{"waiting", ms(600.0), 0.6, Time{}}, {"attention", ms(400.0), 0.4, ms(200.0)}};
  e.decode_step = {{"q_a", "projections", 61.0, ms(0.61), ms(0.122), "compute"},
                   {"host", "host", 1.0, ms(0.5), Time{}, "host"}};
  e.prefill_step = {{"o_proj", "projections", 64.0, ms(64.0), ms(32.0), "compute"}};
  e.tpot_binds = "memory";
  e.ttft_binds = "compute";
  e.elasticities = {{"rack.chip.hbm.bandwidth", "7.7 TB/s", 0.41, -0.04, 0.041, "aiconfigurator",
                     planner::Evidence::calibrated},
                    {"collectives.moe.dispatch_alpha", "9 us", -0.2, 0.02, -0.019, "assumption",
                     planner::Evidence::assumption}};
  e.assumptions = {{"collectives.moe.dispatch_alpha", "9 us", "taken from DeepEP", 0.04, -0.038}};
  e.modelling = {"arrivals are stationary"};
  return e;
}

inline planner::PlanReport sample_report() {
  planner::PlanReport r;
  r.subject = {.name = "DeepSeek-V3 on one AL128",
               .model = "DeepSeek-V3",
               .machine = "128 x b200",
               .workload = "chat.jsonl",
               .rate = {},
               .slo = sample_slo(2000.0),
               .gpus = 128,
               .domain = 128,
               .workload_rate = 3.4,
               .mean_input = 12035.0,
               .mean_output = 343.0};
  r.considered = 1312;
  r.fit = 214;
  r.meet = 61;
  r.inputs = 41;
  r.inputs_assumed = 3;
  r.candidates = {sample_disaggregated(), sample_aggregated()};
  r.pareto = {{10.0, 110.0, true, false, "128 aggregated, TP8"},
              {20.0, 60.0, false, false, "128 aggregated, TP16"},
              {40.0, 104.7, true, true, "48 prefill + 80 decode, DP80 EP80"},
              {90.0, 30.0, true, true, "48 prefill + 80 decode, TP8"}};
  r.explanation = sample_explanation();
  return r;
}

/// The same when nobody meets the SLO: TTFT p90 is 1.50 s where 0.5 s was asked for.
inline planner::PlanReport sample_miss() {
  planner::PlanReport r = sample_report();
  r.subject.slo = sample_slo(500.0);
  r.meet = 0;
  r.explanation.reset();
  for (planner::Candidate& c : r.candidates) c.meets_slo = false;
  return r;
}

}  // namespace sn::draw
