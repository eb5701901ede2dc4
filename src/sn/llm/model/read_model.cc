// sn/llm/model/read_model.cc
//
// Hugging Face config.json to ModelSpec. Field names are those of the transformers library's
// configuration classes of each family (LlamaConfig, Llama4TextConfig, MixtralConfig,
// Qwen2MoeConfig, DeepseekV3Config, Glm4MoeConfig, GptOssConfig, MiniMaxM2Config, ...). Which
// layers have a window is read in layer_windows.cc.

#include <algorithm>
#include <array>
#include <optional>

#include "sn/llm/model/config_reader.h"
#include "sn/llm/model/layer_windows.h"
#include "sn/llm/model/model.h"
#include "sn/llm/model/quantisation.h"
#include "sn/llm/model/read_layers.h"

namespace sn::llm {

namespace {

/// How a family names the dimensions of its experts; `fields`: by whichever it has.
enum class Experts { none, mixtral, qwen2, qwen3, deepseek, llama4, gpt_oss, fields };

struct Family {
  std::string_view name;  // model_type
  AttentionKind attention = AttentionKind::gqa;
  Experts experts = Experts::none;
  bool qkv_bias = false;
  bool qk_norm = false;
  bool wide_norm = false;            // qk_norm over all heads
  bool sparse = false;               // DeepSeek sparse attention
  bool tied = false;                 // default of the configuration class
  bool output_gate = false;          // beside the queries
  bool gated = true;                 // feed-forward layers have a gate
  std::int64_t default_context = 0;  // of the configuration class; 0: the field is required
  bool known = true;
};

constexpr AttentionKind gqa = AttentionKind::gqa;
constexpr AttentionKind mla = AttentionKind::mla;
constexpr Experts fields = Experts::fields;

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
    // Ordinary layouts under other names.
    Family{.name = "ministral3"},
    Family{.name = "mimo", .qkv_bias = true},
    Family{.name = "qwen2_vl_text", .qkv_bias = true, .default_context = 32768},
    Family{.name = "qwen2_5_vl_text", .qkv_bias = true, .default_context = 32768},
    Family{.name = "qwen2_5_vl", .qkv_bias = true, .default_context = 32768},
    Family{.name = "qwen3_vl_text", .qk_norm = true},
    Family{.name = "qwen3_vl_moe_text", .experts = Experts::qwen3, .qk_norm = true},
    Family{.name = "phi3"},
    Family{.name = "seed_oss"},
    Family{.name = "ernie4_5"},
    Family{.name = "ernie4_5_moe", .experts = fields},
    Family{.name = "olmo2", .qk_norm = true, .wide_norm = true},
    Family{.name = "olmo3", .qk_norm = true, .wide_norm = true},
    Family{.name = "smollm3", .tied = true},
    Family{.name = "cohere", .tied = true},
    Family{.name = "cohere2", .tied = true},
    Family{.name = "granite", .tied = true},
    Family{.name = "granitemoe", .experts = Experts::mixtral, .tied = true},
    Family{.name = "hunyuan_v1_dense", .qk_norm = true},
    Family{.name = "hunyuan_v1_moe", .experts = fields, .qk_norm = true},
    Family{.name = "gemma2", .tied = true},
    Family{.name = "gemma3_text", .qk_norm = true, .tied = true, .default_context = 131072},
    Family{.name = "exaone4", .qk_norm = true},
    Family{.name = "internlm2"},
    Family{.name = "internlm3"},
    Family{.name = "nemotron", .gated = false},
    Family{.name = "step3p5", .experts = fields, .qk_norm = true},
    Family{.name = "step3p7", .experts = fields, .qk_norm = true},
    Family{.name = "minimax_m3", .experts = fields, .qk_norm = true, .sparse = true},
    Family{.name = "glm4_moe_lite", .attention = mla, .experts = Experts::deepseek},
    // Layers with a state of fixed size among them (read_layers.cc).
    Family{.name = "qwen3_next", .experts = Experts::qwen3, .qk_norm = true, .output_gate = true},
    Family{.name = "qwen3_5_text", .qk_norm = true},
    Family{.name = "qwen3_5_moe_text", .experts = fields, .qk_norm = true},
    Family{.name = "kimi_linear", .attention = mla, .experts = fields},
    Family{.name = "nemotron_h", .experts = fields, .gated = false},
    Family{.name = "minimax", .experts = Experts::mixtral},
    Family{.name = "minimax_m1", .experts = Experts::mixtral},
    Family{.name = "minimax_text_01", .experts = Experts::mixtral},
};

/// Fields of layouts that are not modelled: a configuration with one of them is refused, whatever
/// its family, since its ordinary fields alone would give wrong counts.
struct Unmodelled {
  std::string_view field;
  std::string_view layout;
};
constexpr std::array unmodelled = {
    Unmodelled{"compress_ratios", "compressed attention and hyper-connections (DeepSeek-V4)"},
    Unmodelled{"num_global_key_value_heads", "layers of two kinds of attention heads (Gemma 4)"},
    Unmodelled{"zero_expert_num", "two attention blocks a layer and empty experts (LongCat)"},
    Unmodelled{"hidden_size_per_layer_input", "embeddings for every layer (Gemma 3n)"},
    Unmodelled{"attn_layer_period", "Mamba-1 layers (Jamba)"},
    Unmodelled{"mamba_d_ssm", "attention and Mamba side by side in a layer (Falcon-H1)"},
    Unmodelled{"mamba_d_state", "Mamba layers of this configuration"},
    Unmodelled{"ssm_cfg", "state-space layers alone"},
    Unmodelled{"block_types", "recurrent blocks"},
    Unmodelled{"cross_attention_layers", "layers that attend to images"},
    Unmodelled{"num_experts_per_layer", "another number of experts in every layer"},
    Unmodelled{"block_configs", "layers of different shapes"},
};

constexpr std::int64_t widest = 1 << 24;

std::string missing_fields(const Node& config) {
  std::string out;
  for (const std::string_view key : {"hidden_size", "num_hidden_layers", "vocab_size",
                                     "num_attention_heads", "intermediate_size"}) {
    if (absent(config.find(key))) out += (out.empty() ? "'" : ", '") + std::string(key) + "'";
  }
  return out;
}

/// The first field that says a layout is not modelled.
const Unmodelled* unmodelled_field(const Node& config) {
  const auto says = [&](const Unmodelled& u) {
    const Node* node = config.find(u.field);
    return !absent(node) && node->text() != "0" && node->text() != "false";
  };
  const auto at = std::find_if(unmodelled.begin(), unmodelled.end(), says);
  return at == unmodelled.end() ? nullptr : &*at;
}

/// A layout that an unknown family's fields describe: nothing where they do not say enough.
std::optional<Family> described(const Node& config) {
  if (!missing_fields(config).empty()) return std::nullopt;
  Family f{.name = "", .experts = Experts::fields, .known = false};
  if (!absent(config.find("kv_lora_rank"))) f.attention = mla;
  f.sparse = f.attention == mla && !absent(config.find("index_topk"));
  const Node* act = config.find("hidden_act");
  f.gated = absent(act) || (act->text() != "relu2" && act->text() != "relu");
  return f;
}

std::optional<Family> find_family(const Node& config, std::string name, Errors& errors) {
  const Node* type = config.find("model_type");
  if (!absent(type)) name = type->text();
  const Location where = type == nullptr ? config.where() : type->where();
  if (const Unmodelled* u = unmodelled_field(config)) {
    errors.push_back({.code = ErrorCode::unknown_name,
                      .message = "'" + shown(name) + "' has '" + std::string(u->field) +
                                 "': " + std::string(u->layout) + " are not modelled",
                      .where = where,
                      .hint = "docs/models.md lists what is read"});
    return std::nullopt;
  }
  const auto at = std::find_if(families.begin(), families.end(),
                               [&](const Family& f) { return f.name == name; });
  if (at != families.end()) return *at;
  if (!name.empty()) {
    if (auto f = described(config)) return f;
  }
  std::string known;
  for (const Family& f : families) known += (known.empty() ? "" : ", ") + std::string(f.name);
  std::string message = name.empty() ? "config.json lacks 'model_type'"
                                     : "unknown model family '" + shown(name) + "'";
  if (const std::string missing = missing_fields(config); !missing.empty()) {
    message += "; it also lacks " + missing;
  }
  errors.push_back({.code = ErrorCode::unknown_name,
                    .message = std::move(message),
                    .where = where,
                    .hint = "known families: " + known});
  return std::nullopt;
}

/// What an unknown family was taken for, in words.
void say_assumed(const std::string& name, ModelSpec& m) {
  const Attention& a = m.attention;
  std::string text = "unknown model family '" + shown(name) + "' is read by its fields: ";
  text += a.kind == mla ? "multi-head latent attention"
                        : "grouped-query attention, " + std::to_string(a.kv_heads) +
                              " KV heads of " + std::to_string(a.head_dim);
  text += m.gated_ffn ? ", gated feed-forward" : ", feed-forward without a gate";
  if (m.is_moe()) {
    text += ", " + std::to_string(m.experts) + " experts of " + std::to_string(m.expert_inter) +
            ", " + std::to_string(m.top_k) + " a token";
  }
  m.assumed.push_back(text + "; no norm of queries and keys");
}

void read_mla(ConfigReader& r, const Family& family, ModelSpec& m) {
  Attention& a = m.attention;
  a.q_lora = family.sparse ? r.integer("q_lora_rank", 1, 1 << 20)
                           : r.integer_or("q_lora_rank", 0, 0, 1 << 20);
  a.kv_lora = r.integer("kv_lora_rank", 1, 1 << 20);
  a.rope_dim = r.integer("qk_rope_head_dim", 1, 1 << 16);
  a.nope_dim = r.integer("qk_nope_head_dim", 1, 1 << 16);
  a.v_dim = r.integer("v_head_dim", 1, 1 << 16);
  a.output_gate = r.flag("mla_use_output_gate");
}

void read_attention(ConfigReader& r, const Family& family, ModelSpec& m) {
  Attention& a = m.attention;
  a.kind = family.attention;
  a.heads = r.integer("num_attention_heads", 1, 4096);
  if (a.kind == mla) return read_mla(r, family, m);
  const std::string_view groups =
      r.first_of({"num_key_value_heads", "num_attention_groups", "multi_query_group_num"});
  a.kv_heads = groups.empty() ? a.heads : r.integer(groups, 1, a.heads);
  const std::string_view dim = r.first_of({"head_dim", "attention_head_dim", "kv_channels"});
  const std::int64_t even = std::max<std::int64_t>(1, m.hidden / a.heads);
  a.head_dim = dim.empty() ? even : r.integer(dim, 1, 1 << 16);
  a.bias = family.qkv_bias || r.flag("attention_bias") || r.flag("qkv_bias");
  a.output_gate = family.output_gate || r.flag("attn_output_gate");
  const bool llama4 = family.experts == Experts::llama4;  // its norm of q and k has no weights
  a.qk_norm = family.qk_norm || (!llama4 && r.flag("use_qk_norm"));
  const Node* norm = r.find("qk_norm_type");
  a.wide_norm = family.wide_norm || (norm != nullptr && norm->text() == "per_layer");
  const bool gpt_oss = family.experts == Experts::gpt_oss;
  a.out_bias = gpt_oss && a.bias;
  a.sinks = gpt_oss;
}

/// Layers without experts among those of `m`, from whichever fields the family has.
std::int64_t count_dense(ConfigReader& r, ModelSpec& m) {
  const Node* freq = r.find("moe_layer_freq");
  if (!absent(freq) && freq->is_list()) {  // 1 for every layer with experts
    const auto none = [](const Node& n) { return n.text() == "0"; };
    const std::int64_t dense = std::count_if(freq->items().begin(), freq->items().end(), none);
    const auto count = static_cast<std::int64_t>(freq->items().size());
    if (count != m.layers) {
      r.refuse(*freq, "'moe_layer_freq' has " + std::to_string(count) + " entries for " +
                          std::to_string(m.layers) + " layers");
    }
    return std::min(dense, m.layers);
  }
  if (const Node* types = r.find("mlp_layer_types"); types != nullptr && types->is_list()) {
    const auto dense = [](const Node& n) { return n.text() == "dense"; };
    return std::count_if(types->items().begin(), types->items().end(), dense);
  }
  const std::string_view start = r.first_of({"first_k_dense_replace", "moe_layer_start_index"});
  const std::int64_t first = start.empty() ? 0 : r.first_integer(start, 0, m.layers);
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
  } else if (kind == Experts::fields) {
    const std::string_view count = r.first_of(
        {"n_shared_experts", "num_shared_experts", "num_shared_expert", "moe_num_shared_experts"});
    const std::string_view width =
        r.first_of({"shared_expert_intermediate_size", "moe_shared_expert_intermediate_size",
                    "shared_intermediate_size", "share_expert_dim"});
    const std::int64_t n =
        count.empty() ? (width.empty() ? 0 : 1) : r.first_integer(count, 0, 1024);
    m.shared_inter = n * (width.empty() ? m.expert_inter : r.integer(width, 0, widest));
  }
}

