// sn/fabric/packet/packet_routes.cc
//
// Ways between two devices, as rows of ports; and what waits for what when nothing moves.

#include <algorithm>
#include <cmath>

#include "sn/fabric/packet/packet_engine.h"

namespace sn::fabric {

namespace {

constexpr std::size_t most_ways = 64;

bool uses(const Topology& t, const std::vector<LinkId>& path, LinkKind kind) {
  return std::any_of(path.begin(), path.end(), [&](LinkId l) { return t.links()[l].kind == kind; });
}

}  // namespace

std::vector<std::vector<LinkId>> PacketEngine::paths_between(DeviceId from, DeviceId to) {
  std::vector<std::vector<LinkId>> out;
  std::vector<LinkId> first = router_.path(from, to, Choice::ecmp, setup_.seed);
  if (first.empty()) return out;
  const bool network = uses(topology_, first, LinkKind::scale_out);
  if (!network || setup_.scale_out == Transport::uec) return router_.ways(from, to, most_ways);
  // A connection for each port of the adapter, each on a way of its own.
  const auto port = [&](const std::vector<LinkId>& path) {
    return *std::find_if(path.begin(), path.end(), [&](LinkId l) {
      return topology_.links()[l].kind == LinkKind::scale_out;
    });
  };
  const std::size_t ports = topology_.trunks()[topology_.links()[port(first)].trunk].links.size();
  out.push_back(std::move(first));
  for (std::uint64_t salt = 1; salt < 32 * ports && out.size() < ports; ++salt) {
    std::vector<LinkId> path = router_.path(from, to, Choice::ecmp, setup_.seed + salt);
    const bool known =
        std::any_of(out.begin(), out.end(), [&](const auto& p) { return port(p) == port(path); });
    if (!known) out.push_back(std::move(path));
  }
  return out;
}

std::uint32_t PacketEngine::add_route(const std::vector<LinkId>& path, std::uint8_t channel) {
  const auto at = static_cast<std::uint32_t>(routes_.size());
  routes_.push_back(static_cast<std::uint32_t>(path.size()));
  const std::uint32_t channels = 1u << shift_;
  std::uint32_t c = channel;
  for (std::size_t i = 0; i < path.size(); ++i) {
    const Link& l = topology_.links()[path[i]];
    // A torus: the next channel behind the link that closes a ring (dateline; Dally, Seitz 1987).
    routes_.push_back((path[i] << shift_) + c);
    if (l.closes && c + 1 < channels) ++c;
  }
  return at;
}

const PacketEngine::Ways& PacketEngine::ways_between(DeviceId from, DeviceId to) {
  const std::uint64_t key = (std::uint64_t{from} << 32) | to;
  if (const auto known = ways_.find(key); known != ways_.end()) return known->second;
  const std::vector<std::vector<LinkId>> paths = paths_between(from, to);
  SN_ASSERT(!paths.empty());
  const std::vector<LinkId>& out = topology_.out_of(from);
  std::vector<std::vector<std::uint32_t>> by_first(out.size());
  Ways w;
  w.line = INFINITY;
  const bool mesh = topology_.devices()[from].forwards;
  const auto channel =
      mesh ? std::uint8_t{0} : static_cast<std::uint8_t>(to & ((1u << shift_) - 1u));
  for (const std::vector<LinkId>& path : paths) {
    by_first[wires_[path[0]].member].push_back(add_route(path, channel));
    w.networked = w.networked || uses(topology_, path, LinkKind::scale_out);
    w.dcn = w.dcn || uses(topology_, path, LinkKind::dcn);
  }
  w.networked = w.networked || w.dcn;
  w.latency = static_cast<std::int64_t>(router_.latency(paths[0]).si() * 1e12);
  // What the adapter or port of each hop of one way sustains, all its parallel links together.
  for (const LinkId l : paths[0]) {
    double rate = 0.0;
    for (const LinkId other : topology_.trunks()[topology_.links()[l].trunk].links) {
      if (router_.health(other) > 0.0) rate += 1.0 / wires_[other].per_byte;
    }
    w.line = std::min(w.line, rate);
  }
  for (const auto& all : by_first) {
    w.each = std::max(w.each, static_cast<std::uint32_t>(all.size()));
  }
  w.first = static_cast<std::uint32_t>(table_.size());
  for (const auto& all : by_first) {
    for (std::uint32_t i = 0; i < w.each; ++i) {
      table_.push_back(all.empty() ? none : all[i % all.size()]);
    }
  }
  return ways_.emplace(key, w).first->second;
}

std::vector<std::string> PacketEngine::stuck() const {
  if (under_way_ == 0 || !events_.empty()) return {};
  // A link waits for the links that the packets behind it wait at.
  std::vector<std::vector<std::uint32_t>> waits(wires_.size());
  for (std::uint32_t port = 0; port < ports_.size(); ++port) {
    for (std::uint32_t p = ports_[port].head; p != none; p = packets_[p].next) {
      if (packets_[p].hop == 0) continue;
      waits[link_of(routes_[packets_[p].route + packets_[p].hop - 1u])].push_back(link_of(port));
    }
  }
  std::vector<std::uint8_t> state(wires_.size(), 0);  // 1: on the way, 2: done
  for (std::uint32_t start = 0; start < wires_.size(); ++start) {
    std::vector<std::pair<std::uint32_t, std::size_t>> way;
    if (state[start] == 0) way.emplace_back(start, 0);
    while (!way.empty()) {
      auto& [at, i] = way.back();
      state[at] = 1;
      if (i == waits[at].size()) {
        state[at] = 2;
        way.pop_back();
        continue;
      }
      const std::uint32_t next = waits[at][i++];
      if (state[next] == 2) continue;
      if (state[next] == 0) {
        way.emplace_back(next, 0);
        continue;
      }
      std::vector<std::string> cycle;
      auto from = std::find_if(way.begin(), way.end(),
                               [&, link = next](const auto& w) { return w.first == link; });
      for (; from != way.end(); ++from) cycle.push_back(topology_.link_name(from->first));
      return cycle;
    }
  }
  return {"no cycle, but " + std::to_string(under_way_) + " transfers that cannot move"};
}

}  // namespace sn::fabric
