// sn/kernel/coverage.cc
//
// The table (see coverage.h).

#include "sn/kernel/coverage.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace sn::kernel {

namespace {

enum Generation : std::uint8_t { ampere = 1, hopper = 2, blackwell = 4, rtx = 8, ada = 16 };

std::uint8_t bit_of(std::string_view generation) {
  if (generation == "ampere") return ampere;
  if (generation == "ada") return ada;
  if (generation == "hopper") return hopper;
  if (generation == "blackwell" || generation == "blackwell-grace") return blackwell;
  return generation == "blackwell-rtx" ? rtx : 0;
}

struct Measured {
  Family family;
  Library library;
  Format format;
  std::uint8_t generations;
};

constexpr std::array measured = {
    Measured{Family::gemm, Library::batched, Format::bf16, ampere | hopper | blackwell},
    Measured{Family::gemm, Library::batched, Format::fp8, hopper},
    Measured{Family::gemm, Library::blockbatch, Format::fp8_block, hopper},
    Measured{Family::gemm, Library::blockscale, Format::fp8_block, hopper},
    Measured{Family::gemm, Library::cublas, Format::bf16, ampere | ada | hopper | blackwell | rtx},
    Measured{Family::gemm, Library::cublas12, Format::bf16, ampere | hopper},
    Measured{Family::gemm, Library::cutlass, Format::fp4, blackwell},
    Measured{Family::gemm, Library::deepgemm, Format::fp8_block, hopper | blackwell},
    Measured{Family::gemm, Library::flashinfer, Format::fp4, blackwell},
    Measured{Family::gemm, Library::portable, Format::int8, ampere},
    Measured{Family::gemm, Library::portable, Format::w4a16, ampere},
    Measured{Family::gemm, Library::portable, Format::w8a16, ampere},
    Measured{Family::gemm, Library::sgl, Format::fp8, hopper},
    Measured{Family::gemm, Library::trtllm, Format::fp8, hopper | blackwell},
    Measured{Family::gemm, Library::vllm, Format::fp8, hopper | blackwell},
    Measured{Family::moe, Library::blockscale, Format::fp8_block, hopper},
    Measured{Family::moe, Library::cutlass, Format::bf16, ampere | hopper | blackwell},
    Measured{Family::moe, Library::cutlass, Format::fp4, blackwell},
    Measured{Family::moe, Library::cutlass, Format::fp8, hopper | blackwell},
    Measured{Family::moe, Library::deepgemm, Format::fp8_block, hopper | blackwell},
    Measured{Family::moe, Library::flashinfer, Format::bf16, hopper},
    Measured{Family::moe, Library::flashinfer, Format::fp8, hopper},
    Measured{Family::moe, Library::gpt_oss, Format::w4a16, hopper},
    Measured{Family::moe, Library::marlin, Format::w4a16, hopper | blackwell},
    Measured{Family::moe, Library::portable, Format::bf16, hopper | blackwell},
    Measured{Family::moe, Library::portable, Format::fp4, blackwell},
    Measured{Family::moe, Library::portable, Format::fp8, hopper | blackwell},
    Measured{Family::moe, Library::triton, Format::bf16, ampere | hopper | rtx},
    Measured{Family::moe, Library::triton, Format::fp8_block, hopper},
    Measured{Family::moe, Library::trtllm, Format::bf16, blackwell},
    Measured{Family::moe, Library::trtllm, Format::fp4, blackwell},
    Measured{Family::moe, Library::trtllm, Format::fp8, blackwell},
    Measured{Family::moe, Library::trtllm, Format::fp8_block, blackwell},
    Measured{Family::moe, Library::trtllm, Format::w4a16, blackwell},
    Measured{Family::moe, Library::trtllm, Format::w4a8, blackwell},
    Measured{Family::moe, Library::untuned, Format::w4a16, blackwell},
    Measured{Family::prefill, Library::flash, Format::bf16, hopper},
    Measured{Family::prefill, Library::flash2, Format::bf16, ampere | ada | blackwell | rtx},
    Measured{Family::prefill, Library::flashinfer, Format::bf16, blackwell},
    Measured{Family::prefill, Library::sgl, Format::bf16, hopper},
    Measured{Family::prefill, Library::triton, Format::bf16, hopper | blackwell},
    Measured{Family::prefill, Library::trtllm, Format::bf16, ampere | hopper | blackwell},
    Measured{Family::decode, Library::flash, Format::bf16, hopper},
    Measured{Family::decode, Library::flash2, Format::bf16, ampere | ada | blackwell | rtx},
    Measured{Family::decode, Library::flashinfer, Format::bf16, blackwell},
    Measured{Family::decode, Library::sgl, Format::bf16, hopper},
    Measured{Family::decode, Library::triton, Format::bf16, hopper | blackwell},
    Measured{Family::decode, Library::trtllm, Format::bf16, blackwell},
    Measured{Family::decode, Library::xqa, Format::bf16, ampere | hopper},
    Measured{Family::mla_prefill, Library::flash, Format::bf16, ampere | hopper | blackwell},
    Measured{Family::mla_prefill, Library::trtllm, Format::bf16, ampere | hopper | blackwell},
    Measured{Family::mla_decode, Library::flash, Format::bf16, hopper},
    Measured{Family::mla_decode, Library::triton, Format::bf16, ampere},
    Measured{Family::mla_decode, Library::trtllm, Format::bf16, ampere | hopper | blackwell},
};

}  // namespace

bool measured_generation(std::string_view generation) { return bit_of(generation) != 0; }

bool measured_on(Family family, Library library, Format format, std::string_view generation) {
  const std::uint8_t bit = bit_of(generation);
  return std::any_of(measured.begin(), measured.end(), [&](const Measured& m) {
    const bool arithmetic = attends(family) || m.format == format;
    return m.family == family && m.library == library && arithmetic && (m.generations & bit) != 0;
  });
}

}  // namespace sn::kernel
