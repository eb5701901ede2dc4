// sn/measured/plain_tables.cc
//
// Tables without a framework: Vidur's linear operators, LLMCompass, LLMServingSim.
//
// Vidur profiled vLLM 0.2 (PyTorch 2.1): its norms, rotary embedding and gated activation read two
// bytes at a time (csrc/*_kernels.cu of that version), one block a token. LLMCompass timed calls of
// PyTorch from Python, each waited for; how many calls an operator makes follows from its smallest
// sizes. LLMServingSim profiled vLLM 0.19, whose norms and activations read sixteen bytes.

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <memory>
#include <optional>

#include "sn/measured/kernel_tables.h"

namespace sn::measured {

namespace {

using kernel::Access;
using kernel::Library;

constexpr double milli = 1e-3;
constexpr double micro = 1e-6;
constexpr double bf16 = 2.0;

/// Rows of an embedding. PyTorch walks up to 16 of them one after the other, each thread waiting
/// for its 16 bytes: as long as a block takes for 16 kB of a row.
Elementwise lookup(double tokens, double width, Access access) {
  constexpr double few = 16.0;
  constexpr double waiting = 16e3;
  if (tokens <= few) return {.bytes = tokens * waiting, .rows = 1.0};
  return {.bytes = tokens * width * 2.0 * bf16, .rows = tokens, .access = access};
}

kernel::Gemm product(double m, double n, double k) { return {.m = m, .n = n, .k = k}; }

/// Vidur: one row holds ten operators of a layer; each is a measurement.
class VidurTable : public KernelTable {
 public:
  VidurTable(const KernelFile& file, std::string_view text)
      : reader_(text, file.name), name_(file.name) {
    family_ = "layer operators";
    dimensions_ = {"operator", "n_head", "n_kv_head", "n_embd", "n_ffn", "tp", "num_tokens"};
    for (const std::string_view c : inputs) columns_.push_back(reader_.column(c));
    model_ = reader_.column("model");
    for (const std::string_view op : operators) {
      times_.push_back(reader_.column(std::string(op) + "_ms_median"));
    }
  }

  [[nodiscard]] std::vector<std::string> missing() const {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (!columns_[i]) out.emplace_back(inputs[i]);
    }
    return out;
  }

  bool next(KernelCase& out, Faults& faults) override {
    while (true) {
      if (op_ >= operators.size()) {
        if (!row(faults)) return false;
        op_ = 0;
      }
      const std::size_t op = op_++;
      if (!times_[op]) continue;
      const std::string_view text = reader_.field(*times_[op]);
      if (text.empty()) continue;
      const std::optional<double> ms = reader_.positive(*times_[op], faults);
      if (!ms) continue;
      fill(out, op, *ms * milli);
      return true;
    }
  }

 private:
  static constexpr std::array<std::string_view, 6> inputs = {"n_head", "n_kv_head", "n_embd",
                                                             "n_ffn",  "tp",        "num_tokens"};
  static constexpr std::array<std::string_view, 10> operators = {"attn_pre_proj",
                                                                 "attn_post_proj",
                                                                 "mlp_up_proj",
                                                                 "mlp_down_proj",
                                                                 "attn_rope",
                                                                 "mlp_act",
                                                                 "input_layernorm",
                                                                 "post_attention_layernorm",
                                                                 "add",
                                                                 "emb"};

  bool row(Faults& faults) {
    while (reader_.next(faults)) {
      bool good = true;
      for (std::size_t i = 0; i < inputs.size() && good; ++i) {
        const std::optional<double> v = reader_.positive(*columns_[i], faults);
        good = v && *v < 1e9;
        if (v) values_[i] = *v;
      }
      if (good) return true;
    }
    return false;
  }

