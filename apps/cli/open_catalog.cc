// apps/cli/open_catalog.cc
//
// Reads a folder of catalog entries (see open_catalog.h).

#include "apps/cli/open_catalog.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>

#include "sn/base/files.h"

namespace sn::cli {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t files_most = 10'000;
constexpr std::size_t bytes_most = 4u << 20;

/// Paths of .yaml files below `folder`, relative and sorted.
std::vector<std::string> entries_below(const std::string& folder, Errors& errors) {
  std::vector<std::string> out;
  std::error_code error;
  fs::recursive_directory_iterator it(folder, error);
  for (const fs::recursive_directory_iterator end; !error && it != end; it.increment(error)) {
    if (it->path().extension() != ".yaml" || !it->is_regular_file(error)) continue;
    out.push_back(fs::path(it->path()).lexically_relative(folder).generic_string());
    if (out.size() <= files_most) continue;
    errors.push_back({.code = ErrorCode::limit,
                      .message = "more than " + std::to_string(files_most) + " entries",
                      .where = {.file = folder},
                      .hint = "--catalog names a folder of catalog entries"});
    return {};
  }
  if (error) {
    errors.push_back({.code = ErrorCode::io,
                      .message = "cannot list '" + shown(folder, 200) + "'",
                      .where = {.file = "--catalog"},
                      .hint = error.message()});
  } else if (out.empty()) {
    errors.push_back({.code = ErrorCode::missing,
                      .message = "no catalog entry below '" + shown(folder, 200) + "'",
                      .where = {.file = "--catalog"},
                      .hint = "entries are KIND/NAME.yaml, as supernode calibrate -o writes them"});
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace

void add_catalog_flag(CLI::App& app, std::string& folder) {
  app.add_option("--catalog", folder,
                 "lay the entries of this folder over the catalog (supernode calibrate -o)")
      ->type_name("FOLDER");
}

Result<catalog::Catalog> open_catalog(const std::string& folder) {
  Result<catalog::Catalog> catalog = catalog::Catalog::embedded();
  if (!catalog || folder.empty()) return catalog;
  Errors errors;
  std::vector<catalog::OverlayFile> files;
  for (const std::string& path : entries_below(folder, errors)) {
    const std::string name = (fs::path(folder) / path).string();
    Result<std::string> text = read_file(name, bytes_most);
    if (text) {
      files.push_back({path, name, *std::move(text)});
    } else {
      errors.insert(errors.end(), text.error().begin(), text.error().end());
    }
  }
  if (!errors.empty()) return fail(std::move(errors));
  return catalog->with(std::move(files));
}

}  // namespace sn::cli
