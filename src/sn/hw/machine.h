// sn/hw/machine.h
//
// What datasheets say of a machine: chip, ScaleUp, switch, NIC, rack, ScaleOut, DCN, cluster; and
// of memory beyond the chip.
//
// Plain values. Every bandwidth is per direction; ScaleUp and ScaleOut bandwidths are per GPU. Each
// struct is followed by its `describe`, the one list of its fields with paths and plausible ranges
// (see param.h).
// Sources of the numbers: catalog/*.yaml.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sn/base/units/quantity.h"
#include "sn/catalog/param.h"
#include "sn/hw/generation.h"

namespace sn::hw {

using catalog::Need;

/// Dense peak rates by data type; 0 where the chip has no such units.
struct PeakRates {
  FlopRate bf16;
  FlopRate fp8;
  FlopRate fp4;
  FlopRate int8;

  friend bool operator==(const PeakRates&, const PeakRates&) = default;
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

  [[nodiscard]] Generation generation() const { return generation_of(kernels); }

  friend bool operator==(const Chip&, const Chip&) = default;
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
  Bandwidth bandwidth;        // raw, per GPU and direction
  double efficiency = 1.0;    // sustained payload share of the raw rate
  Time endpoint_latency;      // one side: endpoint and PHY
  Length reach = {};          // longest run at the full rate; 0: not known
  std::string protocol = {};  // whose framing it has (fabric/packet/protocol.h); empty: none known

  friend bool operator==(const Link&, const Link&) = default;
};

template <class V>
void describe(V& v, Link& l) {
  using namespace sn::literals;
  v.quantity("bandwidth", l.bandwidth, 1_GB_per_s, 100_TB_per_s);
  v.ratio("efficiency", l.efficiency, 0.1, 1.0);
  v.quantity("endpoint_latency", l.endpoint_latency, 1_ns, 100_us);
  v.quantity("reach", l.reach, Length::from_si(0.01), Length::from_si(1e5), Need::optional);
  v.text("protocol", l.protocol, Need::optional);
}

/// A ScaleUp switch chip. A single-stage domain has one port of every switch at every GPU.
struct Switch {
  std::string name = {};
  std::int64_t ports = 0;    // at `port_bandwidth`; the radix of a single-stage domain
  Bandwidth port_bandwidth;  // raw, per port and direction
  Time latency;              // port to port
  bool in_switch_reduction = false;

  [[nodiscard]] Bandwidth capacity() const { return port_bandwidth * static_cast<double>(ports); }

  friend bool operator==(const Switch&, const Switch&) = default;
};

template <class V>
void describe(V& v, Switch& s) {
  using namespace sn::literals;
  v.count("ports", s.ports, 1, 65536);
  v.quantity("port_bandwidth", s.port_bandwidth, 1_GB_per_s, 10_TB_per_s);
  v.quantity("latency", s.latency, 1_ns, 100_us);
  v.flag("in_switch_reduction", s.in_switch_reduction);
}

/// Layer 1, as one GPU sees it: a switched domain of `domain` GPUs.
struct ScaleUp {
  Link link;
  Switch fabric_switch;     // key `switch`
  std::int64_t stages = 1;  // switching stages inside a domain; 2 is a non-blocking leaf-spine
  std::int64_t domain = 0;  // GPUs that reach one another by ScaleUp; absent: the whole rack
  /// Switch chips of the rack's last stage (the only one, or the spines); 0: as many as it takes.
  std::int64_t switches = 0;
  /// `switched`, `mesh` (a link to every other GPU) or `torus`; empty: switched.
  std::string topology = {};
  std::string torus = {};  // sides of a torus, "8x16" or "4x4x8"; their product is the domain

  /// Parallel networks, one port of each at every GPU: link rate over port rate, rounded up.
  /// 0 without a port rate.
  [[nodiscard]] std::int64_t planes() const;
  /// Switch hops between two GPUs: 1 in a single stage, 3 over a spine.
  [[nodiscard]] std::int64_t hops() const { return stages > 1 ? 2 * stages - 1 : 1; }
  [[nodiscard]] bool switched() const { return topology.empty() || topology == "switched"; }
  /// The numbers of `torus`; empty where it is not two or three of them joined by 'x'.
  [[nodiscard]] std::vector<std::int64_t> torus_sides() const;

  friend bool operator==(const ScaleUp&, const ScaleUp&) = default;
};

template <class V>
void describe(V& v, ScaleUp& s) {
  using namespace sn::literals;
  describe(v, s.link);  // in the same scope: `scale_up.bandwidth`
  v.group("switch", s.fabric_switch);
  v.count("stages", s.stages, 1, 2, Need::optional);
  v.count("domain", s.domain, 1, 16384, Need::optional);
  v.count("switches", s.switches, 1, 65536, Need::optional);
  v.text("topology", s.topology, Need::optional);
  v.text("torus", s.torus, Need::optional);
}

/// A network adapter; one for each GPU unless `Rack::nics_per_os` says otherwise.
struct Nic {
  Bandwidth bandwidth;      // raw, per adapter and direction
  double efficiency = 1.0;  // sustained payload share
  Time latency;             // one side, GPU memory to wire