  void fill(KernelCase& out, std::size_t op, double seconds) {
    const auto [heads, kv_heads, width, ffn, tp, tokens] = values_;
    const double head = width / heads;
    const bool gated = !model_ || reader_.field(*model_).find("phi") == std::string_view::npos;
    const double up = (gated ? 2.0 : 1.0) * ffn / tp;
    out.ops.clear();
    out.skip = {};
    out.line = reader_.line();
    out.seconds = seconds;
    out.group = group(op < 4 ? "products" : "element-wise");
    out.category = static_cast<std::uint32_t>(op);
    out.at = {static_cast<double>(op) + 1.0, heads, kv_heads, width, ffn, tp, tokens};
    const double qkv = (heads + 2.0 * kv_heads) * head / tp;
    switch (op) {
      case 0:
        out.ops.emplace_back(product(tokens, qkv, width));
        break;
      case 1:
        out.ops.emplace_back(product(tokens, width, width / tp));
        break;
      case 2:
        out.ops.emplace_back(product(tokens, up, width));
        break;
      case 3:
        out.ops.emplace_back(product(tokens, width, ffn / tp));
        break;
      case 4:
        stream(out, tokens * (heads + kv_heads) * head / tp * 2.0, Access::scalar);
        break;
      case 5:  // phi's is PyTorch's own
        stream(out, tokens * (up + ffn / tp), gated ? Access::scalar : Access::vector);
        break;
      case 8:
        stream(out, tokens * width * 3.0, Access::vector);
        break;
      case 9:
        out.ops.emplace_back(lookup(tokens, width, Access::gather));
        break;
      default:  // norms read their row twice
        stream(out, tokens * width * 3.0, Access::scalar);
    }
    if (op < 4) std::get<kernel::Gemm>(out.ops.back()).library = Library::cublas12;
  }

  /// One block a token, but for PyTorch's own kernels, which spread evenly.
  void stream(KernelCase& out, double elements, Access access) const {
    const double rows = access == Access::vector ? 0.0 : values_.back();
    out.ops.emplace_back(Elementwise{.bytes = elements * bf16, .rows = rows, .access = access});
  }

  CsvReader reader_;
  std::string name_;
  std::vector<std::optional<std::size_t>> columns_;
  std::vector<std::optional<std::size_t>> times_;
  std::optional<std::size_t> model_;
  std::array<double, inputs.size()> values_ = {};
  std::size_t op_ = operators.size();
};

/// LLMCompass: no header; matmul "m, n, k, 0.19ms, ...", others "rows, [width,] rate" in
/// billions of elements a second: GELU of 2^29 elements reaches 390, which is 1.56 TB/s.
class CompassTable : public KernelTable {
 public:
  CompassTable(const KernelFile& file, std::string_view text)
      : reader_(text, file.name, false), table_(file.table) {
    family_ = table_ == "matmul" ? "GEMM" : "element-wise";
    dimensions_ = table_ == "matmul" ? std::vector<std::string>{"m", "n", "k"}
                                     : std::vector<std::string>{"rows", "width"};
  }

  bool next(KernelCase& out, Faults& faults) override {
    while (reader_.next(faults)) {
      const std::size_t sizes = table_ == "matmul" ? 3 : reader_.fields() > 2 ? 2 : 1;
      if (reader_.fields() <= sizes) {
        faults.add(reader_.error(0, fmt::format("{} fields, expected more", reader_.fields())));
        continue;
      }
      out.at = {};
      bool good = true;
      for (std::size_t i = 0; i < sizes && good; ++i) {
        const std::optional<double> v = reader_.positive(i, faults);
        good = v && *v < 1e9;
        if (v) out.at[i] = *v;
      }
      const bool products = table_ == "matmul";
      const double elements = out.at[0] * std::max(1.0, out.at[1]);
      const std::optional<double> seconds = !good      ? std::nullopt
                                            : products ? time(sizes, faults)
                                                       : time_of(elements, sizes, faults);
      if (!seconds) continue;
      out.ops.clear();
      out.skip = {};
      out.line = reader_.line();
      out.seconds = *seconds;
      out.group = group("fp16");
      if (products) {
        out.ops.emplace_back(product(out.at[0], out.at[1], out.at[2]));
        std::get<kernel::Gemm>(out.ops.back()).weight_cycle = out.at[1] * out.at[2] * bf16;
        out.ops.emplace_back(Elementwise{.calls = 2.0});
      } else {
        stream(out, elements);
      }
      return true;
    }
    return false;
  }

 private:
  /// Rows that outgrow the registers of a block (softmax) or what it keeps (norm) are read again.
  void stream(KernelCase& out, double elements) const {
    const double width = out.at[1];
    const bool softmax = table_ == "softmax";
    const bool again = width > (softmax ? 1024.0 : 8192.0);
    out.ops.emplace_back(
        Elementwise{.bytes = elements * (again ? 3.0 : 2.0) * bf16, .calls = softmax ? 1.0 : 4.0});
  }

  std::optional<double> time_of(double elements, std::size_t index, Faults& faults) const {
    const std::optional<double> rate = reader_.positive(index, faults);
    if (!rate) return std::nullopt;
    return elements / (*rate * 1e9);
  }

