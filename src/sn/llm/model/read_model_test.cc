// sn/llm/model/read_model_test.cc
//
// Reading config.json: families, missing and absurd fields, and the configurations of real models
// (when SN_SHARED_DATA names the folder that holds `models`).

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "sn/llm/model/model.h"

namespace sn::llm {
namespace {

Result<ModelSpec> read(const std::string& text) {
  const Result<Node> tree = parse_document("config.json", text);
  if (!tree) return fail(tree.error());
  return read_model(*tree, "a model");
}

std::string messages(const Result<ModelSpec>& model) {
  return model ? std::string() : render(model.error());
}

constexpr const char* tiny_llama = R"({
  "model_type": "llama", "hidden_size": 1024, "num_hidden_layers": 4, "vocab_size": 32000,
  "max_position_embeddings": 4096, "tie_word_embeddings": true, "num_attention_heads": 16,
  "intermediate_size": 4096, "rope_theta": 10000.0, "rope_scaling": null
})";

std::string with(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  SN_ASSERT(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

TEST(ReadModel, DefaultsFollowTransformers) {
  const Result<ModelSpec> m = read(tiny_llama);
  ASSERT_TRUE(m) << messages(m);
  EXPECT_EQ(m->name, "a model");
  EXPECT_EQ(m->family, "llama");
  EXPECT_EQ(m->attention.kind, AttentionKind::gqa);
  EXPECT_EQ(m->attention.kv_heads, 16);  // multi-head when it is not said
  EXPECT_EQ(m->attention.head_dim, 64);  // 1024 / 16
  EXPECT_TRUE(m->tied_embeddings);
  EXPECT_FALSE(m->is_moe());
  EXPECT_EQ(m->dense_layers, 4);
  EXPECT_EQ(m->native_weights, kernel::DataType::bf16);
  // Tied: 32000 x 1024 once; 4 x (4 x 1024^2 + 3 x 1024 x 4096) and 9 norms.
  EXPECT_EQ(count_parameters(*m).total(),
            32000.0 * 1024.0 + 4.0 * (4.0 + 12.0) * 1024.0 * 1024.0 + 9.0 * 1024.0);
}

TEST(ReadModel, AllMissingFieldsAreReported) {
  const Result<ModelSpec> m = read(R"({"model_type": "deepseek_v3", "vocab_size": 1000})");
  ASSERT_FALSE(m);
  for (const char* key :
       {"hidden_size", "num_hidden_layers", "max_position_embeddings", "num_attention_heads",
        "kv_lora_rank", "qk_rope_head_dim", "qk_nope_head_dim", "v_head_dim", "n_routed_experts",
        "num_experts_per_tok", "moe_intermediate_size"}) {
    EXPECT_NE(messages(m).find("lacks '" + std::string(key) + "'"), std::string::npos) << key;
  }
  EXPECT_EQ(m.error().size(), 11u) << messages(m);
  for (const Error& e : m.error()) EXPECT_EQ(e.code, ErrorCode::missing);
}

TEST(ReadModel, AnUnknownFamilyIsNamedWithTheKnownOnes) {
  const Result<ModelSpec> m = read(R"({"model_type": "mamba2", "hidden_size": 64})");
  ASSERT_FALSE(m);
  EXPECT_EQ(m.error().front().code, ErrorCode::unknown_name);
  EXPECT_NE(m.error().front().message.find("'mamba2'"), std::string::npos);
  EXPECT_NE(m.error().front().message.find("'num_attention_heads'"), std::string::npos);
  EXPECT_EQ(m.error().front().message.find("'hidden_size'"), std::string::npos) << "it is there";
  EXPECT_NE(m.error().front().hint.find("deepseek_v3"), std::string::npos);
  EXPECT_EQ(m.error().front().where.line, 1);
  EXPECT_NE(messages(read("{}")).find("lacks 'model_type'"), std::string::npos);
}

TEST(ReadModel, AbsurdValuesAreRefusedWhereTheyStand) {
  for (const auto& [from, to] : std::map<std::string, std::string>{
           {"\"hidden_size\": 1024", "\"hidden_size\": 0"},
           {"\"num_hidden_layers\": 4", "\"num_hidden_layers\": 1000000"},
           {"\"vocab_size\": 32000", "\"vocab_size\": -1"},
           {"\"num_attention_heads\": 16", "\"num_attention_heads\": 1.5"},
           {"\"intermediate_size\": 4096", "\"intermediate_size\": \"many\""},
           {"\"intermediate_size\": 4096", "\"intermediate_size\": null"},
           {"\"tie_word_embeddings\": true", "\"tie_word_embeddings\": 7"}}) {
    const Result<ModelSpec> m = read(with(tiny_llama, from, to));
    ASSERT_FALSE(m) << to;
    EXPECT_EQ(m.error().size(), 1u) << messages(m);
    EXPECT_GT(m.error().front().where.line, 0) << to;
  }
  EXPECT_FALSE(read("[1, 2]"));
  EXPECT_FALSE(read("7"));
}

TEST(ReadModel, LayoutsThatAreNotModelledAreRefusedByTheFieldThatSaysSo) {
  const std::string v4 = messages(
      read(with(tiny_llama, "\"rope_scaling\": null", R"("compress_ratios": [0, 4, 128, 4])")));
  EXPECT_NE(v4.find("has 'compress_ratios'"), std::string::npos) << v4;
  const std::string mixed = messages(
      read(with(tiny_llama, "\"rope_scaling\": null",
                R"("layer_types": ["full_attention", "linear_attention", "full_attention"])")));
  EXPECT_NE(mixed.find("'linear_attention'"), std::string::npos) << mixed;
}

TEST(ReadModel, AnUnknownFamilyOfAKnownLayoutSaysWhatWasAssumed) {
  const Result<ModelSpec> dense = read(with(tiny_llama, "llama", "newcomer"));
  ASSERT_TRUE(dense) << messages(dense);
  ASSERT_EQ(dense->assumed.size(), 1u);
  EXPECT_NE(dense->assumed.front().find("'newcomer'"), std::string::npos);
  EXPECT_NE(dense->assumed.front().find("16 KV heads of 64"), std::string::npos);
  EXPECT_EQ(count_parameters(*dense).total(), count_parameters(*read(tiny_llama)).total());
  const Result<ModelSpec> moe =
      read(with(with(tiny_llama, "llama", "newcomer"), "\"rope_scaling\": null",
                R"("num_experts": 8, "num_experts_per_tok": 2, "moe_intermediate_size": 512)"));
  ASSERT_TRUE(moe) << messages(moe);
  EXPECT_EQ(moe->experts, 8);
  EXPECT_NE(moe->assumed.front().find("8 experts of 512, 2 a token"), std::string::npos);
  EXPECT_TRUE(read(tiny_llama)->assumed.empty());
}

TEST(ReadModel, TextPartsOfMultimodalConfigurations) {
  // Qwen3-VL-32B: 32.8e9 in the text part, as Qwen3-32B.
  const Result<ModelSpec> m = read(R"({"model_type": "qwen3_vl", "text_config": {
    "model_type": "qwen3_vl_text", "hidden_size": 5120, "num_hidden_layers": 64,
    "vocab_size": 151936, "max_position_embeddings": 262144, "num_attention_heads": 64,
    "num_key_value_heads": 8, "head_dim": 128, "intermediate_size": 25600},
    "tie_word_embeddings": false})");
  ASSERT_TRUE(m) << messages(m);
  EXPECT_NEAR(count_parameters(*m).total(), 32.8e9, 0.01 * 32.8e9);
  EXPECT_FALSE(m->tied_embeddings);
  ASSERT_EQ(m->assumed.size(), 1u);
  EXPECT_NE(m->assumed.front().find("encoders"), std::string::npos);
}

