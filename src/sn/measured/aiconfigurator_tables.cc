// sn/measured/aiconfigurator_tables.cc
//
// Tables of ai-dynamo/aiconfigurator: products and expert layers (kernel_cases.h).

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>

#include "sn/measured/aiconfigurator_table.h"

namespace sn::measured {

namespace {

using kernel::DataType;
using kernel::Library;

class GemmTable : public AicTable {
 public:
  GemmTable(const KernelFile& file, std::string_view text, const hw::Chip& chip)
      : AicTable(file, text, chip),
        type_(column("gemm_dtype", "bfloat16")),
        source_(column("kernel_source", "default")) {
    family_ = "GEMM";
    dimension("m");
    dimension("n");
    dimension("k");
  }

 private:
  void read(KernelCase& out) override {
    const std::string_view type = text(type_);
    const std::string_view source = text(source_);
    out.group = group(std::string(type));
    out.category = category_of({type, source});
    const std::optional<Arithmetic> a = arithmetic_of(type);
    if (!a) {
      out.skip = "unknown gemm_dtype";
      return;
    }
    kernel::Gemm g{.m = out.at[0],
                   .n = out.at[1],
                   .k = out.at[2],
                   .activation = a->activation,
                   .weight = a->weight,
                   .block = a->block};
    g.library = library(type, source);
    // Copies of the weights that the collectors run in turn.
    const double weights = g.n * g.k * bytes_per_element(g.weight).si();
    const std::string& framework = file().framework;
    double copies = 6.0;
    if (framework == "trtllm") {
      copies = std::clamp(std::ceil(chip().l2_capacity.si() / weights), 1.0, 5.0);
    } else if (framework == "vllm" && (type == "fp8_block" || type == "nvfp4")) {
      copies = 1.0;
    }
    g.weight_cycle = copies * weights;
    if (framework == "vllm" && type == "fp8_block") g.eager = calls(g, source);
    out.ops.emplace_back(g);
  }

  /// No captured graph for these. FlashInfer fuses the two kernels; CUTLASS's path and DeepGEMM's
  /// for Blackwell (scales in UE8M0) call twice as many. The latter loads scales by TMA, four rows
  /// at a time: other counts are padded by further calls, unless one block of k has one scale.
  [[nodiscard]] double calls(const kernel::Gemm& g, std::string_view source) const {
    if (has(source, "FlashInfer")) return 0.7;
    if (has(source, "Cutlass")) return 2.0;
    using enum hw::Generation;
    const hw::Generation of = chip().generation();
    if (of != blackwell && of != blackwell_rtx) return 1.0;
    return std::fmod(g.m, 4.0) != 0.0 && g.k > 128.0 ? 2.75 : 2.0;
  }

  [[nodiscard]] Library library(std::string_view type, std::string_view source) const {
    if (has(source, "trt_flow")) return Library::portable;
    if (type == "bfloat16") return Library::cublas;
    if (type == "fp8") {
      const std::string& framework = file().framework;
      return framework == "trtllm" ? Library::trtllm
             : framework == "vllm" ? Library::vllm
                                   : Library::sgl;
    }
    const bool trtllm = file().framework == "trtllm";
    if (type == "fp8_block") {
      const bool hopper = chip().generation() == hw::Generation::hopper;
      return trtllm && hopper ? Library::blockscale : Library::deepgemm;
    }
    if (type == "nvfp4" && !trtllm) return Library::flashinfer;
    return kernel::usual_gemm_library(
        kernel::format_of(arithmetic_of(type)->activation, arithmetic_of(type)->weight, false));
  }

  Column type_;
  Column source_;
};

class MoeTable : public AicTable {
 public:
  MoeTable(const KernelFile& file, std::string_view text, const hw::Chip& chip,
           RoutingCache& routing)
      : AicTable(file, text, chip),
        routing_(routing),
        type_(column("moe_dtype", "bfloat16")),
        source_(column("kernel_source", "default")),
        distribution_(column("distribution", "balanced")) {
    family_ = "MoE";
    dimension("num_tokens");
    dimension("hidden_size", "7168");
    dimension("inter_size", "2048");
    dimension("topk", "8");
    dimension("num_experts", "256");
    dimension("moe_tp_size", "1");
    dimension("moe_ep_size", "1");
  }