  /// "0.1900ms" in milliseconds, a bare number in microseconds.
  std::optional<double> time(std::size_t index, Faults& faults) const {
    std::string_view text = reader_.field(index);
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    double value = 0.0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
    const bool known = unit == "ms" || unit.empty();
    if (code == std::errc() && known && std::isfinite(value) && value > 0.0) {
      return value * (unit == "ms" ? milli : micro);
    }
    faults.add(reader_.error(index, fmt::format("time is '{}', expected a positive number, with "
                                                "ms or bare in microseconds",
                                                shown(text))));
    return std::nullopt;
  }

  CsvReader reader_;
  std::string table_;
};

/// Dimensions of the three models that LLMServingSim profiled (their config.json).
struct SimModel {
  std::string_view name;
  double hidden, heads, kv_heads, head_dim, inter, vocab;
  double experts, top_k, expert_inter;
};
constexpr std::array<SimModel, 3> sim_models = {{
    {"meta-llama/Llama-3.1-8B", 4096, 32, 8, 128, 14336, 128256, 0, 0, 0},
    {"Qwen/Qwen3-32B", 5120, 64, 8, 128, 25600, 151936, 0, 0, 0},
    {"Qwen/Qwen3-30B-A3B-Instruct-2507", 2048, 32, 4, 128, 6144, 151936, 128, 8, 768},
}};

class SimTable : public KernelTable {
 public:
  SimTable(const KernelFile& file, std::string_view text, const SimModel& model)
      : reader_(text, file.name), model_(model), tp_(file.tp), table_(file.table) {
    if (table_ == "attention") {
      family_ = "attention, mixed batch";
      dimensions_ = {"prefill_chunk", "kv_prefill", "n_decode", "kv_decode"};
    } else if (table_ == "moe") {
      family_ = "MoE";
      dimensions_ = {"tokens", "activated_experts"};
    } else {
      family_ = "layer operators";
      dimensions_ = {table_ == "dense" ? "tokens" : "sequences"};
      layer_ = reader_.column("layer");
    }
    for (const std::string& d : dimensions_) columns_.push_back(reader_.column(d));
    time_ = reader_.column("time_us");
  }

  [[nodiscard]] std::vector<std::string> missing() const {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (!columns_[i]) out.push_back(dimensions_[i]);
    }
    if (!time_) out.emplace_back("time_us");
    if (family_ == "layer operators" && !layer_) out.emplace_back("layer");
    return out;
  }

  bool next(KernelCase& out, Faults& faults) override {
    while (reader_.next(faults)) {
      const std::optional<double> us = reader_.positive(*time_, faults);
      bool good = us.has_value();
      out.at = {};
      for (std::size_t i = 0; i < columns_.size() && good; ++i) {
        const std::optional<double> v = reader_.number(*columns_[i], faults);
        good = v && *v >= 0.0 && *v < 1e9;
        if (v) out.at[i] = *v;
      }
      if (!good) continue;
      out.ops.clear();
      out.skip = {};
      out.line = reader_.line();
      out.seconds = *us * micro;
      out.category = 0;
      if (table_ == "attention") {
        attention(out);
      } else if (table_ == "moe") {
        moe(out);
      } else {
        layer(out, reader_.field(*layer_));
      }
      return true;
    }
    return false;
  }

 private:
  void attention(KernelCase& out) {
    const auto [chunk, cached, sequences, keys, u1, u2, u3, u4] = out.at;
    const double heads = model_.heads / tp_;
    const double kv_heads = std::max(1.0, model_.kv_heads / tp_);
    out.group = group("bf16");
    const kernel::PrefillAttention prompts{.sequences = chunk > 0.0 ? 1.0 : 0.0,
                                           .pairs = chunk * cached + 0.5 * chunk * (chunk + 1.0),
                                           .tokens = chunk,
                                           .kv_tokens = cached + chunk,
                                           .heads = heads,
                                           .kv_heads = kv_heads,
                                           .qk_dim = model_.head_dim,
                                           .v_dim = model_.head_dim,
                                           .kv_bytes = 2.0 * kv_heads * model_.head_dim * bf16,
                                           .library = Library::flash2};
    const kernel::DecodeAttention caches{.sequences = sequences,
                                         .context = sequences * (keys + 1.0),  // and itself
                                         .heads = heads,
                                         .kv_heads = kv_heads,
                                         .head_dim = model_.head_dim,
                                         .repeated = true,
                                         .library = Library::flash2};
    if (chunk > 0.0) {
      out.ops.emplace_back(kernel::MixedAttention{.prompts = prompts, .caches = caches});
    } else if (sequences > 0.0) {
      out.ops.emplace_back(caches);
    }
    if (out.ops.empty()) out.skip = "an empty batch";
  }

