// sn/llm/model/read_layers.cc
//
// See read_layers.h. Fields are those of the configuration classes of transformers and of the
// repositories of the models.

#include "sn/llm/model/read_layers.h"

#include <algorithm>

namespace sn::llm {

namespace {

constexpr std::int64_t most = 1 << 16;

std::int64_t count_text(const Node& list, std::string_view text) {
  return std::count_if(list.items().begin(), list.items().end(),
                       [&](const Node& n) { return n.text() == text; });
}

/// A state in fp32 where the configuration says so; engines keep it as wide as the model otherwise.
double state_element(const ConfigReader& r) {
  for (const std::string_view key : {"mamba_ssm_dtype", "mamba_ssm_cache_dtype"}) {
    const Node* type = r.find(key);
    if (!absent(type)) return type->text() == "float32" ? 4.0 : 2.0;
  }
  return 2.0;
}

void read_delta(ConfigReader& r, ModelSpec& m) {
  m.linear = {.kind = LinearKind::delta,
              .heads = r.integer("linear_num_value_heads", 1, most),
              .key_heads = r.integer("linear_num_key_heads", 1, most),
              .key_dim = r.integer("linear_key_head_dim", 1, most),
              .value_dim = r.integer("linear_value_head_dim", 1, most),
              .conv = r.integer_or("linear_conv_kernel_dim", 4, 1, 64),
              .state_element = state_element(r)};
  const Node* types = r.find("layer_types");
  if (!absent(types) && types->is_list()) {
    m.linear_layers = count_text(*types, "linear_attention");
    return;
  }
  const std::int64_t every = r.integer_or("full_attention_interval", 4, 1, m.layers);
  m.linear_layers = m.layers - m.layers / every;
}

void read_kda(const Node& node, ConfigReader& outer, ModelSpec& m) {
  ConfigReader r(node, outer.errors());
  const std::int64_t heads = r.integer("num_heads", 1, most);
  const std::int64_t dim = r.integer("head_dim", 1, most);
  m.linear = {.kind = LinearKind::kda,
              .heads = heads,
              .key_heads = heads,
              .key_dim = dim,
              .value_dim = dim,
              .conv = r.integer_or("short_conv_kernel_size", 4, 1, 64),
              .full_rank_gate = r.flag("use_full_rank_gate"),
              .state_element = 4.0};  // fla keeps it in fp32
  const Node* layers = node.find("kda_layers");
  if (!absent(layers)) m.linear_layers = static_cast<std::int64_t>(layers->items().size());
}

/// Nemotron-H: one part a block, M a state, * attention, - a feed-forward layer, E experts. A layer
/// here is a state or attention; the feed-forward blocks behind them make the others bare.
void read_pattern(const std::string& pattern, ConfigReader& r, ModelSpec& m) {
  const auto count = [&](char c) { return std::count(pattern.begin(), pattern.end(), c); };
  const std::int64_t states = count('M');
  const std::int64_t attention = count('*');
  const std::int64_t dense = count('-');
  const std::int64_t experts = count('E');
  if (states + attention + dense + experts != m.layers || attention == 0 ||
      static_cast<std::size_t>(m.layers) != pattern.size()) {
    r.refuse(*r.find("hybrid_override_pattern"),
             "'hybrid_override_pattern' has other blocks than M, *, - and E, or not one a layer");
    return;
  }
  m.linear = {.kind = LinearKind::mamba2,
              .heads = r.integer("mamba_num_heads", 1, most),
              .key_heads = r.integer("n_groups", 1, most),
              .key_dim = r.integer("ssm_state_size", 1, most),
              .value_dim = r.integer("mamba_head_dim", 1, most),
              .conv = r.integer_or("conv_kernel", 4, 1, 64),
              .state_element = state_element(r)};
  m.layers = states + attention;
  m.linear_layers = states;
  m.dense_layers = dense;
  m.bare_layers = std::max<std::int64_t>(0, m.layers - dense - experts);
  if (dense > 0) m.dense_inter = r.integer("intermediate_size", 1, 1 << 24);
  if (experts == 0) {
    m.experts = 0;
    m.shared_inter = 0;
  }
}

/// MiniMax-01: 0 a lightning layer, 1 an ordinary one; later releases name them in layer_types.
void read_lightning(const Node* types, ConfigReader& r, ModelSpec& m) {
  const Node* named = r.find("layer_types");
  const bool list = !absent(types) && types->is_list();
  if (!list && !m.family.starts_with("minimax")) return;
  if (!list && (absent(named) || count_text(*named, "linear_attention") == 0)) return;
  m.linear_layers = list ? count_text(*types, "0") : count_text(*named, "linear_attention");
  m.linear = {.kind = LinearKind::lightning,
              .heads = m.attention.heads,
              .key_heads = m.attention.heads,
              .key_dim = m.attention.head_dim,
              .value_dim = m.attention.head_dim,
              .state_element = 4.0};
}

}  // namespace

void read_indexer(ConfigReader& r, ModelSpec& m) {
  m.indexer_layers = m.layers;
  if (const Node* blocks = r.find("sparse_attention_config"); !absent(blocks)) {
    ConfigReader b(*blocks, r.errors());
    m.sparse_top_k =
        b.integer("sparse_topk_blocks", 1, 1 << 20) * b.integer("sparse_block_size", 1, 1 << 20);
    m.index_heads = b.integer("sparse_num_index_heads", 1, 4096);
    m.index_dim = b.integer("sparse_index_dim", 1, most);
    const Node* layers = blocks->find("sparse_attention_freq");
    if (!absent(layers) && layers->is_list()) m.indexer_layers = count_text(*layers, "1");
    return;
  }
  m.sparse_top_k = r.integer("index_topk", 1, 1 << 30);
  m.index_heads = r.integer("index_n_heads", 1, 4096);
  m.index_dim = r.integer("index_head_dim", 1, most);
  if (const Node* types = r.find("indexer_types"); !absent(types) && types->is_list()) {
    m.indexer_layers = count_text(*types, "full");
    if (static_cast<std::int64_t>(types->items().size()) != m.layers) {
      r.refuse(*types, "'indexer_types' does not have one entry a layer");
    }
    return;
  }
  const std::int64_t every = r.integer_or("index_topk_freq", 1, 1, m.layers);
  const std::int64_t first = r.integer_or("index_skip_topk_offset", 0, 0, m.layers);
  if (every > 1) m.indexer_layers = std::min(m.layers, first + (m.layers - first) / every);
}

void read_linear_layers(ConfigReader& r, ModelSpec& m) {
  const Node* pattern = r.find("hybrid_override_pattern");
  const Node* kda = r.find("linear_attn_config");
  if (r.has("linear_num_value_heads")) {
    read_delta(r, m);
  } else if (!absent(kda) && kda->is_map()) {
    read_kda(*kda, r, m);
  } else if (!absent(pattern)) {
    read_pattern(pattern->text(), r, m);
  } else {
    read_lightning(r.find("attn_type_list"), r, m);
  }
  if (m.linear_layers == 0 || m.linear_layers < m.layers) return;
  r.errors().push_back({.code = ErrorCode::range,
                        .message = "no layer of this model has a KV cache",
                        .where = r.config().where(),
                        .hint = "models of states alone are not modelled"});
}

}  // namespace sn::llm
