// sn/base/text/utf8.h
//
// UTF-8 well-formedness (Unicode 15, table 3-7): no overlong forms, no surrogates, no more than
// U+10FFFF.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sn {

/// Length in bytes (1 to 4) of the well-formed sequence at `pos`; 0 when there is none.
[[nodiscard]] std::size_t utf8_length(std::string_view text, std::size_t pos);

/// Number of characters; a byte outside any well-formed sequence counts as one.
[[nodiscard]] std::size_t utf8_count(std::string_view text);

/// Appends `code_point`, which must be a Unicode scalar value (asserted).
void append_utf8(std::string& text, std::uint32_t code_point);

}  // namespace sn
