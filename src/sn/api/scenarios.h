// sn/api/scenarios.h
//
// Scenarios that can be asked for by name: those of scenarios/, as they were when the library was
// built.
//
// A name is that of the file without its ending, one of the short names, or a part of exactly one
// name. A file of the same name goes before.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sn/base/result.h"

namespace sn::api {

struct ShippedScenario {
  std::string_view name;        // "llama70b-hgx-h200"
  std::string_view text;        // YAML
  std::string_view short_name;  // "llama70b"; may be empty
};

/// Sorted by name.
[[nodiscard]] std::vector<ShippedScenario> shipped_scenarios();

/// Whether `text` could be such a name, and is no path: no '/' or '.' in it.
[[nodiscard]] bool names_scenario(std::string_view text);

/// Errors: no such name, with the nearest; a part of several names, with all of them.
[[nodiscard]] Result<ShippedScenario> find_scenario(const std::string& name);

}  // namespace sn::api
