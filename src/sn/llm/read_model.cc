// sn/llm/read_model.cc
//
// Hugging Face config.json to ModelSpec. Field names are those of the transformers library's
// configuration classes (LlamaConfig, MistralConfig, MixtralConfig, Qwen2Config, Qwen3Config,
// Qwen3MoeConfig, DeepseekV3Config).

#include <algorithm>
#include <array>

#include "sn/llm/model.h"

namespace sn::llm {

namespace {

struct Family {
  std::string_view name;  // model_type
  AttentionKind attention;
  bool moe;
  bool qkv_bias;
  bool qk_norm;
};

constexpr std::array families = {
    Family{"llama", AttentionKind::gqa, false, false, false},
    Family{"mistral", AttentionKind::gqa, false, false, false},
    Family{"mixtral", AttentionKind::gqa, true, false, false},
    Family{"qwen2", AttentionKind::gqa, false, true, false},
    Family{"qwen3", AttentionKind::gqa, false, false, true},
    Family{"qwen3_moe", AttentionKind::gqa, true, false, true},
    Family{"deepseek_v3", AttentionKind::mla, true, false, false},
    Family{"kimi_k2", AttentionKind::mla, true, false, false},
};

/// Reads integers of a config, each with a range; collects what is missing.
class ConfigReader {
 public:
  ConfigReader(const Node& config, Errors& errors) : config_(config), errors_(errors) {}

  std::int64_t integer(std::string_view key, std::int64_t min, std::int64_t max) {
    const Node* node = config_.find(key);
    if (node == nullptr || node->is_null()) {
      errors_.push_back({.code = ErrorCode::missing,
                         .message = "config.json lacks '" + std::string(key) + "'",
                         .where = config_.where(),
                         .hint = "this family needs it to size the model"});
      return min;
    }
    const Range range{static_cast<double>(min), static_cast<double>(max)};
    return read_integer(*node, key, range, errors_).value_or(min);
  }

  std::int64_t integer_or(std::string_view key, std::int64_t fallback, std::int64_t min,
                          std::int64_t max) {
    const Node* node = config_.find(key);
    return node == nullptr || node->is_null() ? fallback : integer(key, min, max);
  }

  bool flag(std::string_view key) {
    const Node* node = config_.find(key);
    if (node == nullptr || node->is_null()) return false;
    return read_boolean(*node, key, errors_).value_or(false);
  }

