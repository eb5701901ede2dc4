// sn/hw/conditions.cc
//
// Applies condition factors to a cluster (see conditions.h).

#include "sn/hw/conditions.h"

namespace sn::hw {

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
