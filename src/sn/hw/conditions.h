// sn/hw/conditions.h
//
// The state that a group of chips is in: a plain value and an input of StepModel.
//
// A throttle, a power cap or a fault elsewhere in the twin becomes one of these; models only
// multiply.

#pragma once

#include "sn/hw/machine.h"

namespace sn::hw {

struct Conditions {
  double clock = 1.0;      // share of the nominal core clock: scales every peak rate and the L2
  double hbm = 1.0;        // share of the nominal HBM bandwidth
  double scale_up = 1.0;   // share of the ScaleUp bandwidth (failed planes)
  double scale_out = 1.0;  // share of the ScaleOut bandwidth (failed rails)
  bool alive = true;       // false: the group takes no work

  friend bool operator==(const Conditions&, const Conditions&) = default;
};

/// Conditions of a whole and of a part of it, together.
[[nodiscard]] Conditions operator*(const Conditions& a, const Conditions& b);

/// `cluster` as it performs under `conditions`. Factors must lie in (0, 1]; `alive` is the caller's
/// business.
[[nodiscard]] Cluster under(const Conditions& conditions, Cluster cluster);

}  // namespace sn::hw