 private:
  const Node& config_;
  Errors& errors_;
};

const Family* find_family(const Node& config, Errors& errors) {
  const Node* type = config.find("model_type");
  const std::string name = type == nullptr ? "" : type->text();
  const auto at = std::find_if(families.begin(), families.end(),
                               [&](const Family& f) { return f.name == name; });
  if (at != families.end()) return &*at;
  std::string known;
  for (const Family& f : families) known += (known.empty() ? "" : ", ") + std::string(f.name);
  errors.push_back({.code = ErrorCode::unknown_name,
                    .message = name.empty() ? "config.json lacks 'model_type'"
                                            : "unknown model family '" + name + "'",
                    .where = type == nullptr ? config.where() : type->where(),
                    .hint = "known families: " + known});
  return nullptr;
}

void read_attention(ConfigReader& r, const Family& family, ModelSpec& m) {
  Attention& a = m.attention;
  a.kind = family.attention;
  a.heads = r.integer("num_attention_heads", 1, 4096);
  if (a.kind == AttentionKind::mla) {
    a.q_lora = r.integer_or("q_lora_rank", 0, 0, 1 << 20);
    a.kv_lora = r.integer("kv_lora_rank", 1, 1 << 20);
    a.rope_dim = r.integer("qk_rope_head_dim", 1, 1 << 16);
    a.nope_dim = r.integer("qk_nope_head_dim", 1, 1 << 16);
    a.v_dim = r.integer("v_head_dim", 1, 1 << 16);
    return;
  }
  a.kv_heads = r.integer_or("num_key_value_heads", a.heads, 1, a.heads);
  a.head_dim = r.integer_or("head_dim", m.hidden / a.heads, 1, 1 << 16);
  a.bias = family.qkv_bias || r.flag("attention_bias");
  a.qk_norm = family.qk_norm;
}

void read_experts(ConfigReader& r, const Family& family, ModelSpec& m) {
  const std::int64_t big = 1 << 24;
  m.dense_layers = m.layers;
  if (!family.moe) {
    m.dense_inter = r.integer("intermediate_size", 1, big);
    return;
  }
  const bool mla = family.attention == AttentionKind::mla;
  m.dense_layers = mla ? r.integer_or("first_k_dense_replace", 0, 0, m.layers) : 0;
  const std::string_view count = mla                        ? "n_routed_experts"
                                 : family.name == "mixtral" ? "num_local_experts"
                                                            : "num_experts";
  m.experts = r.integer(count, 2, 1 << 16);
  m.top_k = r.integer("num_experts_per_tok", 1, m.experts);
  const bool mixtral = family.name == "mixtral";
  m.expert_inter = r.integer(mixtral ? "intermediate_size" : "moe_intermediate_size", 1, big);
  if (m.dense_layers > 0) m.dense_inter = r.integer("intermediate_size", 1, big);
  if (mla) m.shared_inter = r.integer_or("n_shared_experts", 0, 0, 1024) * m.expert_inter;
  m.mtp_layers = r.integer_or("num_nextn_predict_layers", 0, 0, 16);
}

kernel::DataType native_precision(const Node& config, Errors& errors) {
  const Node* method = config.find("quantization_config.quant_method");
  if (method == nullptr) return kernel::DataType::bf16;
  if (method->text() == "fp8") return kernel::DataType::fp8;
  if (method->text() == "mxfp4" || method->text() == "nvfp4") return kernel::DataType::fp4;
  errors.push_back({.code = ErrorCode::unknown_name,
                    .message = "unknown quant_method '" + shown(method->text()) + "'",
                    .where = method->where(),
                    .hint = "known: fp8, mxfp4, nvfp4; without quantization_config the weights "
                            "are bf16, and precision.weights of the scenario can change that"});
  return kernel::DataType::bf16;
}

/// Layer patterns that this reader does not size: every layer must be of the described kind.
void refuse_patterns(const Node& config, Errors& errors) {
  const auto refuse = [&](const Node* node, std::string message) {
    errors.push_back({.code = ErrorCode::unknown_name,
                      .message = std::move(message),
                      .where = node->where(),
                      .hint = "only uniform layers are sized yet"});
  };
  const Node* window = config.find("sliding_window");
  const Node* used = config.find("use_sliding_window");
  const bool off = used != nullptr && used->text() == "false";
  if (window != nullptr && window->text() != "null" && !window->text().empty() && !off) {
    refuse(window, "sliding-window attention");
  }
  const Node* step = config.find("decoder_sparse_step");
  if (step != nullptr && step->text() != "1") refuse(step, "'decoder_sparse_step' other than 1");
  const Node* freq = config.find("moe_layer_freq");
  if (freq != nullptr && freq->text() != "1") refuse(freq, "'moe_layer_freq' other than 1");
  const Node* only = config.find("mlp_only_layers");
  if (only != nullptr && !only->items().empty()) refuse(only, "'mlp_only_layers' is not empty");
}

}  // namespace

Result<ModelSpec> read_model(const Node& config, std::string name) {
  Errors errors;
  if (!config.is_map()) {
    return fail({.code = ErrorCode::wrong_type,
                 .message = "expected a config.json object",
                 .where = config.where(),
                 .hint = {}});
  }
  const Family* family = find_family(config, errors);
  if (family == nullptr) return fail(std::move(errors));
  ConfigReader r(config, errors);
  ModelSpec m;
  m.name = std::move(name);
  m.family = family->name;
  m.hidden = r.integer("hidden_size", 16, 1 << 20);
  m.layers = r.integer("num_hidden_layers", 1, 4096);
  m.vocab = r.integer("vocab_size", 2, 1 << 26);
  m.max_context = r.integer("max_position_embeddings", 1, 1 << 30);
  m.tied_embeddings = r.flag("tie_word_embeddings");
  read_attention(r, *family, m);
  read_experts(r, *family, m);
  m.native_weights = native_precision(config, errors);
  refuse_patterns(config, errors);
  if (!errors.empty()) return fail(std::move(errors));
  return m;
}

}  // namespace sn::llm
