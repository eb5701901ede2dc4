// sn/llm/capped_attention_test.cc
//
// Layers that read part of the context: windows of gpt-oss, sparse attention of DeepSeek-V3.2.

#include <gtest/gtest.h>

#include <algorithm>

#include "sn/llm/shipped_test_util.h"
#include "sn/llm/step.h"

namespace sn::llm {
namespace {

using kernel::DataType;

constexpr double hbm_h200 = 4.8e12;  // B/s

StepProgram program(std::string_view model, const Deployment& deployment) {
  const ShippedModel m = shipped_model(model);
  const ShippedMachine machine = shipped_machine("hgx-h200", m.traits);
  return compile(m.spec, deployment, machine.view());
}

OperatorTime line(const StepProgram& p, const BatchShape& shape, std::string_view name) {
  for (const OperatorTime& o : StepEvaluator(p).bill(shape)) {
    if (o.name == name) return o;
  }
  return {};
}

BatchShape decode(double sequences, double context) {
  return {.decode_sequences = sequences, .decode_context = sequences * context};
}

BatchShape prefill(double tokens) {
  return {.prefill_tokens = tokens,
          .prefill_pairs = 0.5 * tokens * tokens,
          .prefill_context = tokens,
          .prefill_sequences = 1.0};
}

TEST(Windows, HalfOfTheLayersReadTheWindow) {
  const StepProgram p =
      program("gpt-oss-120b", {.parallel = {}, .precision = {.weights = DataType::fp4}});
  const BatchShape shape = decode(64.0, 8192.0);
  const OperatorTime full = line(p, shape, "attention (decode)");
  const OperatorTime window = line(p, shape, "window (decode)");
  EXPECT_EQ(full.count, 18.0);
  EXPECT_EQ(window.count, 18.0);
  // 64 sequences, K and V of 8 heads of 64 in bf16.
  EXPECT_NEAR(full.bound.si(), 64.0 * 8192.0 * 2048.0 / hbm_h200, 1e-12);
  EXPECT_NEAR(window.bound.si(), 64.0 * 128.0 * 2048.0 / hbm_h200, 1e-12);
  // A caller that knows the sum is believed: half of the sequences are shorter than the window.
  BatchShape exact = shape;
  exact.decode_context_capped = 32.0 * 128.0 + 32.0 * 64.0;
  EXPECT_NEAR(line(p, exact, "window (decode)").bound.si(), 0.75 * window.bound.si(), 1e-15);
  EXPECT_EQ(line(p, exact, "attention (decode)").bound, full.bound);
}

TEST(Windows, ProjectionsOfGptOssStayInBf16) {
  const Precision native{.weights = DataType::fp4};
  EXPECT_EQ(part_weights(shipped_model("gpt-oss-120b").spec, native).attention, DataType::bf16);
  EXPECT_EQ(part_weights(shipped_model("sn-10t").spec, native).attention, DataType::fp8);
}

TEST(SparseAttention, ReadsTheChosenKeysAndScoresAll) {
  const Deployment tp8{.parallel = {.tp = 8},
                       .precision = {DataType::fp8, DataType::fp8, DataType::bf16}};
  const StepProgram p = program("deepseek-v3.2", tp8);
  const BatchShape near = decode(16.0, 2048.0);
  const BatchShape far = decode(16.0, 65'536.0);
  EXPECT_EQ(line(p, far, "attention (decode)").each, line(p, near, "attention (decode)").each);
  // Every key: 128 bytes, and 8 of its logit, written and read.
  EXPECT_NEAR(line(p, far, "index scores (decode)").bound.si(), 16.0 * 65'536.0 * 136.0 / hbm_h200,
              1e-12);
  const StepProgram v3 = program("deepseek-v3", tp8);
  EXPECT_LT(StepEvaluator(p).eval(far).latency, StepEvaluator(v3).eval(far).latency);
  EXPECT_GT(StepEvaluator(p).eval(near).latency, StepEvaluator(v3).eval(near).latency);
}

TEST(SparseAttention, PrefillTakesTheCheaperKernel) {
  const Deployment tp8{.parallel = {.tp = 8},
                       .precision = {DataType::fp8, DataType::fp8, DataType::bf16}};
  const StepProgram sparse = program("deepseek-v3.2", tp8);
  const StepProgram full = program("deepseek-v3", tp8);
  const auto scores = [](const StepProgram& p, double tokens) {
    return line(p, prefill(tokens), "attention (prefill)").each;
  };
  EXPECT_EQ(scores(sparse, 2048.0), scores(full, 2048.0));
  // Every query fetches its 2048 latents from HBM, with no reuse in L2: an upper bound.
  EXPECT_LT(scores(sparse, 131'072.0), scores(full, 131'072.0));
  // Twice the tokens cost twice as much then, and not four times.
  EXPECT_NEAR(scores(sparse, 262'144.0) / scores(sparse, 131'072.0), 2.0, 0.1);
}

}  // namespace
}  // namespace sn::llm