TEST(ReadModel, WindowsOfEachFamily) {
  const auto windows = [](const std::string& family, const std::string& more) {
    const std::string text =
        with(with(tiny_llama, "llama", family), "\"rope_scaling\": null", more);
    const Result<ModelSpec> m = read(text);
    if (!m) return "refused: " + messages(m);
    return std::to_string(m->windowed_layers) + " of " + std::to_string(m->window);
  };
  EXPECT_EQ(windows("mistral", "\"sliding_window\": null"), "0 of 0");
  EXPECT_EQ(windows("mistral", "\"sliding_window\": 4096"), "4 of 4096");
  EXPECT_EQ(windows("mistral", "\"sliding_window\": 4096, \"use_sliding_window\": false"),
            "0 of 0");
  EXPECT_EQ(windows("qwen2", "\"sliding_window\": 4096"), "0 of 0") << "off by default";
  EXPECT_EQ(windows("qwen2",
                    "\"sliding_window\": 4096, \"use_sliding_window\": true, "
                    "\"max_window_layers\": 3"),
            "1 of 4096");
  EXPECT_EQ(windows("llama", R"("sliding_window": 64, "layer_types": ["sliding_attention",
      "full_attention", "sliding_attention", "sliding_attention"])"),
            "3 of 64");
  EXPECT_NE(windows("llama", R"("sliding_window": 64, "layer_types": ["full_attention"])")
                .find("1 entries for 4 layers"),
            std::string::npos);
  EXPECT_NE(windows("llama", R"("layer_types": ["sliding_attention", "full_attention",
      "full_attention", "full_attention"])")
                .find("lacks 'sliding_window'"),
            std::string::npos);
}

