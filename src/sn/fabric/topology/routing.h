// sn/fabric/topology/routing.h
//
// Ways through a topology: shortest by kind of link, then by number of links.
//
// A path costs its links: one of ScaleUp 1, ScaleOut 2^12, PCIe 2^18, DCN 2^24, so that ScaleUp is
// taken where it leads, and a GPU goes out by its own adapter, over spines to another rail, not
// through its CPU to another adapter. Of equal ways
//   deterministic  the one of number (source + destination) mod ways: shifts do not meet
//   ecmp           by a hash of source, destination and `salt` at each device (RFC 2992 class)
//   spray          packet i of a flow takes way i in turn: see `ways`
// Links may be down or degraded; routes avoid what is down and are worked out anew.

#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "sn/fabric/topology/topology.h"

namespace sn::fabric {

enum class Choice { deterministic, ecmp };

class Router {
 public:
  explicit Router(const Topology& topology);

  /// Share of its rate that a link has left, in [0, 1]; 0 is down. Both directions are set apart.
  void set_health(LinkId link, double share);
  [[nodiscard]] double health(LinkId link) const { return health_[link]; }
  /// Raw rate times health.
  [[nodiscard]] Bandwidth rate(LinkId link) const {
    return topology_.links()[link].raw * health_[link];
  }

  [[nodiscard]] bool reaches(DeviceId from, DeviceId to);
  /// Links from `from` to `to`; empty where it is not reached, or the two are one.
  [[nodiscard]] std::vector<LinkId> path(DeviceId from, DeviceId to,
                                         Choice choice = Choice::deterministic,
                                         std::uint64_t salt = 0);
  /// Up to `most` different equal ways, one link-disjoint first hop after another.
  [[nodiscard]] std::vector<std::vector<LinkId>> ways(DeviceId from, DeviceId to, std::size_t most);
  /// Two links over a switch that both hang on, of the first plane that is up; false without one.
  bool over_one_switch(DeviceId from, DeviceId to, LinkId& up, LinkId& down) const;
  /// The same as trunks: what a sprayed flow loads.
  [[nodiscard]] std::vector<TrunkId> trunks(DeviceId from, DeviceId to);
  /// Sum of healthy links.
  [[nodiscard]] Bandwidth trunk_rate(TrunkId trunk) const;

  /// First byte out to first byte in, through cut-through devices.
  [[nodiscard]] Time latency(const std::vector<LinkId>& path) const;
  [[nodiscard]] const Topology& topology() const { return topology_; }

 private:
  using Costs = std::vector<std::uint32_t>;

  const Costs& costs_to(DeviceId to);
  /// Over one switch of each plane that both hang on: most pairs of a domain.
  bool over_one_switch(DeviceId from, DeviceId to, std::uint64_t number, std::vector<LinkId>& out);
  /// Links of `at` on a shortest way to the device of `costs`.
  void next_links(DeviceId at, const Costs& costs, std::vector<LinkId>& out) const;

  const Topology& topology_;
  std::vector<double> health_;
  std::unordered_map<DeviceId, Costs> costs_;
  std::vector<LinkId> planes_;  // of one pair
};

/// Cost of one link of a kind.
[[nodiscard]] std::uint32_t cost_of(LinkKind kind);

/// A well-mixed hash of two words (SplitMix64's finaliser).
[[nodiscard]] constexpr std::uint64_t mixed(std::uint64_t a, std::uint64_t b) {
  std::uint64_t x = a * 0x9e3779b97f4a7c15ULL + b;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

}  // namespace sn::fabric
