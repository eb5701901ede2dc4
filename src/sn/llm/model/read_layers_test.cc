// sn/llm/model/read_layers_test.cc
//
// Layers with a state of fixed size and sparse layers that share an indexer: counts against what
// the models' cards say, bytes against the fields.

#include "sn/llm/model/read_layers.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "sn/llm/shipped_test_util.h"

namespace sn::llm {
namespace {

using kernel::DataType;

ModelSpec read(const std::string& text) {
  const Result<Node> tree = parse_document("config.json", text);
  EXPECT_TRUE(tree);
  const Result<ModelSpec> m = read_model(*tree, "a model");
  EXPECT_TRUE(m) << (m ? std::string() : render(m.error()));
  return m ? *m : ModelSpec{};
}

void expect_total(const ModelSpec& m, double published) {
  EXPECT_NEAR(count_parameters(m).total(), published, 0.01 * published) << m.family;
}

constexpr const char* qwen35 = R"({"model_type": "qwen3_5_moe", "text_config": {
  "model_type": "qwen3_5_moe_text", "attn_output_gate": true, "full_attention_interval": 4,
  "head_dim": 256, "hidden_size": 2048, "linear_conv_kernel_dim": 4, "linear_key_head_dim": 128,
  "linear_num_key_heads": 16, "linear_num_value_heads": 32, "linear_value_head_dim": 128,
  "max_position_embeddings": 262144, "mlp_only_layers": [], "moe_intermediate_size": 512,
  "num_attention_heads": 16, "num_experts": 256, "num_experts_per_tok": 8,
  "num_hidden_layers": 40, "num_key_value_heads": 2, "shared_expert_intermediate_size": 512,
  "vocab_size": 248320, "mamba_ssm_dtype": "float32"}, "tie_word_embeddings": false})";

constexpr const char* nemotron3 = R"({"model_type": "nemotron_h", "conv_kernel": 4,
  "head_dim": 128, "hidden_size": 2688, "intermediate_size": 1856,
  "hybrid_override_pattern": "MEMEM*EMEMEM*EMEMEM*EMEMEM*EMEMEM*EMEMEMEM*EMEMEMEME",
  "mamba_head_dim": 64, "mamba_num_heads": 64, "mamba_ssm_cache_dtype": "float32",
  "max_position_embeddings": 262144, "mlp_hidden_act": "relu2", "moe_intermediate_size": 1856,
  "moe_shared_expert_intermediate_size": 3712, "n_groups": 8, "n_routed_experts": 128,
  "n_shared_experts": 1, "num_attention_heads": 32, "num_experts_per_tok": 6,
  "num_hidden_layers": 52, "num_key_value_heads": 2, "ssm_state_size": 128,
  "tie_word_embeddings": false, "time_step_limit": [0.0, Infinity], "vocab_size": 131072})";

TEST(LinearLayers, OfQwen35) {
  const ModelSpec m = read(qwen35);
  EXPECT_EQ(m.linear_layers, 30);
  EXPECT_EQ(m.attention_layers(), 10);
  expect_total(m, 35e9);  // Qwen3.5-35B-A3B
  EXPECT_NEAR(active_parameters(m), 3e9, 0.1e9);
  // Ten layers with 2 KV heads of 256; thirty with 32 states of 128 x 128 in fp32 and three inputs
  // of a convolution over 8,192 channels.
  EXPECT_EQ(kv_bytes_per_token(m, DataType::bf16).si(), 10.0 * 2.0 * 2.0 * 256.0 * 2.0);
  const double state = 30.0 * (32.0 * 128.0 * 128.0 * 4.0 + 8192.0 * 3.0 * 2.0);
  EXPECT_EQ(state_bytes(m).si(), state);
  EXPECT_NEAR(kv_tokens_held(m, 1000.0), 1000.0 + state / 20480.0, 1e-9);
}

