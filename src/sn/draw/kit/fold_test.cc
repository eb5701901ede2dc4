// sn/draw/kit/fold_test.cc

#include "sn/draw/kit/fold.h"

#include <gmock/gmock.h>

#include "sn/draw/kit/table.h"

namespace sn::draw {
namespace {

using testing::ElementsAre;

TEST(Fold, LinesAreBrokenBetweenWords) {
  EXPECT_EQ(folded("one two three\n", 8), "one two\n  three\n");
  EXPECT_EQ(folded("  a bb ccc", 6), "  a bb\n   ccc");
  EXPECT_EQ(folded("short\n\nlines\n", 80), "short\n\nlines\n");
  EXPECT_EQ(folded("averylongword that\n", 5), "averylongword\n  that\n");
  EXPECT_EQ(folded("as it is, however long", 0), "as it is, however long");
}

TEST(Fold, ColourTakesNoRoom) {
  EXPECT_EQ(folded("\x1b[1mone two\x1b[0m", 7), "\x1b[1mone two\x1b[0m");
}

TEST(Fold, BandsBeginWithTheFirstColumn) {
  EXPECT_THAT(bands({2, 10, 10, 10}, 2, 0), ElementsAre(ElementsAre(0, 1, 2, 3)));
  EXPECT_THAT(bands({2, 10, 10, 10}, 2, 30), ElementsAre(ElementsAre(0, 1, 2), ElementsAre(0, 3)));
  EXPECT_THAT(bands({2, 50, 50}, 2, 30), ElementsAre(ElementsAre(0, 1), ElementsAre(0, 2)));
}

TEST(Fold, TablesFitThePage) {
  Table table({{"#", Align::right}, {"pools", Align::left}, {"tok/s", Align::right}});
  table.row({"1", "8 aggregated", "1000"});
  table.row({"2", "4 prefill", "900"});
  EXPECT_EQ(
      table.str({.width = 16}),
      "  #  pools\n  1  8 aggregated\n  2  4 prefill\n\n  #  tok/s\n  1   1000\n  2    900\n");
  for (std::size_t width = 17; width < 30; ++width) {
    const std::string text = table.str({.width = width});
    std::size_t at = 0;
    while (at < text.size()) {
      const std::size_t end = text.find('\n', at);
      EXPECT_LE(end - at, width) << text;
      at = end + 1;
    }
  }
}

}  // namespace
}  // namespace sn::draw