/// Experts of a family that is read by its fields; none where no field counts them.
void read_experts_by_fields(ConfigReader& r, ModelSpec& m) {
  const std::string_view count = r.first_of({"n_routed_experts", "num_experts", "num_local_experts",
                                             "moe_num_experts", "num_moe_experts"});
  const std::string_view dense = r.first_of(
      {"dense_intermediate_size", "intermediate_size_mlp", "intermediate_size", "ffn_hidden_size"});
  m.experts = count.empty() ? 0 : r.first_integer(count, 0, 1 << 16);
  if (m.experts < 2) {
    m.experts = 0;
    m.dense_inter = r.first_integer(dense.empty() ? "intermediate_size" : dense, 1, widest);
    return;
  }
  m.dense_layers = count_dense(r, m);
  const std::string_view top =
      r.first_of({"num_experts_per_tok", "num_experts_per_token", "moe_topk", "moe_k", "moe_top_k",
                  "top_k_experts", "experts_per_token"});
  m.top_k = r.first_integer(top.empty() ? "num_experts_per_tok" : top, 1, m.experts);
  const std::string_view inter =
      r.first_of({"moe_intermediate_size", "expert_ffn_hidden_size", "moe_ffn_hidden_size"});
  m.expert_inter = r.first_integer(inter.empty() ? "intermediate_size" : inter, 1, widest);
  if (m.dense_layers > 0) {
    m.dense_inter = r.first_integer(dense.empty() ? "intermediate_size" : dense, 1, widest);
  }
  const std::string_view latent = r.first_of({"routed_expert_hidden_size", "moe_latent_size"});
  if (!latent.empty()) m.expert_hidden = r.integer(latent, 1, widest);
  read_shared_experts(r, Experts::fields, m);
}

