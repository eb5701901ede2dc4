// sn/llm/step_test.cc
//
// One decode step of Llama-3.1-70B and of DeepSeek-V3 against a roofline by hand, and what a step
// promises: parts that add up, a memo that changes nothing, conditions that scale.
//
// The rooflines take datasheet rates only (catalog: HGX H200 and AL128 with B200).

#include "sn/llm/step.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "sn/llm/shipped_test_util.h"

namespace sn::llm {
namespace {

using kernel::DataType;

constexpr double us = 1e-6;
constexpr double ms = 1e-3;
constexpr Precision bf16{DataType::bf16, DataType::bf16, DataType::bf16};
constexpr Precision fp8_kv16{DataType::fp8, DataType::fp8, DataType::bf16};

StepProgram program(std::string_view model, std::string_view rack, const Deployment& deployment,
                    const hw::Conditions& conditions = {}, double background = 0.0) {
  const ShippedModel m = shipped_model(model);
  ModelTraits traits = m.traits;
  traits.expert_imbalance = 1.15;
  const ShippedMachine machine = shipped_machine(rack, traits, 4);
  return compile(m.spec, deployment, machine.view(), conditions, background);
}

Time part(const StepTime& t, Part p) { return t.parts[static_cast<std::size_t>(p)]; }

StepTime evaluate(const StepProgram& p, const BatchShape& shape) {
  return StepEvaluator(p).eval(shape);
}

double executions(const StepProgram& p, const BatchShape& shape, Part of) {
  double sum = 0.0;
  for (const OperatorTime& o : StepEvaluator(p).bill(shape)) {
    if (o.part == of) sum += o.count;
  }
  return sum;
}

const Deployment llama_tp8{.parallel = {.tp = 8}, .precision = bf16};
const Deployment deepseek_dp128{.parallel = {.dp = 128, .ep = 128}, .precision = fp8_kv16};
const Deployment deepseek_tp8{.parallel = {.tp = 8}, .precision = fp8_kv16};

// --- Rooflines by hand ---------------------------------------------------------------------------

TEST(Roofline, DecodeStepOfLlama70BOnHgxH200) {
  // TP8, bf16, 64 sequences of 4,096 keys. At m = 64 a GEMM does 64 FLOP per byte of weights, below
  // 989e12 / 4.8e12 = 206: memory binds throughout, and activations stay in L2.
  constexpr double hbm = 4.8e12;
  const double layer = 2.0 * 8192.0 * 8192.0 + 2.0 * 8192.0 * 1024.0 + 3.0 * 8192.0 * 28672.0;
  const double weights = 80.0 * layer / 8.0 * 2.0;      // 17.113 GB: 3.565 ms
  const double head = 128256.0 * 8192.0 / 8.0 * 2.0;    // 0.263 GB: 0.055 ms
  const double cache = 64.0 * 4096.0 * 327680.0 / 8.0;  // 10.737 GB: 2.237 ms
  // 160 all-reduces of 64 x 8192 x 2 B, reduced in the switch: S / 450 GB/s = 2.33 us each.
  const double reduce = 160.0 * 64.0 * 8192.0 * 2.0 / 450e9;  // 0.373 ms
  const double roofline = (weights + head + cache) / hbm + reduce;
  EXPECT_NEAR(roofline, 6.230 * ms, 0.001 * ms);

  const StepProgram p = program("llama-3.1-70b", "hgx-h200", llama_tp8);
  const StepTime t = evaluate(p, decode(64.0, 4096.0));
  EXPECT_NEAR(t.bound_total().si(), roofline, 0.01 * roofline);
  EXPECT_GT(t.latency.si(), roofline);
  EXPECT_LT(t.latency.si(), 4.0 * roofline);
  EXPECT_NEAR(t.hbm_bytes.si(), weights + head + cache, 0.01 * (weights + head + cache));
  EXPECT_EQ(executions(p, decode(64.0, 4096.0), Part::all_reduce), 160.0);
}

TEST(Roofline, DecodeStepOfDeepSeekV3OnAl128) {
  // DP128 EP128 in fp8 with a bf16 cache; 128 sequences of 4,096 keys on each GPU.
  constexpr double hbm = 7.7e12;
  constexpr double fp8 = 4.5e15;
  constexpr double rows = 128.0;
  const auto gemm = [&](double n, double k) {  // fp8 weights of 1 B
    return std::max(n * k / hbm, 2.0 * rows * n * k / fp8);
  };
  // Projections, all bound by memory (256 FLOP per byte against 584): q_a and kv_a 1.97 us, q_b
  // 4.90, o 15.25; absorbed k and v in bf16, 128 heads x 512 x 128 x 2 B: 2.18 us each.
  const double absorb = 128.0 * 512.0 * 128.0 * 2.0 / hbm;
  const double projections =
      gemm(2112.0, 7168.0) + gemm(24576.0, 1536.0) + 2.0 * absorb + gemm(7168.0, 16384.0);
  // Attention: 524,288 keys x 1,152 B = 78.44 us; their 128 x 2,176 FLOP take 64.9 us of 2.25e15.
  const double keys = rows * 4096.0;
  const double attention = std::max(keys * 1152.0 / hbm, keys * 128.0 * 2176.0 / 2.25e15);
  EXPECT_NEAR(attention, 78.44 * us, 0.01 * us);
  // Experts: 128 x 128 tokens x 8 / 128 ranks = 1,024 assignments on the mean rank; the busiest has
  // 1.15 + sqrt(2 ln 128 / 1024) = 1.2473 of them. Two experts of 3 x 7168 x 2048: compute binds.
  const double busiest = 1024.0 * (1.15 + std::sqrt(2.0 * std::log(128.0) / 1024.0));
  const double experts =
      std::max(2.0 * 3.0 * 7168.0 * 2048.0 / hbm, 2.0 * busiest * 3.0 * 7168.0 * 2048.0 / fp8);
  EXPECT_NEAR(experts, 25.0 * us, 0.05 * us);
  const double shared = gemm(4096.0, 7168.0) + gemm(7168.0, 2048.0);  // 5.72 us
  const double router = 256.0 * 7168.0 * 2.0 / hbm;                   // 0.48 us
  // Exchange: 127 x (1 - 248 x 247 / (256 x 255)) = 7.829 copies of 7,392 B out, 14,336 B back.
  const double copies = 127.0 * (1.0 - 248.0 * 247.0 / (256.0 * 255.0));
  const double exchange = rows * copies * (7392.0 + 14336.0) / 900e9;  // 24.19 us
  const double dense = gemm(36864.0, 7168.0) + gemm(7168.0, 18432.0);  // 51.5 us
  // Head in bf16, and 128 x 129,280 logits read and written in fp32, more than L2 holds.
  const double logits = 129280.0 * 7168.0 * 2.0 / hbm + rows * 129280.0 * 8.0 / hbm;
  const double roofline = 61.0 * (projections + attention) + 3.0 * dense +
                          58.0 * (experts + shared + router + exchange) + logits;
  EXPECT_NEAR(roofline, 10.03 * ms, 0.01 * ms);

  const StepProgram p = program("deepseek-v3", "al128", deepseek_dp128);
  const StepTime t = evaluate(p, decode(128.0, 4096.0));
  EXPECT_NEAR(t.bound_total().si(), roofline, 0.01 * roofline);
  EXPECT_GT(t.latency.si(), roofline);
  EXPECT_LT(t.latency.si(), 4.0 * roofline);
  EXPECT_EQ(executions(p, decode(128.0, 4096.0), Part::exchange), 116.0);
  EXPECT_EQ(executions(p, decode(128.0, 4096.0), Part::all_reduce), 0.0);
}

TEST(Step, TheBusiestRanksPromptSetsItsOwnOperatorsAndTheMeanTheExperts) {
  const StepProgram p = program("deepseek-v3", "al128", deepseek_dp128);
  const double mean = 1024.0;
  BatchShape even{.prefill_tokens = mean,
                  .prefill_pairs = mean * mean / 2.0,
                  .prefill_context = mean,
                  .prefill_sequences = 1.0};
  BatchShape uneven = even;
  uneven.prefill_most = 4.0 * mean;
  BatchShape all = even;  // every rank as full as the busiest
  all.prefill_tokens = 4.0 * mean;
  const auto part = [&](const BatchShape& shape, Part what) {
    return evaluate(p, shape).parts[static_cast<std::size_t>(what)].si();
  };
  EXPECT_NEAR(part(uneven, Part::projections), part(all, Part::projections),
              1e-9 * part(all, Part::projections));
  EXPECT_EQ(part(uneven, Part::experts), part(even, Part::experts));
  EXPECT_GT(part(uneven, Part::exchange), part(even, Part::exchange));
  EXPECT_LT(evaluate(p, uneven).latency, evaluate(p, all).latency);
  uneven.prefill_most = 0.5 * mean;  // no rank is below the mean of all
  EXPECT_EQ(evaluate(p, uneven).latency, evaluate(p, even).latency);
}

TEST(Roofline, PrefillOfDeepSeekV3CountsItsFlops) {
  // 4,096 tokens on one of 128 ranks: dense and attention GEMMs of every token, 8 routed experts
  // from the group's mean, and unabsorbed attention over pairs. Router and head are negligible.
  const ModelSpec m = shipped_model("deepseek-v3").spec;
  const double tokens = 4096.0;
  const double attention = 61.0 * 128.0 * 640.0 * 0.5 * tokens * (tokens + 1.0);
  const double linear =
      2.0 * tokens *
      (61.0 * 187'105'280.0 + 3.0 * 396'361'728.0 + 58.0 * (44'040'192.0 + 256.0 * 7168.0));
  const double busiest = tokens * 8.0 * (1.15 + std::sqrt(2.0 * std::log(128.0) / (8.0 * tokens)));
  const double flops = attention + linear + 2.0 * busiest * 58.0 * 44'040'192.0;
  const StepTime t = evaluate(program("deepseek-v3", "al128", deepseek_dp128), prefill(tokens));
  EXPECT_NEAR(t.flops.si(), flops, 1e-4 * flops);
  // A prompt with 8,192 cached tokens expands their keys and values again: 512 x 32,768 each.
  BatchShape cached = prefill(tokens);
  cached.prefill_context += 8192.0;
  const StepTime c = evaluate(program("deepseek-v3", "al128", deepseek_dp128), cached);
  EXPECT_NEAR((c.flops - t.flops).si(), 61.0 * 2.0 * 8192.0 * 512.0 * 32768.0, 1e-9 * flops);
}

// --- What a step promises ------------------------------------------------------------------------

TEST(StepTime, PartsAndBillAddUpToLatency) {
  const Deployment mtp{
      .parallel = {.tp = 2, .dp = 8, .pp = 2, .ep = 16}, .precision = fp8_kv16, .draft_tokens = 1};
  const StepProgram p = program("deepseek-v3", "nvl72-gb200", mtp);
  BatchShape shape = prefill(512.0);
  shape.decode_sequences = 17.5;
  shape.decode_context = 17.5 * 3000.0;
  StepEvaluator evaluator(p);
  const StepTime t = evaluator.eval(shape);
  double parts = 0.0;
  for (const Time x : t.parts) parts += x.si();
  EXPECT_NEAR(parts, t.latency.si(), 1e-12);
  double bill = 0.0;
  double bound = 0.0;
  for (const OperatorTime& o : evaluator.bill(shape)) {
    EXPECT_GE(o.each, o.bound) << o.name;
    EXPECT_FALSE(o.binds.empty()) << o.name;
    bill += o.each.si() * o.count;
    bound += o.bound.si() * o.count;
  }
  EXPECT_NEAR(bill, t.latency.si(), 1e-12);
  EXPECT_NEAR(bound, t.bound_total().si(), 1e-12);
  for (std::size_t i = 0; i < part_count; ++i) EXPECT_GE(t.parts[i], t.bound[i]);
}

TEST(StepTime, TokensPerStepSumPowersOfAcceptance) {
  // DeepSeek-V3 accepts a draft with 0.87 in the catalog: 1 + 0.87 + 0.7569 + 0.658503.
  const ShippedModel m = shipped_model("deepseek-v3");
  ModelTraits traits = m.traits;
  traits.mtp_acceptance = 0.87;
  const ShippedMachine machine = shipped_machine("hgx-h200", traits);
  const auto tokens = [&](std::int64_t drafts) {
    Deployment d = deepseek_tp8;
    d.draft_tokens = drafts;
    return compile(m.spec, d, machine.view()).tokens_per_step();
  };
  EXPECT_EQ(tokens(0), 1.0);
  EXPECT_NEAR(tokens(1), 1.87, 1e-12);
  EXPECT_NEAR(tokens(3), 3.285403, 1e-12);
}

TEST(StepTime, DraftsCostLessThanTheStepsTheySave) {
  // At 4 sequences weights dominate: two positions a step cost far less than two steps.
  Deployment with = deepseek_tp8;
  with.draft_tokens = 1;
  const BatchShape shape = decode(4.0, 2000.0);
  const Time one = evaluate(program("deepseek-v3", "hgx-h200", deepseek_tp8), shape).latency;
  const Time two = evaluate(program("deepseek-v3", "hgx-h200", with), shape).latency;
  EXPECT_GT(two, one);
  EXPECT_LT(two, 1.87 * one);
}

void expect_same(const StepTime& a, const StepTime& b) {
  EXPECT_EQ(a.latency, b.latency);
  EXPECT_EQ(a.interval, b.interval);
  EXPECT_EQ(a.parts, b.parts);
  EXPECT_EQ(a.bound, b.bound);
  EXPECT_EQ(a.flops, b.flops);
  EXPECT_EQ(a.hbm_bytes, b.hbm_bytes);
  EXPECT_EQ(a.energy, b.energy);
}

TEST(Memo, NeitherOrderNorSizeChangesAResult) {
  const StepProgram p = program("deepseek-v3", "al128", deepseek_dp128);
  BatchShape mixed = prefill(300.0);
  mixed.decode_sequences = 32.0;
  mixed.decode_context = 1e5;
  const std::vector<BatchShape> shapes = {
      decode(1.0, 100.0),  decode(32.0, 4096.0), mixed,
      decode(32.0, 100.0), prefill(300.0),       decode(0.25, 9.0)};
  StepEvaluator one_slot(p, 1);
  StepEvaluator many(p, 1024);
  std::vector<StepTime> first;
  for (const BatchShape& s : shapes) first.push_back(one_slot.eval(s));
  for (std::size_t i = shapes.size(); i-- > 0;) {
    expect_same(many.eval(shapes[i]), first[i]);
    expect_same(one_slot.eval(shapes[i]), first[i]);
    expect_same(StepEvaluator(p).eval(shapes[i]), first[i]);
  }
}

TEST(Conditions, HalfTheClockDoublesComputeBoundTime) {
  const BatchShape shape = prefill(16384.0);
  const StepTime full = evaluate(program("llama-3.1-70b", "hgx-h200", llama_tp8), shape);
  const StepTime half =
      evaluate(program("llama-3.1-70b", "hgx-h200", llama_tp8, {.clock = 0.5}), shape);
  // Pipeline stages inside a kernel keep their latency.
  EXPECT_NEAR(half.compute / full.compute, 2.0, 0.05);
  EXPECT_NEAR(part(half, Part::dense_ffn) / part(full, Part::dense_ffn), 2.0, 0.05);
  EXPECT_EQ(part(half, Part::all_reduce), part(full, Part::all_reduce));
}

TEST(Conditions, HalfTheHbmDoublesMemoryBoundTime) {
  const BatchShape shape = decode(256.0, 16384.0);
  const StepTime full = evaluate(program("llama-3.1-70b", "hgx-h200", llama_tp8), shape);
  const StepTime half =
      evaluate(program("llama-3.1-70b", "hgx-h200", llama_tp8, {.hbm = 0.5}), shape);
  // Products that the cache's traffic does not hide keep their time: sqrt(loop^2 + traffic^2).
  const double ratio = part(half, Part::attention) / part(full, Part::attention);
  EXPECT_GT(ratio, 1.5);
  EXPECT_LE(ratio, 2.0);
  EXPECT_EQ(half.hbm_bytes, full.hbm_bytes);
}

TEST(Conditions, HalfTheLinksDoubleTransfers) {
  const BatchShape shape = prefill(16384.0);
  const auto reduce = [&](const hw::Conditions& c, double background) {
    return part(evaluate(program("llama-3.1-70b", "hgx-h200", llama_tp8, c, background), shape),
                Part::all_reduce)
        .si();
  };
  // 268 MB in 1.1 ms, of which the switch takes 0.09 to start and fill.
  EXPECT_NEAR(reduce({.scale_up = 0.5}, 0.0) / reduce({}, 0.0), 1.92, 0.03);
  // Other traffic on half of each link has the same effect.
  EXPECT_NEAR(reduce({}, 0.5), reduce({.scale_up = 0.5}, 0.0), 1e-12);
}

TEST(Pipeline, LatencyCrossesAllStagesIntervalOne) {
  // 80 layers in 4 stages of 20: what repeats is a quarter in the interval, the rest comes once.
  const Deployment pp4{.parallel = {.tp = 2, .pp = 4}, .precision = bf16};
  const Deployment pp1{.parallel = {.tp = 2}, .precision = bf16};
  const BatchShape shape = decode(8.0, 1000.0);
  const StepTime four = evaluate(program("llama-3.1-70b", "hgx-h200", pp4), shape);
  const StepTime one = evaluate(program("llama-3.1-70b", "hgx-h200", pp1), shape);
  EXPECT_EQ(one.interval, one.latency);
  const Time sends = part(four, Part::pipeline);
  EXPECT_GT(sends, Time{});
  EXPECT_NEAR((four.latency - sends).si(), one.latency.si(), 1e-9);
  double once = part(one, Part::host).si() + part(one, Part::logits).si();
  for (const OperatorTime& o :
       StepEvaluator(program("llama-3.1-70b", "hgx-h200", pp1)).bill(shape)) {
    if (o.name == "sampling") once += o.each.si();
  }
  EXPECT_NEAR(four.interval.si(), once + (one.latency.si() - once) / 4.0, 1e-9);
}

TEST(Energy, LiesBetweenIdleAndFullPower) {
  const hw::Chip chip = shipped_machine("al128", {}).cluster.rack.chip;
  for (const BatchShape& shape : {decode(1.0, 10.0), decode(128.0, 4096.0), prefill(8192.0)}) {
    const StepTime t = evaluate(program("deepseek-v3", "al128", deepseek_dp128), shape);
    EXPECT_GE(t.energy, chip.idle * t.interval * 128.0);
    EXPECT_LE(t.energy, chip.tdp * t.interval * 128.0);
  }
}

TEST(Host, LaunchesAreAFloorOutsideGraphs) {
  // A layer of Llama under TP8 with prompts: two norms, qkv, rope, attention, o, all-reduce, gate
  // and up, activation, down, all-reduce.
  const Deployment tp8{.parallel = {.tp = 8}, .precision = bf16};
  const StepProgram llama = program("llama-3.1-70b", "hgx-h200", tp8);
  EXPECT_EQ(llama.launches(), 80.0 * 11.0);
  const Framework f = shipped_machine("hgx-h200", {}).framework;
  const StepTime tiny = evaluate(llama, prefill(16.0));
  double device = -part(tiny, Part::host).si();
  for (const Time t : tiny.parts) device += t.si();
  const double floor = 880.0 * f.host_launch.si();
  ASSERT_LT(device, floor) << "16 tokens on eight chips wait for the host";
  EXPECT_NEAR(tiny.latency.si(), floor + f.host_prefill.si(), 1e-9);
  // A long prompt hides its launches.
  EXPECT_EQ(part(evaluate(llama, prefill(16384.0)), Part::host), f.host_prefill);
}

TEST(TwoBatch, KernelsAndExchangesOfHalvesOverlap) {
  // Wide EP over InfiniBand: dispatch and combine take about as long as the kernels.
  Deployment plain{.parallel = {.dp = 32, .ep = 32},
                   .precision = {DataType::fp8, DataType::fp8, DataType::bf16}};
  Deployment cut = plain;
  cut.two_batch = true;
  const BatchShape shape = decode(256.0, 2000.0);
  const StepTime one = evaluate(program("deepseek-v3", "hgx-h100", plain), shape);
  const StepTime two = evaluate(program("deepseek-v3", "hgx-h100", cut), shape);
  const StepTime half = evaluate(program("deepseek-v3", "hgx-h100", plain), decode(128.0, 2000.0));
  EXPECT_LT(two.latency, one.latency);
  double dispatch = 0.0;
  double combine = 0.0;
  const StepProgram alone = program("deepseek-v3", "hgx-h100", plain);
  for (const OperatorTime& o : StepEvaluator(alone).bill(decode(128.0, 2000.0))) {
    if (o.name == "dispatch") dispatch += 2.0 * o.count * o.each.si();
    if (o.name == "combine") combine += 2.0 * o.count * o.each.si();
  }
  const double experts = 2.0 * part(half, Part::experts).si();
  double others = 0.0;
  for (const Part p :
       {Part::attention, Part::projections, Part::dense_ffn, Part::all_reduce, Part::elementwise}) {
    others += 2.0 * part(half, p).si();
  }
  const double rest = (part(one, Part::logits) + part(one, Part::host)).si();
  const double by_hand = std::max(others, dispatch) + std::max(experts, combine) +
                         std::min(others + experts, dispatch + combine) / 2.0 / 58.0;
  EXPECT_NEAR(two.latency.si(), by_hand + rest, 1e-9);
  // A batch that is bound by reading weights is not cut: it would read them twice.
  const BatchShape small = decode(2.0, 2000.0);
  EXPECT_EQ(evaluate(program("deepseek-v3", "al128", cut), small).latency,
            evaluate(program("deepseek-v3", "al128", plain), small).latency);
}

TEST(Communication, FollowsTheDeployment) {
  const BatchShape shape = decode(16.0, 1000.0);
  const auto count = [&](const char* model, Parallelism parallel, Part of) {
    const Deployment d{.parallel = parallel, .precision = bf16};
    return executions(program(model, "nvl72-gb200", d), shape, of);
  };
  // Tensor parallelism alone: two all-reduces a layer, with or without experts.
  EXPECT_EQ(count("deepseek-v3", {.tp = 8}, Part::all_reduce), 122.0);
  EXPECT_EQ(count("deepseek-v3", {.tp = 8, .ep = 8}, Part::all_reduce), 122.0);
  EXPECT_EQ(count("deepseek-v3", {.tp = 8, .ep = 8}, Part::exchange), 0.0);
  // Attention in parallel on tp 2 x dp 8: dispatch and combine in 58 layers; an all-reduce after
  // attention (61), dense layers (3) and the shared expert (58), and a gather of results (58).
  EXPECT_EQ(count("deepseek-v3", {.tp = 2, .dp = 8, .ep = 16}, Part::exchange), 116.0);
  EXPECT_EQ(count("deepseek-v3", {.tp = 2, .dp = 8, .ep = 16}, Part::all_reduce), 180.0);
  // Qwen3 has no shared expert: attention and gather only.
  EXPECT_EQ(count("qwen3-235b-a22b", {.tp = 2, .dp = 8, .ep = 16}, Part::all_reduce), 188.0);
  // Experts that are cut rather than spread still need every rank's tokens.
  EXPECT_EQ(count("qwen3-235b-a22b", {.tp = 1, .dp = 8, .ep = 1}, Part::exchange), 188.0);
  EXPECT_EQ(count("llama-3.1-70b", {.tp = 1}, Part::all_reduce), 0.0);
}

TEST(Communication, TensorRanksOverTwoServersReduceOnBothLevels) {
  const BatchShape shape = decode(64.0, 1000.0);
  const auto run = [&](std::int64_t tp) {
    const Deployment d{.parallel = {.tp = tp}, .precision = fp8_kv16};
    return program("deepseek-v3", "hgx-h200", d);
  };
  EXPECT_EQ(executions(run(16), shape, Part::all_reduce), 122.0);
  const auto all_reduce = static_cast<std::size_t>(Part::all_reduce);
  const StepTime one = evaluate(run(8), shape);
  const StepTime two = evaluate(run(16), shape);
  EXPECT_GT(two.parts[all_reduce], one.parts[all_reduce]) << "inside, across, inside";
  EXPECT_LT(two.parts[static_cast<std::size_t>(Part::experts)],
            one.parts[static_cast<std::size_t>(Part::experts)]);
}

TEST(Communication, CutExpertsMoveMoreThanSpreadOnes) {
  const BatchShape shape = decode(64.0, 1000.0);
  const auto bound = [&](std::int64_t ep) {
    const Deployment d{.parallel = {.dp = 8, .ep = ep}, .precision = bf16};
    return evaluate(program("qwen3-235b-a22b", "nvl72-gb200", d), shape)
        .bound[static_cast<std::size_t>(Part::exchange)]
        .si();
  };
  // One holder: each token and its result cross to 7 ranks: 2 x 94 x 64 x 7 x 8192 B / 900 GB/s.
  EXPECT_NEAR(bound(1), 2.0 * 94.0 * 64.0 * 7.0 * 8192.0 / 900e9, 1e-9);
  EXPECT_LT(bound(8), bound(4));
  EXPECT_LT(bound(4), bound(1));
}

TEST(ContextParallelism, CutsALongPromptAndFetchesItsKeys) {
  const Deployment whole{.parallel = {.tp = 2}, .precision = fp8_kv16};
  const Deployment cut{.parallel = {.tp = 2, .cp = 4}, .precision = fp8_kv16};
  const StepProgram one = program("llama-3.1-70b", "hgx-h200", whole);
  const StepProgram four = program("llama-3.1-70b", "hgx-h200", cut);
  const BatchShape chunk = prefill(65536.0);
  const StepTime a = evaluate(one, chunk);
  const StepTime b = evaluate(four, chunk);
  EXPECT_NEAR(part(b, Part::attention) / part(a, Part::attention), 0.25, 0.05);
  EXPECT_NEAR(part(b, Part::dense_ffn) / part(a, Part::dense_ffn), 0.25, 0.05);
  EXPECT_GT(b.latency, 0.25 * a.latency);
  EXPECT_LT(b.latency, 0.5 * a.latency);
  // A rank lacks three quarters of 65 536 keys and values: four of eight KV heads of 128 in bf16,
  // 80 layers, at no more than 450 GB/s.
  const double keys = 80.0 * 0.75 * 65536.0 * 2.0 * 4.0 * 128.0 * 2.0;
  double fetched = 0.0;
  for (const OperatorTime& o : StepEvaluator(four).bill(chunk)) {
    if (o.name == "all-gather (keys)") fetched += (o.each * o.count).si();
  }
  EXPECT_GT(fetched, keys / 450e9);
  EXPECT_LT(fetched, 3.0 * keys / 450e9);
  EXPECT_EQ(executions(one, chunk, Part::host), executions(four, chunk, Part::host));
}

TEST(ContextParallelism, ExpertsSeeAllTokensOfTheInstance) {
  const Precision p{DataType::fp8, DataType::fp8, DataType::fp8};
  const StepProgram ranks = program("deepseek-v3", "al128", {{.dp = 8, .ep = 8}, p});
  const StepProgram cut = program("deepseek-v3", "al128", {{.ep = 8, .cp = 8}, p});
  // Eight ranks with 2 048 tokens each, or one prompt of 16 384 over eight: the same experts' work.
  const Time a = part(evaluate(ranks, prefill(2048.0)), Part::experts);
  const Time b = part(evaluate(cut, prefill(16384.0)), Part::experts);
  EXPECT_NEAR(a / b, 1.0, 1e-9);
}

TEST(OsImages, AgreeOverTheDcnInRounds) {
  // 16 GPUs an image (al128): 16 ranks sit in one, 128 in eight, which takes three rounds.
  const Precision p{DataType::fp8, DataType::fp8, DataType::fp8};
  const ShippedMachine machine = shipped_machine("al128", {});
  ASSERT_EQ(machine.cluster.rack.gpus_per_os, 16);
  const auto host = [&](std::int64_t dp) {
    return part(
        evaluate(program("deepseek-v3", "al128", {{.dp = dp, .ep = dp}, p}), decode(32.0, 4096.0)),
        Part::host);
  };
  EXPECT_NEAR((host(128) - host(16)) / machine.cluster.dcn.latency, 3.0, 1e-9);
  EXPECT_EQ(host(16), host(8));
}

TEST(Experts, ReplicasPayWhereTheirLoadIsSkewed) {
  const ShippedModel m = shipped_model("deepseek-v3");
  ModelTraits traits = m.traits;
  const auto experts = [&](double skew, std::int64_t redundant) {
    traits.expert_skew = skew;
    const ShippedMachine machine = shipped_machine("al128", traits);
    Deployment d{{.dp = 32, .ep = 32}, {DataType::fp8, DataType::fp8, DataType::fp8}};
    d.redundant = redundant;
    return part(evaluate(compile(m.spec, d, machine.view()), prefill(8192.0)), Part::experts);
  };
  EXPECT_GT(experts(1.5, 0), 1.2 * experts(0.0, 0));
  EXPECT_LT(experts(1.5, 32), 0.9 * experts(1.5, 0));
  EXPECT_GT(experts(0.0, 32), 0.95 * experts(0.0, 0));  // nothing to even out
}

TEST(Extremes, SmallAndLargeBatchesStayFinite) {
  for (const double sequences : {1e-6, 1.0, 1e5}) {
    const StepTime t =
        evaluate(program("deepseek-v3", "al128", deepseek_dp128), decode(sequences, 1e5));
    EXPECT_TRUE(std::isfinite(t.latency.si())) << sequences;
    EXPECT_GE(t.latency, t.bound_total()) << sequences;
  }
  // Nothing to do: the host alone.
  const StepTime idle = evaluate(program("deepseek-v3", "al128", deepseek_dp128), {});
  EXPECT_EQ(idle.latency, part(idle, Part::host));
}

TEST(Part, HasANameForReports) {
  EXPECT_EQ(to_string(Part::attention), "attention");
  EXPECT_EQ(to_string(Part::exchange), "dispatch+combine");
  EXPECT_EQ(to_string(Part::host), "host");
}

}  // namespace
}  // namespace sn::llm