  friend bool operator==(const Nic&, const Nic&) = default;
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
  std::int64_t nics_per_os = 0;  // ScaleOut adapters of an OS image; 0: one for each GPU
  Power feed;                    // electrical supply of the rack
  Length span = {};              // longest ScaleUp run in it; 0: not known
  Chip chip;
  ScaleUp scale_up;
  Nic nic;         // ScaleOut adapter
  Link host_link;  // chip to CPU (PCIe or C2C)

  /// Adapters that a GPU can count on while all of its OS image send: more than one are used.
  [[nodiscard]] double nic_share() const {
    if (nics_per_os == 0 || gpus_per_os == 0) return 1.0;
    return static_cast<double>(nics_per_os) / static_cast<double>(gpus_per_os);
  }

  friend bool operator==(const Rack&, const Rack&) = default;
};

template <class V>
void describe(V& v, Rack& r) {
  using namespace sn::literals;
  v.count("gpus", r.gpus, 1, 16384);
  v.count("gpus_per_os", r.gpus_per_os, 1, 1024);
  v.count("nics_per_os", r.nics_per_os, 1, 1024, Need::optional);
  v.quantity("power.feed", r.feed, 1_kW, 10000_kW);
  v.quantity("span", r.span, Length::from_si(0.01), Length::from_si(1e4), Need::optional);
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
  /// `rail`: adapter i of every host on its own leaf; `fat_tree`: hosts in turn on one leaf. Empty:
  /// rail.
  std::string topology = {};
  std::int64_t planes = 0;  // ports of an adapter, each to a leaf of its own; 0: one
  Bandwidth uplink = {};    // of one port from leaf to spine; 0: as the ports below

  friend bool operator==(const ScaleOut&, const ScaleOut&) = default;
};

template <class V>
void describe(V& v, ScaleOut& s) {
  using namespace sn::literals;
  v.quantity("latency", s.latency, 100_ns, 1_ms);
  v.ratio("oversubscription", s.oversubscription, 1.0, 64.0);
  v.count("segment", s.segment, 1, 1000000);
  v.text("topology", s.topology, Need::optional);
  v.count("planes", s.planes, 1, 64, Need::optional);
  v.quantity("uplink", s.uplink, 1_GB_per_s, 10_TB_per_s, Need::optional);
}

/// Layer 3: storage, databases, users. Bandwidth is per OS image (host), shared by its GPUs.
struct Dcn {
  std::string name;
  Bandwidth bandwidth;
  double efficiency = 1.0;
  Time latency;  // one way between hosts of one site

  friend bool operator==(const Dcn&, const Dcn&) = default;
};

template <class V>
void describe(V& v, Dcn& d) {
  using namespace sn::literals;
  v.quantity("bandwidth", d.bandwidth, Bandwidth::from_si(1e8), 10_TB_per_s);
  v.ratio("efficiency", d.efficiency, 0.1, 1.0);
  v.quantity("latency", d.latency, 1_us, 1_s);
}

/// What a device of an OS image hangs on: its PCIe tree, or ports of the ScaleUp switches.
enum class Attachment { pcie, scale_up };

/// Where adapters, drives and CXL memory hang.
struct Attach {
  Attachment nic = Attachment::pcie;
  Attachment storage = Attachment::pcie;
  Attachment cxl = Attachment::pcie;

  friend bool operator==(const Attach&, const Attach&) = default;
};

struct Cluster {
  std::int64_t racks = 1;
  std::int64_t left_over = 0;  // GPUs that were asked for and fill no whole rack; not counted
  Attach attach = {};
  Rack rack;
  ScaleOut scale_out;
  Dcn dcn;

  [[nodiscard]] std::int64_t gpus() const { return racks * rack.gpus; }
  /// ScaleUp domains of the whole cluster; a rack may hold several.
  [[nodiscard]] std::int64_t domains() const { return racks * (rack.gpus / rack.scale_up.domain); }

