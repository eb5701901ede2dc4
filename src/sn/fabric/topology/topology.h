// sn/fabric/topology/topology.h
//
// The fabric as a machine: devices with ports, and directed links between them.
//
// Immutable once built (build.h, nccl_xml.h). A link is one direction of a cable or trace and is
// named by the port that it leaves: `rack0/gpu17/up/plane3`, `rack0/up/plane3/to/rack0/gpu17`.
// A trunk is the set of parallel links that per-packet spraying fills evenly: all planes from a
// GPU, all uplinks of a leaf; its rate is the sum of its links. Rates are raw, of one direction;
// `efficiency` is the share that payload sustains.
// Sources: the catalog (counts, rates, latencies). Limits: no cable lengths; a switch is
// non-blocking inside.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sn/base/result.h"
#include "sn/base/units/quantity.h"

namespace sn::fabric {

using DeviceId = std::uint32_t;
using LinkId = std::uint32_t;
using TrunkId = std::uint32_t;

inline constexpr std::uint32_t nowhere = 0xffffffff;

enum class DeviceKind : std::uint8_t {
  gpu,
  cpu,
  pcie_switch,
  nic,
  storage,
  cxl,
  up_switch,
  leaf,
  spine,
  dcn
};
enum class LinkKind : std::uint8_t { scale_up, pcie, scale_out, dcn };

[[nodiscard]] std::string_view to_string(DeviceKind kind);
[[nodiscard]] std::string_view to_string(LinkKind kind);

struct Device {
  std::string name = {};
  DeviceKind kind = DeviceKind::gpu;
  bool forwards = false;   // may stand inside a path
  std::int32_t group = 0;  // ScaleUp domain of a GPU, OS image of a peripheral
  Time latency = {};       // of passing through it
};

struct Link {
  DeviceId from = nowhere;
  DeviceId to = nowhere;
  LinkId back = nowhere;  // the other direction
  TrunkId trunk = 0;
  LinkKind kind = LinkKind::scale_up;
  std::uint16_t plane = 0;  // among parallel links
  bool closes = false;      // a ring of a torus
  Bandwidth raw = {};
  double efficiency = 1.0;
  Time latency = {};  // endpoint, PHY and wire
};

/// Parallel links that spraying fills evenly.
struct Trunk {
  std::vector<LinkId> links;
};

class Topology {
 public:
  /// `links` to be walked from a device.
  [[nodiscard]] const std::vector<LinkId>& out_of(DeviceId d) const { return out_[d]; }
  [[nodiscard]] const std::vector<Device>& devices() const { return devices_; }
  [[nodiscard]] const std::vector<Link>& links() const { return links_; }
  [[nodiscard]] const std::vector<Trunk>& trunks() const { return trunks_; }
  /// In order of their number.
  [[nodiscard]] const std::vector<DeviceId>& gpus() const { return gpus_; }

  [[nodiscard]] std::optional<DeviceId> find(std::string_view name) const;
  /// `devices` named so, or an error with the nearest name, positioned at `where`.
  [[nodiscard]] Result<DeviceId> device(std::string_view name, std::string_view where) const;
  /// The port that it leaves.
  [[nodiscard]] std::string link_name(LinkId link) const;
  [[nodiscard]] std::optional<LinkId> find_link(std::string_view name) const;
  [[nodiscard]] std::int64_t count(DeviceKind kind) const;
  [[nodiscard]] std::int64_t count(LinkKind kind) const;

 private:
  friend class TopologyBuilder;

  std::vector<Device> devices_;
  std::vector<Link> links_;
  std::vector<Trunk> trunks_;
  std::vector<std::vector<LinkId>> out_;
  std::vector<DeviceId> gpus_;
  std::unordered_map<std::string, DeviceId> by_name_;
};

/// How a cable is made: the same in both directions but for its trunks.
struct Cable {
  LinkKind kind = LinkKind::scale_up;
  Bandwidth raw = {};
  double efficiency = 1.0;
  Time latency = {};
  std::uint16_t plane = 0;
  bool closes = false;
};

class TopologyBuilder {
 public:
  /// Names are unique (asserted).
  DeviceId add(Device device);
  TrunkId add_trunk();
  /// Two links; each joins the trunk given, or one of its own.
  LinkId connect(DeviceId a, DeviceId b, const Cable& cable, TrunkId ab = nowhere,
                 TrunkId ba = nowhere);
  [[nodiscard]] const Topology& so_far() const { return t_; }
  [[nodiscard]] Topology finish() { return std::move(t_); }

 private:
  LinkId add_link(DeviceId a, DeviceId b, const Cable& cable, TrunkId trunk);

  Topology t_;
};

}  // namespace sn::fabric
