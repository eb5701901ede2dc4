// sn/fabric/topology/measures.cc
//
// Counts, maximum flow, farthest pair, hops (see measures.h).

#include "sn/fabric/topology/measures.h"

#include <algorithm>
#include <limits>
#include <map>

namespace sn::fabric {

namespace {

/// Dinic's maximum flow: levels by breadth, then blocking flows by depth without recursion.
class MaxFlow {
 public:
  explicit MaxFlow(std::size_t nodes) : out_(nodes) {}

  void edge(std::uint32_t a, std::uint32_t b, double capacity) {
    out_[a].push_back(static_cast<std::uint32_t>(edges_.size()));
    edges_.push_back({b, capacity});
    out_[b].push_back(static_cast<std::uint32_t>(edges_.size()));
    edges_.push_back({a, 0.0});
    largest_ = std::max(largest_, capacity);
  }

  double run(std::uint32_t s, std::uint32_t t) {
    double total = 0.0;
    while (levels(s, t)) {
      next_.assign(out_.size(), 0);
      for (double sent = push(s, t); sent > 0.0; sent = push(s, t)) total += sent;
    }
    return total;
  }

 private:
  struct Edge {
    std::uint32_t to;
    double left;
  };

  [[nodiscard]] bool open(const Edge& e) const { return e.left > 1e-12 * largest_; }

  bool levels(std::uint32_t s, std::uint32_t t) {
    level_.assign(out_.size(), -1);
    std::vector<std::uint32_t> queue(1, s);
    level_[s] = 0;
    for (std::size_t i = 0; i < queue.size() && level_[t] < 0; ++i) {
      for (const std::uint32_t e : out_[queue[i]]) {
        if (!open(edges_[e]) || level_[edges_[e].to] >= 0) continue;
        level_[edges_[e].to] = level_[queue[i]] + 1;
        queue.push_back(edges_[e].to);
      }
    }
    return level_[t] >= 0;
  }

  /// One augmenting path; 0 when there is none left.
  double push(std::uint32_t s, std::uint32_t t) {
    std::vector<std::uint32_t> path;
    std::uint32_t at = s;
    while (at != t) {
      bool on = false;
      for (std::size_t& i = next_[at]; i < out_[at].size(); ++i) {
        const Edge& e = edges_[out_[at][i]];
        if (open(e) && level_[e.to] == level_[at] + 1) {
          path.push_back(out_[at][i]);
          at = e.to;
          on = true;
          break;
        }
      }
      if (on) continue;
      if (path.empty()) return 0.0;
      at = edges_[path.back() ^ 1u].to;
      ++next_[at];
      path.pop_back();
    }
    double least = std::numeric_limits<double>::infinity();
    for (const std::uint32_t e : path) least = std::min(least, edges_[e].left);
    for (const std::uint32_t e : path) {
      edges_[e].left -= least;
      edges_[e ^ 1u].left += least;
    }
    return least;
  }

