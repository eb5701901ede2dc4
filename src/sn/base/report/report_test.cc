// sn/base/report/report_test.cc
//
// One description, four forms: JSON, schema, TypeScript and the first difference.

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "sn/base/document/document.h"
#include "sn/base/report/describe_error.h"
#include "sn/base/report/report_difference.h"
#include "sn/base/report/report_json.h"
#include "sn/base/report/report_type.h"

namespace sn::sample {

enum class Colour { red, green };
std::string_view to_string(Colour c) { return c == Colour::red ? "red" : "green"; }

struct Part {
  std::string name;
  Time time;
};

struct Whole {
  std::int64_t gpus = 0;
  int priority = 0;
  double rate = 0.0;
  bool good = false;
  Colour colour = Colour::red;
  std::optional<Time> saturated;
  std::optional<Part> best;
  std::vector<Part> parts;
  std::vector<std::string> notes;
  Errors warnings;
};

void describe(ReportVisitor& v, const Part& p) {
  v.type("Part", "One of several.");
  v.text("name", "", p.name);
  v.quantity("time_s", "of one step", p.time);
}

void describe(ReportVisitor& v, const Whole& r) {
  static constexpr Colour colours[] = {Colour::red, Colour::green};
  v.type("Whole", "All of it.");
  v.document("sample");
  v.count("gpus", "in use", r.gpus);
  v.integer("priority", "", r.priority);
  v.number("requests_per_s", "", r.rate);
  v.flag("good", "", r.good);
  v.choice("colour", "", r.colour, colours);
  v.optional("saturated_s", "", r.saturated);
  v.optional("best", "the first of them", r.best);
  v.list("parts", "", r.parts);
  v.list("notes", "", r.notes);
  v.list("warnings", "", r.warnings);
}

struct Misnamed {
  Time time;
};
void describe(ReportVisitor& v, const Misnamed& m) { v.quantity("time_ms", "", m.time); }

}  // namespace sn::sample

namespace sn {
namespace {

sample::Whole filled() {
  return {.gpus = 8,
          .priority = -1,
          .rate = 1.5,
          .good = true,
          .colour = sample::Colour::green,
          .saturated = {},
          .best = sample::Part{.name = "a", .time = Time::from_si(0.25)},
          .parts = {{.name = "b", .time = Time::from_si(0.1)}},
          .notes = {"n"},
          .warnings = {{.code = ErrorCode::data, .message = "m", .where = {.line = 7}}}};
}

TEST(ReportJson, WritesEveryFieldInOrder) {
  EXPECT_EQ(report_json(filled()), R"({
  "format": "sample",
  "version": 1,
  "gpus": 8,
  "priority": -1,
  "requests_per_s": 1.5,
  "good": true,
  "colour": "green",
  "saturated_s": null,
  "best": {
    "name": "a",
    "time_s": 0.25
  },
  "parts": [
    {
      "name": "b",
      "time_s": 0.1
    }
  ],
  "notes": [
    "n"
  ],
  "warnings": [
    {
      "code": "data",
      "message": "m",
      "file": "",
      "line": 7,
      "column": 0,
      "hint": ""
    }
  ]
}
)");
}

TEST(ReportType, IsCompleteWithoutValues) {
  const std::string text = json_schema("t", "d", {type_of<sample::Whole>()});
  const Result<Node> root = parse_document("schema.json", text);
  ASSERT_TRUE(root.has_value()) << render(root.error());
  const auto at = [&](const std::string& path) {
    const Node* node = root->find(path);
    return node == nullptr ? "(absent)" : node->text();
  };
  const std::string whole = "definitions.Whole.properties.";
  EXPECT_EQ(at(whole + "format.const"), "sample");
  EXPECT_EQ(at(whole + "version.const"), "1");
  EXPECT_EQ(at(whole + "gpus.minimum"), "0");
  EXPECT_EQ(at(whole + "gpus.description"), "in use");
  EXPECT_EQ(at(whole + "priority.minimum"), "(absent)");
  EXPECT_EQ(at(whole + "parts.items.$ref"), "#/definitions/Part");
  EXPECT_EQ(at("definitions.Part.properties.time_s.type"), "number");
  ASSERT_NE(root->find(whole + "best.anyOf"), nullptr);
  EXPECT_EQ(at("definitions.Notice.properties.hint.type"), "string");
  EXPECT_EQ(root->find("definitions.Whole.required")->items().size(), 12u);
  EXPECT_EQ(root->find(whole + "colour.enum")->items().size(), 2u);
}

TEST(ReportType, AsTypeScript) {
  const std::string text = typescript("Reports.", {type_of<sample::Whole>()});
  EXPECT_TRUE(
      text.starts_with("/** Reports. */\n\n/** One of several. */\n"
                       "export interface Part {\n  name: string;\n"
                       "  /** of one step */\n  time_s: number;\n}\n"))
      << text;
  for (const char* line : {"  format: \"sample\";", "  version: 1;", "  best: Part | null;",
                           "  colour: \"red\" | \"green\";", "  parts: Part[];",
                           "  saturated_s: number | null;", "  notes: string[];"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line;
  }
}

TEST(ReportType, OneNameIsOneType) {
  ReportType other = type_of<sample::Part>();
  other.fields.pop_back();
  EXPECT_DEATH((void)json_schema("t", "d", {type_of<sample::Whole>(), other}), "");
}

TEST(ReportVisitor, QuantitiesBearTheirUnit) {
  EXPECT_DEATH((void)report_json(sample::Misnamed{}), "unit_suffix");
  EXPECT_EQ(unit_suffix(Bandwidth::dimension), "_bytes_per_s");
  EXPECT_EQ(unit_suffix(Energy::dimension), "_j");
}

TEST(FirstDifference, NamesThePath) {
  const sample::Whole a = filled();
  EXPECT_EQ(first_difference(a, a), "");
  sample::Whole b = a;
  b.parts[0].time = Time::from_si(0.2);
  EXPECT_EQ(first_difference(a, b), "parts[0].time_s: 0.1, not 0.2");
  b = a;
  b.saturated = Time::from_si(3.0);
  EXPECT_EQ(first_difference(a, b), "saturated_s: null, not 3");
  b = a;
  b.notes.clear();
  EXPECT_EQ(first_difference(a, b), "notes[0]: \"n\", not notes.length: 0");
  b = a;
  b.warnings[0].hint = "h";
  EXPECT_EQ(first_difference(a, b), "warnings[0].hint: \"\", not \"h\"");
}

}  // namespace
}  // namespace sn
