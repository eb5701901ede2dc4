// sn/llm/model/layer_windows.cc
//
// Windows of a config.json (see layer_windows.h).

#include "sn/llm/model/layer_windows.h"

#include <algorithm>

#include "sn/llm/model/config_reader.h"

namespace sn::llm {

namespace {

bool is_false(const Node* node) { return node != nullptr && node->text() == "false"; }

std::int64_t number(const Node& config, std::string_view key, std::int64_t fallback,
                    Errors& errors) {
  const Node* node = config.find(key);
  if (absent(node)) return fallback;
  constexpr Range range{0.0, 1 << 30};
  return read_integer(*node, key, range, errors).value_or(fallback);
}

/// Llama 4: layers with rotary positions attend within chunks. `no_rope_layers` holds 1 for them;
/// by default every fourth layer has none.
std::int64_t rotary_layers(const Node& config, const ModelSpec& m) {
  const Node* list = config.find("no_rope_layers");
  if (!absent(list) && !list->items().empty()) {
    const auto rotary = [](const Node& n) { return n.text() == "1"; };
    return std::count_if(list->items().begin(), list->items().end(), rotary);
  }
  return m.layers - m.layers / 4;
}

/// Of how many layers the last attends to all; 0: the family has no such pattern. An integer
/// (Gemma 3, Command) or a word of L and G (EXAONE 4).
std::int64_t full_every(const Node& config, std::string_view family) {
  if (family == "gemma2") return 2;
  const Node* pattern = config.find("sliding_window_pattern");
  if (absent(pattern) || !pattern->is_scalar()) return family == "gemma3_text" ? 6 : 0;
  const std::string& text = pattern->text();
  if (text.find_first_not_of("LG") == std::string::npos) {
    return static_cast<std::int64_t>(text.size());
  }
  Errors ignored;
  return read_integer(*pattern, "sliding_window_pattern", {0, 4096}, ignored).value_or(0);
}

void read_layer_types(const Node& types, ModelSpec& m, bool& chunked, Errors& errors) {
  for (const Node& type : types.items()) {
    const std::string& name = type.text();
    if (name == "full_attention" || name == "attention") continue;
    // Read elsewhere, where the family has such layers (read_layers.cc).
    if (name == "linear_attention" && m.linear_layers > 0) continue;
    if (name == "deepseek_sparse_attention" && m.is_sparse()) continue;
    chunked = chunked || type.text() == "chunked_attention";
    if (type.text() == "sliding_attention" || type.text() == "chunked_attention") {
      ++m.windowed_layers;
      continue;
    }
    errors.push_back({.code = ErrorCode::unknown_name,
                      .message = "'layer_types' holds '" + shown(type.text()) + "'",
                      .where = type.where(),
                      .hint = "modelled: full_attention, sliding_attention, chunked_attention"});
    return;
  }
  if (static_cast<std::int64_t>(types.items().size()) != m.layers) {
    errors.push_back({.code = ErrorCode::range,
                      .message = "'layer_types' has " + std::to_string(types.items().size()) +
                                 " entries for " + std::to_string(m.layers) + " layers",
                      .where = types.where(),
                      .hint = "one entry per layer"});
  }
}

}  // namespace

void read_windows(const Node& config, ModelSpec& m, Errors& errors) {
  const bool llama4 = m.family == "llama4_text";
  const bool qwen = m.family.starts_with("qwen");
  const bool has_window = !absent(config.find("sliding_window"));
  const Node* use = config.find("use_sliding_window");
  const bool off = is_false(use) || (qwen && absent(use));
  const Node* types = config.find("layer_types");
  bool chunked = llama4;
  if (!absent(types) && types->is_list()) {
    read_layer_types(*types, m, chunked, errors);
  } else if (llama4) {
    const bool chunks = !absent(config.find("attention_chunk_size"));
    m.windowed_layers = chunks ? rotary_layers(config, m) : 0;
  } else if (m.family == "gpt_oss") {
    m.windowed_layers = (m.layers + 1) / 2;
  } else if (m.linear_layers > 0 || m.is_sparse()) {
    return;  // no hybrid has windows besides
  } else if (const std::int64_t period = full_every(config, m.family); has_window && period > 1) {
    m.windowed_layers = m.layers - m.layers / period;
  } else if (has_window && !off) {
    const std::int64_t full = qwen ? number(config, "max_window_layers", 28, errors) : 0;
    m.windowed_layers = std::max<std::int64_t>(0, m.layers - full);
  }
  if (m.windowed_layers == 0) return;
  const std::string_view key = chunked ? "attention_chunk_size" : "sliding_window";
  m.window = number(config, key, 0, errors);
  if (m.window > 0) return;
  errors.push_back({.code = ErrorCode::missing,
                    .message = "config.json lacks '" + std::string(key) + "'",
                    .where = config.where(),
                    .hint = std::to_string(m.windowed_layers) + " layers attend within it"});
}

}  // namespace sn::llm
