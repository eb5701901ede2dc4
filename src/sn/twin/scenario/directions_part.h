// sn/twin/scenario/directions_part.h
//
// Where GPU-centric machines go, as fields of a scenario: `cluster.semantics`, `cluster.layers` and
// `cluster.rack.scale_up.medium` (`attach` is read with the machine).
//
// No direction has a factor of its own. Each changes numbers that the models read anyway:
//   medium     the link's reach and the latency of its ends; energy, failures and price of them in
//              the rack's plant
//   layers: 2  ScaleOut's traffic crosses the DCN: its latency, oversubscription 1 to its own
//              segment; the adapters of ScaleOut become ports of the DCN, whose bandwidth grows by
//              them. Bytes per port are the same
//   semantics  message: transfers begin with the library's send and receive, blocks of a CXL pool
//              go through the CPU; memory: a transfer begins with a load's way through ScaleUp, and
//              GPUs load and store (kv_part.cc has who moves blocks)
// Collectives keep their software costs under both: those of message-passing libraries are fitted,
// and no measurement of load-store collectives over a domain of this size was found.

#pragma once

#include <optional>

#include "sn/base/document/document.h"
#include "sn/catalog/catalog.h"
#include "sn/facility/running.h"
#include "sn/twin/world.h"

namespace sn::twin {

/// `cluster.semantics` and `cluster.layers`.
void read_directions(MapReader& cluster, Machine& machine, Errors& errors);

/// A rack's reference without `scale_up.medium`, and that.
struct MediumTaken {
  Node rack;
  std::optional<Node> medium;
};
[[nodiscard]] MediumTaken take_medium(const Node* rack);
void read_medium(const Node& reference, const catalog::Catalog& catalog, Machine& machine,
                 Errors& errors);

/// Changes the cluster, which has been read. Parameters of the machine follow.
void lay_directions(Machine& machine);
/// What a collective library's transfers begin with; after software has been read.
void lay_semantics(Machine& machine);
void lay_medium(const Machine& machine, facility::Surroundings& around);

}  // namespace sn::twin
