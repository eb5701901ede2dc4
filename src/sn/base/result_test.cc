// sn/base/result_test.cc
//
// Errors as a person sees them (layout of the command line's examples), and the nearest name.

#include "sn/base/result.h"

#include <gtest/gtest.h>

namespace sn {
namespace {

Error at(int line, int column, std::string message) {
  return Error{.code = ErrorCode::range,
               .message = std::move(message),
               .where = {.file = "bad.yaml", .line = line, .column = column}};
}

TEST(Render, CaretStandsUnderThePlaceAndTheHintFollows) {
  // Source: five blanks, "rack: " (6), so the value starts in column 12.
  const Error error{.code = ErrorCode::unknown_name,
                    .message = "unknown rack 'al182'",
                    .where = {.file = "bad.yaml",
                              .line = 7,
                              .column = 12,
                              .length = 5,
                              .excerpt = "     rack: al182"},
                    .hint = "did you mean 'al128'? (supernode catalog racks)"};
  EXPECT_EQ(render(error),
            "bad.yaml:7:12: error: unknown rack 'al182'\n"
            "      rack: al182\n"
            "            ^~~~~   did you mean 'al128'? (supernode catalog racks)\n");
}

TEST(Render, CaretOfFlowMember) {
  const Error error{.code = ErrorCode::unit,
                    .message = "'tpot.p90' needs a unit of time; '50' has none",
                    .where = {.file = "bad.yaml",
                              .line = 12,
                              .column = 15,
                              .length = 2,
                              .excerpt = "  tpot: {p90: 50}"},
                    .hint = "write 50 ms or 50 us"};
  EXPECT_EQ(render(error),
            "bad.yaml:12:15: error: 'tpot.p90' needs a unit of time; '50' has none\n"
            "      tpot: {p90: 50}\n"
            "                  ^~   write 50 ms or 50 us\n");
}

TEST(Render, WithoutHintNoBlanksTrail) {
  Error error = at(1, 1, "m");
  error.where.excerpt = "text";
  EXPECT_EQ(render(error), "bad.yaml:1:1: error: m\n      text\n      ^\n");
}

TEST(Render, WithoutExcerptTheHintHasItsOwnLine) {
  Error error = at(3, 0, "m");
  error.hint = "h";
  EXPECT_EQ(render(error), "bad.yaml:3: error: m\n  hint: h\n");
  EXPECT_EQ(render(Error{.message = "m"}), "error: m\n");
}

TEST(Render, CaretCountsCharactersNotBytes) {
  // "é: ü" in UTF-8: é is bytes 1-2, ':' 3, blank 4, ü bytes 5-6: character 4.
  Error error = at(1, 5, "m");
  error.where.length = 2;
  error.where.excerpt = "\u00e9: \u00fc";
  EXPECT_EQ(render(error), "bad.yaml:1:5: error: m\n      \u00e9: \u00fc\n         ^\n");
}

TEST(Render, CaretInAnExcerptThatWasCut) {
  Error error = at(1, 1003, "m");
  error.where.excerpt = "abcdef";
  error.where.excerpt_column = 1001;
  error.where.length = 99;  // no further than the excerpt
  EXPECT_EQ(render(error), "bad.yaml:1:1003: error: m\n      abcdef\n        ^~~~\n");
}

TEST(Render, PlaceBeyondTheLineIsItsEnd) {
  Error error = at(1, 50, "m");
  error.where.excerpt = "ab";
  EXPECT_EQ(render(error), "bad.yaml:1:50: error: m\n      ab\n        ^\n");
}

TEST(Render, ControlCharactersAreHarmless) {
  Error error = at(1, 1, "a\x1b[31mb\nc");
  error.where.excerpt = "x\ty\x07";
  EXPECT_EQ(render(error), "bad.yaml:1:1: error: a?[31mb c\n      x y?\n      ^\n");
  error.message =
      "a\xff"
      "b\u009b1m\u00a0";
  error.where.excerpt.clear();
  EXPECT_EQ(render(error), "bad.yaml:1:1: error: a?b?1m\u00a0\n");
}

TEST(Shown, MarksOfDirectionAreHarmless) {
  // Right-to-left override, isolates, marks and separators; a euro sign and an ellipsis stay.
  EXPECT_EQ(shown("a\u202eb\u2066c\u2069d\u200fe\u061cf\u2028g"), "a?b?c?d?e?f?g");
  EXPECT_EQ(shown("\u20ac\u2026\u2070"), "\u20ac\u2026\u2070");
}

TEST(RenderList, SortedWithoutDuplicatesAndCounted) {
  const Errors errors = {at(12, 1, "third"), at(2, 9, "second"), at(2, 1, "first"),
                         at(12, 1, "fourth"), at(12, 1, "third")};
  EXPECT_EQ(render(errors),
            "bad.yaml:2:1: error: first\n"
            "bad.yaml:2:9: error: second\n"
            "bad.yaml:12:1: error: third\n"
            "bad.yaml:12:1: error: fourth\n"
            "bad.yaml: 4 errors, nothing was run\n");
}

TEST(RenderList, OneAndNoneAndNoFile) {
  EXPECT_EQ(render(Errors{}), "");
  EXPECT_EQ(render(Errors{Error{.message = "m"}}), "error: m\n1 error, nothing was run\n");
  EXPECT_EQ(render(Errors{Error{.message = "a"}, Error{.message = "b"}}),
            "error: a\nerror: b\n2 errors, nothing was run\n");
}

TEST(Nearest, TranspositionCountsOnce) {
  EXPECT_EQ(nearest("al182", {"hgx-h200", "al128", "nvl72-gb200"}), "al128");
  // "sol" -> "slo": one; "so" would be one too, but comes later.
  EXPECT_EQ(nearest("sol", {"slo", "so"}), "slo");
}

TEST(Nearest, LimitGrowsWithTheLength) {
  EXPECT_EQ(nearest("abcdef", {"abcdxy"}), "abcdxy");           // 2 of at most max(2, 6/3) = 2
  EXPECT_EQ(nearest("abcdef", {"abcxyz"}), "");                 // 3
  EXPECT_EQ(nearest("abcdefghi", {"abcdefxyz"}), "abcdefxyz");  // 3 of at most 3
  EXPECT_EQ(nearest("abcdefghi", {"abcdewxyz"}), "");           // 4
}

TEST(Nearest, NothingInCommonIsNoTypingMistake) {
  EXPECT_EQ(nearest("x", {"tp", "pp"}), "");
  EXPECT_EQ(nearest("tp", {"pp"}), "pp");
  EXPECT_EQ(nearest("", {"a", ""}), "");
}

TEST(Nearest, CaseIsIgnored) { EXPECT_EQ(nearest("DEEPSEEK-v3", {"deepseek-v3"}), "deepseek-v3"); }

TEST(Nearest, VeryLongNamesAreNotCompared) {
  const std::string longest(256, 'a');
  EXPECT_EQ(nearest(longest, {longest + "b"}), longest + "b");
  EXPECT_EQ(nearest(longest + "c", {longest + "b"}), "");
}

TEST(Shown, CutsAtACharacter) {
  EXPECT_EQ(shown("abc", 3), "abc");
  EXPECT_EQ(shown("abcd", 3), "abc...");
  EXPECT_EQ(shown("ab\u00e9d", 3), "ab...");
}

TEST(Take, MovesTheValueOrCollects) {
  Errors errors;
  EXPECT_EQ(take(Result<int>(3), errors), 3);
  EXPECT_EQ(take(Result<int>(fail(at(1, 1, "m"))), errors, 7), 7);
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(errors[0].message, "m");
}

TEST(AssertDeathTest, NamesExpressionAndPlace) {
  EXPECT_DEATH(SN_ASSERT(1 + 1 == 3), "result_test.cc:[0-9]+: assertion failed: 1 \\+ 1 == 3");
}

}  // namespace
}  // namespace sn
