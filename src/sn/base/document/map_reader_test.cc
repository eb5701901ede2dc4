// sn/base/document/map_reader_test.cc
//
// Values out of maps: what is accepted, and the words for every kind of mistake.

#include <gtest/gtest.h>

#include <limits>

#include "sn/base/document/document.h"

namespace sn {
namespace {

using namespace literals;

constexpr double infinity = std::numeric_limits<double>::infinity();

/// A map, its reader, and what the reader found fault with.
struct Fixture {
  explicit Fixture(const std::string& text, std::string what = "slo")
      : root(*parse_document("a.yaml", text)), reader(root, std::move(what), errors) {}

  Node root;
  Errors errors;
  MapReader reader;

  /// "line:column message | hint" of the only error.
  std::string error() {
    EXPECT_EQ(errors.size(), 1u);
    if (errors.empty()) return "(none)";
    const Error& e = errors.front();
    return std::to_string(e.where.line) + ":" + std::to_string(e.where.column) + " " + e.message +
           (e.hint.empty() ? "" : " | " + e.hint);
  }
};

std::string time_error(const std::string& text) {
  Fixture f("ttft: " + text + "\n");
  EXPECT_FALSE(f.reader.quantity<Time>("ttft", 1_ms, 100_s).has_value());
  return f.error();
}

std::string integer_error(const std::string& text, Range range = {1, 1024}) {
  Fixture f("n: " + text + "\n");
  EXPECT_FALSE(f.reader.integer("n", range).has_value());
  return f.error();
}

TEST(MapReader, ReadsWhatIsThere) {
  Fixture f("t: 50 ms\nn: -3\nx: 93 %\nb: true\ns: abc\nc: two\nu: 1e-3\n");
  EXPECT_EQ(f.reader.quantity<Time>("t", 0_s, 1_s), 50_ms);
  EXPECT_EQ(f.reader.integer("n", {-5, 5}), -3);
  EXPECT_DOUBLE_EQ(*f.reader.number("x", {0, 1}), 0.93);
  EXPECT_EQ(f.reader.number("u", {0, 1}), 1e-3);
  EXPECT_EQ(f.reader.boolean("b"), true);
  EXPECT_EQ(f.reader.text("s"), "abc");
  EXPECT_EQ(f.reader.choice("c", {"one", "two"}), "two");
  EXPECT_TRUE(f.reader.has("s"));
  EXPECT_NE(f.reader.require("s"), nullptr);
  f.reader.finish();
  EXPECT_TRUE(f.errors.empty());
}

TEST(MapReader, AbsentMembersAreNothing) {
  Fixture f("{}");
  EXPECT_FALSE(f.reader.has("a"));
  EXPECT_EQ(f.reader.get("a"), nullptr);
  EXPECT_FALSE(f.reader.quantity<Time>("a", 0_s, 1_s).has_value());
  EXPECT_FALSE(f.reader.integer("a", {0, 1}).has_value());
  EXPECT_FALSE(f.reader.number("a", {0, 1}).has_value());
  EXPECT_FALSE(f.reader.boolean("a").has_value());
  EXPECT_FALSE(f.reader.text("a").has_value());
  EXPECT_FALSE(f.reader.choice("a", {"x"}).has_value());
  EXPECT_TRUE(f.errors.empty());
}

TEST(MapReader, RequiredMembers) {
  Fixture f("\n\n  x: 1\n", "cluster");
  EXPECT_EQ(f.reader.require("rack"), nullptr);
  EXPECT_EQ(f.error(), "3:3 'cluster.rack' is required");
  EXPECT_EQ(f.errors[0].code, ErrorCode::missing);
}

TEST(MapReader, WithoutANameKeysStandAlone) {
  Fixture f("x: 1\n", "");
  static_cast<void>(f.reader.require("rack"));
  f.reader.finish();
  ASSERT_EQ(f.errors.size(), 2u);
  EXPECT_EQ(f.errors[0].message, "'rack' is required");
  EXPECT_EQ(f.errors[1].message, "unknown key 'x'");
}

TEST(MapReader, ANodeThatIsNoMapIsOneMistake) {
  Fixture f("[1]", "slo");
  EXPECT_EQ(f.reader.require("ttft"), nullptr);
  f.reader.finish();
  EXPECT_EQ(f.error(), "1:1 'slo': expected a map, found a list");
  EXPECT_EQ(f.errors[0].code, ErrorCode::wrong_type);
  EXPECT_EQ(Fixture("", "slo").error(), "1:1 'slo': expected a map, found nothing");
  EXPECT_EQ(Fixture("abc", "").error(), "1:1 'the document': expected a map, found 'abc'");
}

TEST(MapReader, UnknownKeys) {
  Fixture near("ttfd: 1 s\n");
  static_cast<void>(near.reader.get("ttft"));
  near.reader.finish();
  EXPECT_EQ(near.error(), "1:1 unknown key 'ttfd' in slo | did you mean 'ttft'?");
  EXPECT_EQ(near.errors[0].where.length, 4);
  Fixture far("\"foo\": 1 s\n");
  for (const char* key : {"ttft", "tpot", "rate", "ttft"}) static_cast<void>(far.reader.get(key));
  far.reader.finish();
  EXPECT_EQ(far.error(), "1:1 unknown key 'foo' in slo | valid keys: ttft, tpot, rate");
  EXPECT_EQ(far.errors[0].where.length, 5);  // with its quotes
  Fixture none("foo: 1\n");
  none.reader.finish();
  EXPECT_EQ(none.error(), "1:1 unknown key 'foo' in slo");
}

TEST(MapReader, LimitOfReportedUnknownKeys) {
  std::string text;
  for (int i = 0; i < 25; ++i) text += "key" + std::to_string(i) + ": 1\n";
  Fixture f(text);
  f.reader.finish();
  ASSERT_EQ(f.errors.size(), 21u);
  EXPECT_EQ(f.errors[20].message, "5 more unknown keys");
}

TEST(MapReader, ListsOfValidKeysAreCut) {
  Fixture f("something_else: 1\n");
  for (int i = 0; i < 20; ++i) static_cast<void>(f.reader.get("k" + std::to_string(i)));
  f.reader.finish();
  EXPECT_TRUE(f.errors[0].hint.ends_with("k14, k15, ...")) << f.errors[0].hint;
}

TEST(MapReader, Quantities) {
  EXPECT_EQ(time_error("50"),
            "1:7 'slo.ttft' needs a unit of time; '50' has none | write 50 ms or 50 us");
  EXPECT_EQ(time_error("5 gb/s"),
            "1:7 'slo.ttft' has an unknown unit 'gb/s' | 'gb/s' is not a unit; write GB/s (bytes) "
            "or Gbit/s (bits)");
  EXPECT_EQ(time_error("9 h"), "1:7 'slo.ttft' is 9 h; expected between 1 ms and 100 s");
  EXPECT_EQ(time_error("-1 s"), "1:7 'slo.ttft' is -1 s; expected between 1 ms and 100 s");
  EXPECT_EQ(time_error("[1 s]"),
            "1:7 'slo.ttft': expected a number with a unit of time, found a list");
  EXPECT_EQ(time_error(""), "1:1 'slo.ttft': expected a number with a unit of time, found nothing");
}

TEST(MapReader, EndsOfARangeBelongToIt) {
  Fixture f("a: 1 ms\nb: 100 s\n");
  EXPECT_EQ(f.reader.quantity<Time>("a", 1_ms, 100_s), 1_ms);
  EXPECT_EQ(f.reader.quantity<Time>("b", 1_ms, 100_s), 100_s);
  EXPECT_TRUE(f.errors.empty());
}

TEST(MapReader, RangesWithUnitsAndOpenEnds) {
  Fixture f("x: 9 EB/s\n", "");
  EXPECT_FALSE(f.reader.quantity<Bandwidth>("x", 1_GB_per_s, 100_TB_per_s).has_value());
  EXPECT_EQ(f.error(), "1:4 'x' is 9 EB/s; expected between 1 GB/s and 100 TB/s");
  Fixture low("x: -1\n", "");
  EXPECT_FALSE(low.reader.number("x", {0, infinity}).has_value());
  EXPECT_EQ(low.error(), "1:4 'x' is -1; expected at least 0");
  Fixture high("x: 120 %\n", "");
  EXPECT_FALSE(high.reader.number("x", {-infinity, 1}).has_value());
  EXPECT_EQ(high.error(), "1:4 'x' is 120 %; expected at most 1");
}

TEST(MapReader, Integers) {
  EXPECT_EQ(integer_error("1.5"), "1:4 'slo.n': expected a whole number, found '1.5'");
  EXPECT_EQ(integer_error("1e3"), "1:4 'slo.n': expected a whole number, found '1e3' | write 1000");
  EXPECT_EQ(integer_error("+5"), "1:4 'slo.n': expected a whole number, found '+5' | write 5");
  EXPECT_EQ(integer_error("010"), "1:4 'slo.n': expected a whole number, found '010' | write 10");
  EXPECT_EQ(integer_error("1_000"), "1:4 'slo.n': expected a whole number, found '1_000'");
  EXPECT_EQ(integer_error("5 ms"), "1:4 'slo.n': expected a whole number, found '5 ms'");
  EXPECT_EQ(integer_error("0x10"), "1:4 'slo.n': expected a whole number, found '0x10'");
  EXPECT_EQ(integer_error("''"), "1:4 'slo.n': expected a whole number, found ''");
  EXPECT_EQ(integer_error("{}"), "1:4 'slo.n': expected a whole number, found a map");
  EXPECT_EQ(integer_error("0"), "1:4 'slo.n' is 0; expected between 1 and 1024");
  EXPECT_EQ(integer_error("1025"), "1:4 'slo.n' is 1025; expected between 1 and 1024");
}

TEST(MapReader, IntegersBeyond64Bits) {
  EXPECT_EQ(integer_error("99999999999999999999"),
            "1:4 'slo.n' is 99999999999999999999; expected between 1 and 1024");
  EXPECT_EQ(integer_error("-99999999999999999999"),
            "1:4 'slo.n' is -99999999999999999999; expected between 1 and 1024");
  EXPECT_EQ(integer_error("99999999999999999999", {0, infinity}),
            "1:4 'slo.n' is 99999999999999999999; it does not fit 64 bits");
  Fixture f("n: 9223372036854775807\n");
  EXPECT_EQ(f.reader.integer("n", {0, infinity}), std::numeric_limits<std::int64_t>::max());
}

TEST(MapReader, Booleans) {
  for (const char* text : {"yes", "True", "on", "1"}) {
    Fixture f("b: " + std::string(text) + "\n");
    EXPECT_FALSE(f.reader.boolean("b").has_value());
    EXPECT_EQ(f.error(), "1:4 'slo.b': expected true or false, found '" + std::string(text) +
                             "' | write true or false, in small letters");
  }
  Fixture list("b: []\n");
  EXPECT_FALSE(list.reader.boolean("b").has_value());
  EXPECT_EQ(list.error(), "1:4 'slo.b': expected true or false, found a list");
}

TEST(MapReader, TextAndChoices) {
  Fixture list("s: [a]\n");
  EXPECT_FALSE(list.reader.text("s").has_value());
  EXPECT_EQ(list.error(), "1:4 'slo.s': expected text, found a list");
  Fixture near("op: allreduce\n", "");
  EXPECT_FALSE(near.reader.choice("op", {"all_reduce", "all_to_all"}).has_value());
  EXPECT_EQ(near.error(),
            "1:5 'op' is 'allreduce', which is not one of its choices | did you mean "
            "'all_reduce'?");
  Fixture far("op: x\n", "");
  EXPECT_FALSE(far.reader.choice("op", {"ring", "tree"}).has_value());
  EXPECT_EQ(far.error(), "1:5 'op' is 'x', which is not one of its choices | choices: ring, tree");
}

TEST(MapReader, EveryMistakeAtOnce) {
  Fixture f("ttft: 50\ntpot: [1]\nfoo: 1\n");
  static_cast<void>(f.reader.quantity<Time>("ttft", 0_s, 1_s));
  static_cast<void>(f.reader.quantity<Time>("tpot", 0_s, 1_s));
  static_cast<void>(f.reader.require("rate"));
  f.reader.finish();
  EXPECT_EQ(f.errors.size(), 4u);
}

TEST(MapReader, OwnReports) {
  Fixture f("a: 1\nb: 2\n");
  f.reader.report(ErrorCode::infeasible, "no", f.reader.get("b"), "h");
  EXPECT_EQ(f.error(), "2:4 no | h");
}

TEST(MapReader, LongTextIsCutInMessages) {
  Fixture f("n: " + std::string(1000, 'x') + "\n");
  EXPECT_FALSE(f.reader.integer("n", {0, 1}).has_value());
  EXPECT_LT(f.errors[0].message.size(), 120u);
}

TEST(ReadItems, OfLists) {
  Errors errors;
  const Node list = *parse_document("a.yaml", "- 1 s\n- 2\n- true\n");
  EXPECT_EQ(read_quantity(list.items()[0], "steps[0]", Time::dimension, {0, 10}, errors), 1.0);
  EXPECT_EQ(read_integer(list.items()[1], "steps[1]", {0, 10}, errors), 2);
  EXPECT_EQ(read_boolean(list.items()[2], "steps[2]", errors), true);
  EXPECT_EQ(read_text(list.items()[2], "steps[2]", errors), "true");
  EXPECT_TRUE(errors.empty());
}

}  // namespace
}  // namespace sn
