// sn/evidence/aiconfigurator_attention.cc
//
// Attention and MLA tables of ai-dynamo/aiconfigurator (kernel_cases.h).

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "sn/evidence/aiconfigurator_table.h"

namespace sn::evidence {

namespace {

using kernel::DataType;
using kernel::Library;

// DeepSeek-V3, whose attention the MLA tables run (its config.json).
constexpr double hidden = 7168;
constexpr double q_lora = 1536;
constexpr double kv_lora = 512;
constexpr double rope = 64;
constexpr double nope = 128;
constexpr double v_dim = 128;

Library attention_library(std::string_view source) {
  if (has(source, "triton")) return Library::triton;
  if (has(source, "fa3") || has(source, "fa4") || has(source, "flash_attn") ||
      has(source, "FLASH") || has(source, "flash_attention") || has(source, "vllm_flashinfer")) {
    return has(source, "FLASHINFER") ? Library::trtllm : Library::flash;
  }
  return Library::trtllm;
}

class PrefillTable : public AicTable {
 public:
  PrefillTable(const KernelFile& file, std::string_view text, const hw::Chip& chip)
      : AicTable(file, text, chip),
        math_(column("attn_dtype", "bfloat16")),
        kv_(column("kv_cache_dtype", "bfloat16")),
        source_(column("kernel_source", "default")) {
    family_ = "attention prefill";
    dimension("batch_size");
    dimension("isl");
    dimension("num_heads");
    dimension("num_key_value_heads");
    dimension("head_dim", "128");
    dimension("window_size", "0");
  }

 private:
  void read(KernelCase& out) override {
    const std::string_view math = text(math_);
    const std::string_view kv = text(kv_);
    out.group = group(fmt::format("{}, KV {}", math, kv));
    out.category = category_of({math, kv, text(source_)});
    const auto [batch, length, heads, kv_heads, dim, window, unused, unused2] = out.at;
    const double reach = window > 0.0 ? std::min(window, length) : length;
    const double pairs = batch * (reach * length - 0.5 * reach * (reach - 1.0));
    const Library library = attention_library(text(source_));
    // TensorRT-LLM's fused kernels, which FlashInfer calls on Blackwell, multiply in the cache's
    // format.
    const bool fused = library == Library::trtllm || has(text(source_), "flashinfer");
    const bool narrow = math == "fp8" || (kv == "fp8" && fused);
    out.ops.emplace_back(kernel::PrefillAttention{
        .sequences = batch,
        .pairs = pairs,
        .tokens = batch * length,
        .kv_tokens = batch * length,
        .heads = heads,
        .kv_heads = kv_heads > 0.0 ? kv_heads : heads,
        .qk_dim = dim,
        .v_dim = dim,
        .kv_bytes = 2.0 * kv_heads * dim * bytes_per_element(stored(kv)).si(),
        .math = narrow ? DataType::fp8 : DataType::bf16,
        .kv = stored(kv),
        .library = library});
  }

  Column math_;
  Column kv_;
  Column source_;
};

class DecodeTable : public AicTable {
 public:
  DecodeTable(const KernelFile& file, std::string_view text, const hw::Chip& chip)
      : AicTable(file, text, chip),
        kv_(column("kv_cache_dtype", "bfloat16")),
        source_(column("kernel_source", "default")) {
    family_ = "attention decode";
    dimension("batch_size");
    dimension("step");
    dimension("num_heads");
    dimension("num_key_value_heads");
    dimension("head_dim", "128");
    dimension("window_size", "0");
  }

 private:
  void read(KernelCase& out) override {
    const std::string_view kv = text(kv_);
    out.group = group(fmt::format("KV {}", kv));
    out.category = category_of({kv, text(source_)});
    out.at[1] += 1.0;  // the position itself
    const auto [batch, keys, heads, kv_heads, dim, window, unused, unused2] = out.at;
    out.ops.emplace_back(
        kernel::DecodeAttention{.sequences = batch,
                                .context = batch * (window > 0.0 ? std::min(window, keys) : keys),
                                .heads = heads,
                                .kv_heads = kv_heads > 0.0 ? kv_heads : heads,
                                .head_dim = dim,
                                .kv = stored(kv),
                                .repeated = true,
                                .library = attention_library(text(source_))});
  }

