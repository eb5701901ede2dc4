// sn/twin/scenario/scenario_parts.h
//
// Private pieces of scenario resolution, shared between its files.

#pragma once

#include <string>

#include "sn/base/document/document.h"
#include "sn/base/files/files.h"
#include "sn/catalog/catalog.h"
#include "sn/twin/world.h"

namespace sn::twin {

inline constexpr std::size_t name_max = 200;  // bytes of a name that views print

/// What reading a part may need beside its own text.
struct PartContext {
  const catalog::Catalog& catalog;
  const FileLoader& load;
  const std::string& directory;
};

/// Whether `node` is a map; an error about `what` with `example` if not. An empty one is told so
/// too.
[[nodiscard]] bool is_map(const Node& node, const std::string& what, const std::string& example,
                          Errors& errors);

/// The file that the scalar `path` names, looked for as it is, then beside the scenario; errors are
/// positioned at `path`.
[[nodiscard]] Result<std::string> load_near(const PartContext& context, const Node& path);

/// Measured tables of the folder `path`, looked for as it is, then beside the scenario, laid over
/// the kernels of `machine`, which has its chip and model. What was not measured is a warning.
void lay_measurements(const Node& path, const PartContext& context, Machine& machine,
                      Errors& warnings, Errors& errors);

/// `speculation`: what drafts tokens, and how often they are accepted. Expects the model in
/// `machine`.
void read_speculation(MapReader& root, Machine& machine, Errors& errors);

/// `slo`, which a scenario must have.
void read_slo(MapReader& root, World& world, Errors& errors);

/// `kv`: blocks, tiers below HBM, what is done with them. Expects cluster and attachments in
/// `machine`.
void read_kv(MapReader& root, const PartContext& context, Machine& machine, Errors& errors);

/// Cluster, software, model, precision, speculation, conditions, attachments and kv.
void read_machine_parts(MapReader& root, const PartContext& context, Machine& machine,
                        Errors& warnings, Errors& errors);

/// Workload, SLO, deployments, search, fidelity and seed. Expects the machine in `world`.
void read_load_parts(MapReader& root, const PartContext& context, World& world, Errors& errors);

}  // namespace sn::twin
