// sn/kernel/cost.h
//
// Time of an operator with what it does and the least time physics allows it.

#pragma once

#include "sn/base/units/quantity.h"

namespace sn::kernel {

struct Cost {
  Time time;
  Time compute;  // tensor cores and what waits for them
  Time memory;   // HBM and L2 traffic
  Time bound;    // max(flops / peak, bytes / HBM bandwidth)
  Flops flops;
  Bytes bytes;  // HBM traffic

  friend bool operator==(const Cost&, const Cost&) = default;
};

}  // namespace sn::kernel
