// sn/hw/generation.h
//
// Generations of chips whose software differs: which kernels an engine calls, which instructions
// they are built on.
//
// A chip names the family of its kernels (catalog/kernels); a family belongs to a generation. The
// Grace host changes what a call costs, not the chip: both Blackwell families are one generation.
// Families that nobody listed here are `other`, and NVIDIA's software is not taken for them.

#pragma once

#include <cstdint>
#include <string_view>

namespace sn::hw {

enum class Generation : std::uint8_t {
  other,
  ampere,
  ada,
  hopper,
  blackwell,      // data centre: tensor memory
  blackwell_rtx,  // workstation: warp-wide instructions, as before Hopper
};

[[nodiscard]] Generation generation_of(std::string_view family);

[[nodiscard]] constexpr bool is_nvidia(Generation g) { return g != Generation::other; }
/// Tensor memory beside the cores, with instructions of its own.
[[nodiscard]] constexpr bool has_tensor_memory(Generation g) { return g == Generation::blackwell; }

}  // namespace sn::hw
