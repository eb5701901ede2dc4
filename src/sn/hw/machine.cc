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

}  // namespace sn::hw
