// sn/sweep/point_key.h
//
// The name of a point by its content: SHA-256 over what is asked, the scenario as a tree (not its
// text: comments, order of keys and the scenario's own name do not matter), the content of every
// file that it names, the catalog, and the version of the program. Points of equal content are one
// point; a row is a function of its key.

#pragma once

#include <map>
#include <mutex>
#include <string>

#include "sn/base/document/document.h"
#include "sn/base/result.h"
#include "sn/catalog/catalog.h"
#include "sn/sweep/design.h"

namespace sn::sweep {

/// A tree as one text: keys sorted, JSON strings.
[[nodiscard]] std::string canonical(const Node& node);

/// Of every entry of the catalog, overlays included.
[[nodiscard]] std::string catalog_key(const catalog::Catalog& catalog);

class PointKeys {
 public:
  /// `program`: of the version, and whatever else changes results.
  PointKeys(const Design& design, const catalog::Catalog& catalog, const std::string& program);

  [[nodiscard]] std::string of(const Node& scenario, const std::string& directory);

 private:
  void add_files(const Node& node, const std::string& directory, std::string& out);
  const std::string& file_key(const std::string& path);

  std::string basis_;
  std::mutex mutex_;
  std::map<std::string, std::string> files_;  // content by path; empty: no file
};

}  // namespace sn::sweep