 private:
  void read(KernelCase& out) override {
    const std::string_view type = text(type_);
    const std::string_view source = text(source_);
    out.group = group(std::string(type));
    out.category = category_of({type, source, text(distribution_)});
    const std::optional<Arithmetic> a = arithmetic_of(type);
    const auto [tokens, width, inter, top_k, experts, tp, ep, unused] = out.at;
    if (!a) {
      out.skip = "unknown moe_dtype";
      return;
    }
    const auto whole = [](double v) { return static_cast<std::int64_t>(std::llround(v)); };
    Routing r{.tokens = whole(tokens),
              .top_k = whole(top_k),
              .experts = whole(experts),
              .ranks = std::max<std::int64_t>(1, whole(ep))};
    if (tokens < 1.0 || tokens > 1e7 || top_k < 1.0 || experts < 1.0 || experts > 1e5 || tp < 1.0 ||
        top_k > experts || r.experts % r.ranks != 0) {
      out.skip = "no such routing: counts of tokens, experts or ranks";
      return;
    }
    if (!spread(text(distribution_), r)) {
      out.skip = "unknown distribution";
      return;
    }
    const std::string& framework = file().framework;
    const std::string& table = file().table;
    // The collectors gate DeepSeek-V3's shape in groups, TensorRT-LLM's low-latency kernels always.
    const bool deepseek = width == 7168.0 && inter == 2048.0 && top_k == 8.0 && experts == 256.0;
    r.grouped =
        has(source, "min_latency") || (deepseek && framework != "trtllm" && table == "moe_perf");
    // Nemotron's experts have no gate (squared ReLU); TensorRT-LLM's tables say so, the others'
    // shapes do.
    const bool nemotron = top_k == 22.0 || (width == 2688.0 && inter == 1856.0);
    kernel::Moe m{.tokens = tokens,
                  .top_k = top_k,
                  .experts = experts,
                  .load = routing_.load(r),
                  .hidden = width,
                  .inter = inter / tp,
                  .gated = !has(source, "nongated") && !nemotron,
                  .activation = a->activation,
                  .weight = a->weight,
                  .block = a->block,
                  .library = library(source, type)};
    // SGLang's Triton kernels run 4-bit experts with weights widened when they are loaded.
    if (framework == "sglang" && type == "w4a16_mxfp4" && m.library == Library::triton) {
      m.weight = DataType::bf16;
    }
    // DeepEP hands rows over sorted. The decode module runs in a graph; the prefill module is
    // called from the host, six kernels and their buffers, as many calls as three dense products.
    if (table == "wideep_generation_moe_perf") m.dispatched = true;
    if (table == "wideep_context_moe_perf") {
      m.eager = 3.0;
      pad(m.load);
    }
    out.ops.emplace_back(m);
  }

  /// DeepGEMM's contiguous layout: every expert's rows fill whole tiles of 128.
  static void pad(kernel::ExpertLoad& load) {
    constexpr std::size_t index = 4;
    static_assert(kernel::expert_tiles[index] == 128.0);
    load.rows = load.tiles[index] * kernel::expert_tiles[index];
    for (std::size_t i = 0; i < index; ++i) load.tiles[i] = load.rows / kernel::expert_tiles[i];
  }

  static bool spread(std::string_view name, Routing& r) {
    constexpr std::string_view power = "power_law_";
    if (name == "balanced") return true;
    if (name == "uniform") {
      r.spread = Spread::uniform;
      return true;
    }
    if (!name.starts_with(power)) return false;
    name.remove_prefix(power.size());
    r.spread = Spread::power_law;
    double& out = r.exponent;
    const auto [end, code] = std::from_chars(name.data(), name.data() + name.size(), out);
    // An exponent of exactly 1 has no closed inverse; the collectors write 1.01 for it.
    if (out == 1.0) out = 1.01;
    return code == std::errc() && end == name.data() + name.size() && out > 0.0 && out < 10.0;
  }

