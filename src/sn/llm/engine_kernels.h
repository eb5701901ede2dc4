// sn/llm/engine_kernels.h
//
// Which kernel libraries an engine calls on a chip, by family of operators and arithmetic.
//
// As the engines choose by default, and as their measured tables say (kernel_source columns of
// aiconfigurator): vLLM FlashAttention and FlashInfer, Triton experts on Hopper, FlashInfer's on
// Blackwell; SGLang FlashAttention 3 and FlashInfer, DeepGEMM; TensorRT-LLM its own FMHA, XQA and
// trtllm-gen. An engine of another name is taken for vLLM.

#pragma once

#include <array>
#include <string_view>

#include "sn/hw/machine.h"
#include "sn/kernel/format.h"

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

/// `dispatched`: tokens come from other attention ranks, sorted by expert.
[[nodiscard]] EngineKernels engine_kernels(std::string_view framework, const hw::Chip& chip,
                                           bool dispatched);

}  // namespace sn::llm