  Column kv_;
  Column source_;
};

kernel::PrefillAttention mla_prefill(double batch, double length, double heads, DataType kv,
                                     Library library, bool narrow) {
  return {.sequences = batch,
          .pairs = 0.5 * batch * length * (length + 1.0),
          .tokens = batch * length,
          .kv_tokens = batch * length,
          .heads = heads,
          .qk_dim = nope + rope,
          .v_dim = v_dim,
          .kv_bytes = (kv_lora + rope) * bytes_per_element(kv).si(),
          .math = narrow ? DataType::fp8 : DataType::bf16,
          .kv = kv,
          .latent = true,
          .library = library};
}

kernel::MlaDecode mla_decode(double batch, double keys, double heads, DataType kv,
                             Library library) {
  return {.sequences = batch,
          .context = batch * keys,
          .heads = heads,
          .latent = kv_lora,
          .rope = rope,
          .kv = kv,
          .repeated = true,
          .library = library};
}

/// MLA attention alone, prefill or decode.
class MlaTable : public AicTable {
 public:
  MlaTable(const KernelFile& file, std::string_view text, const hw::Chip& chip, bool decode)
      : AicTable(file, text, chip),
        decode_(decode),
        kv_(column("kv_cache_dtype", "bfloat16")),
        source_(column("kernel_source", "default")) {
    family_ = decode ? "MLA decode" : "MLA prefill";
    dimension("batch_size");
    dimension(decode ? "step" : "isl");
    dimension("num_heads");
    dimension("tp_size", "1");
  }

 private:
  void read(KernelCase& out) override {
    const std::string_view kv = text(kv_);
    const Library library = attention_library(text(source_));
    out.group = group(fmt::format("KV {}", kv));
    out.category = category_of({kv, text(source_)});
    const double heads = out.at[2];  // of this GPU: tp_size says what they were cut from
    if (decode_) {
      out.at[1] += 1.0;
      out.ops.emplace_back(mla_decode(out.at[0], out.at[1], heads, stored(kv), library));
    } else {
      const bool narrow = kv == "fp8" && library == Library::trtllm;
      out.ops.emplace_back(mla_prefill(out.at[0], out.at[1], heads, stored(kv), library, narrow));
    }
  }

  bool decode_;
  Column kv_;
  Column source_;
};

/// The attention block of DeepSeek-V3 with its projections.
class MlaModuleTable : public AicTable {
 public:
  MlaModuleTable(const KernelFile& file, std::string_view text, const hw::Chip& chip, bool decode,
                 const std::string& length)
      : AicTable(file, text, chip),
        decode_(decode),
        math_(column("mla_dtype", "bfloat16")),
        kv_(column("kv_cache_dtype", "bfloat16")),
        gemm_(column("gemm_type", "bfloat16")),
        source_(column("kernel_source", "default")) {
    family_ = decode ? "MLA decode module" : "MLA prefill module";
    dimension("batch_size");
    dimension(length);
    dimension("num_heads");
  }

 private:
  void read(KernelCase& out) override {
    const std::string_view kv = text(kv_);
    out.group =
        group(fmt::format("{} products, {} attention, KV {}", text(gemm_), text(math_), kv));
    out.category = category_of({kv, text(gemm_), text(math_), text(source_)});
    const std::optional<Arithmetic> a = arithmetic_of(text(gemm_));
    if (!a) {
      out.skip = "unknown gemm_type";
      return;
    }
    if (decode_) out.at[1] += 1.0;
    const auto [batch, length, heads, unused1, unused2, unused3, unused4, unused5] = out.at;
    const double tokens = decode_ ? batch : batch * length;
    const Library library = attention_library(text(source_));
    product(out, *a, tokens, q_lora + kv_lora + rope, hidden);
    product(out, *a, tokens, heads * (nope + rope), q_lora);
    // Norms of both latents, rope, cache write.
    const double latents = (q_lora + kv_lora + rope + heads * (nope + rope)) * 2.0;
    for (int i = 0; i < 3; ++i) out.ops.emplace_back(Elementwise{tokens * latents});
    if (decode_) {
      absorbed(out, tokens, heads, kv_lora, nope);
      out.ops.emplace_back(mla_decode(batch, length, heads, stored(kv), library));
      absorbed(out, tokens, heads, v_dim, kv_lora);
    } else {
      product(out, *a, tokens, heads * (nope + v_dim), kv_lora);
      const bool narrow = text(math_) == "fp8" || (kv == "fp8" && library == Library::trtllm);
      out.ops.emplace_back(mla_prefill(batch, length, heads, stored(kv), library, narrow));
    }
    product(out, *a, tokens, hidden, heads * v_dim);
  }

