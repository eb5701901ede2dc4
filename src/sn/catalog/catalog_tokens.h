// sn/catalog/catalog_tokens.h
//
// The documents of `embedded_catalog`, parsed when the library was built: most of a short run was
// parsing them. cmake/catalog_tokens.cc writes the definition into the build tree.

#pragma once

#include <span>
#include <string_view>

namespace sn::catalog {

/// Tokens (base/document/document_tokens.h), in the order of `embedded_catalog`.
[[nodiscard]] std::span<const std::string_view> embedded_tokens();

}  // namespace sn::catalog
