// sn/twin/scenario/facility_part.h
//
// `facility` of a scenario: plant, failures, prices and site of the catalog, or overrides of them.

#pragma once

#include <optional>
#include <string>

#include "sn/base/document/document.h"
#include "sn/catalog/catalog.h"
#include "sn/facility/running.h"

namespace sn::twin {

/// The node with what it leaves out: the plant of the rack's name where there is one, `default` for
/// the rest. `node` may be null. Errors: no map, unknown keys.
[[nodiscard]] Node with_defaults(const Node* node, const std::string& rack_entry,
                                 const catalog::Catalog& catalog, Errors& errors);

/// The entry that a reference starts from: its text, or its `base`; empty for none.
[[nodiscard]] std::string base_of(const Node* reference);

/// Nothing where the rack has no plant and none is named. `rack` is complete.
[[nodiscard]] std::optional<facility::Surroundings> read_facility(const Node* node,
                                                                  const Node* rack_reference,
                                                                  const hw::Rack& rack,
                                                                  const catalog::Catalog& catalog,
                                                                  Errors& errors);

}  // namespace sn::twin
