// sn/measured/aiconfigurator_attention.cc
//
// Attention tables of ai-dynamo/aiconfigurator (kernel_cases.h); latent attention has its own file.

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "sn/measured/aiconfigurator_table.h"

namespace sn::measured {

namespace {

using kernel::DataType;
using kernel::Library;

// DeepSeek-V3, whose attention the MLA tables run (its config.json).
constexpr double kv_lora = 512;
constexpr double nope = 128;
constexpr double v_dim = 128;

/// Kernels of grouped heads, by framework, source and generation (kernel_source of the tables).
Library grouped_library(std::string_view source, const hw::Chip& chip, bool decode) {
  const Library usual = kernel::usual_attention_library(chip);
  if (has(source, "triton")) return Library::triton;
  if (has(source, "torch_flow_flashinfer")) return Library::flash2;  // heads without a fused kernel
  if (has(source, "flashinfer")) return Library::flashinfer;
  if (has(source, "flash_attn")) return usual == Library::flash2 ? usual : Library::flash;
  if (has(source, "fa3")) return Library::sgl;
  return decode && usual != Library::flashinfer ? Library::xqa : Library::trtllm;
}

class PrefillTable : public AicTable {
 public:
  PrefillTable(const KernelFile& file, std::string_view text, const hw::Chip& chip)
      : AicTable(file, text, chip),
        chip_(chip),
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
    // SGLang's Triton kernel masks what a window hides, but passes over it.
    const bool whole = window <= 0.0 || text(source_) == "triton";
    const double reach = whole ? length : std::min(window, length);
    const double pairs = batch * (reach * length - 0.5 * reach * (reach - 1.0));
    const Library library = grouped_library(text(source_), chip_, false);
    if (has(text(source_), "trtllmdecode")) {  // one position per sequence
      out.ops.emplace_back(kernel::DecodeAttention{.sequences = batch,
                                                   .context = batch,
                                                   .heads = heads,
                                                   .kv_heads = kv_heads > 0.0 ? kv_heads : heads,
                                                   .head_dim = dim,
                                                   .kv = stored(kv),
                                                   .repeated = true,
                                                   .library = library});
      return;
    }
    // All but vLLM's FlashAttention-3 gain from products in the cache's format: that one adds up in
    // two levels for accuracy.
    const bool narrow = library != Library::flash && (math == "fp8" || kv == "fp8");
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
        .library = library,
        .window = whole ? 0.0 : window});
  }

  hw::Chip chip_;
  Column math_;
  Column kv_;
  Column source_;
};

class DecodeTable : public AicTable {
 public:
  DecodeTable(const KernelFile& file, std::string_view text, const hw::Chip& chip)
      : AicTable(file, text, chip),
        chip_(chip),
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
                                .history = batch * keys,
                                .library = grouped_library(text(source_), chip_, true)});
  }

  hw::Chip chip_;
  Column kv_;
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
  if (t == "mla_bmm_perf") return std::make_unique<BmmTable>(f, text, chip);
  return make_mla_table(f, text, chip);
}

}  // namespace sn::measured
