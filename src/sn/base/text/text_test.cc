// sn/base/text/text_test.cc
//
// Edges of splitting (empty parts, no separator) and of lower case (bytes beyond ASCII).

#include "sn/base/text/text.h"

#include <gtest/gtest.h>

namespace sn {
namespace {

using Parts = std::vector<std::string>;

TEST(Text, SplitKeepsEmptyParts) {
  EXPECT_EQ(split("a__b_c__", "__"), (Parts{"a", "b_c", ""}));
  EXPECT_EQ(split(",x", ","), (Parts{"", "x"}));
  EXPECT_EQ(split("", ","), (Parts{""}));
}

TEST(Text, LowerTouchesLettersOfAsciiAlone) {
  EXPECT_EQ(lower("H100-SXM \xC3\x84"), "h100-sxm \xC3\x84");
}

}  // namespace
}  // namespace sn
