// sn/kernel/format.cc
//
// Names of arithmetics and libraries; the arithmetic of two operands.

#include "sn/kernel/format.h"

#include <array>

namespace sn::kernel {

namespace {

constexpr std::array<std::string_view, format_count> formats = {
    "bf16", "fp8", "fp8_block", "fp4", "int8", "w8a16", "w4a16", "w4a8"};
constexpr std::array<std::string_view, library_count> libraries = {
    "cublas", "batched", "cutlass", "vllm",       "sgl",      "deepgemm",   "trtllm",
    "flash",  "triton",  "marlin",  "flashinfer", "portable", "blockscale", "flash2",
    "xqa",    "xqa_fp8", "mmha",    "gpt_oss",    "untuned",  "cublas12",   "blockbatch"};

bool four_bits(DataType type) { return type == DataType::fp4 || type == DataType::int4; }

}  // namespace

std::string_view to_string(Format format) { return formats[static_cast<std::size_t>(format)]; }

Format format_of(DataType activation, DataType weight, bool block) {
  if (activation == DataType::bf16 || weight == DataType::bf16) {
    if (activation == weight || weight == DataType::bf16) return Format::bf16;
    return four_bits(weight) ? Format::w4a16 : Format::w8a16;
  }
  if (activation == DataType::int8 && weight == DataType::int8) return Format::int8;
  if (activation == DataType::fp4 && weight == DataType::fp4) return Format::fp4;
  if (four_bits(weight)) return Format::w4a8;
  return block ? Format::fp8_block : Format::fp8;
}

std::string_view to_string(Library library) { return libraries[static_cast<std::size_t>(library)]; }

std::optional<Library> parse_library(std::string_view text) {
  for (std::size_t i = 0; i < library_count; ++i) {
    if (libraries[i] == text) return static_cast<Library>(i);
  }
  return std::nullopt;
}

}  // namespace sn::kernel
