// sn/twin/scenario/scenario.cc
//
// Scenario text to World (see scenario.h). The machine is read in scenario_machine.cc, the load in
// scenario_load.cc.

#include "sn/twin/scenario/scenario.h"

#include "sn/twin/scenario/directions_part.h"
#include "sn/twin/scenario/facility_part.h"
#include "sn/twin/scenario/scenario_parts.h"

namespace sn::twin {

Result<World> resolve(const Node& scenario, const catalog::Catalog& catalog, const FileLoader& load,
                      const std::string& directory) {
  Errors errors;
  if (!scenario.is_map()) {
    return fail({.code = ErrorCode::wrong_type,
                 .message = "a scenario is a map of keys such as cluster, model, workload, slo",
                 .where = scenario.where(),
                 .hint = "see scenarios/ for examples"});
  }
  World world;
  MapReader root(scenario, "scenario", errors);
  const auto version = root.integer("supernode", {1.0, 1e9});
  if (version && *version != 1) {
    root.report(ErrorCode::range, "format version " + std::to_string(*version) + " is not known",
                root.get("supernode"), "this program reads 'supernode: 1'");
  } else if (!root.has("supernode")) {
    static_cast<void>(root.require("supernode"));
  }
  const PartContext context{catalog, load, directory};
  read_machine_parts(root, context, world.machine, world.warnings, errors);
  read_load_parts(root, context, world, errors);
  if (const Node* faults = root.get("faults")) world.faults = read_faults(*faults, errors);
  const hw::Rack& rack = world.machine.cluster.rack;
  const Node* around = root.get("facility");
  if (rack.gpus > 0) {
    world.facility = read_facility(around, scenario.find("cluster.rack"), rack, catalog, errors);
    if (world.facility) lay_medium(world.machine, *world.facility);
  }
  // Views print names as they are.
  world.name = shown(root.text("name").value_or(world.machine.model.name + " on " +
                                                world.machine.cluster.rack.name),
                     name_max);
  root.finish();
  if (!errors.empty()) return fail(std::move(errors));
  return world;
}

Result<Machine> resolve_machine(const Node& parts, const catalog::Catalog& catalog,
                                const FileLoader& load, const std::string& directory,
                                Errors& warnings) {
  Errors errors;
  Machine machine;
  MapReader root(parts, "machine", errors);
  read_machine_parts(root, {catalog, load, directory}, machine, warnings, errors);
  root.finish();
  if (!errors.empty()) return fail(std::move(errors));
  return machine;
}

}  // namespace sn::twin
