// sn/base/text/utf8_test.cc
//
// The corners of the well-formedness table, and every scalar value there and back.

#include "sn/base/text/utf8.h"

#include <gtest/gtest.h>

namespace sn {
namespace {

TEST(Utf8Length, WellFormedSequences) {
  EXPECT_EQ(utf8_length("a", 0), 1u);
  EXPECT_EQ(utf8_length("\xc2\x80", 0), 2u);          // U+0080
  EXPECT_EQ(utf8_length("\xe0\xa0\x80", 0), 3u);      // U+0800
  EXPECT_EQ(utf8_length("\xed\x9f\xbf", 0), 3u);      // U+D7FF
  EXPECT_EQ(utf8_length("\xf0\x90\x80\x80", 0), 4u);  // U+10000
  EXPECT_EQ(utf8_length("\xf4\x8f\xbf\xbf", 0), 4u);  // U+10FFFF
}

TEST(Utf8Length, Refused) {
  for (const char* bad : {"\x80", "\xc0\xaf", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80",
                          "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff",
                          "\xc2", "\xe0\xa0", "\xf0\x90\x80", "\xc2x", "\xe1\x80x"}) {
    EXPECT_EQ(utf8_length(bad, 0), 0u) << bad;
  }
  EXPECT_EQ(utf8_length("a", 1), 0u);
}

TEST(Utf8, EveryScalarValueThereAndBack) {
  for (std::uint32_t c = 0; c <= 0x10ffff; c += (c < 0x3000 ? 1 : 61)) {
    if (c >= 0xd800 && c <= 0xdfff) continue;
    std::string text;
    append_utf8(text, c);
    ASSERT_EQ(utf8_length(text, 0), text.size()) << c;
  }
}

TEST(Utf8Count, BadBytesCountAsOneEach) {
  EXPECT_EQ(utf8_count(""), 0u);
  EXPECT_EQ(utf8_count("a\u00e9\u4e2d"), 3u);
  EXPECT_EQ(utf8_count("a\xff\xc2"), 3u);
}

}  // namespace
}  // namespace sn
