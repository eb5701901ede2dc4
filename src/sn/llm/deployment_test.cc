// sn/llm/deployment_test.cc
//
// Which cuts of a model are possible, and the memory of one GPU by hand.

#include "sn/llm/deployment.h"

#include <gtest/gtest.h>

#include <cmath>

#include "sn/llm/shipped_test_util.h"

namespace sn::llm {
namespace {

using namespace sn::literals;
using kernel::DataType;

constexpr Precision bf16{DataType::bf16, DataType::bf16, DataType::bf16};
constexpr Precision fp8{DataType::fp8, DataType::fp8, DataType::fp8};

hw::Chip chip_of(Bytes hbm) {
  hw::Chip c;
  c.hbm_capacity = hbm;
  return c;
}

/// 90 % of HBM, 4 GB of workspace.
Framework framework() {
  Framework f;
  f.memory = 0.9;
  f.workspace = 4_GB;
  f.activations_inside = 1.0;
  return f;
}

TEST(Parallelism, CountsRanks) {
  const Parallelism p{.tp = 2, .dp = 4, .pp = 3, .ep = 4};
  EXPECT_EQ(p.stage_ranks(), 8);
  EXPECT_EQ(p.gpus(), 24);
  EXPECT_EQ(p.expert_tp(), 2);
  EXPECT_EQ(to_string(p), "TP2 DP4 EP4 PP3");
  EXPECT_EQ(to_string(Parallelism{.tp = 8, .pp = 8, .spread = true}), "TP8 PP8 spread");
  EXPECT_EQ(to_string(Parallelism{.dp = 80, .ep = 80}), "DP80 EP80");
  EXPECT_EQ(to_string(Parallelism{}), "TP1");
}

TEST(WhyNot, NamesTheReason) {
  const ModelSpec deepseek = shipped_model("deepseek-v3").spec;
  const ModelSpec qwen = shipped_model("qwen3-235b-a22b").spec;
  const ModelSpec llama = shipped_model("llama-3.1-70b").spec;
  const auto why = [](const ModelSpec& m, Parallelism p, std::int64_t drafts = 0) {
    return why_not(m, {.parallel = p, .precision = bf16, .draft_tokens = drafts}, 32);
  };
  EXPECT_EQ(why(llama, {.tp = 8}), "");
  EXPECT_EQ(why(llama, {.tp = 16}), "");  // two ranks to a KV head
  EXPECT_EQ(why(llama, {.tp = 8, .pp = 4}), "");
  EXPECT_EQ(why(deepseek, {.tp = 8, .ep = 8}, 1), "");
  EXPECT_EQ(why(deepseek, {.dp = 256, .ep = 256}), "");
  EXPECT_EQ(why(qwen, {.tp = 2, .dp = 4, .ep = 8}), "");

  const auto expect = [](const std::string& reason, const char* part) {
    EXPECT_NE(reason.find(part), std::string::npos) << "'" << reason << "' lacks " << part;
  };
  expect(why(llama, {.tp = 0}), "at least 1");
  expect(why(llama, {.tp = 3}), "tp 3 does not divide 64 attention heads");
  EXPECT_EQ(why(llama, {.tp = 64}), "") << "two domains in whole";
  expect(why_not(llama, {.parallel = {.tp = 32}, .precision = bf16}, 24), "ScaleUp domain of 24");
  expect(why(llama, {.tp = 1, .pp = 81}), "pipeline stages");
  expect(why(llama, {.tp = 1, .dp = 2}), "dense model");
  expect(why(llama, {.tp = 2, .ep = 2}), "dense model");
  expect(why(llama, {.tp = 8}, 1), "no MTP layers");
  expect(why(deepseek, {.tp = 2, .dp = 4, .ep = 3}), "ep must divide");
  expect(why(deepseek, {.dp = 512, .ep = 512}), "ep 512 exceeds 256 experts");
  expect(why(qwen, {.dp = 18, .ep = 2}), "expert tensor parallelism 9");
  expect(why(qwen, {.dp = 48, .ep = 48}), "whole ScaleUp domains");

  ModelSpec odd = llama;  // 24 heads, 8 KV heads: 6 ranks would hold 4/3 KV heads each
  odd.attention.heads = 24;
  expect(why_not(odd, {.parallel = {.tp = 6}, .precision = bf16}, 6), "8 KV heads");
  EXPECT_EQ(why_not(odd, {.parallel = {.tp = 4}, .precision = bf16}, 32), "");
  // A stage inside a domain need not divide it; one over several must.
  EXPECT_EQ(why_not(odd, {.parallel = {.tp = 4, .pp = 2}, .precision = bf16}, 9), "");
}

TEST(ExpertSlots, AreFilledUpWithReplicas) {
  const ModelSpec m = shipped_model("deepseek-v3").spec;
  EXPECT_EQ(expert_slots(m, {.parallel = {.dp = 8, .ep = 8}}), 32);
  EXPECT_EQ(expert_slots(m, {.parallel = {.dp = 72, .ep = 72}}),
            4);  // 288 slots, 32 of them replicas
  EXPECT_EQ(expert_slots(m, {.parallel = {.tp = 8}}), 256);
  EXPECT_EQ(expert_slots(shipped_model("llama-3.1-70b").spec, {.parallel = {.tp = 8}}), 0);
}

TEST(Memory, DeepSeekV3OnEightB200) {
  // DP8 EP8, fp8 throughout. Each rank holds, in GB of 1 B: attention 61 x 187,107,328 = 11.414;
  // dense layers 1.189; 32 of 256 experts 58 x 32 x 44,040,192 = 81.739; the shared expert 2.554;
  // in bf16 the router 0.213, the vocabulary twice, 2 x 2 x 926,679,040 = 3.707, and the expansion
  // of the latent once more for absorbed attention, 61 x 2 x 512 x 128 x 256 = 2.047. Sum 102.862.
  const MemoryBudget b = memory_budget(shipped_model("deepseek-v3").spec,
                                       {.parallel = {.dp = 8, .ep = 8}, .precision = fp8},
                                       chip_of(180_GB), framework(), 8192.0);
  EXPECT_NEAR(b.usable.si(), 162e9, 1.0);
  EXPECT_NEAR(b.weights.si(), 102'861'957'120.0, 1.0);
  EXPECT_EQ(b.workspace, 4_GB);
  // 8192 tokens x 2 B x (2 x 7168 + 8 experts each with 2 x 7168 + 3 x 2048) = 2.919 GB.
  EXPECT_NEAR(b.activations.si(), 8192.0 * 2.0 * (14336.0 + 8.0 * 20480.0), 1.0);
  EXPECT_EQ(b.kv_per_token.si(), 35'136.0);
  // 162 - 102.862 - 2.919 - 4 = 52.219 GB for 1,486,191 tokens.
  EXPECT_NEAR(b.kv().si(), 52.2188e9, 1e5);
  EXPECT_NEAR(b.kv_tokens(), 1'486'191.0, 10.0);
}

TEST(Memory, LlamaOnEightH200) {
  // TP8 in bf16: (80 x (150,994,944 + 704,643,072) + 2 x 1,050,673,152) / 8 x 2 B = 17.638 GB.
  const MemoryBudget b =
      memory_budget(shipped_model("llama-3.1-70b").spec, {.parallel = {.tp = 8}, .precision = bf16},
                    chip_of(141_GB), framework(), 8192.0);
  EXPECT_NEAR(b.weights.si(), 17'638'096'896.0, 1.0);
  // 8192 x 2 B x (2 x 8192 + 3 x 28672 / 8).
  EXPECT_NEAR(b.activations.si(), 8192.0 * 2.0 * (16384.0 + 10752.0), 1.0);
  EXPECT_EQ(b.kv_per_token.si(), 40'960.0);  // one KV head of eight
  // 126.9 - 17.638 - 0.445 - 4 = 104.817 GB for 2,559,018 tokens.
  EXPECT_NEAR(b.kv_tokens(), 2'559'018.0, 50.0);
}

TEST(Memory, TensorParallelismRepeatsWhatItCannotCut) {
  // DeepSeek-V3 TP8: of 187,107,328 a layer, 7168 x (1536 + 512 + 64) = 15,138,816 are projections
  // into latents that each rank needs whole; the cache is whole on every rank too.
  const ModelSpec m = shipped_model("deepseek-v3").spec;
  const Deployment eight{.parallel = {.tp = 8}, .precision = fp8};
  const MemoryBudget b = memory_budget(m, eight, chip_of(180_GB), framework(), 64.0);
  const double attention = 15'138'816.0 + (187'107'328.0 - 15'138'816.0) / 8.0;
  const double expert = 44'040'192.0 / 8.0;
  EXPECT_NEAR(b.weights.si(),
              61.0 * attention + 3.0 * 396'361'728.0 / 8.0 + 58.0 * 257.0 * expert +
                  58.0 * 256.0 * 7168.0 * 2.0 + 4.0 * 926'679'040.0 / 8.0 +
                  61.0 * 2.0 * 512.0 * 16.0 * 256.0,
              1.0);
  EXPECT_EQ(b.kv_per_token.si(), 35'136.0);
  // Llama TP16: two ranks share each KV head, 40960 B a token as with TP8.
  const MemoryBudget l =
      memory_budget(shipped_model("llama-3.1-70b").spec,
                    {.parallel = {.tp = 16}, .precision = bf16}, chip_of(141_GB), framework(), 1.0);
  EXPECT_EQ(l.kv_per_token.si(), 40'960.0);
  // Queries, outputs and feed-forward by 16, keys and values by 8.
  EXPECT_NEAR(l.weights.si(),
              2.0 * (80.0 * ((134'217'728.0 + 704'643'072.0) / 16.0 + 16'777'216.0 / 8.0) +
                     2.0 * 1'050'673'152.0 / 16.0),
              1.0);
}

TEST(Memory, Fp4KeepsEverythingButExpertsInFp8) {
  const ModelSpec m = shipped_model("sn-10t").spec;
  EXPECT_EQ(part_weights(m, {.weights = DataType::fp4}).attention, DataType::fp8);
  EXPECT_EQ(part_weights(m, {.weights = DataType::bf16}).attention, DataType::bf16);
  const auto weights = [&](DataType type) {
    return memory_budget(m, {.parallel = {.dp = 128, .ep = 128}, .precision = {.weights = type}},
                         chip_of(180_GB), framework(), 1.0)
        .weights.si();
  };
  // 128 layers x 4 experts x 150,994,944 shrink from 1 to 0.5625 B each (NVFP4: 16 to a scale).
  EXPECT_NEAR(weights(DataType::fp8) - weights(DataType::fp4), 128.0 * 4.0 * 150'994'944.0 * 0.4375,
              1.0);
}

TEST(Memory, Fp4NarrowsAllOfADenseModel) {
  const ShippedModel m = shipped_model("llama-3.1-70b");
  const ShippedMachine machine = shipped_machine("hgx-b200", m.traits);
  const auto weights = [&](DataType t) {
    return memory_budget(m.spec, {.parallel = {.tp = 1}, .precision = {t, t, DataType::fp8}},
                         machine.cluster.rack.chip, machine.framework, 1.0)
        .weights.si();
  };
  // Embedding and head stay in bf16: 2 x 128 256 x 8 192 x 2 B = 4.2 GB; of the rest fp4 is 4.25
  // bits and fp8 eight.
  const double vocabulary = 2.0 * 128256.0 * 8192.0 * 2.0;
  const double share =
      (weights(DataType::fp4) - vocabulary) / (weights(DataType::fp8) - vocabulary);
  EXPECT_NEAR(share, kernel::bytes_per_element(DataType::fp4).si(), 0.01);
}

TEST(Memory, PipelineStagesAndDraftsChangeTheShare) {
  const ModelSpec m = shipped_model("deepseek-v3").spec;
  const auto budget = [&](std::int64_t pp, std::int64_t drafts) {
    return memory_budget(
        m, {.parallel = {.dp = 8, .pp = pp, .ep = 8}, .precision = fp8, .draft_tokens = drafts},
        chip_of(180_GB), framework(), 1.0);
  };
  // Two stages of 31 layers (61 / 2 up), all with experts in the fuller one; one half of the
  // vocabulary.
  const double absorbed = 2.0 * 512.0 * 128.0 * 256.0;
  const double moe_layer = 187'107'328.0 + absorbed + 33.0 * 44'040'192.0 + 256.0 * 7168.0 * 2.0;
  EXPECT_NEAR(budget(2, 0).weights.si(), 31.0 * moe_layer + 2.0 * 926'679'040.0, 1.0);
  EXPECT_EQ(budget(2, 0).kv_per_token.si(), 31.0 * 576.0);
  // MTP: one more expert layer, 2h x h, and a cache of one more layer.
  EXPECT_NEAR(budget(1, 1).weights.si() - budget(1, 0).weights.si(),
              moe_layer + 2.0 * 7168.0 * 7168.0, 1.0);
  EXPECT_EQ(budget(1, 1).kv_per_token.si(), 62.0 * 576.0);
}

TEST(Memory, AShareOfAllHbmOrOfWhatLoadingLeaves) {
  const ModelSpec m = shipped_model("deepseek-v3").spec;
  const Deployment eight{.parallel = {.dp = 8, .ep = 8}, .precision = fp8};
  const auto budget = [&](double after_load) {
    Framework f = framework();
    f.memory_after_load = after_load;
    return memory_budget(m, eight, chip_of(180_GB), f, 8192.0);
  };
  const MemoryBudget all = budget(0.0);
  const double loaded = (all.weights + all.activations + all.workspace).si();
  EXPECT_NEAR(all.kv().si(), 0.9 * 180e9 - loaded, 1.0);
  EXPECT_NEAR(budget(1.0).kv().si(), 0.9 * (180e9 - loaded), 1.0);
  EXPECT_NEAR(budget(0.1).kv().si(), 0.9 * budget(0.0).kv().si() + 0.1 * budget(1.0).kv().si(),
              1.0);
  EXPECT_EQ(budget(1.0).weights, all.weights);
  EXPECT_EQ(budget(1.0).activations, all.activations);
  EXPECT_EQ(budget(1.0).workspace, all.workspace);
}

TEST(ExpertSlots, ReplicasFillFurtherSlots) {
  const ModelSpec m = shipped_model("deepseek-v3").spec;
  Deployment d{.parallel = {.dp = 32, .ep = 32}, .redundant = 32};
  EXPECT_EQ(expert_slots(m, d), 9);  // DeepSeek-V3's prefill: 288 slots on 32 ranks
  EXPECT_EQ(cut_text(d), "DP32 EP32+32");
  EXPECT_EQ(why_not(m, d, 128), "");
  d.redundant = 256 * 32;
  EXPECT_NE(why_not(m, d, 128).find("more slots than"), std::string::npos);
  d = {.parallel = {.tp = 8}, .redundant = 8};
  EXPECT_NE(why_not(m, d, 128).find("ep above 1"), std::string::npos);
}

TEST(PlacementImbalance, ByHand) {
  // Quartile midpoints of the normal distribution: z = -1.1503, -0.3186, 0.3186, 1.1503.
  const double a = std::exp(1.1503493803760079);
  const double b = std::exp(0.3186393639643752);
  const double sum = a + b + 1.0 / a + 1.0 / b;
  EXPECT_NEAR(placement_imbalance(4, 4, 1, 1.0), 4.0 * a / sum, 1e-9);
  // Two a rank: the heaviest beside the lightest, which exceeds the other two.
  EXPECT_NEAR(placement_imbalance(4, 2, 2, 1.0), 2.0 * (a + 1.0 / a) / sum, 1e-9);
  // Four replicas more: a is held by three ranks, b by two, the others by one and two.
  EXPECT_LT(placement_imbalance(4, 4, 2, 1.0), 1.2);
  EXPECT_EQ(placement_imbalance(4, 1, 4, 1.0), 1.0);
  EXPECT_EQ(placement_imbalance(256, 256, 1, 0.0), 1.0);
}

TEST(PlacementImbalance, ReplicasEvenOutAndSpreadingDoesNot) {
  double last = INFINITY;
  for (const std::int64_t slots : {8, 9, 10, 12, 16}) {
    const double now = placement_imbalance(256, 32, slots, 1.0);
    EXPECT_LE(now, last * 1.01);
    EXPECT_GE(now, 1.0);
    last = now;
  }
  EXPECT_LT(placement_imbalance(256, 32, 8, 0.5), placement_imbalance(256, 256, 1, 0.5));
}

TEST(Memory, ContextParallelRanksShareTokensAndCache) {
  const ShippedModel m = shipped_model("llama-3.1-70b");
  const ShippedMachine machine = shipped_machine("hgx-h200", m.traits);
  const auto budget = [&](const Parallelism& p) {
    return memory_budget(m.spec, {.parallel = p}, machine.cluster.rack.chip, machine.framework,
                         8192.0);
  };
  const MemoryBudget one = budget({.tp = 2});
  const MemoryBudget four = budget({.tp = 2, .cp = 4});
  EXPECT_NEAR(four.kv_per_token / one.kv_per_token, 0.25, 1e-12);
  EXPECT_NEAR(four.activations / one.activations, 0.25, 1e-12);
  EXPECT_EQ(four.weights, one.weights);
  EXPECT_EQ(to_string(Parallelism{.tp = 2, .cp = 4}), "TP2 CP4");
  EXPECT_NE(why_not(m.spec, {.parallel = {.tp = 8, .cp = 3}}, 8).find("does not divide"),
            std::string::npos);
}

}  // namespace
}  // namespace sn::llm
