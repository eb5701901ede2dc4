// sn/kernel/format.h
//
// In which arithmetic a matrix product runs, from the formats of its operands, and which library of
// kernels runs it.
//
// Storage (data_type.h) and arithmetic differ: bf16 activations with fp8 weights multiply in bf16;
// fp8 comes with one scale per tensor or with one per 1 x 128 / 128 x 128 block (DeepSeek-V3, arXiv
// 2412.19437 section 3.3). Libraries are those that the measured frameworks call; what differs
// between them in kind (split-K, the tiles they choose from) is in the models, what differs in
// degree is in their parameters.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "sn/kernel/data_type.h"

namespace sn::kernel {

enum class Format : std::uint8_t { bf16, fp8, fp8_block, fp4, int8, w8a16, w4a16, w4a8 };
inline constexpr std::size_t format_count = 8;

[[nodiscard]] std::string_view to_string(Format format);
/// `block`: fp8 operands carry a scale per block.
[[nodiscard]] Format format_of(DataType activation, DataType weight, bool block);

enum class Library : std::uint8_t {
  cublas,      // vendor library: every tile, split-K; TensorRT-LLM's own fp8 path uses it as well
  batched,     // one product per head: strided-batched calls of vendor libraries
  cutlass,     // fp4 products, grouped products of TensorRT-LLM
  vllm,        // vLLM's fp8 products with their scaling kernels
  sgl,         // SGLang's own; attention: FlashAttention 3
  deepgemm,    // fp8 with block scales
  trtllm,      // TensorRT-LLM's attention (FMHA, trtllm-gen) and latency-optimised MoE kernels
  flash,       // FlashAttention 3 (Hopper) as vLLM calls it
  triton,      // kernels written in Triton
  marlin,      // 4-bit weights with bf16 arithmetic
  flashinfer,  // FlashInfer: CUTLASS experts, first tactic; CuTe-DSL fp4 products; attention
  portable,    // PyTorch's and TensorRT's older plug-ins
  blockscale,  // TensorRT-LLM's fp8 with block scales on Hopper, experts as well
  flash2,      // FlashAttention 2 over pages: generations before Hopper, workstations
  xqa,         // TensorRT-LLM's decode before Blackwell: tensor cores when they pay, else mmha
  xqa_fp8,     // its kernel for fp8 caches on Hopper
  mmha,        // its kernel on CUDA cores, one query head at a time
  gpt_oss,     // OpenAI's Triton kernels for experts with 4-bit weights
  untuned,     // TensorRT-LLM's experts with 4-bit weights, with the tactic they start with
  cublas12,    // the vendor library of 2023 (CUDA 12.1, PyTorch 2.1)
  blockbatch,  // as blockscale, one product per head
};
inline constexpr std::size_t library_count = 21;

[[nodiscard]] std::string_view to_string(Library library);
[[nodiscard]] std::optional<Library> parse_library(std::string_view text);

}  // namespace sn::kernel