  [[nodiscard]] Library library(std::string_view source, std::string_view type) const {
    const bool hopper = chip().generation() == hw::Generation::hopper;
    if (has(source, "nongated")) return Library::portable;
    if (has(source, "marlin")) return Library::marlin;
    if (type == "fp8_block" && hopper && has(source, "cutlass")) return Library::blockscale;
    // Without tuning FlashInfer starts with its first tactic; a poor one on Hopper.
    if (has(source, "flashinfer_cutlass")) {
      return hopper ? Library::flashinfer : Library::cutlass;
    }
    if (source == "moe_torch_flow" && type.starts_with("w4")) {
      // Triton on Hopper, TensorRT-LLM's own on Blackwell; the collector tunes all but w4a16.
      if (hopper) return Library::gpt_oss;
      return type == "w4a16_mxfp4" ? Library::untuned : Library::trtllm;
    }
    if (has(source, "oaitriton")) return Library::gpt_oss;
    if (has(source, "triton") || has(source, "fused_moe")) return Library::triton;
    if (has(source, "cutlass") || source == "moe_torch_flow") return Library::cutlass;
    if (has(source, "deepgemm") || has(source, "deepep")) return Library::deepgemm;
    if (has(source, "trtllm") || has(source, "min_latency")) return Library::trtllm;
    return Library::portable;
  }

  RoutingCache& routing_;
  Column type_;
  Column source_;
  Column distribution_;
};

std::unique_ptr<AicTable> make(const KernelFile& f, std::string_view text, const hw::Chip& chip,
                               RoutingCache& routing) {
  const std::string& t = f.table;
  if (t == "gemm_perf") return std::make_unique<GemmTable>(f, text, chip);
  if (t == "moe_perf" || t == "wideep_context_moe_perf" || t == "wideep_generation_moe_perf") {
    return std::make_unique<MoeTable>(f, text, chip, routing);
  }
  return make_attention_table(f, text, chip);
}

}  // namespace

std::optional<Arithmetic> arithmetic_of(std::string_view name) {
  if (name == "bfloat16" || name == "float16") return Arithmetic{};
  if (name == "fp8") return Arithmetic{DataType::fp8, DataType::fp8};
  if (name == "fp8_block") return Arithmetic{DataType::fp8, DataType::fp8, true};
  if (name == "nvfp4") return Arithmetic{DataType::fp4, DataType::fp4};
  if (name == "sq") return Arithmetic{DataType::int8, DataType::int8};
  if (name == "int8_wo") return Arithmetic{DataType::bf16, DataType::int8};
  if (name == "int4_wo" || name == "w4a16_mxfp4") return Arithmetic{DataType::bf16, DataType::fp4};
  if (name == "w4a8_mxfp4_mxfp8" || name == "w4afp8") {
    return Arithmetic{DataType::fp8, DataType::fp4};
  }
  return std::nullopt;
}

DataType stored(std::string_view name) { return name == "fp8" ? DataType::fp8 : DataType::bf16; }

TableResult open_aiconfigurator(const KernelFile& file, std::string_view text, const hw::Chip& chip,
                                RoutingCache& routing) {
  std::unique_ptr<AicTable> table = make(file, text, chip, routing);
  if (!table) {
    return fail(Error{.code = ErrorCode::data,
                      .message = fmt::format("no model of table '{}'", shown(file.table)),
                      .where = {.file = file.name}});
  }
  const std::vector<std::string> missing = table->missing();
  if (!missing.empty()) {
    Faults others;
    table->check_columns(others);
    Errors errors = others.list(file.name);
    errors.push_back(missing_columns(file, missing));
    return fail(std::move(errors));
  }
  return std::unique_ptr<KernelTable>(std::move(table));
}

}  // namespace sn::measured
