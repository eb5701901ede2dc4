// sn/llm/engine_effects_test.cc
//
// What an engine and its traffic change of a step beside the kernels: operators of a replayed graph
// overlap, and tokens of one batch that are alike meet fewer experts.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "sn/llm/shipped_test_util.h"
#include "sn/llm/step.h"

namespace sn::llm {
namespace {

using kernel::DataType;

constexpr Precision bf16{DataType::bf16, DataType::bf16, DataType::bf16};
constexpr Precision fp8{DataType::fp8, DataType::fp8, DataType::fp8};

double part(const StepTime& t, Part p) { return t.parts[static_cast<std::size_t>(p)].si(); }

// --- Overlap of the operators of a graph ---------------------------------------------------------

struct Graphs {
  double overlap = 0.0;  // seconds
  std::int64_t tokens = 1024;
  std::int64_t mixed_tokens = 0;
};

StepProgram with_graphs(std::string_view model, const Deployment& deployment, const Graphs& g) {
  const ShippedModel m = shipped_model(model);
  ShippedMachine machine = shipped_machine("hgx-h200", m.traits, 4);
  machine.framework.graph_overlap = Time::from_si(g.overlap);
  machine.framework.graph_tokens = g.tokens;
  machine.framework.graph_mixed_tokens = g.mixed_tokens;
  return compile(m.spec, deployment, machine.view());
}

StepTime step_of(const Deployment& d, const BatchShape& shape, const Graphs& g) {
  const StepProgram program = with_graphs("deepseek-v3", d, g);
  return StepEvaluator(program).eval(shape);
}

const Deployment tp8{.parallel = {.tp = 8}, .precision = fp8};
const Deployment llama_tp8{.parallel = {.tp = 8}, .precision = bf16};

/// What a step of Llama saves, operator by operator; how many of them save all of `overlap`.
double saved_by_operators(double overlap, const BatchShape& shape, int& in_full) {
  const StepProgram plain = with_graphs("llama-3.1-70b", llama_tp8, {});
  const StepProgram replayed = with_graphs("llama-3.1-70b", llama_tp8, {.overlap = overlap});
  const auto before = StepEvaluator(plain).bill(shape);
  const auto after = StepEvaluator(replayed).bill(shape);
  EXPECT_EQ(before.size(), after.size());
  double saved = 0.0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    const double less = (before[i].each - after[i].each).si();
    const bool host = before[i].part == Part::host;
    EXPECT_GE(less, host ? -1e-12 : 0.0) << before[i].name;
    EXPECT_LE(less, host ? 1e-12 : overlap * (1.0 + 1e-9)) << before[i].name;
    EXPECT_GE(after[i].each, after[i].bound) << before[i].name;
    EXPECT_EQ(after[i].bound, before[i].bound) << before[i].name;
    in_full += std::abs(less - overlap) < 1e-12 ? 1 : 0;
    saved += before[i].count * less;
  }
  return saved;
}

TEST(GraphOverlap, EachOperatorTakesSoMuchLessButNotLessThanItsWork) {
  for (const double overlap : {5e-7, 2e-6, 1e-4}) {
    for (const BatchShape& shape : {decode(1.0, 100.0), decode(64.0, 4096.0)}) {
      int in_full = 0;
      const double saved = saved_by_operators(overlap, shape, in_full);
      EXPECT_GT(saved, 0.0);
      EXPECT_GT(in_full, overlap < 1e-6 ? 5 : -1) << "launches alone take longer";
      const StepProgram plain = with_graphs("llama-3.1-70b", llama_tp8, {});
      const StepProgram replayed = with_graphs("llama-3.1-70b", llama_tp8, {.overlap = overlap});
      const StepTime a = StepEvaluator(plain).eval(shape);
      const StepTime b = StepEvaluator(replayed).eval(shape);
      EXPECT_NEAR((a.latency - b.latency).si(), saved, 1e-11);
      EXPECT_GE(b.latency, std::max(b.compute, b.memory)) << "work takes its time";
      EXPECT_EQ(b.compute, a.compute);
      EXPECT_EQ(b.memory, a.memory);
      EXPECT_EQ(b.hbm_bytes, a.hbm_bytes);
    }
  }
}

TEST(GraphOverlap, OfALongOverlapWorkIsAllThatIsLeft) {
  const StepProgram replayed = with_graphs("llama-3.1-70b", llama_tp8, {.overlap = 1e-4});
  const BatchShape shape = decode(1.0, 100.0);
  const StepTime t = StepEvaluator(replayed).eval(shape);
  const auto reduce = static_cast<std::size_t>(Part::all_reduce);
  EXPECT_NEAR(t.parts[reduce] / t.bound[reduce], 1.0, 1e-9);
  const double kernels = t.latency.si() - part(t, Part::host) - part(t, Part::all_reduce);
  // Kernels take the longer of their two kinds of work: almost all read weights.
  EXPECT_GE(kernels, t.memory.si());
  EXPECT_LE(kernels, (t.memory + t.compute).si());
}

TEST(GraphOverlap, StepsThatAreNotCapturedStayAsTheyAre) {
  const Graphs with{.overlap = 2e-6, .tokens = 64};
  const Graphs without{.overlap = 0.0, .tokens = 64};
  const auto same = [&](const BatchShape& shape) {
    const StepTime a = step_of(tp8, shape, without);
    const StepTime b = step_of(tp8, shape, with);
    return a.latency == b.latency && a.parts == b.parts && a.interval == b.interval;
  };
  EXPECT_FALSE(same(decode(64.0, 1000.0)));
  EXPECT_TRUE(same(decode(65.0, 1000.0)));
  EXPECT_TRUE(same(prefill(32.0)));
  BatchShape mixed = prefill(32.0);
  mixed.decode_sequences = 8.0;
  mixed.decode_context = 8000.0;
  EXPECT_TRUE(same(mixed));
}

TEST(GraphOverlap, CapturedPositionsCountDraftsAndPrompts) {
  const auto gains = [](const Deployment& d, const BatchShape& shape, Graphs g) {
    const StepTime plain = step_of(d, shape, g);
    g.overlap = 2e-6;
    return step_of(d, shape, g).latency < plain.latency;
  };
  Deployment drafts = tp8;
  drafts.draft_tokens = 1;
  EXPECT_TRUE(gains(drafts, decode(32.0, 1000.0), {.tokens = 64}));
  EXPECT_FALSE(gains(drafts, decode(33.0, 1000.0), {.tokens = 64}));
  // Steps with prompts have a size of their own, decodes among them.
  BatchShape mixed = prefill(100.0);
  mixed.decode_sequences = 28.0;
  mixed.decode_context = 28000.0;
  EXPECT_TRUE(gains(tp8, mixed, {.tokens = 0, .mixed_tokens = 128}));
  EXPECT_FALSE(gains(tp8, mixed, {.tokens = 1024, .mixed_tokens = 127}));
}

// --- Tokens that are alike -----------------------------------------------------------------------

StepTime spread_step(double spread, const Deployment& d, const BatchShape& shape) {
  const ShippedModel m = shipped_model("deepseek-v3");
  ModelTraits traits = m.traits;
  traits.routing_spread = spread;
  const ShippedMachine machine = shipped_machine("al128", traits);
  const StepProgram program = compile(m.spec, d, machine.view());
  return StepEvaluator(program).eval(shape);
}

/// Of 256 experts, those that `n` tokens with 8 choices each meet: share i of the mean's is met
/// with 1 - (1 - 8 / 256 share)^n.
double met(double n, double spread) {
  double missed = 0.0;
  constexpr std::int64_t quantiles = 12;
  for (const double part_of : lognormal_shares(quantiles, spread)) {
    const double share = 12.0 * part_of;
    missed += std::pow(1.0 - std::min(1.0, 8.0 / 256.0 * share), n) / 12.0;
  }
  return 256.0 * (1.0 - missed);
}

TEST(RoutingSpread, SmallBatchesReadFewerExperts) {
  const Deployment ep32{.parallel = {.dp = 32, .ep = 32}, .precision = fp8};
  for (const Deployment& d : {tp8, ep32}) {
    for (const double n : {8.0, 16.0}) {  // on the busiest of 32 ranks, 32 would meet all
      const BatchShape shape = decode(n / static_cast<double>(d.parallel.dp), 1000.0);
      double last = part(spread_step(0.0, d, shape), Part::experts);
      for (const double spread : {0.5, 1.0, 2.0}) {
        const double now = part(spread_step(spread, d, shape), Part::experts);
        EXPECT_LT(now, last) << n << " tokens, spread " << spread;
        last = now;
      }
    }
  }
}

TEST(RoutingSpread, WeightsReadByHand) {
  // TP8: an expert has 3 x 7168 x 2048 bytes of fp8, an eighth of them on each rank, in 58 layers.
  const double expert = 58.0 * 3.0 * 7168.0 * 2048.0 / 8.0;
  const auto bytes = [](double n, double spread) {
    return spread_step(spread, tp8, decode(n, 1000.0)).hbm_bytes.si();
  };
  for (const double n : {2.0, 16.0, 64.0}) {
    for (const double spread : {0.5, 1.0, 1.5}) {
      const double fewer = (bytes(n, 0.0) - bytes(n, spread)) / expert;
      EXPECT_NEAR(fewer, met(n, 0.0) - met(n, spread), 1e-3 * met(n, 0.0)) << n << " " << spread;
    }
  }
  // Without spread all experts are equal: 256 (1 - (1 - 8/256)^n), whatever the batch.
  const auto uniform = [](double n) { return 256.0 * (1.0 - std::pow(1.0 - 8.0 / 256.0, n)); };
  EXPECT_NEAR(met(16.0, 0.0), uniform(16.0), 1e-9);
  const double grows =
      bytes(32.0, 0.0) - bytes(16.0, 0.0) - (bytes(1024.0, 0.0) - bytes(1008.0, 0.0));
  EXPECT_NEAR(grows / expert, uniform(32.0) - uniform(16.0), 0.01 * uniform(16.0));
}

TEST(RoutingSpread, OneTokenAndHugeBatchesMeetTheSame) {
  for (const double spread : {0.5, 1.0}) {
    // One token has its eight experts, however likely each.
    const BatchShape one = decode(1.0, 1000.0);
    EXPECT_NEAR(part(spread_step(spread, tp8, one), Part::experts) /
                    part(spread_step(0.0, tp8, one), Part::experts),
                1.0, 1e-9);
    for (const BatchShape& huge : {prefill(16384.0), decode(16384.0, 10.0)}) {
      const StepTime a = spread_step(0.0, tp8, huge);
      const StepTime b = spread_step(spread, tp8, huge);
      EXPECT_NEAR(part(b, Part::experts) / part(a, Part::experts), 1.0, 1e-9);
      EXPECT_NEAR(b.latency / a.latency, 1.0, 1e-9);
    }
  }
}

TEST(RoutingSpread, DenseModelsDoNotKnowIt) {
  const ShippedModel m = shipped_model("llama-3.1-70b");
  const auto latency = [&](double spread) {
    ModelTraits traits = m.traits;
    traits.routing_spread = spread;
    const ShippedMachine machine = shipped_machine("hgx-h200", traits);
    const StepProgram program = compile(m.spec, llama_tp8, machine.view());
    return StepEvaluator(program).eval(decode(8.0, 1000.0)).latency;
  };
  EXPECT_EQ(latency(0.0), latency(1.5));
}

}  // namespace
}  // namespace sn::llm
