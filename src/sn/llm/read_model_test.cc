// sn/llm/read_model_test.cc
//
// Reading config.json: families, missing and absurd fields, and the configurations of real models
// (when SN_SHARED_DATA names the folder that holds `models`).

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "sn/llm/model.h"

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
  const Result<ModelSpec> m = read(R"({"model_type": "gpt_oss"})");
  ASSERT_FALSE(m);
  EXPECT_EQ(m.error().front().code, ErrorCode::unknown_name);
  EXPECT_NE(m.error().front().message.find("'gpt_oss'"), std::string::npos);
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

TEST(ReadModel, LayersOfSeveralKindsAreRefused) {
  const auto refused = [](const std::string& more) {
    return messages(read(with(tiny_llama, "\"rope_scaling\": null", more)));
  };
  EXPECT_EQ(refused("\"sliding_window\": null"), "");
  EXPECT_EQ(refused("\"sliding_window\": 4096, \"use_sliding_window\": false"), "");
  EXPECT_NE(refused("\"sliding_window\": 4096").find("sliding-window"), std::string::npos);
  EXPECT_NE(refused("\"moe_layer_freq\": 2").find("moe_layer_freq"), std::string::npos);
  EXPECT_NE(refused("\"mlp_only_layers\": [1]").find("mlp_only_layers"), std::string::npos);
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
      {"moonshotai--Kimi-K2-Instruct.config.json", 1026.0},
  };
  return table;
}

/// Families that are not sized yet, by the name that the refusal must give.
const std::map<std::string, std::string>& unknown() {
  static const std::map<std::string, std::string> table = {
      {"deepseek-ai--DeepSeek-V3.2.config.json", "deepseek_v32"},
      {"meta-llama--Llama-4-Maverick-17B-128E-Instruct.config.json", "llama4"},
      {"openai--gpt-oss-120b.config.json", "gpt_oss"},
      {"openai--gpt-oss-20b.config.json", "gpt_oss"},
  };
  return table;
}

TEST(RealConfigs, AreReadOrRefusedByFamily) {
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
    if (const auto at = published().find(name); at != published().end()) {
      ++known;
      ASSERT_TRUE(m) << name << "\n" << messages(m);
      EXPECT_NEAR(count_parameters(*m).total(), at->second * 1e9, at->second * 1e7) << name;
    } else if (const auto family = unknown().find(name); family != unknown().end()) {
      ++known;
      ASSERT_FALSE(m) << name;
      EXPECT_NE(messages(m).find("'" + family->second), std::string::npos) << messages(m);
    } else if (!m) {
      EXPECT_NE(messages(m), "") << name;
    }
  }
  EXPECT_GE(known, 1u);
}

}  // namespace
}  // namespace sn::llm
