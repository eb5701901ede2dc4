// sn/fabric/topology/measures.h
//
// What a fabric amounts to: elements by kind, bisection, diameter, and one path hop by hop.
//
// Bisection: the most that the first half of the GPUs of a domain (of a cluster) can send to the
// second, a maximum flow over the links of that layer (Dinic, 1970). Diameter: the longest of the
// shortest paths from the GPUs of each rack's first OS image to every GPU.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sn/fabric/topology/routing.h"

namespace sn::fabric {

struct ElementCount {
  std::string_view kind;
  std::int64_t count = 0;
  Bandwidth rate = {};  // of one, links only
};

struct FabricMeasures {
  std::vector<ElementCount> devices;
  std::vector<ElementCount> links;   // directed
  Bandwidth bisection_up = {};       // of the first ScaleUp domain; 0 where it has one GPU
  Bandwidth bisection_cluster = {};  // over all layers but DCN; 0 within one domain
  std::int64_t diameter = 0;         // links of the longest shortest path between GPUs
  Time farthest = {};                // its latency
};

[[nodiscard]] FabricMeasures measure(Router& router);

/// Most that `from` can send to `to` together, over links that `allowed` keeps.
[[nodiscard]] Bandwidth max_flow(const Router& router, const std::vector<DeviceId>& from,
                                 const std::vector<DeviceId>& to, std::vector<LinkKind> allowed);

struct Hop {
  std::string link;  // the port that it leaves
  std::string to;
  LinkKind kind = LinkKind::scale_up;
  Bandwidth raw = {};
  double efficiency = 1.0;
  Time wire = {};     // of the link
  Time passing = {};  // of the device behind it, unless it is the end
  Time so_far = {};
};

[[nodiscard]] std::vector<Hop> hops(const Router& router, const std::vector<LinkId>& path);

/// The graph for Graphviz; at most `most` devices of it.
[[nodiscard]] std::string dot(const Topology& topology, std::size_t most = 5000);

}  // namespace sn::fabric
