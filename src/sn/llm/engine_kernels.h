// sn/llm/engine_kernels.h
//
// Which kernel libraries an engine calls on a chip, by family of operators and arithmetic.
//
// As the engines choose by default, and as their measured tables say (kernel_source columns of
// aiconfigurator):
//   vLLM  FlashAttention on Hopper, FlashInfer on Blackwell. Experts on Hopper: Triton; fp8 with a
//     scale per tensor FlashInfer's CUTLASS, tuned at start; 4 bits Marlin, MXFP4 OpenAI's Triton.
//     On Blackwell trtllm-gen below FlashInfer for all arithmetics, but Marlin for int4 (vLLM 0.24:
//     oracle/{nvfp4,fp8,unquantized,mxfp4}.py and the sources in its tables); before 0.13 CUTLASS
//     for fp4 and fp8 (VLLM_FLASHINFER_MOE_BACKEND=throughput was the default: flashinfer#1734),
//     DeepGEMM for block scales, Triton for bf16.
//   SGLang  FlashAttention 3 on Hopper, trtllm-gen on Blackwell; experts on Blackwell trtllm-gen
//     (sglang#11816 and its overrides of 2026: fp8, NVFP4, bf16, Kimi's int4), DeepGEMM where
//     tokens were dispatched; before 0.5.7 Triton for bf16. Its fp8 products on Blackwell are the
//     CUTLASS kernels that vLLM ships.
//   TensorRT-LLM  its own FMHA, XQA and trtllm-gen.
// An engine of another name is taken for vLLM, but runs block scales on Blackwell through DeepGEMM,
// as TensorRT-LLM does: twice as fast over prompts as trtllm-gen in vLLM's tables. Which of these
// were measured on which generation: kernel/coverage.h; `borrowed_kernels` says what was not.

#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "sn/hw/machine.h"
#include "sn/kernel/format.h"
#include "sn/llm/deployment.h"

namespace sn::llm {

struct EngineKernels {
  std::array<kernel::Library, kernel::format_count> gemm = {};
  std::array<kernel::Library, kernel::format_count> experts = {};
  kernel::Library prompts = kernel::Library::flash;  // grouped heads
  kernel::Library caches = kernel::Library::flash;
  kernel::Library latent_prompts = kernel::Library::trtllm;  // MLA
  kernel::Library latent_caches = kernel::Library::trtllm;

  [[nodiscard]] kernel::Library product(kernel::Format f) const {
    return gemm[static_cast<std::size_t>(f)];
  }
  [[nodiscard]] kernel::Library expert(kernel::Format f) const {
    return experts[static_cast<std::size_t>(f)];
  }
  friend bool operator==(const EngineKernels&, const EngineKernels&) = default;
};

/// What the choice depends on beside engine, chip and arithmetic.
struct ExpertCalls {
  bool dispatched = false;  // tokens come from other attention ranks, sorted by expert
  bool mxfp4 = false;       // 4-bit weights are MXFP4 (gpt-oss), not NVFP4 or int4
};
[[nodiscard]] ExpertCalls expert_calls(const ModelSpec& model, const Deployment& deployment);

[[nodiscard]] EngineKernels engine_kernels(std::string_view framework, const hw::Chip& chip,
                                           ExpertCalls calls);

/// Kernels of this deployment whose fit comes from another generation of chips than its own, as
/// "experts in bf16 (triton)"; empty on generations of which no table is known: their values are
/// defaults of a family, which says it.
[[nodiscard]] std::vector<std::string> borrowed_kernels(std::string_view framework,
                                                        const hw::Chip& chip,
                                                        const ModelSpec& model,
                                                        const Deployment& deployment);

}  // namespace sn::llm
