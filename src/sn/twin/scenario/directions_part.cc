// sn/twin/scenario/directions_part.cc
//
// Directions as other numbers of a machine (see directions_part.h).

#include "sn/twin/scenario/directions_part.h"

#include <algorithm>
#include <string_view>

#include "sn/fabric/fabric.h"

namespace sn::twin {

namespace {

/// The parameter at `path`, where there is one, has another value now.
void set_param(Machine& machine, std::string_view path, double value) {
  for (catalog::Param& p : machine.params) {
    if (p.path != path) continue;
    p.value = value;
    p.present = true;
  }
}

}  // namespace

void read_directions(MapReader& cluster, Machine& machine, Errors& errors) {
  static_cast<void>(errors);
  using Semantics = Directions::Semantics;
  Directions& d = machine.directions;
  if (cluster.has("semantics")) {
    const auto word = cluster.choice("semantics", {"message", "memory"});
    d.semantics = word.value_or("message") == "memory" ? Semantics::memory : Semantics::message;
  }
  d.layers = cluster.integer("layers", {2.0, 3.0}).value_or(3);
}

MediumTaken take_medium(const Node* rack) {
  MediumTaken out{.rack = rack == nullptr ? Node::map() : *rack, .medium = {}};
  if (rack == nullptr || !rack->is_map()) return out;
  const Node* up = rack->find("scale_up");
  if (up == nullptr || !up->is_map() || up->find("medium") == nullptr) return out;
  out.medium = *up->find("medium");
  Node rest = *up;
  rest.erase("medium");
  out.rack.erase("scale_up");
  if (!rest.members().empty()) out.rack.set("scale_up", rest);
  return out;
}

void read_medium(const Node& reference, const catalog::Catalog& catalog, Machine& machine,
                 Errors& errors) {
  const catalog::CatalogKind* kind = catalog::find_kind("medium");
  SN_ASSERT(kind != nullptr);
  const Result<Node> tree = catalog.resolve(*kind, reference);
  if (!tree) {
    errors.insert(errors.end(), tree.error().begin(), tree.error().end());
    return;
  }
  facility::Medium medium;
  catalog::Params params;  // they act through the link's and the plant's
  catalog::read_entry(catalog, *tree, "medium", medium, params, errors);
  if (const Node* name = tree->find("name")) medium.name = name->text();
  machine.directions.medium = std::move(medium);
}

void lay_directions(Machine& machine) {
  hw::Cluster& c = machine.cluster;
  if (const auto& medium = machine.directions.medium) {
    hw::Link& link = c.rack.scale_up.link;
    link.reach = medium->reach;
    link.endpoint_latency += medium->latency;
    set_param(machine, "rack.scale_up.reach", link.reach.si());
    set_param(machine, "rack.scale_up.endpoint_latency", link.endpoint_latency.si());
  }
  if (machine.directions.layers != 2) return;
  const double adapters =
      c.rack.nic_share() * static_cast<double>(std::max<std::int64_t>(1, c.rack.gpus_per_os));
  c.dcn.bandwidth += c.rack.nic.bandwidth * adapters;
  c.scale_out.latency = c.dcn.latency;
  set_param(machine, "dcn.bandwidth", c.dcn.bandwidth.si());
  set_param(machine, "scale_out.latency", c.scale_out.latency.si());
}

void lay_semantics(Machine& machine) {
  if (machine.directions.semantics != Directions::Semantics::memory) return;
  machine.collectives.point_to_point = fabric::make_fabric(machine.cluster).scale_up.latency;
  set_param(machine, "collectives.point_to_point.alpha", machine.collectives.point_to_point.si());
}

void lay_medium(const Machine& machine, facility::Surroundings& around) {
  const auto& medium = machine.directions.medium;
  if (!medium) return;
  facility::Optics& optics = around.plant.optics;
  optics.medium = medium->name;
  optics.scale_up = medium->energy;
  optics.failures = medium->failures;
  optics.per_gbps = medium->price;
}

}  // namespace sn::twin
