// sn/llm/read_model.cc
//
// Hugging Face config.json to ModelSpec. Field names are those of the transformers library's
// configuration classes of each family (LlamaConfig, Llama4TextConfig, MixtralConfig,
// Qwen2MoeConfig, DeepseekV3Config, Glm4MoeConfig, GptOssConfig, MiniMaxM2Config, ...). Which
// layers have a window is read in layer_windows.cc.

#include <algorithm>
#include <array>

#include "sn/llm/layer_windows.h"
#include "sn/llm/model.h"
#include "sn/llm/quantisation.h"

namespace sn::llm {

namespace {

/// How a family names the dimensions of its experts.
enum class Experts { none, mixtral, qwen2, qwen3, deepseek, llama4, gpt_oss };

struct Family {
  std::string_view name;  // model_type
  AttentionKind attention = AttentionKind::gqa;
  Experts experts = Experts::none;
  bool qkv_bias = false;
  bool qk_norm = false;
  bool sparse = false;               // DeepSeek sparse attention
  std::int64_t default_context = 0;  // of the configuration class; 0: the field is required
};

constexpr AttentionKind gqa = AttentionKind::gqa;
constexpr AttentionKind mla = AttentionKind::mla;

constexpr std::array families = {
    Family{.name = "llama"},
    Family{.name = "llama4_text", .experts = Experts::llama4},
    Family{.name = "mistral"},
    Family{.name = "mixtral", .experts = Experts::mixtral},
    Family{.name = "qwen2", .qkv_bias = true, .default_context = 32768},
    Family{
        .name = "qwen2_moe", .experts = Experts::qwen2, .qkv_bias = true, .default_context = 32768},
    Family{.name = "qwen3", .qk_norm = true},
    Family{.name = "qwen3_moe", .experts = Experts::qwen3, .qk_norm = true},
    Family{.name = "deepseek_v2", .attention = mla, .experts = Experts::deepseek},
    Family{.name = "deepseek_v3", .attention = mla, .experts = Experts::deepseek},
    Family{.name = "deepseek_v32", .attention = mla, .experts = Experts::deepseek, .sparse = true},
    Family{.name = "kimi_k2", .attention = mla, .experts = Experts::deepseek},
    Family{.name = "gpt_oss", .experts = Experts::gpt_oss},
    Family{.name = "glm4_moe", .attention = gqa, .experts = Experts::deepseek},
    Family{.name = "glm_moe_dsa", .attention = mla, .experts = Experts::deepseek, .sparse = true},
    Family{.name = "minimax_m2", .experts = Experts::mixtral},
};

/// Families whose layers are not modelled, with the fields that say so.
struct Refusal {
  std::string_view name;
  std::string_view fields;
};
constexpr std::string_view lightning = "'attn_type_list' or 'layer_types' with linear attention";
constexpr std::array refused = {
    Refusal{"minimax", lightning},
    Refusal{"minimax_m1", lightning},
    Refusal{"minimax_text_01", lightning},
};

constexpr std::int64_t widest = 1 << 24;

bool absent(const Node* node) { return node == nullptr || node->is_null(); }

/// Reads integers of a config, each with a range; collects what is missing.
class ConfigReader {
 public:
  ConfigReader(const Node& config, Errors& errors) : config_(config), errors_(errors) {}

