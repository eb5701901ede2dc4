// sn/llm/engine_kernels.cc
//
// The tables of choices.

#include "sn/llm/engine_kernels.h"

#include <algorithm>

#include "sn/kernel/coverage.h"
#include "sn/kernel/operators/attention.h"
#include "sn/kernel/operators/gemm.h"

namespace sn::llm {

namespace {

using kernel::Family;
using kernel::Format;
using kernel::Library;

bool is_blackwell(const hw::Chip& chip) { return chip.generation() == hw::Generation::blackwell; }

void set(std::array<Library, kernel::format_count>& table, Format f, Library l) {
  table[static_cast<std::size_t>(f)] = l;
}

/// What no engine has a choice about: kernels that exist once.
EngineKernels common(const hw::Chip& chip, ExpertCalls calls) {
  EngineKernels k;
  for (std::size_t i = 0; i < kernel::format_count; ++i) {
    k.gemm[i] = kernel::usual_gemm_library(static_cast<Format>(i));
    k.experts[i] = Library::triton;
  }
  set(k.experts, Format::w4a16, calls.mxfp4 ? Library::gpt_oss : Library::marlin);
  k.prompts = k.caches = kernel::usual_attention_library(chip);
  k.latent_prompts = k.latent_caches = is_blackwell(chip) ? Library::trtllm : Library::flash;
  return k;
}

/// Experts of trtllm-gen, which FlashInfer ships: those that vLLM and SGLang run on Blackwell.
void set_trtllm_gen(EngineKernels& k, ExpertCalls calls) {
  for (const Format f : {Format::bf16, Format::fp8, Format::fp8_block, Format::fp4, Format::w4a8}) {
    set(k.experts, f, Library::trtllm);
  }
  if (calls.mxfp4) set(k.experts, Format::w4a16, Library::trtllm);
  if (calls.dispatched) set(k.experts, Format::fp8_block, Library::deepgemm);
}

/// `early`: before 0.13.
EngineKernels of_vllm(const hw::Chip& chip, ExpertCalls calls, bool early) {
  EngineKernels k = common(chip, calls);
  set(k.gemm, Format::fp8, Library::vllm);
  set(k.gemm, Format::fp4, Library::flashinfer);
  if (!early) set(k.experts, Format::fp8, Library::cutlass);
  if (!is_blackwell(chip)) return k;
  set_trtllm_gen(k, calls);
  if (!early) return k;
  set(k.experts, Format::bf16, Library::triton);
  set(k.experts, Format::fp8, Library::cutlass);
  set(k.experts, Format::fp8_block, Library::deepgemm);
  set(k.experts, Format::fp4, Library::cutlass);
  return k;
}

/// `early`: before 0.5.7.
EngineKernels of_sglang(const hw::Chip& chip, ExpertCalls calls, bool early) {
  EngineKernels k = common(chip, calls);
  set(k.gemm, Format::fp8, Library::sgl);
  set(k.gemm, Format::fp4, Library::flashinfer);
  if (calls.dispatched) set(k.experts, Format::fp8_block, Library::deepgemm);
  if (k.prompts == Library::flash) k.prompts = k.caches = Library::sgl;
  if (!is_blackwell(chip)) return k;
  set(k.gemm, Format::fp8, Library::vllm);
  k.prompts = k.caches = Library::trtllm;
  set_trtllm_gen(k, calls);
  if (early) set(k.experts, Format::bf16, Library::triton);
  return k;
}

/// `early`: 1.0, whose fp8 products go through a plug-in of their own.
EngineKernels of_trtllm(const hw::Chip& chip, ExpertCalls calls, bool early) {
  EngineKernels k = common(chip, calls);
  const bool blackwell = is_blackwell(chip);
  set(k.gemm, Format::fp8, early ? Library::trtllm : Library::cublas);
  set(k.gemm, Format::fp8_block, blackwell ? Library::deepgemm : Library::blockscale);
  k.experts.fill(Library::cutlass);
  set(k.experts, Format::fp8_block, blackwell ? Library::deepgemm : Library::blockscale);
  set(k.experts, Format::fp4, Library::trtllm);
  set(k.experts, Format::w4a16, blackwell ? Library::trtllm : Library::gpt_oss);
  set(k.experts, Format::w4a8, Library::trtllm);
  k.prompts = Library::trtllm;
  k.caches = blackwell ? Library::trtllm : Library::xqa;
  k.latent_prompts = k.latent_caches = Library::trtllm;
  return k;
}

/// Lists what a generation borrows.
class Borrowed {
 public:
  explicit Borrowed(std::string_view generation) : generation_(generation) {}

  void check(Family family, Library library, Format format, std::string_view what) {
    if (measured_on(family, library, format, generation_)) return;
    std::string text(what);
    if (!attends(family)) text += " in " + std::string(to_string(format));
    text += " (" + std::string(to_string(library)) + ")";
    if (std::find(out.begin(), out.end(), text) == out.end()) out.push_back(std::move(text));
  }

  std::vector<std::string> out;

 private:
  std::string_view generation_;
};

}  // namespace

ExpertCalls expert_calls(const ModelSpec& model, const Deployment& deployment) {
  const Parallelism& p = deployment.parallel;
  const bool native = deployment.precision.weights == model.native_weights;
  return {.dispatched = p.dp * p.cp > 1, .mxfp4 = native && model.stored.mxfp4};
}

EngineKernels engine_kernels(std::string_view framework, const hw::Chip& chip, ExpertCalls calls) {
  if (framework.starts_with("trtllm")) return of_trtllm(chip, calls, framework == "trtllm-1.0");
  if (framework.starts_with("sglang")) return of_sglang(chip, calls, framework == "sglang-0.5.5");
  EngineKernels k = of_vllm(chip, calls, framework == "vllm-0.11");
  const bool named = framework.starts_with("vllm");
  if (!named && is_blackwell(chip)) set(k.experts, Format::fp8_block, Library::deepgemm);
  return k;
}

std::vector<std::string> borrowed_kernels(std::string_view framework, const hw::Chip& chip,
                                          const ModelSpec& model, const Deployment& deployment) {
  if (!kernel::measured_generation(chip.kernels)) return {};
  const EngineKernels k = engine_kernels(framework, chip, expert_calls(model, deployment));
  const PartWeights w = part_weights(model, deployment.precision);
  const auto format = [&](kernel::DataType weight) {
    const kernel::DataType activation =
        weight == kernel::DataType::bf16 ? weight : deployment.precision.activations;
    return kernel::format_of(activation, weight, model.block_scales);
  };
  Borrowed b(chip.kernels);
  const Format attention = format(w.attention);
  b.check(Family::gemm, k.product(attention), attention, "projections");
  if (model.dense_layers > 0) {
    b.check(Family::gemm, k.product(format(w.dense)), format(w.dense), "dense products");
  }
  if (model.is_moe()) {
    b.check(Family::moe, k.expert(format(w.experts)), format(w.experts), "experts");
  }
  if (model.linear_layers > 0) b.out.emplace_back("linear attention (no table)");
  const bool latent = model.attention.kind == AttentionKind::mla;
  b.check(latent ? Family::mla_prefill : Family::prefill, latent ? k.latent_prompts : k.prompts,
          Format::bf16, "attention over prompts");
  b.check(latent ? Family::mla_decode : Family::decode, latent ? k.latent_caches : k.caches,
          Format::bf16, "attention over caches");
  return std::move(b.out);
}

}  // namespace sn::llm