constexpr const char* tiny_qwen_moe = R"({
  "model_type": "qwen2_moe", "hidden_size": 1024, "num_hidden_layers": 6, "vocab_size": 32000,
  "num_attention_heads": 16, "intermediate_size": 4096, "moe_intermediate_size": 512,
  "shared_expert_intermediate_size": 2048, "num_experts": 8, "num_experts_per_tok": 2,
  "decoder_sparse_step": 2, "mlp_only_layers": [3]
})";

TEST(ReadModel, DenseLayersBetweenTheOthersAreCounted) {
  const Result<ModelSpec> m = read(tiny_qwen_moe);
  ASSERT_TRUE(m) << messages(m);
  EXPECT_EQ(m->dense_layers, 4);  // experts in layers 1, 3 and 5, of which 3 is listed as dense
  EXPECT_TRUE(m->interleaved);
  EXPECT_EQ(m->shared_inter, 2048);
  EXPECT_EQ(m->max_context, 32768) << "the default of the configuration class";
  EXPECT_EQ(m->stage_moe_layers(3.0), 1.0);  // two stages of three layers
  EXPECT_EQ(m->stage_moe_layers(6.0), 2.0);
}

// GLM-5, 744B with 40B active (as announced): 78 layers, 3 of them dense.
constexpr const char* glm5 = R"({
  "model_type": "glm_moe_dsa", "hidden_size": 6144, "num_hidden_layers": 78,
  "vocab_size": 154880, "max_position_embeddings": 202752, "num_attention_heads": 64,
  "q_lora_rank": 2048, "kv_lora_rank": 512, "qk_nope_head_dim": 192, "qk_rope_head_dim": 64,
  "v_head_dim": 256, "index_topk": 2048, "index_n_heads": 32, "index_head_dim": 128,
  "intermediate_size": 12288, "first_k_dense_replace": 3, "n_routed_experts": 256,
  "n_shared_experts": 1, "num_experts_per_tok": 8, "moe_intermediate_size": 2048,
  "num_nextn_predict_layers": 1
})";

// MiniMax-M2, 230B with 10B active: experts in every layer, norms over all heads of q and k.
constexpr const char* minimax_m2 = R"({
  "model_type": "minimax_m2", "hidden_size": 3072, "num_hidden_layers": 62, "vocab_size": 200064,
  "max_position_embeddings": 196608, "num_attention_heads": 48, "num_key_value_heads": 8,
  "head_dim": 128, "intermediate_size": 1536, "num_local_experts": 256, "num_experts_per_tok": 8,
  "use_qk_norm": true, "qk_norm_type": "per_layer"
})";

// DeepSeek-V2, 236B with 21B active.
constexpr const char* deepseek_v2 = R"({
  "model_type": "deepseek_v2", "hidden_size": 5120, "num_hidden_layers": 60, "vocab_size": 102400,
  "max_position_embeddings": 163840, "num_attention_heads": 128, "q_lora_rank": 1536,
  "kv_lora_rank": 512, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128,
  "intermediate_size": 12288, "first_k_dense_replace": 1, "moe_layer_freq": 1,
  "n_routed_experts": 160, "n_shared_experts": 2, "num_experts_per_tok": 6,
  "moe_intermediate_size": 1536
})";

