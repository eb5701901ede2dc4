// sn/collective/params.h
//
// Software constants of communication: a latency (alpha) per kernel family and a bandwidth share
// relative to the link's own point-to-point efficiency. Values, sources and confidence:
// catalog/collectives/*.yaml.
//
// Latency is mostly software (facts 0.6): the wire adds tenths of a microsecond, the kernel family
// 3 to 30 us.

#pragma once

#include "sn/base/quantity.h"
#include "sn/hw/param.h"

namespace sn::collective {

struct CollectiveParams {
  std::string name;
  Time custom_alpha;     // device-side kernels (one-shot, two-shot), inside a captured graph
  Time custom_barrier;   // each further phase that needs all ranks
  double custom = 0.0;   // bandwidth share of those kernels
  Time library_alpha;    // NCCL-like ring kernels
  Time library_step;     // one ring step
  double library = 0.0;  // bandwidth share of ring and direct library kernels
  Time in_switch_alpha;  // in-switch reduction and multicast (NVLS, SHARP class)
  double in_switch = 0.0;
  Time dispatch_alpha;   // MoE dispatch over ScaleUp
  Time combine_alpha;    // MoE combine over ScaleUp
  Time per_peer;         // added per peer rank, dispatch and combine
  double moe = 0.0;      // bandwidth share of dispatch and combine
  Time network_alpha;    // added once when a group crosses ScaleOut
  double network = 0.0;  // bandwidth share of collectives over ScaleOut
  Time point_to_point;   // send/receive between pipeline stages, KV transfer start
};

template <class V>
void describe(V& v, CollectiveParams& c) {
  const Time lo = Time::from_si(1e-9);
  const Time hi = Time::from_si(1e-2);
  v.quantity("custom.alpha", c.custom_alpha, lo, hi);
  v.quantity("custom.barrier", c.custom_barrier, lo, hi);
  v.ratio("custom.efficiency", c.custom, 0.05, 1.0);
  v.quantity("library.alpha", c.library_alpha, lo, hi);
  v.quantity("library.step", c.library_step, lo, hi);
  v.ratio("library.efficiency", c.library, 0.05, 1.0);
  v.quantity("in_switch.alpha", c.in_switch_alpha, lo, hi);
  v.ratio("in_switch.efficiency", c.in_switch, 0.05, 1.0);
  v.quantity("moe.dispatch_alpha", c.dispatch_alpha, lo, hi);
  v.quantity("moe.combine_alpha", c.combine_alpha, lo, hi);
  v.quantity("moe.per_peer", c.per_peer, lo, hi);
  v.ratio("moe.efficiency", c.moe, 0.05, 1.0);
  v.quantity("network.alpha", c.network_alpha, lo, hi);
  v.ratio("network.efficiency", c.network, 0.05, 1.0);
  v.quantity("point_to_point.alpha", c.point_to_point, lo, hi);
}

}  // namespace sn::collective