  void moe(KernelCase& out) {
    out.group = group("bf16");
    const double tokens = out.at[0];
    out.ops.emplace_back(
        kernel::Moe{.tokens = tokens,
                    .top_k = model_.top_k,
                    .experts = model_.experts,
                    .load = kernel::ExpertLoad::spread(tokens * model_.top_k, out.at[1]),
                    .hidden = model_.hidden,
                    .inter = model_.expert_inter / tp_,
                    .library = Library::triton});
  }

  void layer(KernelCase& out, std::string_view name) {
    const double t = out.at[0];
    const SimModel& m = model_;
    const double q = m.heads * m.head_dim / tp_;
    const double kv = 2.0 * m.kv_heads * m.head_dim / tp_;
    out.category = 2166136261u;
    for (const char c : name) {
      out.category = (out.category ^ static_cast<unsigned char>(c)) * 16777619u;
    }
    const auto gemm = [&](double n, double k) {
      out.group = group("products");
      out.ops.emplace_back(product(t, n, k));
    };
    const auto stream = [&](double elements, double rows = 1.0, Access access = Access::vector) {
      out.group = group("element-wise");
      out.ops.emplace_back(
          Elementwise{.bytes = t * elements * bf16, .rows = t * rows, .access = access});
    };
    if (name == "qkv_proj") return gemm(q + kv, m.hidden);
    if (name == "o_proj") return gemm(m.hidden, q);
    if (name == "gate_up_proj") return gemm(2.0 * m.inter / tp_, m.hidden);
    if (name == "down_proj") return gemm(m.hidden, m.inter / tp_);
    if (name == "lm_head") return gemm(m.vocab / tp_, m.hidden);
    if (name == "act_fn") return stream(3.0 * m.inter / tp_);
    // Both add the residual: two arrays in, two out.
    if (name == "layernorm" || name == "final_layernorm") return stream(4.0 * m.hidden);
    if (name == "embedding") {
      out.group = group("element-wise");
      out.ops.emplace_back(lookup(t, m.hidden, Access::vector));
      return;
    }
    if (name == "rotary_emb") return stream(2.0 * (q + 0.5 * kv), 1.0, Access::scalar);
    if (name == "qk_norm") {
      return stream(2.0 * (q + 0.5 * kv), (q + 0.5 * kv) / m.head_dim);
    }
    if (name == "sampler") {  // to fp32, penalties, argmax: five kernels, three passes
      stream(5.0 * m.vocab, 0.0);
      for (int i = 0; i < 4; ++i) out.ops.emplace_back(Elementwise{});
      return;
    }
    out.group = group("other");
    out.skip = "an operator without a model";
  }

  CsvReader reader_;
  const SimModel& model_;
  double tp_;
  std::string table_;
  std::vector<std::optional<std::size_t>> columns_;
  std::optional<std::size_t> time_;
  std::optional<std::size_t> layer_;
};

template <class Table>
TableResult checked(const KernelFile& file, std::unique_ptr<Table> table) {
  const std::vector<std::string> missing = table->missing();
  if (!missing.empty()) return fail(missing_columns(file, missing));
  return std::unique_ptr<KernelTable>(std::move(table));
}

}  // namespace

Error missing_columns(const KernelFile& file, const std::vector<std::string>& missing) {
  return {.code = ErrorCode::missing,
          .message = fmt::format("the table lacks the columns {}", fmt::join(missing, ", ")),
          .where = {.file = file.name, .line = 1},
          .hint =
              "columns that hold one value in all rows may stand in INDEX.csv beside it; "
              "times have their unit in their name (latency_ms)"};
}

TableResult open_vidur(const KernelFile& file, std::string_view text) {
  return checked(file, std::make_unique<VidurTable>(file, text));
}

TableResult open_llmcompass(const KernelFile& file, std::string_view text) {
  return std::unique_ptr<KernelTable>(std::make_unique<CompassTable>(file, text));
}

TableResult open_llmservingsim(const KernelFile& file, std::string_view text) {
  for (const SimModel& m : sim_models) {
    if (m.name == file.model) return checked(file, std::make_unique<SimTable>(file, text, m));
  }
  return fail(Error{.code = ErrorCode::unknown_name,
                    .message = fmt::format("no dimensions of model '{}'", shown(file.model)),
                    .where = {.file = file.name}});
}

}  // namespace sn::measured
