// sn/hw/machine.cc
//
// What follows from the fields of a machine (see machine.h).

#include "sn/hw/machine.h"

#include <cmath>

namespace sn::hw {

std::int64_t ScaleUp::planes() const {
  if (fabric_switch.port_bandwidth <= Bandwidth{}) return 0;
  // A rate that divides to within rounding needs no further plane.
  return static_cast<std::int64_t>(std::ceil(link.bandwidth / fabric_switch.port_bandwidth - 1e-9));
}

std::vector<std::int64_t> ScaleUp::torus_sides() const {
  std::vector<std::int64_t> sides(1, 0);
  for (const char c : torus) {
    if (c == 'x') {
      sides.push_back(0);
    } else if (c < '0' || c > '9' || sides.back() > 1000) {
      return {};
    } else {
      sides.back() = 10 * sides.back() + (c - '0');
    }
  }
  if (sides.size() < 2 || sides.size() > 3) return {};
  for (const std::int64_t side : sides) {
    if (side == 0) return {};
  }
  return sides;
}

}  // namespace sn::hw
