// sn/base/text/json_writer_test.cc
//
// Layout, escapes, numbers that read back, misuse; and what is written is read by the own reader.

#include "sn/base/text/json_writer.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>

#include "sn/base/document/document.h"
#include "sn/base/text/utf8.h"

namespace sn {
namespace {

template <class T>
std::string written(T value) {
  JsonWriter json;
  json.value(value);
  return std::move(json).str();
}

TEST(JsonWriter, Layout) {
  JsonWriter json;
  json.begin_object();
  json.member("name", "al128").member("chips", 128).member("rate", 1.5).member("live", true);
  json.key("empty").begin_array().end_array();
  json.key("none").null();
  json.key("list").begin_array().value(1).begin_object().end_object().value("x").end_array();
  json.end_object();
  EXPECT_EQ(std::move(json).str(),
            "{\n"
            "  \"name\": \"al128\",\n"
            "  \"chips\": 128,\n"
            "  \"rate\": 1.5,\n"
            "  \"live\": true,\n"
            "  \"empty\": [],\n"
            "  \"none\": null,\n"
            "  \"list\": [\n"
            "    1,\n"
            "    {},\n"
            "    \"x\"\n"
            "  ]\n"
            "}\n");
}

TEST(JsonWriter, Numbers) {
  EXPECT_EQ(written(0.1), "0.1\n");
  EXPECT_EQ(written(12.0), "12\n");
  EXPECT_EQ(written(1e300), "1e+300\n");
  EXPECT_EQ(written(std::nan("")), "null\n");
  EXPECT_EQ(written(HUGE_VAL), "null\n");
  EXPECT_EQ(written(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808\n");
  EXPECT_EQ(written(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615\n");
  EXPECT_EQ(written(std::size_t{3}), "3\n");
  EXPECT_EQ(written(3u), "3\n");
}

TEST(JsonWriter, Escapes) {
  EXPECT_EQ(written("\"\\\b\f\n\r\t\x01\x1f/"), "\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f/\"\n");
  EXPECT_EQ(written(std::string_view("a\0b", 3)), "\"a\\u0000b\"\n");
  EXPECT_EQ(written("\u00e9\u4e2d\U0001f600"), "\"\u00e9\u4e2d\U0001f600\"\n");
  EXPECT_EQ(written("a\xff\xc2z"), "\"a\uFFFD\uFFFDz\"\n");
}

TEST(JsonWriterDeathTest, Misuse) {
  EXPECT_DEATH(JsonWriter().begin_object().value(1), "assertion failed");
  EXPECT_DEATH(JsonWriter().begin_array().key("a"), "assertion failed");
  EXPECT_DEATH(JsonWriter().begin_array().end_object(), "assertion failed");
  EXPECT_DEATH(JsonWriter().value(1).value(2), "assertion failed");
  EXPECT_DEATH(JsonWriter().begin_object().key("a").end_object(), "assertion failed");
  EXPECT_DEATH(JsonWriter().end_array(), "assertion failed");
  EXPECT_DEATH(static_cast<void>(std::move(JsonWriter().begin_array()).str()), "assertion failed");
  EXPECT_DEATH(static_cast<void>(JsonWriter().str()), "assertion failed");
}

RC_GTEST_PROP(JsonWriterProperty, DoublesReadBack, (double value)) {
  RC_ASSERT(std::strtod(written(value).c_str(), nullptr) == value);
}

RC_GTEST_PROP(JsonWriterProperty, TextReadsBack, (const std::string& bytes)) {
  std::string text;  // make any bytes into text without NUL
  for (const char c : bytes) {
    if (c != '\0') append_utf8(text, static_cast<unsigned char>(c));
  }
  JsonWriter json;
  json.begin_object().member("x", text).end_object();
  const auto read = parse_document("x.json", std::move(json).str());
  RC_ASSERT(read.has_value());
  RC_ASSERT(read->find("x")->text() == text);
}

}  // namespace
}  // namespace sn
