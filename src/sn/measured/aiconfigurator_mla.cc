// sn/measured/aiconfigurator_mla.cc
//
// Latent attention in the tables of ai-dynamo/aiconfigurator: alone and as DeepSeek-V3's module.
//
// What the collectors ran, read off the columns and the shapes of their times:
//   trtllm   captured graphs; prompts expanded, fp8 caches with fp8 products where the chip has
//            them; before Hopper a decode kernel that does not split sequences
//   vllm     captured graphs (before 0.24: calls from the host). A prompt whose kernel_source is a
//            decode kernel ("..._MLA": at most 512 new tokens in bf16 and 128 in fp8 on Hopper, 1
//            on Blackwell) runs absorbed. Norms and rotation run as plain PyTorch, a dozen and more
//            kernels through fp32, except in the table of B200, where they are fused. nvfp4
//            products narrow inside the kernel before them: they take no longer than bf16 ones
//   sglang   0.5.14, attention alone: absorbed for prompts too; an fp8 cache is cast to bf16 before
//            every call, by a PyTorch kernel that reaches a quarter of the bandwidth
//            0.5.10, wideep module: decode captured, prompts called from the host; both begin
//            after the product into the latents
// vLLM's FlashAttention-2 (A100) takes one head size: values are padded to that of keys.

#include <fmt/format.h>

#include <memory>
#include <optional>

#include "sn/measured/aiconfigurator_table.h"

namespace sn::measured {

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

constexpr double bf16_bytes = 2.0;
constexpr double unfused_bytes = 6.0;  // of an element in a PyTorch kernel: fp32 one way
constexpr int norm_kernels = 8;        // widen, square, mean, add, root, scale, narrow, weigh
constexpr int rotation_kernels = 8;    // two slices, four products, sum, join
constexpr double cast_share = 0.25;    // of bandwidth, casting from fp8

/// The shape of one call.
struct Call {
  double batch = 0.0;
  double length = 0.0;  // of the prompt, or keys of the cache
  double heads = 0.0;   // of this GPU
  DataType kv = DataType::bf16;
};

/// Tables of attention with a latent cache.
class LatentTable : public AicTable {
 public:
  LatentTable(const KernelFile& file, std::string_view text, const hw::Chip& chip, bool decode)
      : AicTable(file, text, chip),
        decode_(decode),
        kv_(column("kv_cache_dtype", "bfloat16")),
        source_(column("kernel_source", "default")) {}

 protected:
  /// The library whose kernel the row ran.
  [[nodiscard]] Library library() const {
    const std::string_view source = text(source_);
    if (has(source, "triton")) return Library::triton;
    if (has(source, "FLASHINFER") || has(source, "trtllm") || has(source, "TRTLLM")) {
      return Library::trtllm;
    }
    return source == "default" ? Library::trtllm : Library::flash;
  }

  [[nodiscard]] bool narrow_chip() const { return chip().peak.fp8.si() > 0.0; }

  [[nodiscard]] kernel::MlaPrefill expanded(const Call& c, Library library, bool narrow) const {
    return {.sequences = c.batch,
            .pairs = 0.5 * c.batch * c.length * (c.length + 1.0),
            .tokens = c.batch * c.length,
            .kv_tokens = c.batch * c.length,
            .heads = c.heads,
            .qk_dim = nope + rope,
            .v_dim = v_dim,
            .kv_bytes = (kv_lora + rope) * bytes_per_element(c.kv).si(),
            .math = narrow && narrow_chip() ? DataType::fp8 : DataType::bf16,
            .kv = c.kv,
            .library = library};
  }

  /// One new token per sequence against `length` keys, or all of a prompt of that length.
  [[nodiscard]] kernel::MlaDecode absorbed(const Call& c, Library library, bool prompt) const {
    return {.sequences = c.batch,
            .context = c.batch * c.length,
            .queries = prompt ? c.length : 1.0,
            .pairs = prompt ? 0.5 * c.batch * c.length * (c.length + 1.0) : 0.0,
            .heads = c.heads,
            .latent = kv_lora,
            .rope = rope,
            .kv = c.kv,
            .repeated = true,
            .divisible = library != Library::trtllm || narrow_chip(),
            .library = library};
  }

  /// A product of the module around attention.
  [[nodiscard]] kernel::Gemm product(const Arithmetic& a, double m, double n, double k) const {
    const kernel::Format format = kernel::format_of(a.activation, a.weight, a.block);
    const bool narrowed = format == kernel::Format::fp4 && file().framework == "vllm";
    return {.m = m,
            .n = n,
            .k = k,
            .activation = a.activation,
            .weight = a.weight,
            .block = a.block,
            .narrowed = narrowed,
            .weight_cycle = n * k * bytes_per_element(a.weight).si(),
            .library = narrowed ? Library::cublas : kernel::usual_gemm_library(format)};
  }

  bool decode_;
  Column kv_;
  Column source_;
};

/// Attention alone, prefill or decode.
class MlaTable : public LatentTable {
 public:
  MlaTable(const KernelFile& file, std::string_view text, const hw::Chip& chip, bool decode)
      : LatentTable(file, text, chip, decode) {
    family_ = decode ? "MLA decode" : "MLA prefill";
    dimension("batch_size");
    dimension(decode ? "step" : "isl");
    dimension("num_heads");
    dimension("tp_size", "1");
  }

