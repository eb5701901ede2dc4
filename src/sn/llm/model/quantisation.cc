// sn/llm/model/quantisation.cc
//
// Formats of checkpoints (see quantisation.h).

#include "sn/llm/model/quantisation.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <set>
#include <string>

namespace sn::llm {

namespace {

using kernel::DataType;

bool absent(const Node* node) { return node == nullptr || node->is_null(); }

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

bool holds(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// What one writer says of the weights.
struct Format {
  DataType weights = DataType::bf16;
  double bytes = 0.0;
  bool block = false;
  bool mxfp4 = false;
  std::optional<DataType> activations = {};
  bool known = false;
};

constexpr double scale_bits = 16.0;  // of a group of int4: one bf16

Format fp8(bool block = false) {
  return {.weights = DataType::fp8, .block = block, .activations = DataType::fp8, .known = true};
}
Format nvfp4(bool a16) {
  Format f{.weights = DataType::fp4, .bytes = 0.5 + 1.0 / 16.0, .known = true};
  if (a16) f.activations = DataType::bf16;
  return f;
}
Format mxfp4() {
  return {.weights = DataType::fp4, .bytes = 0.5 + 1.0 / 32.0, .mxfp4 = true, .known = true};
}
/// `zeros`: a zero point of four bits for each group as well (AWQ, asymmetric GPTQ).
Format int4(double group, bool zeros) {
  const double beside = group > 0.0 ? (scale_bits + (zeros ? 4.0 : 0.0)) / 8.0 / group : 0.0;
  return {.weights = DataType::int4,
          .bytes = 0.5 + beside,
          .activations = DataType::bf16,
          .known = true};
}
Format int8(bool activations) {
  return {.weights = DataType::int8,
          .activations = activations ? DataType::int8 : DataType::bf16,
          .known = true};
}

double number(const Node& node, std::string_view key, double fallback) {
  const Node* at = node.find(key);
  if (absent(at)) return fallback;
  Errors ignored;
  return static_cast<double>(
      read_integer(*at, key, {-1.0, 1 << 20}, ignored).value_or(static_cast<int>(fallback)));
}

bool flag(const Node& node, std::string_view key, bool fallback = false) {
  const Node* at = node.find(key);
  return absent(at) ? fallback : lower(at->text()) == "true";
}

std::string text_of(const Node& node, std::string_view key) {
  const Node* at = node.find(key);
  return absent(at) || !at->is_scalar() ? std::string() : at->text();
}

/// ModelOpt's name of an algorithm.
Format by_algorithm(std::string_view name, double group) {
  const std::string algo = lower(name);
  if (holds(algo, "mxfp8") || holds(algo, "mixed")) return {};
  if (holds(algo, "mxfp4")) return holds(algo, "w4a8") ? Format{} : mxfp4();
  if (holds(algo, "nvfp4")) return nvfp4(holds(algo, "w4a16") || holds(algo, "a16"));
  if (holds(algo, "w4a16") || algo == "int4" || holds(algo, "awq") || holds(algo, "int4_wo")) {
    return holds(algo, "w4a8") ? Format{} : int4(group > 0.0 ? group : 128.0, false);
  }
  if (holds(algo, "w8a16")) return int8(false);
  if (holds(algo, "sq") || holds(algo, "int8")) return int8(true);
  if (holds(algo, "fp8")) return fp8(holds(algo, "block") || holds(algo, "pb"));
  return {};
}

/// One group of compressed-tensors.
Format by_group(const Node& group, std::string_view format) {
  const Node* weights = group.find("weights");
  if (absent(weights)) return {};
  const bool floating = text_of(*weights, "type") != "int";
  const double bits = number(*weights, "num_bits", 0.0);
  const double size = number(*weights, "group_size", 0.0);
  const bool narrow_in = !absent(group.find("input_activations"));
  if (floating && bits == 8.0) {
    Format f = fp8(text_of(*weights, "strategy") == "block");
    if (!narrow_in) f.activations = DataType::bf16;
    return f;
  }
  if (floating && bits == 4.0) {
    return holds(format, "mxfp4") || size == 32.0 ? mxfp4() : nvfp4(!narrow_in);
  }
  if (bits == 8.0) return int8(narrow_in);
  if (bits == 4.0) return int4(size, !flag(*weights, "symmetric", true));
  return {};
}

/// Groups of one checkpoint must agree: mixed ones are not understood.
Format by_groups(const Node& quant) {
  Format out;
  const Node* groups = quant.find("config_groups");
  if (absent(groups) || !groups->is_map()) return out;
  for (const auto& entry : groups->members()) {
    const Format f = by_group(entry.value, text_of(quant, "format"));
    if (!f.known || (out.known && out.weights != f.weights)) return {};
    out = f;
  }
  return out;
}

Format format_of(const Node& quant) {
  const std::string method = lower(text_of(quant, "quant_method"));
  const double bits = number(quant, "bits", 4.0);
  const double group = number(quant, "group_size", 128.0);
  const std::string algorithm = text_of(quant, "quant_algo");
  if (method == "fp8" || method == "fbgemm_fp8") {
    return fp8(!absent(quant.find("weight_block_size")));
  }
  if (method == "mxfp4") return mxfp4();
  if (method == "nvfp4") return nvfp4(false);
  if (method == "awq" || method == "gptq" || holds(method, "auto-round") || method == "inc") {
    if (bits == 8.0) return int8(false);
    if (bits != 4.0) return {};
    return int4(group,
                method == "awq" ? flag(quant, "zero_point", true) : !flag(quant, "sym", true));
  }
  if (method == "bitsandbytes") return flag(quant, "load_in_8bit") ? int8(false) : Format{};
  const bool modelopt = method.empty() || holds(method, "modelopt");
  if (modelopt && !algorithm.empty()) return by_algorithm(algorithm, group);
  if (modelopt || method == "compressed-tensors") return by_groups(quant);
  return {};
}

/// The number in "model.layers.7.mlp"; nothing in a name of all layers.
std::optional<std::int64_t> layer_of(std::string_view name) {
  const auto at = name.find("layers.");
  if (at == std::string_view::npos) return std::nullopt;
  std::int64_t layer = 0;
  const char* from = name.data() + at + 7;
  const auto [end, code] = std::from_chars(from, name.data() + name.size(), layer);
  return code == std::errc() && end != from ? std::optional(layer) : std::nullopt;
}

/// Collects what a list of exceptions names.
class Exceptions {
 public:
  void add(std::string_view entry) {
    std::string name = lower(entry);
    std::erase(name, '\\');
    if (name.starts_with("re:")) name.erase(0, 3);
    for (const std::string_view outside : {"visual", "vision", "multi_modal", "mm_projector"}) {
      if (holds(name, outside)) return;
    }
    attention_ = attention_ || holds(name, "attn") || holds(name, "attention");
    if (holds(name, "shared_expert")) {
      shared_ = shared_ || !holds(name, "shared_expert_gate");
      return;
    }
    if (holds(name, "experts")) return;
    // "mlp.gate" is the router; "mlp.gate_proj" and "mlp" as a whole are feed-forward layers.
    const auto mlp = name.find("mlp");
    const bool router = mlp != std::string::npos && name.substr(mlp).starts_with("mlp.gate") &&
                        !holds(name, "_proj");
    const bool whole =
        layer_of(name) && name.ends_with("*") && !holds(name, "attn") && mlp == std::string::npos;
    if ((mlp == std::string::npos && !whole) || router) return;
    if (const auto layer = layer_of(name)) {
      dense_.insert(*layer);
    } else {
      all_dense_ = true;
    }
  }

  void apply(ModelSpec& m) const {
    m.stored.listed = true;
    m.stored.wide_attention = attention_;
    m.stored.wide_shared = shared_;
    // Single layers of a dense model (the first and the last of Llama-3.1-405B-FP8) do not make it
    // a wide one.
    const auto named = std::count_if(dense_.begin(), dense_.end(), [&](std::int64_t layer) {
      return !m.is_moe() || layer < m.dense_layers || m.interleaved;
    });
    m.stored.wide_dense = all_dense_ || (m.dense_layers > 0 && 2 * named >= m.dense_layers);
  }

 private:
  bool attention_ = false;
  bool shared_ = false;
  bool all_dense_ = false;
  std::set<std::int64_t> dense_;
};

constexpr std::array<std::string_view, 4> lists = {"modules_to_not_convert", "ignore",
                                                   "exclude_modules", "ignored_layers"};

void read_exceptions(const Node& quant, ModelSpec& m) {
  Exceptions exceptions;
  bool any = false;
  for (const std::string_view key : lists) {
    const Node* list = quant.find(key);
    if (absent(list) || !list->is_list()) continue;
    any = true;
    for (const Node& item : list->items()) exceptions.add(item.text());
  }
  if (any) exceptions.apply(m);
}

/// The cache that the checkpoint was scaled for.
std::optional<DataType> cache_of(const Node& quant) {
  const Node* scheme = quant.find("kv_cache_scheme");
  if (absent(scheme)) scheme = quant.find("kv_cache_quant_algo");
  if (absent(scheme)) return std::nullopt;
  if (scheme->is_map()) {
    const bool eight = number(*scheme, "num_bits", 0.0) == 8.0;
    return eight && text_of(*scheme, "type") == "float" ? std::optional(DataType::fp8)
                                                        : std::nullopt;
  }
  return lower(scheme->text()) == "fp8" ? std::optional(DataType::fp8) : std::nullopt;
}

void refuse(const Node& quant, Errors& errors) {
  std::string said;
  for (const std::string_view key : {"quant_method", "quant_algo", "format", "bits"}) {
    const std::string text = text_of(quant, key);
    if (!text.empty()) said += (said.empty() ? "" : ", ") + std::string(key) + " " + shown(text);
  }
  const Node* method = quant.find("quant_method");
  errors.push_back(
      {.code = ErrorCode::unknown_name,
       .message = "unknown quantisation of the checkpoint" + (said.empty() ? said : ": " + said),
       .where = method == nullptr ? quant.where() : method->where(),
       .hint = "known: fp8, fbgemm_fp8, mxfp4, nvfp4, modelopt (FP8, NVFP4, W4A16), "
               "compressed-tensors with one group, awq, gptq (4 or 8 bits), bitsandbytes (8 bits); "
               "without quantization_config the weights are bf16, and precision.weights of the "
               "scenario can change that"});
}

/// The map that says it, wherever it stands; nullptr: bf16.
const Node* find_quantisation(const Node& whole, const Node& text) {
  for (const Node* config : {&text, &whole}) {
    for (const std::string_view key : {"quantization_config", "compression_config"}) {
      const Node* at = config->find(key);
      if (!absent(at) && at->is_map()) return at;
    }
  }
  const Node* beside = whole.find("hf_quant_config");
  if (absent(beside)) return nullptr;
  const Node* inner = beside->find("quantization");
  return absent(inner) ? beside : inner;
}

}  // namespace

void read_quantisation(const Node& whole, const Node& text, ModelSpec& m, Errors& errors) {
  const Node* quant = find_quantisation(whole, text);
  if (quant == nullptr) return;
  const std::string algorithm = lower(text_of(*quant, "quant_algo"));
  m.stored.kv = cache_of(*quant);
  if (algorithm == "null" || algorithm == "none") return;
  const Format f = format_of(*quant);
  if (!f.known) return refuse(*quant, errors);
  m.native_weights = f.weights;
  m.block_scales = f.block;
  m.stored.bytes = f.bytes;
  m.stored.mxfp4 = f.mxfp4;
  m.stored.activations = f.activations;
  read_exceptions(*quant, m);
}

}  // namespace sn::llm
