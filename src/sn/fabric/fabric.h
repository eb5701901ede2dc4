// sn/fabric/fabric.h
//
// The three layers of a cluster as paths: ScaleUp inside a domain, ScaleOut between domains, DCN to
// the rest.
//
// Analytic fidelity: a path has a raw and a sustained bandwidth per GPU and direction and a fixed
// latency; a message takes
//   t = latency + bytes / (sustained x (1 - background))
// ScaleUp latency = two endpoints + one switch (single-stage); ScaleOut = two adapters + fabric.
// The GPUs of an OS image share its adapters evenly.
// Sources: facts 2 and 7, catalog. Limits: no incast, no collisions, no finite buffers: those are
// the business of flow and packet fidelity. `background` is the share of the link that other
// traffic holds, in [0, 1).

#pragma once

#include <cstdint>
#include <string_view>

#include "sn/base/units/quantity.h"
#include "sn/hw/machine.h"

namespace sn::fabric {

enum class Layer { scale_up, scale_out, dcn };

[[nodiscard]] std::string_view to_string(Layer layer);

/// What one GPU (or, on the DCN, one OS image) can send over one layer.
struct Path {
  Layer layer = Layer::scale_up;
  Bandwidth raw;
  Bandwidth sustained;
  Time latency;

  friend bool operator==(const Path&, const Path&) = default;
};

struct Fabric {
  std::int64_t domain = 1;   // GPUs per ScaleUp domain
  std::int64_t domains = 1;  // in the whole cluster
  std::int64_t segment = 1;  // GPUs that share one ScaleOut hop
  bool in_switch_reduction = false;
  Path scale_up;
  Path scale_out;      // inside a segment
  Path scale_out_far;  // between segments: oversubscribed
  Path dcn;            // per OS image

  /// ScaleOut as a group of `gpus` sees it: near while it fits one segment.
  [[nodiscard]] const Path& scale_out_for(std::int64_t gpus) const {
    return gpus <= segment ? scale_out : scale_out_far;
  }
};

[[nodiscard]] Fabric make_fabric(const hw::Cluster& cluster);

/// Delivery of `size` over an otherwise idle path, first byte sent to last byte received.
/// Never less than `delivery_bound`.
[[nodiscard]] Time delivery_time(const Path& path, Bytes size, double background = 0.0);

/// Least time by physics: bytes over the raw bandwidth.
[[nodiscard]] Time delivery_bound(const Path& path, Bytes size);

}  // namespace sn::fabric