TEST(ReadModel, FamiliesWithoutAShippedConfigurationCountAsAnnounced) {
  const auto counts = [](const char* text, double total, double active) {
    const Result<ModelSpec> m = read(text);
    ASSERT_TRUE(m) << messages(m);
    EXPECT_NEAR(count_parameters(*m).total(), total, 0.01 * total);
    // Announcements count the embedding or not; both lie within the rounding of these.
    EXPECT_NEAR(active_parameters(*m), active, 0.045 * active);
  };
  counts(glm5, 744e9, 40e9);
  counts(minimax_m2, 229e9, 10e9);
  counts(deepseek_v2, 236e9, 21e9);
  EXPECT_EQ(read(glm5)->sparse_top_k, 2048);
}

TEST(ReadModel, NativePrecisionComesFromTheQuantization) {
  const auto native = [](const std::string& method) {
    return read(with(tiny_llama, "\"rope_scaling\": null",
                     "\"quantization_config\": {\"quant_method\": \"" + method + "\"}"))
        ->native_weights;
  };
  EXPECT_EQ(native("fp8"), kernel::DataType::fp8);
  EXPECT_EQ(native("mxfp4"), kernel::DataType::fp4);
  EXPECT_EQ(native("nvfp4"), kernel::DataType::fp4);
}

// --- Configurations of real models ---------------------------------------------------------------

/// Parameters in 1e9, as the model cards and checkpoints give them.
const std::map<std::string, double>& published() {
  static const std::map<std::string, double> table = {
      {"Qwen--Qwen2.5-72B-Instruct.secondary.json", 72.7},
      {"Qwen--Qwen3-235B-A22B.config.json", 235.1},
      {"Qwen--Qwen3-30B-A3B.config.json", 30.5},
      {"Qwen--Qwen3-32B.config.json", 32.8},
      {"Qwen--Qwen3-8B.config.json", 8.19},
      {"Qwen--Qwen3-Coder-480B-A35B-Instruct.config.json", 480.2},
      {"deepseek-ai--DeepSeek-R1.config.json", 671.0},
      {"deepseek-ai--DeepSeek-V3.config.json", 671.0},
      {"meta-llama--Meta-Llama-3.1-405B.config.json", 405.9},
      {"meta-llama--Meta-Llama-3.1-70B.config.json", 70.55},
      {"meta-llama--Meta-Llama-3.1-8B.config.json", 8.03},
      {"mistralai--Mixtral-8x22B-v0.1.config.json", 140.6},
      {"mistralai--Mixtral-8x7B-v0.1.config.json", 46.7},
      {"deepseek-ai--DeepSeek-V3.2.config.json", 671.9},  // V3 and the indexer
      {"meta-llama--Llama-4-Maverick-17B-128E-Instruct.config.json", 400.0},
      {"moonshotai--Kimi-K2-Instruct.config.json", 1026.0},
      {"openai--gpt-oss-120b.config.json", 116.83},
      {"openai--gpt-oss-20b.config.json", 20.91},
  };
  return table;
}

TEST(RealConfigs, AreReadAndCountAsPublished) {
  const char* shared = std::getenv("SN_SHARED_DATA");
  const auto folder = std::filesystem::path(shared == nullptr ? "" : shared) / "models";
  if (shared == nullptr || !std::filesystem::is_directory(folder)) {
    GTEST_SKIP() << "SN_SHARED_DATA is not set or holds no models";
  }
  std::size_t known = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    std::ostringstream text;
    text << std::ifstream(entry.path()).rdbuf();
    const Result<Node> tree = parse_document(name, text.str());
    ASSERT_TRUE(tree) << render(tree.error());
    const Result<ModelSpec> m = read_model(*tree, name);
    ASSERT_TRUE(m) << name << "\n" << messages(m);
    if (const auto at = published().find(name); at != published().end()) {
      ++known;
      EXPECT_NEAR(count_parameters(*m).total(), at->second * 1e9, at->second * 1e7) << name;
    }
  }
  EXPECT_GE(known, 1u);
}

}  // namespace
}  // namespace sn::llm
