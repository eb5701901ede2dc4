// sn/fabric/fabric.cc
//
// Builds paths from a cluster and times one message (see fabric.h).

#include "sn/fabric/fabric.h"

namespace sn::fabric {

std::string_view to_string(Layer layer) {
  switch (layer) {
    case Layer::scale_up:
      return "ScaleUp";
    case Layer::scale_out:
      return "ScaleOut";
    case Layer::dcn:
      return "DCN";
  }
  return "ScaleUp";
}

Fabric make_fabric(const hw::Cluster& cluster) {
  const hw::ScaleUp& up = cluster.rack.scale_up;
  const hw::Nic& nic = cluster.rack.nic;
  const hw::ScaleOut& out = cluster.scale_out;
  const hw::Dcn& dcn = cluster.dcn;
  Fabric f;
  f.domain = up.domain;
  f.domains = cluster.domains();
  f.segment = out.segment;
  f.in_switch_reduction = up.fabric_switch.in_switch_reduction;
  f.scale_up = {.layer = Layer::scale_up,
                .raw = up.link.bandwidth,
                .sustained = up.link.bandwidth * up.link.efficiency,
                .latency = 2.0 * up.link.endpoint_latency +
                           static_cast<double>(up.hops()) * up.fabric_switch.latency};
  f.scale_out = {.layer = Layer::scale_out,
                 .raw = nic.bandwidth * cluster.rack.nic_share(),
                 .sustained = nic.bandwidth * nic.efficiency * cluster.rack.nic_share(),
                 .latency = 2.0 * nic.latency + out.latency};
  f.scale_out_far = f.scale_out;
  f.scale_out_far.raw = f.scale_out.raw / out.oversubscription;
  f.scale_out_far.sustained = f.scale_out.sustained / out.oversubscription;
  f.dcn = {.layer = Layer::dcn,
           .raw = dcn.bandwidth,
           .sustained = dcn.bandwidth * dcn.efficiency,
           .latency = dcn.latency};
  return f;
}

Time delivery_time(const Path& path, Bytes size, double background) {
  SN_ASSERT(background >= 0.0 && background < 1.0);
  return path.latency + size / (path.sustained * (1.0 - background));
}

Time delivery_bound(const Path& path, Bytes size) { return size / path.raw; }

}  // namespace sn::fabric
