// sn/draw/kit/table_test.cc

#include "sn/draw/kit/table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace sn::draw {
namespace {

TEST(Significant, ThreeDigitsWithTrailingZeros) {
  EXPECT_EQ(significant(1.2), "1.20");
  EXPECT_EQ(significant(0.0123456), "0.0123");
  EXPECT_EQ(significant(12.0), "12.0");
  EXPECT_EQ(significant(999.6), "1 000");  // rounded before its decimals are chosen
  EXPECT_EQ(significant(9.996), "10.0");
  EXPECT_EQ(significant(1234567.0), "1 234 567");
  EXPECT_EQ(significant(-3.14159), "-3.14");
  EXPECT_EQ(significant(0.0), "0");
  EXPECT_EQ(significant(1e-9), "1.00e-09");
  EXPECT_EQ(significant(std::numeric_limits<double>::infinity()), "-");
  EXPECT_EQ(significant(std::nan("")), "-");
}

TEST(Fixed, NeverMinusNothing) {
  EXPECT_EQ(fixed(-0.0001, 2), "0.00");
  EXPECT_EQ(fixed(-0.004, 3), "-0.004");
  EXPECT_EQ(fixed(12345.678, 1), "12 345.7");
}

TEST(SignedPercent, AlwaysSaysWhichWay) {
  EXPECT_EQ(signed_percent(0.0321), "+3.21 %");
  EXPECT_EQ(signed_percent(-0.123), "-12.3 %");
  EXPECT_EQ(signed_percent(0.0), "0.00 %");
}

TEST(Table, TheLastOfFewerCellsRunsOn) {
  Table table({{"size", Align::right}, {"pools", Align::left}, {"rate", Align::right}}, 0);
  table.row({"8", "this does not fit"});
  table.row({"16", "one", "12"});
  EXPECT_EQ(table.str({}), "size  pools  rate\n   8  this does not fit\n  16  one      12\n");
}

TEST(Table, AlignsByCharactersAndEndsLinesWithoutBlanks) {
  Table table({{"name", Align::left}, {"value", Align::right}, {"note", Align::left}}, 1);
  table.row({"é", "1.00"});
  table.row({"alpha", "10.0", "x"});
  table.rule();
  EXPECT_EQ(table.str({}),
            " name   value  note\n"
            " é       1.00\n"
            " alpha   10.0  x\n"
            "        -----\n");
}

TEST(Table, CannotSteerATerminal) {
  Table table({{"name", Align::left}});
  table.row({"a\x1b[31mb\nc"});
  const std::string text = table.str({});
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
}

TEST(Table, IsAPartOfAPageToo) {
  Table table(1, {"name", "value"});
  EXPECT_TRUE(table.empty());
  table.row({"a<b", "1"}, "met");
  table.rule();  // of text alone
  EXPECT_EQ(table.html(),
            "<div class=\"scroll\"><table>\n"
            "<tr><th class=\"l\">name</th><th>value</th></tr>\n"
            "<tr class=\"met\"><td class=\"l\">a&lt;b</td><td>1</td></tr>\n"
            "</table></div>\n");
}

TEST(Heading, BoldOnlyWithColour) {
  EXPECT_EQ(heading("x", {}), "x");
  EXPECT_EQ(heading("x", {.colour = true, .file = {}}), "\x1b[1mx\x1b[0m");
}

TEST(Wrapped, KeepsUnitsAndChangesWithTheirNumbers) {
  EXPECT_EQ(wrapped("aaa bbb ccc", 2, 8), "aaa\n  bbb\n  ccc");
  EXPECT_EQ(wrapped("attention 41 %, x 2 %", 0, 13), "attention\n41 %, x 2 %");
  EXPECT_EQ(wrapped("memory +10 % -> +3 %; y", 0, 21), "memory +10 % -> +3 %;\ny");
  EXPECT_EQ(wrapped("", 4, 10), "");
}

}  // namespace
}  // namespace sn::draw
