// sn/twin/scenario/tenants.h
//
// Several models on one machine: a scenario whose `tenants` list stands in place of its model and
// load.
//
// Each tenant is laid over what all share (cluster, software, conditions, ...) and resolved as a
// scenario of its own, so that every check and every position is that of a plain scenario. Format:
// schema/scenario.md.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sn/base/document/document.h"
#include "sn/base/files/files.h"
#include "sn/base/result.h"
#include "sn/catalog/catalog.h"
#include "sn/twin/world.h"

namespace sn::twin {

inline constexpr std::size_t tenants_max = 16;

struct Tenant {
  std::string name;
  World world;
  std::int64_t gpus = 0;  // its share of the machine; 0: as many as its rate takes
  double weight = 1.0;    // of its multiple, among the tenants that share the rest at their knee
};

/// At least one tenant; the clusters of all are the same.
struct SharedMachine {
  std::string name;
  std::vector<Tenant> tenants;
};

[[nodiscard]] bool has_tenants(const Node& scenario);

/// Resolves a scenario with tenants. Errors: those of `resolve` for each tenant, no or too many
/// tenants, a name used twice, a key on the wrong level, shares that add up to more than the
/// cluster. Paths are looked up as in `resolve`.
[[nodiscard]] Result<SharedMachine> resolve_tenants(const Node& scenario,
                                                    const catalog::Catalog& catalog,
                                                    const FileLoader& load,
                                                    const std::string& directory);

}  // namespace sn::twin
