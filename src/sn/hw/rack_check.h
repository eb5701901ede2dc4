// sn/hw/rack_check.h
//
// Whether a rack can be built: counts, ports, reach and power against each other.
//
// Radix of one stage: a domain has one port of every switch at every GPU. A non-blocking leaf-spine
// of switches with p ports reaches p^2 / 2 GPUs a plane (Clos, 1953).

#pragma once

#include "sn/base/result.h"
#include "sn/hw/machine.h"

namespace sn::hw {

/// Rules that no single field can check: domains and OS images divide the rack, the switch has the
/// ports that domain and planes need, the link spans the rack, L2 is faster than HBM, the feed
/// carries the chips. Every message names the component and the numbers.
void check_rack(const Rack& rack, const Location& where, Errors& errors);

}  // namespace sn::hw