 private:
  void read(KernelCase& out) override {
    const std::string_view kv = text(kv_);
    out.group = group(fmt::format("KV {}", kv));
    out.category = category_of({kv, text(source_)});
    if (decode_) out.at[1] += 1.0;  // the position itself
    // Heads are of this GPU: tp_size says what they were cut from.
    const Call c{out.at[0], out.at[1], out.at[2], stored(kv)};
    const std::string& framework = file().framework;
    out.eager = framework == "vllm";
    if (framework == "sglang") {
      if (c.kv == DataType::fp8) {
        const double bytes = c.batch * c.length * (kv_lora + rope) * (1.0 + bf16_bytes);
        out.ops.emplace_back(Elementwise{bytes / cast_share});
      }
      Call cast = c;
      cast.kv = DataType::bf16;
      out.ops.emplace_back(absorbed(cast, library(), !decode_));
    } else if (decode_) {
      out.ops.emplace_back(absorbed(c, library(), false));
    } else if (framework == "vllm") {
      out.ops.emplace_back(product({}, c.batch * c.length, c.heads * (nope + v_dim), kv_lora));
      kernel::MlaPrefill a = expanded(c, Library::flash, false);
      a.v_dim = a.qk_dim;
      out.ops.emplace_back(a);
    } else {
      out.ops.emplace_back(expanded(c, library(), c.kv == DataType::fp8));
    }
  }
};

/// The attention block of DeepSeek-V3 with its projections.
class MlaModuleTable : public LatentTable {
 public:
  MlaModuleTable(const KernelFile& file, std::string_view text, const hw::Chip& chip, bool decode,
                 const std::string& length)
      : LatentTable(file, text, chip, decode),
        math_(column("mla_dtype", "bfloat16")),
        gemm_(column("gemm_type", "bfloat16")),
        wide_(file.table.starts_with("wideep")) {
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
    const Call c{out.at[0], out.at[1], out.at[2], stored(kv)};
    const double tokens = decode_ ? c.batch : c.batch * c.length;
    const bool prompt_absorbed = !decode_ && !wide_ && text(source_).ends_with("MLA");
    out.eager = wide_ && !decode_;
    if (!wide_) out.ops.emplace_back(product(*a, tokens, q_lora + kv_lora + rope, hidden));
    out.ops.emplace_back(product(*a, tokens, c.heads * (nope + rope), q_lora));
    elementwise(out, tokens, c.heads);
    if (decode_ || prompt_absorbed) {
      out.ops.emplace_back(per_head(tokens, c.heads, kv_lora, nope));
      out.ops.emplace_back(absorbed(c, library(), prompt_absorbed));
      out.ops.emplace_back(per_head(tokens, c.heads, v_dim, kv_lora));
    } else {
      out.ops.emplace_back(product(*a, tokens, c.heads * (nope + v_dim), kv_lora));
      const bool trtllm = file().framework == "trtllm" && c.kv == DataType::fp8;
      out.ops.emplace_back(expanded(c, library(), trtllm || text(math_) == "fp8"));
    }
    out.ops.emplace_back(product(*a, tokens, hidden, c.heads * v_dim));
  }

  /// Norms of both latents, rotation, write to the cache.
  void elementwise(KernelCase& out, double tokens, double heads) const {
    const bool fused = file().framework != "vllm" || file().system == "b200_sxm";
    if (fused) {
      const double latents = (q_lora + kv_lora + rope + heads * (nope + rope)) * bf16_bytes;
      // SGLang's path to TensorRT-LLM's kernel joins and narrows queries apart.
      const int kernels = wide_ && decode_ && library() == Library::trtllm ? 6 : 3;
      for (int i = 0; i < kernels; ++i) out.ops.emplace_back(Elementwise{tokens * latents});
      return;
    }
    for (const double width : {q_lora, kv_lora}) {
      for (int i = 0; i < norm_kernels; ++i) {
        out.ops.emplace_back(Elementwise{tokens * width * unfused_bytes});
      }
    }
    for (int i = 0; i < rotation_kernels; ++i) {
      out.ops.emplace_back(Elementwise{tokens * (heads + 1.0) * rope * unfused_bytes});
    }
    out.ops.emplace_back(Elementwise{tokens * (kv_lora + rope) * 2.0 * bf16_bytes});
  }

  /// The products that fold the expansion into queries and results, one for each head.
  static kernel::Gemm per_head(double tokens, double heads, double n, double k) {
    return {.m = tokens,
            .n = n,
            .k = k,
            .batches = heads,
            .weight_cycle = heads * n * k * bf16_bytes,
            .library = Library::batched};
  }

  Column math_;
  Column gemm_;
  bool wide_;
};

}  // namespace

std::unique_ptr<AicTable> make_mla_table(const KernelFile& f, std::string_view text,
                                         const hw::Chip& chip) {
  const std::string& t = f.table;
  if (t == "context_mla_perf") return std::make_unique<MlaTable>(f, text, chip, false);
  if (t == "generation_mla_perf") return std::make_unique<MlaTable>(f, text, chip, true);
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

}  // namespace sn::measured
