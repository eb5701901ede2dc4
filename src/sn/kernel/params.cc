// sn/kernel/params.cc
//
// Names of operator families; which library has which.

#include "sn/kernel/params.h"

namespace sn::kernel {

std::string_view to_string(Family family) {
  constexpr std::array<std::string_view, family_count> names = {
      "gemm", "moe", "prefill", "decode", "mla_prefill", "mla_decode", "elementwise"};
  return names[static_cast<std::size_t>(family)];
}

bool exists(Family family, Library library) {
  switch (library) {
    case Library::cublas:
    case Library::deepgemm:
      return family == Family::gemm || family == Family::moe;
    case Library::cutlass:
    case Library::marlin:
    case Library::portable:
      return family == Family::gemm || family == Family::moe;
    case Library::trtllm:
    case Library::triton:
      return family != Family::elementwise;
    case Library::batched:
    case Library::vllm:
    case Library::cublas12:
    case Library::blockbatch:
      return family == Family::gemm;
    case Library::blockscale:
      return family == Family::gemm || family == Family::moe;
    case Library::sgl:
      return family == Family::gemm || family == Family::prefill || family == Family::decode;
    case Library::flashinfer:
      return family == Family::gemm || family == Family::moe;
    case Library::xqa:
    case Library::xqa_fp8:
    case Library::mmha:
      return family == Family::decode;
    case Library::flash2:  // a reference, as is flash
      return false;
    case Library::gpt_oss:
    case Library::untuned:
      return family == Family::moe;
    case Library::flash:
      return attends(family);
  }
  return false;
}

}  // namespace sn::kernel
