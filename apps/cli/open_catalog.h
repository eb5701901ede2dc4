// apps/cli/open_catalog.h
//
// The catalog that the verbs read: the one built in, with a folder of changes laid over it.

#pragma once

#include <string>

#include "sn/base/result.h"
#include "sn/catalog/catalog.h"

namespace CLI {  // NOLINT(readability-identifier-naming): theirs
class App;
}

namespace sn::cli {

/// Adds `--catalog FOLDER` to `app`.
void add_catalog_flag(CLI::App& app, std::string& folder);

/// The built-in catalog; over it every .yaml below `folder`, laid out like catalog/ (kernels/,
/// chips/, ...), unless that is empty.
[[nodiscard]] Result<catalog::Catalog> open_catalog(const std::string& folder);

}  // namespace sn::cli
