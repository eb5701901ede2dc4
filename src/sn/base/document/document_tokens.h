// sn/base/document/document_tokens.h
//
// A parsed document as bytes, for programs that carry documents inside: reading them costs a
// hundredth of parsing YAML, and positions are kept for messages.
//
//   node    tag, line, column, then by tag
//           scalar 's' or quoted 'q': text; list 'l': count, nodes; null 'n': nothing
//           map 'm': count, then key text, line, column and node of each member
//   number  seven bits a byte, the lowest first, the top bit set on all but the last
//   text    its length, then its bytes

#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "sn/base/document/document.h"

namespace sn {

[[nodiscard]] std::string to_tokens(const Node& root);

/// What `to_tokens` was given. `source` stands for its text. Tokens are a part of the program:
/// broken ones are asserted, not reported.
[[nodiscard]] Node from_tokens(std::string_view tokens, std::shared_ptr<const Source> source);

}  // namespace sn
