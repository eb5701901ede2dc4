// sn/fabric/topology/build.h
//
// The graph of a cluster, from the numbers of its catalog entries.
//
//   ScaleUp    single stage: p = link / port planes, one switch a plane and domain; two stages: a
//              non-blocking leaf-spine a plane, half of a leaf's ports down (Clos, 1953); mesh: a
//              link to every other GPU; torus: a link each way in every dimension, GPUs forward
//   PCIe       an OS image: one CPU; a switch for each adapter with the GPUs that share it, below
//              the CPU; one drive and one CXL adapter. Assumed: the catalog gives no trees
//   ScaleOut   rail: adapter i of every host of a segment on leaf i (one leaf for each port of the
//              adapter: dual plane, dual ToR); fat tree: a segment's adapters on one leaf (a
//              plane). Uplinks of a leaf = ports below x rate / (oversubscription x uplink rate),
//              one to each spine of its plane
//   DCN        one non-blocking network, a port for each OS image
// `attach: scale_up` puts adapters, drives or CXL memory on ports of the ScaleUp switches; ports
// that a switch lacks are an error. Latencies add up to those of `Path`: endpoints on the cables
// of ScaleUp, an adapter's own in the adapter, a third of ScaleOut's in each of its switches (leaf,
// spine, leaf; near paths pass one, where the analytic model charges all three).

#pragma once

#include "sn/base/result.h"
#include "sn/fabric/topology/topology.h"
#include "sn/hw/machine.h"

namespace sn::fabric {

/// Links of the largest graph: about 1 GB of memory.
inline constexpr std::int64_t links_max = 4'000'000;

/// Errors: more than `links_max` links; ports that the ScaleUp switches lack.
[[nodiscard]] Result<Topology> build_topology(const hw::Cluster& cluster);

/// Links of the graph, without building it.
[[nodiscard]] double links_of(const hw::Cluster& cluster);

}  // namespace sn::fabric
