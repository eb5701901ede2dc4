// sn/catalog/catalog.h
//
// The catalog: YAML entries by kind and name, with inheritance (`base`) and references resolved
// into one tree.
//
// An entry is a tree of leaves `{value, source, confidence, note, also}`. `{base: NAME, ...}` lays
// changes over another entry; a scenario uses the same form for in-place overrides. A rack refers
// to its parts by name (`chip: b200`); resolving replaces the name by the part's tree. Chains of
// `base` are limited to 8.

#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sn/base/document/document.h"
#include "sn/base/result.h"
#include "sn/catalog/catalog_data.h"
#include "sn/catalog/param.h"

namespace sn::catalog {

/// The kinds of entries and the folder of each.
struct CatalogKind {
  std::string_view name;         // "chip"
  std::string_view folder;       // "chips"
  std::string_view description;  // for `supernode catalog`
};

[[nodiscard]] std::span<const CatalogKind> catalog_kinds();
/// Kind by its name or folder ("rack", "racks"), or nullptr.
[[nodiscard]] const CatalogKind* find_kind(std::string_view name);

/// An entry from outside that changes or joins the catalog: `path` as in "kernels/hopper.yaml",
/// `name` for messages.
struct OverlayFile {
  std::string path;
  std::string name;
  std::string text;
};

class Catalog {
 public:
  /// Over the files built into the program. Reads `sources.yaml` at once, entries on demand.
  [[nodiscard]] static Result<Catalog> embedded();
  /// Over any set of files; `files` must outlive the catalog.
  [[nodiscard]] static Result<Catalog> open(std::span<const EmbeddedFile> files);

  /// This catalog with `files` laid over it: their leaves replace those of the entry of the same
  /// path, new entries join, sources.yaml adds sources. Errors: a path that is no KIND/NAME.yaml, a
  /// text that does not parse.
  [[nodiscard]] Result<Catalog> with(std::vector<OverlayFile> files) const;

  [[nodiscard]] std::vector<std::string> names(const CatalogKind& kind) const;
  [[nodiscard]] bool has(const CatalogKind& kind, std::string_view name) const;
  [[nodiscard]] const SourceBook& sources() const { return sources_; }

  /// The entry's tree with its `base` chain merged. `at` is where the name was written, for
  /// messages.
  [[nodiscard]] Result<Node> entry(const CatalogKind& kind, std::string_view name,
                                   const Node* at = nullptr) const;

  /// `reference` is a name, or a map with `base` and overrides; the result has neither. The entry's
  /// name (the base's, marked "modified" when overridden) is put under key `name`.
  [[nodiscard]] Result<Node> resolve(const CatalogKind& kind, const Node& reference) const;

 private:
  [[nodiscard]] Result<Node> entry_at_depth(const CatalogKind& kind, std::string_view name,
                                            const Node* at, int depth) const;
  [[nodiscard]] Result<Node> resolve_at_depth(const CatalogKind& kind, const Node& reference,
                                              int depth) const;
  void resolve_parts(const CatalogKind& kind, Node& tree, Errors& errors, int depth) const;

  [[nodiscard]] Result<Node> document(const std::string& path) const;

  std::span<const EmbeddedFile> files_;
  /// Parsed, by path.
  std::map<std::string, Node, std::less<>> overlay_;
  SourceBook sources_;
};

/// Reads a resolved tree of `kind` into `out`; numbers are recorded in `params` under `prefix`.
template <class T>
void read_entry(const Catalog& catalog, const Node& tree, std::string prefix, T& out,
                Params& params, Errors& errors) {
  ParamReader reader(tree, std::move(prefix), catalog.sources(), params, errors);
  describe(reader, out);
  reader.finish();
}

}  // namespace sn::catalog
