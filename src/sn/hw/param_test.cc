// sn/hw/param_test.cc
//
// Described structs read from trees, with every mistake reported, and filled again from numbers.

#include "sn/catalog/param.h"

#include <gtest/gtest.h>

#include <string>

#include "sn/hw/machine.h"
#include "sn/hw/rack_test_util.h"

namespace sn::hw {
namespace {

using namespace catalog;  // NOLINT(google-build-using-namespace): what is tested

SourceBook two_sources() {
  SourceBook book;
  book.add({.id = "sheet", .title = "A datasheet", .date = "2024-01", .grade = Grade::official});
  book.add({.id = "assumption", .title = "assumed", .date = "2026", .grade = Grade::assumption});
  return book;
}

struct Read {
  Nic nic;
  Params params;
  Errors errors;
};

Read read_nic(const std::string& text) {
  Read out;
  const Result<Node> tree = parse_document("nic.yaml", text);
  if (!tree) {
    out.errors = tree.error();
    return out;
  }
  const SourceBook sources = two_sources();
  ParamReader reader(*tree, "nic", sources, out.params, out.errors);
  describe(reader, out.nic);
  reader.finish();
  return out;
}

const std::string good =
    "bandwidth: {value: 50 GB/s, source: sheet, confidence: high, note: per direction}\n"
    "efficiency: {value: 95 %, source: assumption, confidence: low, note: usual}\n"
    "latency: {value: 1.5 us, source: sheet, confidence: medium}\n";

/// `good` with its line `index` (from 0) replaced.
std::string with_line(int index, const std::string& line) {
  std::string out;
  std::size_t from = 0;
  for (int i = 0; i < 3; ++i) {
    const std::size_t end = good.find('\n', from) + 1;
    out += i == index ? line + "\n" : good.substr(from, end - from);
    from = end;
  }
  return out;
}

/// The one error of a text, or an empty one after a failure.
Error only_error(const std::string& text) {
  const Read r = read_nic(text);
  EXPECT_EQ(r.errors.size(), 1u) << render(r.errors);
  return r.errors.empty() ? Error{} : r.errors.front();
}

TEST(ParamReader, FillsTheStructAndKeepsProvenance) {
  const Read r = read_nic(good);
  ASSERT_TRUE(r.errors.empty()) << render(r.errors);
  EXPECT_DOUBLE_EQ(r.nic.bandwidth.si(), 50e9);
  EXPECT_DOUBLE_EQ(r.nic.efficiency, 0.95);
  EXPECT_DOUBLE_EQ(r.nic.latency.si(), 1.5e-6);
  ASSERT_EQ(r.params.size(), 3u);
  EXPECT_EQ(r.params[0].path, "nic.bandwidth");
  EXPECT_EQ(r.params[0].provenance.source.title, "A datasheet");
  EXPECT_EQ(r.params[0].provenance.confidence, Confidence::high);
  EXPECT_EQ(r.params[0].provenance.note, "per direction");
  EXPECT_FALSE(r.params[0].provenance.assumed());
  EXPECT_TRUE(r.params[1].provenance.assumed());
}

TEST(ParamReader, ABareValueIsTheScenarios) {
  const Read r = read_nic(with_line(0, "bandwidth: 800 Gbit/s"));
  ASSERT_TRUE(r.errors.empty()) << render(r.errors);
  EXPECT_DOUBLE_EQ(r.nic.bandwidth.si(), 100e9);
  EXPECT_EQ(r.params[0].provenance.source.grade, Grade::scenario);
  EXPECT_EQ(r.params[0].provenance.source.title, "nic.yaml:1");
  EXPECT_FALSE(r.params[0].provenance.assumed());
}

TEST(ParamReader, KeepsTheOtherSourcesValues) {
  const Read r = read_nic(
      with_line(0,
                "bandwidth: {value: 50 GB/s, source: sheet, confidence: high, also: "
                "[{value: 100 GB/s, source: assumption, confidence: low, note: rumour}]}"));
  ASSERT_TRUE(r.errors.empty()) << render(r.errors);
  ASSERT_EQ(r.params[0].alternatives.size(), 1u);
  EXPECT_DOUBLE_EQ(r.params[0].alternatives[0].value, 100e9);
  EXPECT_EQ(r.params[0].alternatives[0].provenance.note, "rumour");
}

TEST(ParamReader, UnknownKeyNamesTheNearest) {
  const Error e = only_error(good + "latencyy: 2 us\n");
  EXPECT_EQ(e.code, ErrorCode::unknown_key);
  EXPECT_EQ(e.where.line, 4);
  EXPECT_EQ(e.where.column, 1);
  EXPECT_NE(e.hint.find("latency"), std::string::npos) << e.hint;
}

TEST(ParamReader, TitleAndNoteAreNoFields) {
  EXPECT_TRUE(read_nic("title: A NIC\nnote: of no use\n" + good).errors.empty());
}

TEST(ParamReader, WrongDimension) {
  const Error e = only_error(with_line(2, "latency: 50 GB/s"));
  EXPECT_EQ(e.code, ErrorCode::unit);
  EXPECT_EQ(e.where.line, 3);
}

TEST(ParamReader, MissingUnit) {
  EXPECT_EQ(only_error(with_line(0, "bandwidth: 50")).code, ErrorCode::unit);
}

TEST(ParamReader, NegativeAndAbsurdValues) {
  EXPECT_EQ(only_error(with_line(0, "bandwidth: -50 GB/s")).code, ErrorCode::range);
  EXPECT_EQ(only_error(with_line(0, "bandwidth: 50000 PB/s")).code, ErrorCode::range);
  EXPECT_EQ(only_error(with_line(1, "efficiency: 1.2")).code, ErrorCode::range);
  EXPECT_EQ(only_error(with_line(1, "efficiency: 0")).code, ErrorCode::range);
}

TEST(ParamReader, AListWhereANumberBelongs) {
  EXPECT_EQ(only_error(with_line(0, "bandwidth: [50 GB/s]")).code, ErrorCode::wrong_type);
}

TEST(ParamReader, MissingField) {
  const Error e = only_error(with_line(2, "# nothing"));
  EXPECT_EQ(e.code, ErrorCode::missing);
  EXPECT_NE(e.message.find("nic.latency"), std::string::npos) << e.message;
}

TEST(ParamReader, ACatalogValueNeedsSourceAndConfidence) {
  EXPECT_EQ(only_error(with_line(0, "bandwidth: {value: 50 GB/s, confidence: high}")).code,
            ErrorCode::missing);
  EXPECT_EQ(only_error(with_line(0, "bandwidth: {value: 50 GB/s, source: sheet}")).code,
            ErrorCode::missing);
  const Error e =
      only_error(with_line(0, "bandwidth: {value: 50 GB/s, source: shet, confidence: high}"));
  EXPECT_EQ(e.code, ErrorCode::unknown_name);
  EXPECT_NE(e.hint.find("sheet"), std::string::npos) << e.hint;
}

TEST(ParamReader, UnknownKeyInsideAValue) {
  const Error e = only_error(
      with_line(0, "bandwidth: {value: 50 GB/s, source: sheet, confidence: high, nots: x}"));
  EXPECT_EQ(e.code, ErrorCode::unknown_key);
  EXPECT_EQ(e.where.line, 1);
}

TEST(ParamReader, AlternativesAreChecked) {
  const std::string head = "bandwidth: {value: 50 GB/s, source: sheet, confidence: high, also: ";
  EXPECT_EQ(only_error(with_line(0, head + "100 GB/s}")).code, ErrorCode::wrong_type);
  EXPECT_EQ(only_error(with_line(0, head + "[{source: sheet, confidence: low}]}")).code,
            ErrorCode::missing);
  EXPECT_EQ(only_error(with_line(0, head + "[{value: 1 s, source: sheet, confidence: low}]}")).code,
            ErrorCode::unit);
  EXPECT_EQ(only_error(with_line(0, head + "[{value: 1 GB/s, source: sheet, confidence: low, "
                                           "why: x}]}"))
                .code,
            ErrorCode::unknown_key);
}

TEST(ParamReader, ReportsEveryMistakeAtOnce) {
  const Read r = read_nic(
      "bandwidth: 50\nefficiency: 3\nlatency: {value: 1 us, source: sheet, confidence: sure}\n"
      "colour: red\n");
  EXPECT_EQ(r.errors.size(), 4u) << render(r.errors);
}

TEST(ParamReader, OptionalFieldsMayBeAbsent) {
  const Result<Node> tree = parse_document("up.yaml",
                                           "bandwidth: 450 GB/s\nefficiency: 0.88\n"
                                           "endpoint_latency: 150 ns\n"
                                           "switch: {ports: 64, port_bandwidth: 25 GB/s, "
                                           "latency: 100 ns}\n");
  ASSERT_TRUE(tree.has_value());
  ScaleUp up;
  Params params;
  Errors errors;
  const SourceBook sources = two_sources();
  ParamReader reader(*tree, "scale_up", sources, params, errors);
  describe(reader, up);
  reader.finish();
  EXPECT_TRUE(errors.empty()) << render(errors);
  EXPECT_EQ(up.domain, 0);
  EXPECT_FALSE(up.fabric_switch.in_switch_reduction);
  EXPECT_EQ(up.fabric_switch.ports, 64);
  // Link: three and `reach`; switch: three; then stages, domain, switches.
  ASSERT_EQ(params.size(), 10u);
  EXPECT_EQ(params[3].path, "scale_up.reach");
  EXPECT_FALSE(params[3].present);
  EXPECT_EQ(params[4].path, "scale_up.switch.ports");
  EXPECT_TRUE(params[4].present);
  EXPECT_EQ(params[8].path, "scale_up.domain");
  EXPECT_FALSE(params[8].present);
  EXPECT_TRUE(params[8].discrete);
  expect_round_trip(up, params);
}

TEST(ParamReader, ACountMustBeWhole) {
  const Result<Node> tree =
      parse_document("s.yaml", "latency: 2 us\noversubscription: 1\nsegment: 10.5\n");
  ASSERT_TRUE(tree.has_value());
  ScaleOut out;
  Params params;
  Errors errors;
  const SourceBook sources = two_sources();
  ParamReader reader(*tree, "scale_out", sources, params, errors);
  describe(reader, out);
  EXPECT_EQ(errors.size(), 1u) << render(errors);
}

TEST(ParamAssigner, RoundTrip) {
  const Read r = read_nic(good);
  ASSERT_TRUE(r.errors.empty());
  expect_round_trip(r.nic, r.params);
}

TEST(Grades, HaveNames) {
  EXPECT_EQ(to_string(Grade::official), "official");
  EXPECT_EQ(to_string(Grade::third_party), "third party");
  EXPECT_EQ(to_string(Grade::family_default), "family default");
  EXPECT_EQ(to_string(Grade::scenario), "scenario");
  EXPECT_EQ(to_string(Confidence::medium), "medium");
}

TEST(SourceBook, FindsById) {
  const SourceBook book = two_sources();
  ASSERT_NE(book.find("sheet"), nullptr);
  EXPECT_EQ(book.find("sheet")->date, "2024-01");
  EXPECT_EQ(book.find("none"), nullptr);
  EXPECT_EQ(book.ids().size(), 2u);
}

}  // namespace
}  // namespace sn::hw