  std::int64_t integer(std::string_view key, std::int64_t min, std::int64_t max) {
    const Node* node = config_.find(key);
    if (absent(node)) {
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
    return absent(config_.find(key)) ? fallback : integer(key, min, max);
  }

  bool flag(std::string_view key) {
    const Node* node = config_.find(key);
    return !absent(node) && read_boolean(*node, key, errors_).value_or(false);
  }

  [[nodiscard]] const Node* find(std::string_view key) const { return config_.find(key); }

  void refuse(const Node& node, std::string message) {
    errors_.push_back({.code = ErrorCode::unknown_name,
                       .message = std::move(message),
                       .where = node.where(),
                       .hint = "layers of this pattern are not modelled"});
  }

 private:
  const Node& config_;
  Errors& errors_;
};

std::string missing_fields(const Node& config) {
  std::string out;
  for (const std::string_view key : {"hidden_size", "num_hidden_layers", "vocab_size",
                                     "num_attention_heads", "intermediate_size"}) {
    if (absent(config.find(key))) out += (out.empty() ? "'" : ", '") + std::string(key) + "'";
  }
  return out;
}

const Family* find_family(const Node& config, Errors& errors) {
  const Node* type = config.find("model_type");
  const std::string name = type == nullptr ? "" : type->text();
  const auto named = [&](const auto& f) { return f.name == name; };
  const auto at = std::find_if(families.begin(), families.end(), named);
  if (at != families.end()) return &*at;
  std::string known;
  for (const Family& f : families) known += (known.empty() ? "" : ", ") + std::string(f.name);
  const Location where = type == nullptr ? config.where() : type->where();
  const auto no = std::find_if(refused.begin(), refused.end(), named);
  if (no != refused.end()) {
    errors.push_back({.code = ErrorCode::unknown_name,
                      .message = "'" + name + "' mixes lightning (linear) and softmax attention: " +
                                 std::string(no->fields) + " is not modelled",
                      .where = where,
                      .hint = "known families: " + known});
    return nullptr;
  }
  std::string message = name.empty() ? "config.json lacks 'model_type'"
                                     : "unknown model family '" + shown(name) + "'";
  if (const std::string fields = missing_fields(config); !fields.empty()) {
    message += "; it also lacks " + fields;
  }
  errors.push_back({.code = ErrorCode::unknown_name,
                    .message = std::move(message),
                    .where = where,
                    .hint = "known families: " + known});
  return nullptr;
}

void read_mla(ConfigReader& r, const Family& family, ModelSpec& m) {
  Attention& a = m.attention;
  a.q_lora = family.sparse ? r.integer("q_lora_rank", 1, 1 << 20)
                           : r.integer_or("q_lora_rank", 0, 0, 1 << 20);
  a.kv_lora = r.integer("kv_lora_rank", 1, 1 << 20);
  a.rope_dim = r.integer("qk_rope_head_dim", 1, 1 << 16);
  a.nope_dim = r.integer("qk_nope_head_dim", 1, 1 << 16);
  a.v_dim = r.integer("v_head_dim", 1, 1 << 16);
  if (!family.sparse) return;
  m.sparse_top_k = r.integer("index_topk", 1, 1 << 30);
  m.index_heads = r.integer("index_n_heads", 1, 4096);
  m.index_dim = r.integer("index_head_dim", 1, 1 << 16);
}

void read_attention(ConfigReader& r, const Family& family, ModelSpec& m) {
  Attention& a = m.attention;
  a.kind = family.attention;
  a.heads = r.integer("num_attention_heads", 1, 4096);
  if (a.kind == mla) return read_mla(r, family, m);
  a.kv_heads = r.integer_or("num_key_value_heads", a.heads, 1, a.heads);
  a.head_dim = r.integer_or("head_dim", std::max<std::int64_t>(1, m.hidden / a.heads), 1, 1 << 16);
  a.bias = family.qkv_bias || r.flag("attention_bias");
  const bool llama4 = family.experts == Experts::llama4;  // its norm of q and k has no weights
  a.qk_norm = family.qk_norm || (!llama4 && r.flag("use_qk_norm"));
  const Node* norm = r.find("qk_norm_type");
  a.wide_norm = norm != nullptr && norm->text() == "per_layer";
  const bool gpt_oss = family.experts == Experts::gpt_oss;
  a.out_bias = gpt_oss && a.bias;
  a.sinks = gpt_oss;
}

/// Layers without experts among those of `m`, from whichever fields the family has.
std::int64_t count_dense(ConfigReader& r, ModelSpec& m) {
  const Node* freq = r.find("moe_layer_freq");
  if (!absent(freq) && !freq->is_scalar()) {
    r.refuse(*freq, "'moe_layer_freq' as a list");
    return 0;
  }
  if (const Node* types = r.find("mlp_layer_types"); types != nullptr && types->is_list()) {
    const auto dense = [](const Node& n) { return n.text() == "dense"; };
    return std::count_if(types->items().begin(), types->items().end(), dense);
  }
  const std::int64_t first = r.integer_or("first_k_dense_replace", 0, 0, m.layers);
  const std::int64_t every = r.integer_or("moe_layer_freq", 1, 1, m.layers);
  const std::int64_t step = r.integer_or("decoder_sparse_step", 1, 1, m.layers);
  const std::int64_t interleave = r.integer_or("interleave_moe_layer_step", 1, 1, m.layers);
  const Node* only = r.find("mlp_only_layers");
  std::int64_t dense = 0;
  for (std::int64_t i = 0; i < m.layers; ++i) {
    const auto is_this = [i](const Node& n) { return n.text() == std::to_string(i); };
    const bool listed =
        !absent(only) && std::any_of(only->items().begin(), only->items().end(), is_this);
    const bool experts =
        i >= first && i % every == 0 && (i + 1) % step == 0 && (i + 1) % interleave == 0 && !listed;
    dense += experts ? 0 : 1;
  }
  m.interleaved = every > 1 || step > 1 || interleave > 1;
  return dense;
}

void read_shared_experts(ConfigReader& r, Experts kind, ModelSpec& m) {
  if (kind == Experts::deepseek) {
    m.shared_inter = r.integer_or("n_shared_experts", 0, 0, 1024) * m.expert_inter;
  } else if (kind == Experts::qwen2) {
    m.shared_inter = r.integer("shared_expert_intermediate_size", 0, widest);
  } else if (kind == Experts::qwen3) {
    m.shared_inter = r.integer_or("shared_expert_intermediate_size", 0, 0, widest);
  } else if (kind == Experts::llama4) {
    m.shared_inter = m.expert_inter;  // always one, of a routed expert's width
  }
}

void read_experts(ConfigReader& r, const Family& family, ModelSpec& m) {
  m.dense_layers = m.layers;
  if (family.experts == Experts::none) {
    m.dense_inter = r.integer("intermediate_size", 1, widest);
    return;
  }
  const Experts kind = family.experts;
  const bool qwen = kind == Experts::qwen2 || kind == Experts::qwen3;
  const bool deepseek = kind == Experts::deepseek;
  m.dense_layers = count_dense(r, m);
  m.experts = r.integer(deepseek ? "n_routed_experts"
                        : qwen   ? "num_experts"
                                 : "num_local_experts",
                        2, 1 << 16);
  m.top_k = r.integer("num_experts_per_tok", 1, m.experts);
  m.expert_inter =
      r.integer(deepseek || qwen ? "moe_intermediate_size" : "intermediate_size", 1, widest);
  if (m.dense_layers > 0) {
    const bool llama4 = kind == Experts::llama4;
    m.dense_inter = r.integer(llama4 ? "intermediate_size_mlp" : "intermediate_size", 1, widest);
  }
  read_shared_experts(r, kind, m);
  m.expert_bias = kind == Experts::gpt_oss;
  m.mtp_layers = r.integer_or("num_nextn_predict_layers", 0, 0, 16);
}

/// The language model's part: multimodal configurations nest it.
const Node& text_part(const Node& config) {
  const Node* nested = config.find("text_config");
  const bool typed = nested != nullptr && !absent(nested->find("model_type"));
  return typed ? *nested : config;
}

}  // namespace

Result<ModelSpec> read_model(const Node& whole, std::string name) {
  Errors errors;
  if (!whole.is_map()) {
    return fail({.code = ErrorCode::wrong_type,
                 .message = "expected a config.json object",
                 .where = whole.where(),
                 .hint = {}});
  }
  const Node& config = text_part(whole);
  const Family* family = find_family(config, errors);
  if (family == nullptr) return fail(std::move(errors));
  ConfigReader r(config, errors);
  ModelSpec m;
  m.name = std::move(name);
  m.family = family->name;
  m.hidden = r.integer("hidden_size", 16, 1 << 20);
  m.layers = r.integer("num_hidden_layers", 1, 4096);
  m.vocab = r.integer("vocab_size", 2, 1 << 26);
  m.max_context = family->default_context > 0
                      ? r.integer_or("max_position_embeddings", family->default_context, 1, 1 << 30)
                      : r.integer("max_position_embeddings", 1, 1 << 30);
  m.tied_embeddings = r.flag("tie_word_embeddings");
  read_attention(r, *family, m);
  read_experts(r, *family, m);
  read_quantisation(whole, config, m, errors);
  read_windows(config, m, errors);
  if (!errors.empty()) return fail(std::move(errors));
  return m;
}

}  // namespace sn::llm
