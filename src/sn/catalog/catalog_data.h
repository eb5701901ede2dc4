// sn/catalog/catalog_data.h
//
// The YAML files of catalog/ and scenarios/ as they were when the library was built, inside the
// library itself.
//
// cmake/embed_catalog.cmake writes the definition into the build tree, so a binary answers without
// files beside it. Limits: text only; paths are relative to their folder and sorted bytewise.

#pragma once

#include <span>
#include <string_view>

namespace sn::catalog {

/// One file: `path` as in "chips/b200.yaml", `text` unchanged byte for byte.
struct EmbeddedFile {
  std::string_view path;
  std::string_view text;
};

/// Every catalog/**/*.yaml, sorted by path. The views live as long as the program.
[[nodiscard]] std::span<const EmbeddedFile> embedded_catalog();
/// Every scenarios/*.yaml, in the same way: what can be asked for by name.
[[nodiscard]] std::span<const EmbeddedFile> embedded_scenarios();

}  // namespace sn::catalog
