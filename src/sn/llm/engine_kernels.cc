// sn/llm/engine_kernels.cc
//
// The tables of choices.

#include "sn/llm/engine_kernels.h"

#include "sn/kernel/attention.h"
#include "sn/kernel/gemm.h"

namespace sn::llm {

namespace {

using kernel::Format;
using kernel::Library;

bool is_blackwell(const hw::Chip& chip) {
  return chip.kernels == "blackwell" || chip.kernels == "blackwell-grace";
}

void set(std::array<Library, kernel::format_count>& table, Format f, Library l) {
  table[static_cast<std::size_t>(f)] = l;
}

/// What no engine has a choice about: kernels that exist once.
EngineKernels common(const hw::Chip& chip) {
  EngineKernels k;
  for (std::size_t i = 0; i < kernel::format_count; ++i) {
    k.gemm[i] = kernel::usual_gemm_library(static_cast<Format>(i));
    k.experts[i] = Library::triton;
  }
  set(k.experts, Format::w4a16, Library::gpt_oss);
  k.prompts = k.caches = kernel::usual_attention_library(chip);
  k.latent_prompts = k.latent_caches = is_blackwell(chip) ? Library::trtllm : Library::flash;
  return k;
}

EngineKernels of_vllm(const hw::Chip& chip) {
  EngineKernels k = common(chip);
  set(k.gemm, Format::fp8, Library::vllm);
  set(k.gemm, Format::fp4, Library::flashinfer);
  if (!is_blackwell(chip)) return k;
  set(k.experts, Format::fp8_block, Library::deepgemm);
  set(k.experts, Format::fp4, Library::flashinfer);
  set(k.experts, Format::w4a8, Library::trtllm);
  return k;
}

EngineKernels of_sglang(const hw::Chip& chip, bool dispatched) {
  EngineKernels k = common(chip);
  set(k.gemm, Format::fp8, Library::sgl);
  set(k.gemm, Format::fp4, Library::flashinfer);
  if (dispatched) set(k.experts, Format::fp8_block, Library::deepgemm);
  if (k.prompts == Library::flash) k.prompts = k.caches = Library::sgl;
  if (!is_blackwell(chip)) return k;
  set(k.experts, Format::fp4, Library::trtllm);
  set(k.experts, Format::w4a8, Library::trtllm);
  return k;
}

/// `early`: 1.0, whose fp8 products go through a plug-in of their own.
EngineKernels of_trtllm(const hw::Chip& chip, bool early) {
  EngineKernels k = common(chip);
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

}  // namespace

EngineKernels engine_kernels(std::string_view framework, const hw::Chip& chip, bool dispatched) {
  if (framework.starts_with("trtllm")) return of_trtllm(chip, framework == "trtllm-1.0");
  if (framework.starts_with("sglang")) return of_sglang(chip, dispatched);
  return of_vllm(chip);
}

}  // namespace sn::llm
