// sn/base/text/text.h
//
// Plain text operations that every reader needs.

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sn {

/// The parts of `text` between separators, empty ones too: always at least one. `separator` must
/// not be empty.
[[nodiscard]] std::vector<std::string> split(std::string_view text, std::string_view separator);

/// A to Z as a to z, every other byte as it is, whatever the locale.
[[nodiscard]] std::string lower(std::string_view text);

}  // namespace sn
