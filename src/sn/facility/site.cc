// sn/facility/site.cc
//
// PUE by climate (see site.h).

#include "sn/facility/site.h"

#include <algorithm>
#include <cmath>

namespace sn::facility {

double Climate::above(double celsius) const {
  return 0.5 * std::erfc((celsius - wet_bulb_celsius) / (spread_kelvin * std::sqrt(2.0)));
}

Pue pue_of(const Building& b, const Climate& climate, double liquid, double supply_celsius) {
  const double air = 1.0 - liquid;
  Pue out;
  out.distribution = 1.0 / (1.0 - b.distribution) - 1.0;
  out.pumps = b.pumps * liquid;
  out.fans = b.crah * air + b.rejection;
  if (liquid > 0.0) {
    out.liquid_chilled = climate.above(supply_celsius - b.approach_kelvin - b.tower_kelvin);
  }
  if (air > 0.0) out.air_chilled = climate.above(b.air_celsius - b.tower_kelvin);
  out.chillers = (liquid * out.liquid_chilled + air * out.air_chilled) / b.cop;
  out.value = 1.0 + out.distribution + out.pumps + out.fans + out.chillers;
  return out;
}

}  // namespace sn::facility
