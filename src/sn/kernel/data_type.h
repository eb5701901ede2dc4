// sn/kernel/data_type.h
//
// Number formats of weights, activations and KV cache, with their storage cost.
//
//   bf16 2 B, fp8 1 B, int8 1 B, fp4 0.5 B + one 8-bit scale per 32 elements (OCP Microscaling 1.0)
//       = 0.53125 B, int4 0.5 B + one 16-bit scale per 128 elements (GPTQ, AWQ) = 0.515625 B
//
// A checkpoint may have other groups: ModelSpec::narrow_bytes. The scales of block fp8 (4 B per
// 128 x 128 weights) are 0.02 % and left out. int4 is a format of weights alone.

#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "sn/base/units/quantity.h"

namespace sn::kernel {

enum class DataType { bf16, fp8, fp4, int8, int4 };

[[nodiscard]] std::string_view to_string(DataType type);
/// Accepts "bf16", "fp8", "fp4", "int8", "int4".
[[nodiscard]] std::optional<DataType> parse_data_type(std::string_view text);
[[nodiscard]] Bytes bytes_per_element(DataType type);

}  // namespace sn::kernel
