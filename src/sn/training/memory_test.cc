// sn/training/memory_test.cc
//
// Memory against the formulas of arXiv 2205.05198 and hand calculations.

#include "sn/training/memory.h"

#include <gtest/gtest.h>

namespace sn::training {
namespace {

/// A GPT of `layers` x `hidden` as in the paper: sequences of 2,048, dropout, scores written out.
Job gpt(std::int64_t hidden, std::int64_t heads, std::int64_t layers) {
  Job job;
  job.model.name = "gpt";
  job.model.hidden = hidden;
  job.model.layers = layers;
  job.model.vocab = 51200;
  job.model.tied_embeddings = true;
  job.model.attention.heads = heads;
  job.model.attention.kv_heads = heads;
  job.model.attention.head_dim = hidden / heads;
  job.model.dense_layers = layers;
  job.model.dense_inter = 4 * hidden;
  job.model.gated_ffn = false;
  job.sequence = 2048;
  job.batch = 64;
  job.recipe.attention = AttentionCode::unfused;
  job.recipe.dropout = true;
  return job;
}

TEST(Memory, ActivationsAreThoseOfThePaper) {
  const Job job = gpt(6144, 64, 48);
  Plan plan{.tp = 8, .micro_batch = 4};
  const double sbh = 2048.0 * 4.0 * 6144.0;
  const double scores = 5.0 * 64.0 * 2048.0 / 6144.0;
  EXPECT_DOUBLE_EQ(layer_activation_bytes(job, plan, false), sbh / 8.0 * (34.0 + scores));
  plan.recompute = Recompute::selective;
  EXPECT_DOUBLE_EQ(layer_activation_bytes(job, plan, false), sbh / 8.0 * 34.0);
  plan.sequence_parallel = false;
  EXPECT_DOUBLE_EQ(layer_activation_bytes(job, plan, false), sbh * (10.0 + 24.0 / 8.0));
  plan.recompute = Recompute::full;
  EXPECT_DOUBLE_EQ(layer_activation_bytes(job, plan, false), 2.0 * sbh);
}

TEST(Memory, InterleavingHoldsMore) {
  const Job job = gpt(12288, 96, 96);
  const Plan plan{.tp = 8,
                  .pp = 8,
                  .chunks = 3,
                  .zero = 0,
                  .schedule = Schedule::interleaved,
                  .recompute = Recompute::selective};
  const Memory memory = memory_of(job, plan);
  // All 96 layers' worth, and (p - 1) / (p v) of them again.
  const double expected = 34.0 * 2048.0 * 12288.0 / 8.0 * 96.0 * (1.0 + 7.0 / 24.0);
  EXPECT_DOUBLE_EQ(memory.activations.si(), expected);
}

TEST(Memory, ZeroShardsPartByPart) {
  const Job job = gpt(4096, 32, 32);
  Plan plan{.dp = 8, .zero = 0};
  const Memory whole = memory_of(job, plan);
  plan.zero = 1;
  const Memory one = memory_of(job, plan);
  plan.zero = 2;
  const Memory two = memory_of(job, plan);
  plan.zero = 3;
  const Memory three = memory_of(job, plan);
  EXPECT_DOUBLE_EQ(one.states.si(), whole.states.si() / 8.0);
  EXPECT_EQ(one.gradients, whole.gradients);
  EXPECT_DOUBLE_EQ(two.gradients.si(), whole.gradients.si() / 8.0);
  EXPECT_EQ(two.weights, whole.weights);
  EXPECT_DOUBLE_EQ(three.weights.si(), whole.weights.si() / 8.0);
  // 2 + 4 + 12 bytes a parameter: 12 h^2 a layer and the table, and norms.
  const double parameters = 12.0 * 4096.0 * 4096.0 * 32.0 + 51200.0 * 4096.0;
  const Bytes all = whole.weights + whole.gradients + whole.states;
  EXPECT_NEAR(all.si() / (18.0 * parameters), 1.0, 1e-3);
}

TEST(Memory, ExpertsAreShardedOverTheirOwnRanks) {
  Job job = gpt(1024, 16, 8);
  job.model.dense_layers = 0;
  job.model.experts = 64;
  job.model.top_k = 4;
  job.model.expert_inter = 512;
  const Plan plan{.tp = 2, .ep = 16, .dp = 16, .zero = 1};
  const StageParameters n = stage_parameters(job.model, plan, 8.0, false, false);
  EXPECT_DOUBLE_EQ(n.experts, 8.0 * 4.0 * 2.0 * 1024.0 * 512.0);
  const Memory memory = memory_of(job, plan);
  const StageParameters all = stage_parameters(job.model, plan, 8.0, true, true);
  // Two ranks hold the same experts, sixteen the same rest.
  EXPECT_NEAR(memory.states.si(), 12.0 * (all.dense / 16.0 + all.experts / 2.0), 1.0);
}

}  // namespace
}  // namespace sn::training