std::int64_t draft_layers(ConfigReader& r) {
  const std::string_view key = r.first_of({"num_nextn_predict_layers", "mtp_num_hidden_layers"});
  return key.empty() ? 0 : r.integer(key, 0, 16);
}

void read_experts(ConfigReader& r, const Family& family, ModelSpec& m) {
  m.dense_layers = m.layers;
  m.gated_ffn = family.gated;
  if (family.experts == Experts::none) {
    m.dense_inter = r.integer("intermediate_size", 1, widest);
    return;
  }
  if (family.experts == Experts::fields) {
    read_experts_by_fields(r, m);
    m.mtp_layers = m.is_moe() ? draft_layers(r) : 0;
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
  m.mtp_layers = draft_layers(r);
}

/// The language model's part: multimodal configurations nest it.
const Node& text_part(const Node& config) {
  for (const std::string_view key :
       {"text_config", "llm_config", "language_config", "thinker_config.text_config"}) {
    const Node* nested = config.find(key);
    if (!absent(nested) && !absent(nested->find("hidden_size"))) return *nested;
  }
  return config;
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
  const Node* outer = whole.find("model_type");
  const std::string type = absent(outer) ? std::string() : outer->text();
  const std::optional<Family> family = find_family(config, type, errors);
  if (!family) return fail(std::move(errors));
  ConfigReader r(config, errors);
  ModelSpec m;
  m.name = std::move(name);
  m.family = family->known ? std::string(family->name) : type;
  m.hidden = r.integer("hidden_size", 16, 1 << 20);
  m.layers = r.integer("num_hidden_layers", 1, 4096);
  m.vocab = r.integer("vocab_size", 2, 1 << 26);
  m.max_context = family->default_context > 0
                      ? r.integer_or("max_position_embeddings", family->default_context, 1, 1 << 30)
                      : r.integer("max_position_embeddings", 1, 1 << 30);
  const Node* tied = config.find("tie_word_embeddings");
  if (absent(tied)) tied = whole.find("tie_word_embeddings");
  m.tied_embeddings = absent(tied)
                          ? family->tied
                          : read_boolean(*tied, "tie_word_embeddings", errors).value_or(false);
  read_attention(r, *family, m);
  read_experts(r, *family, m);
  if (family->sparse) read_indexer(r, m);
  read_linear_layers(r, m);
  read_quantisation(whole, config, m, errors);
  read_windows(config, m, errors);
  if (!errors.empty()) return fail(std::move(errors));
  if (!family->known) say_assumed(type, m);
  if (&config != &whole) {
    m.assumed.emplace_back(
        "the text part of a multimodal configuration is read: encoders of images and sound are not "
        "timed, their tokens count as input");
  }
  return m;
}

}  // namespace sn::llm