TEST(LinearLayers, OfNemotron) {
  const ModelSpec m = read(nemotron3);
  expect_total(m, 31.6e9);  // Nemotron-3-Nano-30B-A3B
  EXPECT_EQ(m.linear_layers, 23);
  EXPECT_EQ(m.attention_layers(), 6);
  EXPECT_EQ(m.moe_layers(), 23);
  EXPECT_EQ(m.bare_layers, 6);
  EXPECT_FALSE(m.gated_ffn);
  EXPECT_EQ(kv_bytes_per_token(m, DataType::bf16).si(), 6.0 * 2.0 * 2.0 * 128.0 * 2.0);
  std::string blocks = "M-M-M-M*-";
  for (int i = 0; i < 9; ++i) blocks += "M-M-M-M-M*-";
  blocks += "M-M-M-M-M-";
  const ModelSpec dense = read(R"({"model_type": "nemotron_h", "attention_head_dim": 128,
    "conv_kernel": 4, "hidden_size": 8192, "intermediate_size": 32768,
    "hybrid_override_pattern": ")" +
                               blocks + R"(",
    "mamba_head_dim": 64, "mamba_num_heads": 256, "max_position_embeddings": 8192, "n_groups": 8,
    "num_attention_heads": 64, "num_hidden_layers": 118, "num_key_value_heads": 8,
    "ssm_state_size": 256, "tie_word_embeddings": false, "vocab_size": 131072})");
  expect_total(dense, 56e9);  // Nemotron-H-56B
  EXPECT_FALSE(dense.is_moe());
  EXPECT_EQ(dense.bare_layers, 10);
}

TEST(LinearLayers, AStepReadsAndWritesEveryStateOnce) {
  const ModelSpec m = read(qwen35);
  const ShippedMachine machine = shipped_machine("hgx-h200", {});
  const Deployment one{.parallel = {},
                       .precision = {DataType::bf16, DataType::bf16, DataType::bf16}};
  const StepProgram program = compile(m, one, machine.view());
  const BatchShape shape = decode(64.0, 8192.0);
  double states = 0.0;
  for (const OperatorTime& op : StepEvaluator(program).bill(shape)) {
    if (op.name == "state (decode)") states += op.bound.si() * op.count;
  }
  // All but what half of 50 MB of L2 still holds of each layer's 64 x 2.2 MB.
  const double bytes = 64.0 * 2.0 * state_bytes(m).si();
  EXPECT_GT(states, (bytes - 30.0 * 50e6) / 4.8e12);
  EXPECT_LT(states, bytes * 1.05 / 4.8e12);
  const MemoryBudget b = memory_budget(m, one, machine.cluster.rack.chip, machine.framework, 1.0);
  EXPECT_EQ(b.kv_per_token.si(), 20480.0);
}

