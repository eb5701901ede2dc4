// sn/hw/generation.cc
//
// The table of kernel families (see generation.h).

#include "sn/hw/generation.h"

#include <array>
#include <utility>

namespace sn::hw {

Generation generation_of(std::string_view family) {
  using enum Generation;
  constexpr std::array<std::pair<std::string_view, Generation>, 6> families = {{
      {"ampere", ampere},
      {"ada", ada},
      {"hopper", hopper},
      {"blackwell", blackwell},
      {"blackwell-grace", blackwell},
      {"blackwell-rtx", blackwell_rtx},
  }};
  for (const auto& [name, generation] : families) {
    if (name == family) return generation;
  }
  return other;
}

}  // namespace sn::hw
