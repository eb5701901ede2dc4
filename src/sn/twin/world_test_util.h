// sn/twin/world_test_util.h
//
// Scenario text to World, without a disk, for the tests of twin and of the layers above.

#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "sn/catalog/catalog_test_util.h"
#include "sn/twin/scenario/scenario.h"

namespace sn::twin {

using TestFiles = std::map<std::string, std::string>;

/// Files in memory; any other name is missing.
inline FileLoader loader_of(const TestFiles& files) {
  return [files](const std::string& path) -> Result<std::string> {
    const auto at = files.find(path);
    if (at != files.end()) return at->second;
    return fail(
        {.code = ErrorCode::io, .message = "there is no such file", .where = {.file = path}});
  };
}

inline Result<World> resolve_text(const std::string& text, const TestFiles& files = {},
                                  const Overrides& overrides = {},
                                  const std::string& directory = "") {
  Result<Node> scenario = parse_document("s.yaml", text);
  if (!scenario) return fail(scenario.error());
  apply(overrides, *scenario);
  return resolve(*scenario, catalog::shipped_catalog(), loader_of(files), directory);
}

/// The World of a text that is expected to be right.
inline World world_of(const std::string& text, const TestFiles& files = {}) {
  Result<World> world = resolve_text(text, files);
  if (!world) {
    ADD_FAILURE() << render(world.error());
    return {};
  }
  return *std::move(world);
}

}  // namespace sn::twin
