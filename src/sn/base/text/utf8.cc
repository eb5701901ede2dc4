// sn/base/text/utf8.cc
//
// UTF-8 well-formedness by the table of the Unicode standard; see the header.

#include "sn/base/text/utf8.h"

#include "sn/base/result.h"

namespace sn {

namespace {

unsigned byte_at(std::string_view text, std::size_t pos) {
  return pos < text.size() ? static_cast<unsigned char>(text[pos]) : 0u;
}

bool continues(std::string_view text, std::size_t pos) {
  return (byte_at(text, pos) & 0xc0u) == 0x80u;
}

}  // namespace

std::size_t utf8_length(std::string_view text, std::size_t pos) {
  if (pos >= text.size()) return 0;
  const unsigned lead = byte_at(text, pos);
  if (lead < 0x80) return 1;
  const unsigned second = byte_at(text, pos + 1);
  if (lead >= 0xc2 && lead <= 0xdf) return continues(text, pos + 1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    const bool overlong = lead == 0xe0 && second < 0xa0;
    const bool surrogate = lead == 0xed && second > 0x9f;
    if (overlong || surrogate) return 0;
    return continues(text, pos + 1) && continues(text, pos + 2) ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    const bool overlong = lead == 0xf0 && second < 0x90;
    const bool too_large = lead == 0xf4 && second > 0x8f;
    if (overlong || too_large) return 0;
    const bool whole =
        continues(text, pos + 1) && continues(text, pos + 2) && continues(text, pos + 3);
    return whole ? 4 : 0;
  }
  return 0;
}

std::size_t utf8_count(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t pos = 0; pos < text.size(); ++count) {
    const std::size_t length = utf8_length(text, pos);
    pos += length == 0 ? 1 : length;
  }
  return count;
}

void append_utf8(std::string& text, std::uint32_t code_point) {
  SN_ASSERT(code_point <= 0x10ffff && (code_point < 0xd800 || code_point > 0xdfff));
  const auto push = [&text](std::uint32_t byte) { text.push_back(static_cast<char>(byte)); };
  if (code_point < 0x80) {
    push(code_point);
  } else if (code_point < 0x800) {
    push(0xc0u | (code_point >> 6));
    push(0x80u | (code_point & 0x3fu));
  } else if (code_point < 0x10000) {
    push(0xe0u | (code_point >> 12));
    push(0x80u | ((code_point >> 6) & 0x3fu));
    push(0x80u | (code_point & 0x3fu));
  } else {
    push(0xf0u | (code_point >> 18));
    push(0x80u | ((code_point >> 12) & 0x3fu));
    push(0x80u | ((code_point >> 6) & 0x3fu));
    push(0x80u | (code_point & 0x3fu));
  }
}

}  // namespace sn
