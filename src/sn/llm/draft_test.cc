// sn/llm/draft_test.cc
//
// Draft models: parameters of EAGLE-3's layer by hand, tokens a step by acceptance at each
// position, and what n-gram drafts cost: positions to verify, no kernels of their own.

#include <gtest/gtest.h>

#include <algorithm>

#include "sn/llm/shipped_test_util.h"
#include "sn/llm/step.h"

namespace sn::llm {
namespace {

ModelSpec with(DraftModel::Kind kind, std::vector<double> acceptance) {
  ModelSpec m = shipped_model("llama-3.1-8b").spec;
  m.draft = {.kind = kind,
             .heads = 32,
             .kv_heads = 8,
             .head_dim = 128,
             .inter = 14336,
             .vocab = 32000,
             .acceptance = std::move(acceptance)};
  return m;
}

StepProgram program(const ModelSpec& m, std::int64_t drafts) {
  const ShippedModel shipped = shipped_model("llama-3.1-8b");
  const ShippedMachine machine = shipped_machine("hgx-h100", shipped.traits, 1);
  return compile(m, {.parallel = {.tp = 1}, .precision = {}, .draft_tokens = drafts},
                 machine.view());
}

bool has(const StepProgram& p, std::string_view name) {
  const auto bill = StepEvaluator(p).bill({.decode_sequences = 8.0, .decode_context = 8000.0});
  return std::any_of(bill.begin(), bill.end(),
                     [&](const OperatorTime& o) { return o.name == name; });
}

TEST(Draft, ParametersOfEagle3) {
  // 3 x 4096^2 fused; qkv of 48 heads of 128 over 8192; o; three matrices of 14336; 32,000 words.
  const double expected = 3.0 * 4096.0 * 4096.0 + 8192.0 * 6144.0 + 4096.0 * 4096.0 +
                          3.0 * 4096.0 * 14336.0 + 4096.0 * 32000.0;
  EXPECT_DOUBLE_EQ(draft_parameters(with(DraftModel::Kind::eagle3, {0.8})), expected);
  EXPECT_NEAR(expected, 0.425e9, 0.001e9);
  EXPECT_EQ(draft_parameters(with(DraftModel::Kind::ngram, {0.5})), 0.0);
}

TEST(Draft, TokensOfAStepAreTheSumOfTheAcceptances) {
  const ModelSpec m = with(DraftModel::Kind::eagle3, {0.8, 0.6, 0.4});
  EXPECT_DOUBLE_EQ(program(m, 3).tokens_per_step(), 2.8);
  EXPECT_DOUBLE_EQ(program(m, 1).tokens_per_step(), 1.8);
  EXPECT_NE(why_not(m, {.parallel = {.tp = 1}, .draft_tokens = 4}, 8), "");
}

TEST(Draft, EagleRunsItsLayerAndNGramNothing) {
  const StepProgram eagle = program(with(DraftModel::Kind::eagle3, {0.8, 0.6}), 2);
  const StepProgram words = program(with(DraftModel::Kind::ngram, {0.8, 0.6}), 2);
  const StepProgram none = program(with(DraftModel::Kind::ngram, {0.8, 0.6}), 0);
  EXPECT_TRUE(has(eagle, "draft qkv"));
  EXPECT_FALSE(has(words, "draft qkv"));
  const BatchShape batch{.decode_sequences = 8.0, .decode_context = 8000.0};
  const auto time = [&](const StepProgram& p) { return StepEvaluator(p).eval(batch).latency; };
  EXPECT_GT(time(eagle), time(words));
  EXPECT_GE(time(words), time(none));  // three positions a sequence are verified
}

}  // namespace
}  // namespace sn::llm
