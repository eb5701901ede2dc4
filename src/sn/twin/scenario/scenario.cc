// sn/twin/scenario/scenario.cc
//
// Scenario text to World (see scenario.h). The machine is read in scenario_machine.cc, the load in
// scenario_load.cc.

#include "sn/twin/scenario/scenario.h"

#include "sn/twin/scenario/scenario_parts.h"

namespace sn::twin {

void apply(const Overrides& overrides, Node& scenario) {
  const auto flag = [](const std::string& name, const std::string& value) {
    auto source = std::make_shared<const Source>(Source{name, value});
    return Node::scalar(value, source, 1, 1);
  };
  const auto workload = [&]() {
    const Node* old = scenario.find("workload");
    return old != nullptr && old->is_map() ? *old : Node::map();
  };
  if (!overrides.model.empty()) scenario.set("model", flag("--model", overrides.model));
  if (!overrides.trace.empty()) {
    Node w = workload();
    w.erase("preset");
    w.erase("synthetic");
    w.set("trace", flag("--trace", overrides.trace));
    scenario.set("workload", std::move(w));
  }
  if (!overrides.rate.empty()) {
    Node w = workload();
    w.set("rate", flag("--rate", overrides.rate));
    scenario.set("workload", std::move(w));
  }
}

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
