// sn/hw/machine.h
//
// What datasheets say of a machine: chip, ScaleUp, switch, NIC, rack, ScaleOut, DCN, cluster.
//
// Plain values. Every bandwidth is per direction; ScaleUp and ScaleOut bandwidths are per GPU. Each
// struct is followed by its `describe`, the one list of its fields with paths and plausible ranges
// (see param.h). Sources of the numbers: catalog/*.yaml.

#pragma once

#include <cstdint>
#include <string>

#include "sn/base/quantity.h"
#include "sn/hw/param.h"

namespace sn::hw {

/// Dense peak rates by data type; 0 where the chip has no such units.
struct PeakRates {
  FlopRate bf16;
  FlopRate fp8;
  FlopRate fp4;
  FlopRate int8;
};

struct Chip {
  std::string name;
  std::string kernels;   // catalog name of its kernel family
  std::int64_t sms = 0;  // streaming multiprocessors, or what corresponds to them
  PeakRates peak;
  Bytes hbm_capacity;
  Bandwidth hbm_bandwidth;
  Bytes l2_capacity;
  Bandwidth l2_bandwidth;
  Power tdp;
  Power idle;
};

template <class V>
void describe(V& v, Chip& c) {
  using namespace sn::literals;
  const FlopRate lo = FlopRate::from_si(1e12);
  const FlopRate hi = FlopRate::from_si(1e18);
  v.text("kernels", c.kernels);
  v.count("sms", c.sms, 1, 4096);
  v.quantity("peak.bf16", c.peak.bf16, lo, hi);
  v.quantity("peak.fp8", c.peak.fp8, lo, hi, Need::optional);
  v.quantity("peak.fp4", c.peak.fp4, lo, hi, Need::optional);
  v.quantity("peak.int8", c.peak.int8, lo, hi, Need::optional);
  v.quantity("hbm.capacity", c.hbm_capacity, 8_GB, 8192_GB);
  v.quantity("hbm.bandwidth", c.hbm_bandwidth, 100_GB_per_s, 200_TB_per_s);
  v.quantity("l2.capacity", c.l2_capacity, 1_MB, 100_GB);
  v.quantity("l2.bandwidth", c.l2_bandwidth, 100_GB_per_s, 1000_TB_per_s);
  v.quantity("power.tdp", c.tdp, 50_W, 20_kW);
  v.quantity("power.idle", c.idle, 1_W, 10_kW);
}

/// A point-to-point link, as one GPU sees it.
struct Link {
  Bandwidth bandwidth;      // raw, per GPU and direction
  double efficiency = 1.0;  // sustained payload share of the raw rate
  Time endpoint_latency;    // one side: endpoint and PHY
};

template <class V>
void describe(V& v, Link& l) {
  using namespace sn::literals;
  v.quantity("bandwidth", l.bandwidth, 1_GB_per_s, 100_TB_per_s);
  v.ratio("efficiency", l.efficiency, 0.1, 1.0);
  v.quantity("endpoint_latency", l.endpoint_latency, 1_ns, 100_us);
}

/// Layer 1, as one GPU sees it: a single-stage switched domain of `domain` GPUs.
struct ScaleUp {
  Link link;
  Time switch_latency;      // port to port
  std::int64_t domain = 0;  // GPUs behind one switching stage; absent: the whole rack
  bool in_switch_reduction = false;
};

template <class V>
void describe(V& v, ScaleUp& s) {
  using namespace sn::literals;
  describe(v, s.link);  // in the same scope: `scale_up.bandwidth`
  v.quantity("switch_latency", s.switch_latency, 1_ns, 100_us);
  v.count("domain", s.domain, 1, 16384, Need::optional);
  v.flag("in_switch_reduction", s.in_switch_reduction);
}

/// A network adapter's share for one GPU.
struct Nic {
  Bandwidth bandwidth;      // raw, per GPU and direction
  double efficiency = 1.0;  // sustained payload share
  Time latency;             // one side, GPU memory to wire
};

template <class V>
void describe(V& v, Nic& n) {
  using namespace sn::literals;
  v.quantity("bandwidth", n.bandwidth, Bandwidth::from_si(1e8), 10_TB_per_s);
  v.ratio("efficiency", n.efficiency, 0.1, 1.0);
  v.quantity("latency", n.latency, 10_ns, 1_ms);
}

struct Rack {
  std::string name;
  std::string title;
  std::int64_t gpus = 0;
  std::int64_t gpus_per_os = 0;
  Power feed;  // electrical supply of the rack
  Chip chip;
  ScaleUp scale_up;
  Nic nic;         // ScaleOut adapter, per GPU
  Link host_link;  // chip to CPU (PCIe or C2C)
};

template <class V>
void describe(V& v, Rack& r) {
  using namespace sn::literals;
  v.count("gpus", r.gpus, 1, 16384);
  v.count("gpus_per_os", r.gpus_per_os, 1, 1024);
  v.quantity("power.feed", r.feed, 1_kW, 10000_kW);
  v.group("chip", r.chip);
  v.group("scale_up", r.scale_up);
  v.group("nic", r.nic);
  v.group("host_link", r.host_link);
}

/// Layer 2: the network between supernodes. Per-GPU bandwidth is the NIC's, divided by
/// `oversubscription`.
struct ScaleOut {
  std::string name;
  Time latency;                   // one way through the fabric, without the adapters
  double oversubscription = 1.0;  // above one segment; 1 is non-blocking
  std::int64_t segment = 0;       // GPUs that reach one another in one hop
};

template <class V>
void describe(V& v, ScaleOut& s) {
  using namespace sn::literals;
  v.quantity("latency", s.latency, 100_ns, 1_ms);
  v.ratio("oversubscription", s.oversubscription, 1.0, 64.0);
  v.count("segment", s.segment, 1, 1000000);
}

/// Layer 3: storage, databases, users. Bandwidth is per OS image (host), shared by its GPUs.
struct Dcn {
  std::string name;
  Bandwidth bandwidth;
  double efficiency = 1.0;
  Time latency;  // one way between hosts of one site
};

template <class V>
void describe(V& v, Dcn& d) {
  using namespace sn::literals;
  v.quantity("bandwidth", d.bandwidth, Bandwidth::from_si(1e8), 10_TB_per_s);
  v.ratio("efficiency", d.efficiency, 0.1, 1.0);
  v.quantity("latency", d.latency, 1_us, 1_s);
}

struct Cluster {
  std::int64_t racks = 1;
  Rack rack;
  ScaleOut scale_out;
  Dcn dcn;

  [[nodiscard]] std::int64_t gpus() const { return racks * rack.gpus; }
  /// ScaleUp domains of the whole cluster; a rack may hold several.
  [[nodiscard]] std::int64_t domains() const { return racks * (rack.gpus / rack.scale_up.domain); }
};

template <class V>
void describe(V& v, Cluster& c) {
  v.group("rack", c.rack);
  v.group("scale_out", c.scale_out);
  v.group("dcn", c.dcn);
}

/// Fills what follows from other fields: a ScaleUp domain that is not given spans the rack.
inline void complete(Cluster& cluster) {
  std::int64_t& domain = cluster.rack.scale_up.domain;
  if (domain == 0) domain = cluster.rack.gpus;
}

}  // namespace sn::hw
