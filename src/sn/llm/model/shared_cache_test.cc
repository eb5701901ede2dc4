// sn/llm/model/shared_cache_test.cc
//
// A sequence's KV cache dealt over tensor ranks in decode (DCP): which cuts there are (the case
// studies of vLLM's docs/serving/context_parallel_deployment.md), memory and bytes by hand.

#include <gtest/gtest.h>

#include "sn/llm/shipped_test_util.h"
#include "sn/llm/step.h"

namespace sn::llm {
namespace {

constexpr Precision fp8_kv16{kernel::DataType::fp8, kernel::DataType::fp8, kernel::DataType::bf16};

Deployment dealt(std::int64_t tp, std::int64_t dcp) {
  return {.parallel = {.tp = tp, .ep = 1, .dcp = dcp}, .precision = fp8_kv16};
}

std::string why(std::string_view model, std::int64_t tp, std::int64_t dcp) {
  return why_not(shipped_model(model).spec, dealt(tp, dcp), 32);
}

TEST(SharedCache, CutsAreThoseOfTheDocumentation) {
  EXPECT_EQ(why("deepseek-v3", 8, 8), "");      // one latent head: eight copies
  EXPECT_EQ(why("kimi-k2", 16, 16), "");        // sixteen
  EXPECT_EQ(why("kimi-k2", 16, 8), "");         // two copies are left
  EXPECT_EQ(why("qwen3-235b-a22b", 8, 2), "");  // four KV heads: two copies
  EXPECT_NE(why("qwen3-235b-a22b", 8, 4), "");
  EXPECT_NE(why("llama-3.1-70b", 8, 2), "");  // eight KV heads: one copy
  EXPECT_NE(why("deepseek-v3", 8, 3), "");
  EXPECT_NE(why("deepseek-v3.2", 8, 8).find("sparse"), std::string::npos);
  EXPECT_EQ(to_string(dealt(8, 8).parallel), "TP8 DCP8");
}

TEST(SharedCache, EachRankHoldsItsShare) {
  const ShippedModel m = shipped_model("deepseek-v3");
  const ShippedMachine machine = shipped_machine("hgx-h200", m.traits, 1);
  const StepMachine view = machine.view();
  const auto budget = [&](std::int64_t dcp) {
    return memory_budget(m.spec, dealt(8, dcp), view.cluster.rack.chip, view.framework, 8192.0);
  };
  EXPECT_DOUBLE_EQ(budget(8).kv_per_token.si(), budget(1).kv_per_token.si() / 8.0);
  EXPECT_EQ(budget(8).weights, budget(1).weights);
}

TEST(SharedCache, ReadsItsShareAndExchangesQueriesAndOutputs) {
  const ShippedModel m = shipped_model("deepseek-v3");
  const ShippedMachine machine = shipped_machine("hgx-h200", m.traits, 1);
  const auto step = [&](std::int64_t dcp, double context) {
    const StepProgram p = compile(m.spec, dealt(8, dcp), machine.view());
    const BatchShape batch{.decode_sequences = 16.0, .decode_context = 16.0 * context};
    return StepEvaluator(p).eval(batch);
  };
  // 61 layers of 576 values in bf16; seven eighths of the context are read elsewhere.
  const double context = 100'000.0;
  const double saved = 7.0 / 8.0 * 16.0 * context * 61.0 * 576.0 * 2.0;
  const double found = step(1, context).hbm_bytes.si() - step(8, context).hbm_bytes.si();
  EXPECT_NEAR(found, saved, 0.03 * saved);
  // Long contexts gain, short ones pay for the exchange: 61 gathers and 61 scatters.
  EXPECT_LT(step(8, context).latency, step(1, context).latency);
  EXPECT_GT(step(8, 100.0).latency, step(1, 100.0).latency);
  const StepProgram p = compile(m.spec, dealt(8, 8), machine.view());
  double gathers = 0.0;
  for (const OperatorTime& o :
       StepEvaluator(p).bill({.decode_sequences = 16.0, .decode_context = 16.0 * context})) {
    if (o.name == "all-gather (queries)" || o.name == "reduce-scatter (outputs)") {
      gathers += o.count;
      EXPECT_GE(o.each, o.bound) << o.name;
    }
  }
  EXPECT_EQ(gathers, 122.0);
}

}  // namespace
}  // namespace sn::llm
