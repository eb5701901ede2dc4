// sn/fabric/topology/routing.cc
//
// Shortest ways to a destination, by Dijkstra over the links that are up (see routing.h).

#include "sn/fabric/topology/routing.h"

#include <algorithm>
#include <limits>
#include <queue>

namespace sn::fabric {

namespace {

constexpr std::uint32_t unreached = std::numeric_limits<std::uint32_t>::max();
constexpr std::size_t costs_kept = 4096;  // destinations

}  // namespace

std::uint32_t cost_of(LinkKind kind) {
  static constexpr std::uint32_t costs[] = {1, 1u << 18, 1u << 12, 1u << 24};
  return costs[static_cast<std::size_t>(kind)];
}

Router::Router(const Topology& topology)
    : topology_(topology), health_(topology.links().size(), 1.0) {}

void Router::set_health(LinkId link, double share) {
  SN_ASSERT(share >= 0.0 && share <= 1.0);
  const bool was = health_[link] > 0.0;
  health_[link] = share;
  if (was != (share > 0.0)) costs_.clear();
}

const Router::Costs& Router::costs_to(DeviceId to) {
  if (const auto known = costs_.find(to); known != costs_.end()) return known->second;
  if (costs_.size() >= costs_kept) costs_.clear();
  Costs costs(topology_.devices().size(), unreached);
  using Item = std::pair<std::uint32_t, DeviceId>;
  std::priority_queue<Item, std::vector<Item>, std::greater<>> open;
  costs[to] = 0;
  open.emplace(0, to);
  while (!open.empty()) {
    const auto [cost, at] = open.top();
    open.pop();
    if (cost != costs[at]) continue;
    // A device that does not forward can only be where the way begins.
    if (at != to && !topology_.devices()[at].forwards) continue;
    for (const LinkId out : topology_.out_of(at)) {
      const LinkId in = topology_.links()[out].back;
      if (health_[in] <= 0.0) continue;
      const DeviceId from = topology_.links()[in].from;
      const std::uint32_t through = cost + cost_of(topology_.links()[in].kind);
      if (through >= costs[from]) continue;
      costs[from] = through;
      open.emplace(through, from);
    }
  }
  return costs_.emplace(to, std::move(costs)).first->second;
}

void Router::next_links(DeviceId at, const Costs& costs, std::vector<LinkId>& out) const {
  out.clear();
  for (const LinkId l : topology_.out_of(at)) {
    if (health_[l] <= 0.0) continue;
    const Link& link = topology_.links()[l];
    const std::uint32_t rest = costs[link.to];
    if (rest == unreached || rest + cost_of(link.kind) != costs[at]) continue;
    // The cost behind a device that does not forward is that of its own way.
    if (rest != 0 && !topology_.devices()[link.to].forwards) continue;
    out.push_back(l);
  }
}

bool Router::over_one_switch(DeviceId from, DeviceId to, std::uint64_t number,
                             std::vector<LinkId>& out) {
  const std::vector<LinkId>& here = topology_.out_of(from);
  const std::vector<LinkId>& there = topology_.out_of(to);
  planes_.clear();
  for (std::size_t i = 0; i < std::min(here.size(), there.size()); ++i) {
    const Link& up = topology_.links()[here[i]];
    const Link& down = topology_.links()[there[i]];
    if (up.kind != LinkKind::scale_up || down.kind != LinkKind::scale_up) break;
    if (up.to != down.to || !topology_.devices()[up.to].forwards) break;
    if (health_[here[i]] > 0.0 && health_[down.back] > 0.0) {
      planes_.push_back(static_cast<LinkId>(i));
    }
  }
  if (planes_.empty()) return false;
  const std::size_t i = planes_[number % planes_.size()];
  out.assign({here[i], topology_.links()[there[i]].back});
  return true;
}

bool Router::over_one_switch(DeviceId from, DeviceId to, LinkId& up, LinkId& down) const {
  const std::vector<LinkId>& here = topology_.out_of(from);
  const std::vector<LinkId>& there = topology_.out_of(to);
  for (std::size_t i = 0; i < std::min(here.size(), there.size()); ++i) {
    const Link& first = topology_.links()[here[i]];
    const Link& last = topology_.links()[there[i]];
    if (first.kind != LinkKind::scale_up || last.kind != LinkKind::scale_up) return false;
    if (first.to != last.to || from == to || !topology_.devices()[first.to].forwards) return false;
    up = here[i];
    down = last.back;
    if (health_[up] > 0.0 && health_[down] > 0.0) return true;
  }
  return false;
}

bool Router::reaches(DeviceId from, DeviceId to) { return costs_to(to)[from] != unreached; }

std::vector<LinkId> Router::path(DeviceId from, DeviceId to, Choice choice, std::uint64_t salt) {
  std::vector<LinkId> out;
  if (from == to) return out;
  const std::uint64_t first = choice == Choice::ecmp
                                  ? mixed(mixed(mixed(from, to), salt), from)
                                  : std::uint64_t{from} + std::uint64_t{to} + salt;
  if (over_one_switch(from, to, first, out)) return out;
  const Costs& costs = costs_to(to);
  if (costs[from] == unreached) return out;
  const std::uint64_t flow = mixed(mixed(from, to), salt);
  std::vector<LinkId> next;
  for (DeviceId at = from; at != to;) {
    next_links(at, costs, next);
    SN_ASSERT(!next.empty());
    const std::uint64_t number =
        choice == Choice::ecmp ? mixed(flow, at) : std::uint64_t{from} + std::uint64_t{to} + salt;
    out.push_back(next[number % next.size()]);
    at = topology_.links()[out.back()].to;
  }
  return out;
}

std::vector<std::vector<LinkId>> Router::ways(DeviceId from, DeviceId to, std::size_t most) {
  std::vector<std::vector<LinkId>> out;
  for (std::uint64_t salt = 0; salt < 4 * most && out.size() < most; ++salt) {
    std::vector<LinkId> p = path(from, to, Choice::deterministic, salt);
    if (p.empty()) break;
    if (std::find(out.begin(), out.end(), p) != out.end()) break;  // once around
    out.push_back(std::move(p));
  }
  return out;
}

std::vector<TrunkId> Router::trunks(DeviceId from, DeviceId to) {
  std::vector<TrunkId> out;
  for (const LinkId l : path(from, to)) out.push_back(topology_.links()[l].trunk);
  return out;
}

Bandwidth Router::trunk_rate(TrunkId trunk) const {
  Bandwidth sum;
  for (const LinkId l : topology_.trunks()[trunk].links) sum += rate(l);
  return sum;
}

Time Router::latency(const std::vector<LinkId>& path) const {
  Time sum;
  for (std::size_t i = 0; i < path.size(); ++i) {
    const Link& l = topology_.links()[path[i]];
    sum += l.latency;
    if (i + 1 < path.size()) sum += topology_.devices()[l.to].latency;
  }
  return sum;
}

}  // namespace sn::fabric