  std::vector<std::vector<std::uint32_t>> out_;
  std::vector<Edge> edges_;
  std::vector<int> level_;
  std::vector<std::size_t> next_;
  double largest_ = 0.0;
};

template <class Kind, std::size_t N, class Of>
std::vector<ElementCount> counted(const Kind (&all)[N], const Of& of) {
  std::vector<ElementCount> out;
  for (const Kind kind : all) {
    const ElementCount c = of(kind);
    if (c.count > 0) out.push_back(c);
  }
  return out;
}

void farthest(Router& router, FabricMeasures& out) {
  const Topology& t = router.topology();
  const std::vector<DeviceId>& gpus = t.gpus();
  // The first GPUs of each domain stand for all: domains are alike.
  std::map<std::int32_t, int> seen;
  for (const DeviceId from : gpus) {
    if (++seen[t.devices()[from].group] > 2 || seen.size() > 64) continue;
    for (const DeviceId to : gpus) {
      const std::vector<LinkId> path = router.path(to, from);
      const Time latency = router.latency(path);
      const auto n = static_cast<std::int64_t>(path.size());
      if (n > out.diameter || (n == out.diameter && latency > out.farthest)) {
        out.diameter = n;
        out.farthest = latency;
      }
    }
  }
}

}  // namespace

Bandwidth max_flow(const Router& router, const std::vector<DeviceId>& from,
                   const std::vector<DeviceId>& to, std::vector<LinkKind> allowed) {
  const Topology& t = router.topology();
  const auto n = static_cast<std::uint32_t>(t.devices().size());
  // GPUs do not forward: each end is split into what sends and what receives by leaving out what
  // enters a source and what leaves a sink.
  std::vector<char> side(n, 0);
  for (const DeviceId d : from) side[d] = 1;
  for (const DeviceId d : to) side[d] = 2;
  MaxFlow flow(n + 2);
  for (LinkId l = 0; l < t.links().size(); ++l) {
    const Link& link = t.links()[l];
    if (std::find(allowed.begin(), allowed.end(), link.kind) == allowed.end()) continue;
    if (router.rate(l).si() <= 0.0) continue;
    const bool entering = side[link.to] == 1 && !t.devices()[link.to].forwards;
    const bool leaving = side[link.from] == 2 && !t.devices()[link.from].forwards;
    const bool idle = (side[link.from] == 0 && t.devices()[link.from].kind == DeviceKind::gpu &&
                       !t.devices()[link.from].forwards);
    if (entering || leaving || idle) continue;
    flow.edge(link.from, link.to, router.rate(l).si());
  }
  constexpr double all = 1e15;  // bytes/s, above any machine
  for (const DeviceId d : from) flow.edge(n, d, all);
  for (const DeviceId d : to) flow.edge(d, n + 1, all);
  return Bandwidth::from_si(flow.run(n, n + 1));
}

FabricMeasures measure(Router& router) {
  const Topology& t = router.topology();
  FabricMeasures out;
  static constexpr DeviceKind devices[] = {
      DeviceKind::gpu,     DeviceKind::cpu, DeviceKind::pcie_switch, DeviceKind::nic,
      DeviceKind::storage, DeviceKind::cxl, DeviceKind::up_switch,   DeviceKind::leaf,
      DeviceKind::spine,   DeviceKind::dcn};
  static constexpr LinkKind links[] = {LinkKind::scale_up, LinkKind::pcie, LinkKind::scale_out,
                                       LinkKind::dcn};
  out.devices = counted(devices, [&](DeviceKind kind) {
    return ElementCount{.kind = to_string(kind), .count = t.count(kind), .rate = {}};
  });
  out.links = counted(links, [&](LinkKind kind) {
    const auto at = std::find_if(t.links().begin(), t.links().end(),
                                 [&](const Link& l) { return l.kind == kind; });
    return ElementCount{.kind = to_string(kind),
                        .count = t.count(kind),
                        .rate = at == t.links().end() ? Bandwidth{} : at->raw};
  });
  std::vector<DeviceId> domain;
  for (const DeviceId g : t.gpus()) {
    if (t.devices()[g].group == t.devices()[t.gpus().front()].group) domain.push_back(g);
  }
  const auto halves = [&](const std::vector<DeviceId>& gpus, std::vector<LinkKind> kinds) {
    const auto middle = gpus.begin() + static_cast<std::ptrdiff_t>(gpus.size() / 2);
    return max_flow(router, {gpus.begin(), middle}, {middle, gpus.end()}, std::move(kinds));
  };
  if (domain.size() > 1) out.bisection_up = halves(domain, {LinkKind::scale_up});
  if (domain.size() < t.gpus().size()) {
    out.bisection_cluster =
        halves(t.gpus(), {LinkKind::scale_up, LinkKind::pcie, LinkKind::scale_out});
  }
  farthest(router, out);
  return out;
}

std::vector<Hop> hops(const Router& router, const std::vector<LinkId>& path) {
  const Topology& t = router.topology();
  std::vector<Hop> out;
  Time so_far;
  for (std::size_t i = 0; i < path.size(); ++i) {
    const Link& l = t.links()[path[i]];
    const Time passing = i + 1 < path.size() ? t.devices()[l.to].latency : Time{};
    so_far += l.latency + passing;
    out.push_back({.link = t.link_name(path[i]),
                   .to = t.devices()[l.to].name,
                   .kind = l.kind,
                   .raw = router.rate(path[i]),
                   .efficiency = l.efficiency,
                   .wire = l.latency,
                   .passing = passing,
                   .so_far = so_far});
  }
  return out;
}

std::string dot(const Topology& topology, std::size_t most) {
  std::string out = "graph fabric {\n  node [shape=box, fontsize=8];\n";
  const std::size_t shown = std::min(most, topology.devices().size());
  for (std::size_t d = 0; d < shown; ++d) out += "  \"" + topology.devices()[d].name + "\";\n";
  for (const Link& l : topology.links()) {
    if (l.from > l.to || l.from >= shown || l.to >= shown) continue;
    out += "  \"" + topology.devices()[l.from].name + "\" -- \"" + topology.devices()[l.to].name +
           "\" [class=" + std::string(to_string(l.kind)) + "];\n";
  }
  return out + "}\n";
}

}  // namespace sn::fabric
