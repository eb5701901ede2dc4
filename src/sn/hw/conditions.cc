// sn/hw/conditions.cc
//
// Applies condition factors to a cluster (see conditions.h).

#include "sn/hw/conditions.h"

namespace sn::hw {

Conditions operator*(const Conditions& a, const Conditions& b) {
  return {.clock = a.clock * b.clock,
          .hbm = a.hbm * b.hbm,
          .scale_up = a.scale_up * b.scale_up,
          .scale_out = a.scale_out * b.scale_out,
          .alive = a.alive && b.alive};
}

Cluster under(const Conditions& conditions, Cluster cluster) {
  SN_ASSERT(conditions.clock > 0.0 && conditions.clock <= 1.0);
  SN_ASSERT(conditions.hbm > 0.0 && conditions.hbm <= 1.0);
  SN_ASSERT(conditions.scale_up > 0.0 && conditions.scale_up <= 1.0);
  SN_ASSERT(conditions.scale_out > 0.0 && conditions.scale_out <= 1.0);
  Chip& chip = cluster.rack.chip;
  chip.peak.bf16 *= conditions.clock;
  chip.peak.fp8 *= conditions.clock;
  chip.peak.fp4 *= conditions.clock;
  chip.peak.int8 *= conditions.clock;
  chip.l2_bandwidth *= conditions.clock;
  chip.hbm_bandwidth *= conditions.hbm;
  cluster.rack.scale_up.link.bandwidth *= conditions.scale_up;
  cluster.rack.nic.bandwidth *= conditions.scale_out;
  return cluster;
}

}  // namespace sn::hw