  friend bool operator==(const Cluster&, const Cluster&) = default;
};

template <class V>
void describe(V& v, Cluster& c) {
  v.group("rack", c.rack);
  v.group("scale_out", c.scale_out);
  v.group("dcn", c.dcn);
}

/// Memory beyond the chip: an expander, a pool behind a switch, a drive, a host's DRAM.
struct Memory {
  std::string name;
  Bytes capacity;             // of the whole device or pool
  Bandwidth read_bandwidth;   // sustained, one port
  Bandwidth write_bandwidth;  // sustained, one port
  Time load_latency;          // 64 B load, or the smallest read of a drive, without contention
  std::int64_t ports = 0;     // of all hosts together
  std::int64_t sharers = 0;   // OS images that can be attached at once
  Bandwidth total_bandwidth;  // limit of all ports together; 0: none but the ports
  Bandwidth device_bandwidth = {};  // of one module behind the ports; 0: as the ports
  Bytes interleave = {};            // what neighbours of a module hold; 0: a block is on one module
  Power power = {};                 // of the whole device or pool; 0: not known

  /// What all ports read at once.
  [[nodiscard]] Bandwidth aggregate_read() const {
    const Bandwidth all = read_bandwidth * static_cast<double>(ports);
    return total_bandwidth > Bandwidth{} && total_bandwidth < all ? total_bandwidth : all;
  }
  [[nodiscard]] Bandwidth aggregate_write() const {
    const Bandwidth all = write_bandwidth * static_cast<double>(ports);
    return total_bandwidth > Bandwidth{} && total_bandwidth < all ? total_bandwidth : all;
  }

  friend bool operator==(const Memory&, const Memory&) = default;
};

template <class V>
void describe(V& v, Memory& m) {
  using namespace sn::literals;
  v.quantity("capacity", m.capacity, 1_GB, Bytes::from_si(1e18));
  v.quantity("read_bandwidth", m.read_bandwidth, Bandwidth::from_si(1e8), 100_TB_per_s);
  v.quantity("write_bandwidth", m.write_bandwidth, Bandwidth::from_si(1e8), 100_TB_per_s);
  v.quantity("load_latency", m.load_latency, 1_ns, 100_ms);
  v.count("ports", m.ports, 1, 65536);
  v.count("sharers", m.sharers, 1, 65536);
  v.quantity("total_bandwidth", m.total_bandwidth, Bandwidth::from_si(1e8), 100_TB_per_s,
             Need::optional);
  v.quantity("device_bandwidth", m.device_bandwidth, Bandwidth::from_si(1e8), 100_TB_per_s,
             Need::optional);
  v.quantity("interleave", m.interleave, Bytes::from_si(64.0), Bytes::from_si(1e12),
             Need::optional);
  v.quantity("power", m.power, Power::from_si(0.1), Power::from_si(1e6), Need::optional);
}

/// What moves KV blocks between HBM and a memory, a GPU's part of it: RDMA verbs, copies of a CPU,
/// a GPU's copy engine, its loads and stores. A block is many pieces (one a layer and K or V) that
/// lie apart; each costs as much as a small transfer does, and `parallel` of them are under way.
/// Two stages, where blocks go through the host's memory: the slower one sets the pace.
struct Mover {
  std::string name;
  Time read_piece;            // one small piece towards the GPU, end to end
  Time write_piece;           // and away from it
  std::int64_t parallel = 1;  // pieces under way at once
  Time staged_read = {};      // the second stage, likewise; 0: none
  Time staged_write = {};
  std::int64_t staged_parallel = 1;
  Bandwidth read_bandwidth;  // of large pieces
  Bandwidth write_bandwidth;
  Bytes outstanding = {};  // bytes that loads or stores may have in flight; 0: not the limit
  Time start = {};         // once a transfer: look-up, registration

  friend bool operator==(const Mover&, const Mover&) = default;
};

template <class V>
void describe(V& v, Mover& m) {
  using namespace sn::literals;
  v.quantity("read_piece", m.read_piece, 1_ns, 1_s);
  v.quantity("write_piece", m.write_piece, 1_ns, 1_s);
  v.count("parallel", m.parallel, 1, 65536);
  v.quantity("staged_read", m.staged_read, 1_ns, 1_s, Need::optional);
  v.quantity("staged_write", m.staged_write, 1_ns, 1_s, Need::optional);
  v.count("staged_parallel", m.staged_parallel, 1, 65536, Need::optional);
  v.quantity("read_bandwidth", m.read_bandwidth, Bandwidth::from_si(1e8), 100_TB_per_s);
  v.quantity("write_bandwidth", m.write_bandwidth, Bandwidth::from_si(1e8), 100_TB_per_s);
  v.quantity("outstanding", m.outstanding, Bytes::from_si(64.0), Bytes::from_si(1e9),
             Need::optional);
  v.quantity("start", m.start, 1_ns, 1_s, Need::optional);
}

/// Fills what follows from other fields: a ScaleUp domain that is not given spans the rack, and
/// is single-stage.
inline void complete(Rack& rack) {
  if (rack.scale_up.domain == 0) rack.scale_up.domain = rack.gpus;
  if (rack.scale_up.stages == 0) rack.scale_up.stages = 1;
}
inline void complete(Cluster& cluster) { complete(cluster.rack); }

}  // namespace sn::hw
