// sn/llm/model/quantisation_test.cc
//
// Checkpoints of the writers in use, as their configuration files say it: format, what stays in
// bf16, bytes of a weight. Nothing narrow is read as bf16.

#include "sn/llm/model/quantisation.h"

#include <gtest/gtest.h>

#include <string>

#include "sn/llm/deployment.h"
#include "sn/llm/shipped_test_util.h"

namespace sn::llm {
namespace {

using kernel::DataType;

constexpr const char* dense = R"("model_type": "qwen3", "hidden_size": 5120,
  "num_hidden_layers": 64, "vocab_size": 151936, "max_position_embeddings": 40960,
  "num_attention_heads": 64, "num_key_value_heads": 8, "head_dim": 128,
  "intermediate_size": 25600, "tie_word_embeddings": false)";

constexpr const char* kimi = R"("model_type": "kimi_k2", "hidden_size": 7168,
  "intermediate_size": 18432, "moe_intermediate_size": 2048, "num_hidden_layers": 61,
  "num_attention_heads": 64, "num_key_value_heads": 64, "vocab_size": 163840,
  "max_position_embeddings": 262144, "q_lora_rank": 1536, "kv_lora_rank": 512,
  "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128, "n_routed_experts": 384,
  "n_shared_experts": 1, "num_experts_per_tok": 8, "first_k_dense_replace": 1,
  "tie_word_embeddings": false)";

Result<ModelSpec> read(const std::string& text) {
  const Result<Node> tree = parse_document("config.json", text);
  if (!tree) return fail(tree.error());
  return read_model(*tree, "a model");
}

/// A dense model with this `quantization_config`.
ModelSpec quantised(const std::string& config, const char* model = dense) {
  const auto m = read("{" + std::string(model) + ", \"quantization_config\": " + config + "}");
  EXPECT_TRUE(m) << render(m.error()) << config;
  return m ? *m : ModelSpec{};
}

TEST(Quantisation, CompressedTensorsOfKimiAreInt4InGroupsOf32) {
  const ModelSpec m = quantised(R"({"config_groups": {"group_0": {"input_activations": null,
      "targets": ["Linear"], "weights": {"dynamic": false, "group_size": 32, "num_bits": 4,
      "strategy": "group", "symmetric": true, "type": "int"}}}, "format": "pack-quantized",
      "ignore": ["lm_head", "re:.*self_attn.*", "re:.*shared_experts.*",
                 "re:.*mlp\\.(gate|up|gate_up|down)_proj.*"],
      "kv_cache_scheme": null, "quant_method": "compressed-tensors"})",
                                kimi);
  EXPECT_EQ(m.native_weights, DataType::int4);
  EXPECT_EQ(m.stored.bytes, 0.5 + 2.0 / 32.0);
  EXPECT_EQ(m.stored.activations, DataType::bf16);
  EXPECT_EQ(part_weights(m, {.weights = DataType::int4}), (PartWeights{.experts = DataType::int4}));
  // Experts 60 x 384 x 3 x 7168 x 2048 at 0.5625 B, all else at 2 B: 594.7 GB, as the repository's
  // files are (595 GB).
  hw::Chip chip;
  chip.hbm_capacity = Bytes::from_si(1e13);
  Framework f;
  f.memory = 0.9;
  const MemoryBudget b =
      memory_budget(m, {.parallel = {}, .precision = {.weights = DataType::int4}}, chip, f, 1.0);
  EXPECT_NEAR(b.weights.si(), 594.7e9, 0.01 * 594.7e9);
}

TEST(Quantisation, ModelOptSaysItWithOrWithoutAMethod) {
  const ModelSpec kimi_fp4 = quantised(
      R"({"config_groups": {"group_0": {"input_activations": {"dynamic": false, "num_bits": 4,
      "type": "float", "group_size": 16}, "weights": {"dynamic": false, "num_bits": 4,
      "type": "float", "group_size": 16}, "targets": ["Linear"]}},
      "ignore": ["language_model.lm_head", "language_model.model.layers.0.self_attn*"],
      "quant_algo": "NVFP4", "kv_cache_scheme": {"dynamic": false, "num_bits": 8, "type": "float"},
      "quant_method": "modelopt"})",
      kimi);
  EXPECT_EQ(kimi_fp4.native_weights, DataType::fp4);
  EXPECT_EQ(kimi_fp4.stored.bytes, 0.5625);
  EXPECT_FALSE(kimi_fp4.stored.mxfp4);
  EXPECT_EQ(kimi_fp4.stored.kv, DataType::fp8);
  EXPECT_EQ(part_weights(kimi_fp4, {.weights = DataType::fp4}),
            (PartWeights{.attention = DataType::bf16,
                         .dense = DataType::fp4,
                         .shared = DataType::fp4,
                         .experts = DataType::fp4}));
  const ModelSpec still = quantised(
      R"({"config_groups": {"group_0": {"input_activations": {"dynamic": false, "num_bits": 8,
      "type": "float"}, "weights": {"dynamic": false, "num_bits": 8, "type": "float"}}},
      "ignore": ["lm_head"], "quant_algo": "FP8", "kv_cache_scheme": "FP8"})");
  EXPECT_EQ(still.native_weights, DataType::fp8);
  EXPECT_FALSE(still.block_scales);
  EXPECT_EQ(still.stored.kv, DataType::fp8);
}

