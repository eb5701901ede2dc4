// sn/catalog/catalog_data.h
//
// The catalog's YAML files as they were when the library was built, inside the library itself.
//
// cmake/embed_catalog.cmake writes the definition into the build tree, so a binary answers without
// files beside it. Limits: text only; paths are relative to catalog/ and sorted bytewise.

#pragma once

#include <span>
#include <string_view>

namespace sn::catalog {

/// One file of the catalog: `path` as in "chips/b200.yaml", `text` unchanged byte for byte.
struct EmbeddedFile {
  std::string_view path;
  std::string_view text;
};

/// Every catalog/**/*.yaml, sorted by path. The views live as long as the program.
[[nodiscard]] std::span<const EmbeddedFile> embedded_catalog();

}  // namespace sn::catalog
