// sn/draw/kit/sheet_test.cc

#include "sn/draw/kit/sheet.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

namespace sn::draw {
namespace {

Sheet small(const std::string& drawing = "D", const std::string& subject = "S") {
  return Sheet(600.0, 400.0,
               {.drawing = drawing, .number = "SN-0", .subject = subject, .scale = {}},
               "what is drawn");
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Sheet, IsAnImageWithAName) {
  const std::string svg = small().svg();
  EXPECT_TRUE(svg.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg "));
  EXPECT_TRUE(svg.ends_with("</svg>\n"));
  EXPECT_TRUE(has(svg, "role=\"img\""));
  EXPECT_TRUE(has(svg, "<title id=\"sheet-title\">D: S</title>"));
  EXPECT_TRUE(has(svg, "<desc id=\"sheet-desc\">what is drawn</desc>"));
  for (const char* never : {"<script", "Gradient", "href", "url(http"})
    EXPECT_FALSE(has(svg, never));
}

TEST(Sheet, EscapesWhatComesFromOutside) {
  Sheet sheet = small("<a & \"b\">", std::string("x\x01y\xff z\xEF\xBF\xBF"));
  sheet.mark({1.0, 1.0}, Mark::square, 1.0, {}, "none", "<tip>");
  const std::string svg = std::move(sheet).svg();
  EXPECT_TRUE(has(svg, "&lt;a &amp; &quot;b&quot;&gt;"));
  EXPECT_TRUE(has(svg, "x y\xEF\xBF\xBD z\xEF\xBF\xBD"));
  EXPECT_TRUE(has(svg, "<title>&lt;tip&gt;</title>"));
  EXPECT_FALSE(has(svg, "\x01"));
}

TEST(Sheet, GroupsClose) {
  Sheet sheet = small();
  sheet.begin_group("Axes");
  sheet.line({0.0, 0.0}, {1.0, 1.0}, {Pen::heavy, colour::ink, Dash::chain});
  sheet.hatched({{0.0, 0.0}, {1.0, 0.0}, {1.0, 1.0}}, Hatch::cross);
  sheet.leader({10.0, 10.0}, {80.0, 20.0}, "1");
  sheet.end_group();
  const std::string svg = std::move(sheet).svg();
  const auto count = [&](const std::string& part) {
    int n = 0;
    for (std::size_t at = svg.find(part); at != std::string::npos; at = svg.find(part, at + 1)) ++n;
    return n;
  };
  EXPECT_EQ(count("<g"), count("</g>"));
  EXPECT_TRUE(has(svg, "url(#hatch-cross)"));
  EXPECT_TRUE(has(svg, "<pattern id=\"hatch-cross\""));
}

TEST(Sheet, TitleBlockLiesInTheFrame) {
  const Sheet sheet = small();
  EXPECT_EQ(sheet.title_box().right, sheet.area().right);
  EXPECT_EQ(sheet.title_box().bottom, sheet.area().bottom);
  EXPECT_GT(sheet.title_box().top, sheet.area().top);
}

TEST(Lettering, FitsIntoItsRoom) {
  const Lettering letters{.size = 10.0};
  EXPECT_EQ(fitted("short", 100.0, letters), "short");                           // 5 x 6.0
  const std::string cut = fitted("a rather long piece of text", 60.0, letters);  // room for 10
  EXPECT_EQ(cut, "a rathe...");
  EXPECT_LE(text_width(cut, letters), 60.0);
  EXPECT_EQ(fitted("\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9", 30.0, letters),
            "\xC3\xA9\xC3\xA9...");  // never within a character
  const auto lines = fitted_lines("one two three four five six", 60.0, 2, letters);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0], "one two");
  EXPECT_TRUE(lines[1].ends_with("..."));
  EXPECT_EQ(capitals("Slo 50 ms"), "SLO 50 MS");
}

}  // namespace
}  // namespace sn::draw
