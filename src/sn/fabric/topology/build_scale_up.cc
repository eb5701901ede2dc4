// sn/fabric/topology/build_scale_up.cc
//
// ScaleUp domains: single stage, leaf-spine, mesh and torus (see build.h).

#include <algorithm>

#include "sn/fabric/topology/build_parts.h"

namespace sn::fabric {

ScaleUpParts::ScaleUpParts(const hw::Cluster& cluster, TopologyBuilder& builder, Errors& errors)
    : up_(cluster.rack.scale_up), rack_(cluster.rack), b_(builder), errors_(errors) {}

DeviceId ScaleUpParts::add_switch(const std::string& name) {
  return b_.add({.name = name,
                 .kind = DeviceKind::up_switch,
                 .forwards = true,
                 .group = static_cast<std::int32_t>(domains_.size()) - 1,
                 .latency = up_.fabric_switch.latency});
}

Cable ScaleUpParts::cable(std::int64_t links, std::int64_t plane) const {
  return {.kind = LinkKind::scale_up,
          .raw = up_.link.bandwidth / static_cast<double>(links),
          .efficiency = up_.link.efficiency,
          .latency = up_.link.endpoint_latency,
          .plane = static_cast<std::uint16_t>(plane)};
}

std::vector<DeviceId> ScaleUpParts::add_rack(std::int64_t rack) {
  const std::string name = "rack" + std::to_string(rack);
  const std::int64_t domains = rack_.gpus / up_.domain;
  std::vector<DeviceId> all;
  for (std::int64_t d = 0; d < domains; ++d) {
    domains_.emplace_back();
    std::vector<DeviceId> gpus;
    for (std::int64_t g = 0; g < up_.domain; ++g) {
      gpus.push_back(b_.add({.name = name + "/gpu" + std::to_string(d * up_.domain + g),
                             .kind = DeviceKind::gpu,
                             .forwards = up_.topology == "torus",
                             .group = static_cast<std::int32_t>(domains_.size()) - 1,
                             .latency = {}}));
    }
    const std::string inside = name + (domains > 1 ? "/domain" + std::to_string(d) : "") + "/up";
    if (up_.domain > 1) {
      if (up_.topology == "mesh") {
        mesh(gpus);
      } else if (up_.topology == "torus") {
        torus(gpus);
      } else if (up_.stages > 1) {
        leaf_spine(inside, gpus);
      } else {
        single_stage(inside, gpus);
      }
    }
    all.insert(all.end(), gpus.begin(), gpus.end());
  }
  return all;
}

void ScaleUpParts::single_stage(const std::string& name, const std::vector<DeviceId>& gpus) {
  const std::int64_t planes = std::max<std::int64_t>(1, up_.planes());
  std::vector<TrunkId> there(gpus.size());
  std::vector<TrunkId> back(gpus.size());
  for (std::size_t g = 0; g < gpus.size(); ++g) {
    there[g] = b_.add_trunk();
    back[g] = b_.add_trunk();
  }
  Domain& domain = domains_.back();
  for (std::int64_t p = 0; p < planes; ++p) {
    const DeviceId s = add_switch(name + "/plane" + std::to_string(p));
    for (std::size_t g = 0; g < gpus.size(); ++g) {
      b_.connect(gpus[g], s, cable(planes, p), there[g], back[g]);
    }
    domain.edge.push_back(s);
    domain.used.push_back(static_cast<std::int64_t>(gpus.size()));
  }
}

void ScaleUpParts::leaf_spine(const std::string& name, const std::vector<DeviceId>& gpus) {
  const std::int64_t planes = std::max<std::int64_t>(1, up_.planes());
  const std::int64_t half = std::max<std::int64_t>(1, up_.fabric_switch.ports / 2);
  const auto n = static_cast<std::int64_t>(gpus.size());
  const std::int64_t leaves = (n + half - 1) / half;
  const std::int64_t spines =
      (leaves * half + up_.fabric_switch.ports - 1) / up_.fabric_switch.ports;
  std::vector<TrunkId> up(static_cast<std::size_t>(leaves));
  std::vector<TrunkId> down(static_cast<std::size_t>(leaves));
  for (std::size_t l = 0; l < up.size(); ++l) {
    up[l] = b_.add_trunk();
    down[l] = b_.add_trunk();
  }
  std::vector<TrunkId> there(gpus.size());
  std::vector<TrunkId> back(gpus.size());
  for (std::size_t g = 0; g < gpus.size(); ++g) {
    there[g] = b_.add_trunk();
    back[g] = b_.add_trunk();
  }
  Domain& domain = domains_.back();
  for (std::int64_t p = 0; p < planes; ++p) {
    const std::string plane = name + "/plane" + std::to_string(p);
    std::vector<DeviceId> top;
    for (std::int64_t s = 0; s < spines; ++s) {
      top.push_back(add_switch(plane + "/spine" + std::to_string(s)));
    }
    for (std::int64_t l = 0; l < leaves; ++l) {
      const auto at = static_cast<std::size_t>(l);
      const DeviceId leaf = add_switch(plane + "/leaf" + std::to_string(l));
      const std::int64_t last = std::min(n, (l + 1) * half);
      for (std::int64_t g = l * half; g < last; ++g) {
        const auto i = static_cast<std::size_t>(g);
        b_.connect(gpus[i], leaf, cable(planes, p), there[i], back[i]);
      }
      // As much up as down, over all spines of the plane; the switch's own latency is its device's.
      Cable uplink = cable(planes, p);
      uplink.raw = uplink.raw * (static_cast<double>(half) / static_cast<double>(spines));
      uplink.latency = Time{};
      for (const DeviceId s : top) b_.connect(leaf, s, uplink, up[at], down[at]);
      domain.edge.push_back(leaf);
      domain.used.push_back(half + last - l * half);
    }
  }
}

void ScaleUpParts::mesh(const std::vector<DeviceId>& gpus) {
  const auto others = static_cast<std::int64_t>(gpus.size()) - 1;
  for (std::size_t a = 0; a < gpus.size(); ++a) {
    for (std::size_t b = a + 1; b < gpus.size(); ++b) {
      Cable c = cable(others, 0);
      c.latency = 2.0 * c.latency;  // both endpoints on one cable
      b_.connect(gpus[a], gpus[b], c);
    }
  }
}

void ScaleUpParts::torus(const std::vector<DeviceId>& gpus) {
  std::vector<std::int64_t> sides = up_.torus_sides();
  std::int64_t ways = 0;
  for (const std::int64_t s : sides) ways += s > 2 ? 2 : (s == 2 ? 1 : 0);
  std::int64_t stride = 1;
  for (const std::int64_t side : sides) {
    for (std::int64_t g = 0; side > 1 && g < static_cast<std::int64_t>(gpus.size()); ++g) {
      const std::int64_t x = g / stride % side;
      if (side == 2 && x == 1) continue;
      const std::int64_t next = g + ((x + 1) % side - x) * stride;
      Cable c = cable(ways, 0);
      c.latency = 2.0 * c.latency;
      c.closes = x + 1 == side && side > 2;
      b_.connect(gpus[static_cast<std::size_t>(g)], gpus[static_cast<std::size_t>(next)], c);
    }
    stride *= side;
  }
}

void ScaleUpParts::attach(DeviceId device, std::int32_t domain, Bandwidth rate) {
  Domain& d = domains_[static_cast<std::size_t>(domain)];
  if (d.edge.empty()) {
    if (errors_.empty()) {
      errors_.push_back({.code = ErrorCode::infeasible,
                         .message = "attach: scale_up needs ScaleUp switches; this domain has none",
                         .where = {},
                         .hint = "attach: pcie, or a switched scale_up.topology"});
    }
    return;
  }
  const std::int64_t planes = std::max<std::int64_t>(1, up_.planes());
  const Bandwidth port = up_.link.bandwidth / static_cast<double>(planes);
  const auto wanted = static_cast<std::size_t>(rate / port) + (rate.si() > 0.0 ? 0 : 1);
  const std::size_t ports = std::clamp<std::size_t>(wanted, 1, d.edge.size());
  const TrunkId there = b_.add_trunk();
  const TrunkId back = b_.add_trunk();
  for (std::size_t i = 0; i < ports; ++i) {
    const std::size_t at = d.next++ % d.edge.size();
    if (++d.used[at] > up_.fabric_switch.ports) {
      if (!errors_.empty()) return;
      errors_.push_back(
          {.code = ErrorCode::infeasible,
           .message = "rack '" + rack_.name + "': what hangs on ScaleUp takes more than the " +
                      std::to_string(up_.fabric_switch.ports) + " ports of switch '" +
                      b_.so_far().devices()[d.edge[at]].name + "'",
           .where = {},
           .hint = "attach: pcie for some, a switch of more ports, or a smaller domain"});
      return;
    }
    b_.connect(device, d.edge[at], cable(planes, static_cast<std::int64_t>(at)), there, back);
  }
}

}  // namespace sn::fabric