TEST(Quantisation, OfAFileBesideTheConfiguration) {
  const auto m = read("{" + std::string(dense) +
                      R"(, "hf_quant_config": {"producer": {"name": "modelopt"},
      "quantization": {"quant_algo": "NVFP4", "kv_cache_quant_algo": "FP8", "group_size": 16,
      "exclude_modules": ["lm_head"]}}})");
  ASSERT_TRUE(m) << render(m.error());
  EXPECT_EQ(m->native_weights, DataType::fp4);
  EXPECT_EQ(m->stored.bytes, 0.5625);
  EXPECT_EQ(m->stored.kv, DataType::fp8);
  EXPECT_EQ(part_weights(*m, {.weights = DataType::fp4}).attention, DataType::fp4);
}

TEST(Quantisation, KnownWriters) {
  struct Case {
    const char* config;
    DataType weights;
    double bytes;
    DataType activations;
  };
  const Case cases[] = {
      {R"({"quant_method": "fp8", "weight_block_size": [128, 128]})", DataType::fp8, 1.0,
       DataType::fp8},
      {R"({"quant_method": "fbgemm_fp8"})", DataType::fp8, 1.0, DataType::fp8},
      // A scale of 2 B and a zero point of 4 bits for 128 weights.
      {R"({"quant_method": "awq", "bits": 4, "group_size": 128, "zero_point": true})",
       DataType::int4, 0.5 + 2.5 / 128.0, DataType::bf16},
      {R"({"quant_method": "gptq", "bits": 4, "group_size": 64, "sym": true})", DataType::int4,
       0.5 + 2.0 / 64.0, DataType::bf16},
      {R"({"quant_method": "gptq", "bits": 8, "group_size": 128})", DataType::int8, 1.0,
       DataType::bf16},
      {R"({"quant_method": "bitsandbytes", "load_in_8bit": true})", DataType::int8, 1.0,
       DataType::bf16},
      {R"({"quant_algo": "W4A16_AWQ", "group_size": 128})", DataType::int4, 0.5 + 2.0 / 128.0,
       DataType::bf16},
      {R"({"quant_method": "compressed-tensors", "config_groups": {"g": {"weights": {"num_bits": 8,
       "type": "int"}, "input_activations": {"num_bits": 8, "type": "int"}}}})",
       DataType::int8, 1.0, DataType::int8},
  };
  for (const Case& c : cases) {
    const ModelSpec m = quantised(c.config);
    EXPECT_EQ(m.native_weights, c.weights) << c.config;
    EXPECT_NEAR(weight_bytes(m, m.native_weights), c.bytes, 1e-12) << c.config;
    EXPECT_EQ(m.stored.activations, c.activations) << c.config;
  }
}

TEST(Quantisation, SingleWideLayersOfADenseModelDoNotWidenIt) {
  // As Llama-3.1-405B-FP8: attention of all layers, feed-forward of the first and the last.
  const ModelSpec m = quantised(R"({"quant_method": "fbgemm_fp8", "modules_to_not_convert":
      ["model.layers.0.self_attn.q_proj", "model.layers.1.self_attn.q_proj",
       "model.layers.0.mlp.down_proj", "model.layers.63.mlp.down_proj", "lm_head"]})");
  EXPECT_TRUE(m.stored.wide_attention);
  EXPECT_FALSE(m.stored.wide_dense);
}

TEST(Quantisation, WhatIsNotUnderstoodIsRefusedByName) {
  const auto refusal = [](const std::string& config) {
    const auto m = read("{" + std::string(dense) + ", \"quantization_config\": " + config + "}");
    EXPECT_FALSE(m) << config;
    return m ? std::string() : render(m.error());
  };
  EXPECT_NE(refusal(R"({"quant_method": "hqq"})").find("quant_method hqq"), std::string::npos);
  EXPECT_NE(refusal(R"({"quant_algo": "MIXED_PRECISION"})").find("MIXED_PRECISION"),
            std::string::npos);
  EXPECT_NE(refusal(R"({"quant_method": "gptq", "bits": 3})").find("bits 3"), std::string::npos);
  EXPECT_NE(refusal(R"({"quant_method": "bitsandbytes", "load_in_4bit": true})").find("bitsandb"),
            std::string::npos);
  EXPECT_FALSE(refusal(R"({"quant_method": "compressed-tensors", "config_groups": {
      "a": {"weights": {"num_bits": 8, "type": "float"}},
      "b": {"weights": {"num_bits": 4, "type": "int"}}}})")
                   .empty());
}

}  // namespace
}  // namespace sn::llm