TEST(Indexers, AreSharedByLayersOfGlm52) {
  const std::string glm = R"({"model_type": "glm_moe_dsa", "hidden_size": 6144,
    "num_hidden_layers": 78, "vocab_size": 154880, "max_position_embeddings": 1048576,
    "num_attention_heads": 64, "q_lora_rank": 2048, "kv_lora_rank": 512, "qk_nope_head_dim": 192,
    "qk_rope_head_dim": 64, "v_head_dim": 256, "index_topk": 2048, "index_n_heads": 32,
    "index_head_dim": 128, "intermediate_size": 12288, "first_k_dense_replace": 3,
    "n_routed_experts": 256, "n_shared_experts": 1, "num_experts_per_tok": 8,
    "moe_intermediate_size": 2048)";
  const ModelSpec own = read(glm + "}");
  const ModelSpec shared = read(glm + R"(, "index_topk_freq": 4, "index_skip_topk_offset": 3})");
  EXPECT_EQ(own.indexer_layers, 78);
  EXPECT_EQ(shared.indexer_layers, 21);  // three, then every fourth of 75
  EXPECT_EQ(kv_bytes_per_token(shared, DataType::bf16).si(), 78.0 * 1152.0 + 21.0 * 132.0);
  EXPECT_NEAR(count_parameters(own).total() - count_parameters(shared).total(),
              57.0 * indexer_parameters(own), 1e3);
  const auto beyond = [](const ModelSpec& m) {
    return (flops_per_token(m, 131'072.0) - flops_per_token(m, 2048.0)).si();
  };
  EXPECT_NEAR(beyond(own) / beyond(shared), 78.0 / 21.0, 1e-9);
}

TEST(Indexers, OfBlocksOfKeys) {
  std::string freq = "0, 0, 0";
  for (int i = 3; i < 60; ++i) freq += ", 1";
  const ModelSpec m = read(R"({"model_type": "minimax_m3", "dense_intermediate_size": 12288,
    "head_dim": 128, "hidden_size": 6144, "intermediate_size": 3072,
    "max_position_embeddings": 1048576, "moe_intermediate_size": 3072, "n_shared_experts": 1,
    "num_attention_heads": 64, "num_experts_per_tok": 4, "num_hidden_layers": 60,
    "num_key_value_heads": 4, "num_local_experts": 128, "shared_intermediate_size": 3072,
    "tie_word_embeddings": false, "vocab_size": 200064, "moe_layer_freq": [)" +
                           freq + R"(], "sparse_attention_config": {"sparse_block_size": 128,
    "sparse_topk_blocks": 16, "sparse_index_dim": 128, "sparse_num_index_heads": 4,
    "sparse_attention_freq": [)" +
                           freq + "]}}");
  EXPECT_EQ(m.dense_layers, 3);
  EXPECT_EQ(m.sparse_top_k, 2048);
  EXPECT_EQ(m.indexer_layers, 57);
  expect_total(m, 428e9);
  EXPECT_EQ(kv_bytes_per_token(m, DataType::fp8).si(), 60.0 * 2.0 * 4.0 * 128.0 + 57.0 * 132.0);
}

// --- KV memory as engines logged it -------------------------------------------------------------

Framework engine(std::string_view name, double utilisation) {
  Framework f;
  read_shipped(shipped_entry("framework", name), f);
  f.memory = utilisation;
  return f;
}

/// KV tokens of one rank: chunk plus sequences in a step.
double kv_tokens(std::string_view model, std::string_view rack, const Deployment& d,
                 const Framework& f) {
  const hw::Chip chip = shipped_machine(rack, {}).cluster.rack.chip;
  return memory_budget(shipped_model(model).spec, d, chip, f,
                       8192.0 + static_cast<double>(f.max_sequences))
      .kv_tokens();
}

TEST(KvMemory, AsEnginesLogIt) {
  const Deployment qwen{.parallel = {.tp = 4},
                        .precision = {DataType::fp8, DataType::fp8, DataType::bf16}};
  // vllm#21348: Qwen3-235B-A22B-FP8 on 4 H100.
  EXPECT_NEAR(kv_tokens("qwen3-235b-a22b", "hgx-h100", qwen, engine("vllm", 0.9)), 178'880.0,
              0.05 * 178'880.0);
  EXPECT_NEAR(kv_tokens("qwen3-235b-a22b", "hgx-h100", qwen, engine("sglang", 0.93)), 367'404.0,
              0.05 * 367'404.0);
  // sglang#11309: DeepSeek-V3.2 on 8 B200.
  EXPECT_NEAR(kv_tokens("deepseek-v3.2", "hgx-b200",
                        {.parallel = {.dp = 8, .ep = 8},
                         .precision = {DataType::fp8, DataType::fp8, DataType::fp8}},
                        engine("sglang", 0.8)),
              975'424.0, 0.05 * 975'424.0);
}

TEST(KvMemory, GptOssOnOneH100) {
  // vllm#27508: loads 64.4 to 66.0 GiB; lacks 2.14 GiB at 0.9, 1.71 GiB left at 0.95.
  const ModelSpec m = shipped_model("gpt-oss-120b").spec;
  const hw::Chip chip = shipped_machine("hgx-h100", {}).cluster.rack.chip;
  const Deployment one{.parallel = {},
                       .precision = {DataType::fp4, DataType::bf16, DataType::bf16}};
  const auto budget = [&](double u) {
    return memory_budget(m, one, chip, engine("vllm", u), 1024.0 + 1024.0);
  };
  constexpr double gib = 1073741824.0;
  EXPECT_GT(budget(0.9).weights.si(), 64.4 * gib);
  EXPECT_LT(budget(0.9).weights.si(), 66.0 * gib);
  EXPECT_NEAR(budget(0.9).kv().si(), -2.14 * gib, 0.5 * gib);
  EXPECT_NEAR(budget(0.95).kv().si(), 1.71 * gib, 0.5 * gib);
}

}  // namespace
}  // namespace sn::llm