  void product(KernelCase& out, const Arithmetic& a, double m, double n, double k) const {
    const double weights = n * k * bytes_per_element(a.weight).si();
    out.ops.emplace_back(kernel::Gemm{
        .m = m,
        .n = n,
        .k = k,
        .activation = a.activation,
        .weight = a.weight,
        .block = a.block,
        .weight_cycle = weights,
        .library = kernel::usual_gemm_library(kernel::format_of(a.activation, a.weight, a.block))});
  }

  static void absorbed(KernelCase& out, double tokens, double heads, double n, double k) {
    out.ops.emplace_back(kernel::Gemm{.m = tokens,
                                      .n = n,
                                      .k = k,
                                      .batches = heads,
                                      .weight_cycle = heads * n * k * 2.0,
                                      .library = Library::batched});
  }

  bool decode_;
  Column math_;
  Column kv_;
  Column gemm_;
  Column source_;
};

/// Absorbed products of MLA, one for each head.
class BmmTable : public AicTable {
 public:
  BmmTable(const KernelFile& file, std::string_view text, const hw::Chip& chip)
      : AicTable(file, text, chip),
        op_(column("op_name", "mla_gen_pre")),
        type_(column("bmm_dtype", "bfloat16")),
        source_(column("kernel_source", "default")) {
    family_ = "batched GEMM";
    dimension("num_tokens");
    dimension("num_heads");
  }

 private:
  void read(KernelCase& out) override {
    const std::string_view type = text(type_);
    out.group = group(std::string(type));
    out.category = category_of({type, text(op_), text(source_)});
    const std::optional<Arithmetic> a = arithmetic_of(type);
    if (!a) {
      out.skip = "unknown bmm_dtype";
      return;
    }
    const bool before = text(op_) == "mla_gen_pre";
    const bool widened = has(text(source_), "dequant_bf16");
    kernel::Gemm g{.m = out.at[0],
                   .n = before ? kv_lora : v_dim,
                   .k = before ? nope : kv_lora,
                   .activation = widened ? DataType::bf16 : a->activation,
                   .weight = widened ? DataType::bf16 : a->weight,
                   .block = has(text(source_), "block"),
                   .batches = out.at[1]};
    g.library = g.block ? Library::blockbatch : Library::batched;
    g.weight_cycle = g.batches * g.n * g.k * bytes_per_element(g.weight).si();
    g.lone = true;  // the collectors capture one product
    out.ops.emplace_back(g);
  }

  Column op_;
  Column type_;
  Column source_;
};

}  // namespace

std::unique_ptr<AicTable> make_attention_table(const KernelFile& f, std::string_view text,
                                               const hw::Chip& chip) {
  const std::string& t = f.table;
  if (t == "context_attention_perf") return std::make_unique<PrefillTable>(f, text, chip);
  if (t == "generation_attention_perf") return std::make_unique<DecodeTable>(f, text, chip);
  if (t == "context_mla_perf") return std::make_unique<MlaTable>(f, text, chip, false);
  if (t == "generation_mla_perf") return std::make_unique<MlaTable>(f, text, chip, true);
  if (t == "mla_bmm_perf") return std::make_unique<BmmTable>(f, text, chip);
  if (t == "mla_context_module_perf" || t == "wideep_context_mla_perf") {
    return std::make_unique<MlaModuleTable>(f, text, chip, false, "isl");
  }
  if (t == "mla_generation_module_perf") {
    return std::make_unique<MlaModuleTable>(f, text, chip, true, "step");
  }
  if (t == "wideep_generation_mla_perf") {
    return std::make_unique<MlaModuleTable>(f, text, chip, true, "isl");
  }
  return nullptr;
}

}  // namespace sn::evidence
