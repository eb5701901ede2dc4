// sn/serving/load/workload_file_test.cc

#include "sn/serving/load/workload_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>

#include "sn/base/files/files.h"
#include "sn/catalog/catalog_test_util.h"
#include "sn/serving/load/trace/trace.h"

namespace sn::serving {
namespace {

Workload sample() {
  Workload w;
  w.name = "sample";
  w.origin = "A sample";
  w.requests = 1234;
  w.rate = Rate::from_si(3.25);
  w.dispersion = 1.5;
  w.block_tokens = 512;
  w.input_max = 9000;
  w.output_max = 700;
  w.capacities = {100000, 1000000};
  w.hit_rate_curve = {{100000, 0.125}, {1000000, 0.5}};
  w.classes = {{.weight = 0.25, .input = 200, .output = 100, .cached = {0, 50}},
               {.weight = 0.75, .input = 8000, .output = 300, .cached = {512, 4096}}};
  return w;
}

Result<Workload> read(const std::string& text) {
  const Result<Node> document = parse_document("w.yaml", text);
  if (!document) return fail(document.error());
  return read_workload(*document, "sample");
}

TEST(WorkloadFile, WriteThenReadIsTheSame) {
  const Result<Workload> back = read(write_workload(sample(), "A sample", "by hand"));
  ASSERT_TRUE(back.has_value()) << render(back.error());
  EXPECT_EQ(*back, sample());
}

TEST(WorkloadFile, WithoutHashes) {
  Workload w = sample();
  w.block_tokens = 0;
  w.capacities.clear();
  w.hit_rate_curve.clear();
  for (RequestClass& c : w.classes) c.cached.clear();
  const Result<Workload> back = read(write_workload(w, "A sample", "by hand"));
  ASSERT_TRUE(back.has_value()) << render(back.error());
  EXPECT_EQ(*back, w);
}

TEST(WorkloadFile, WeightsAreMadeToAddUp) {
  const Result<Workload> w = read(
      "title: t\nsource: s\nrequests: 10\nrate: 1 req/s\ncapacities: []\nhit_rates: []\n"
      "input_max: 20\noutput_max: 5\nclasses:\n  - [1, 10, 5]\n  - [3, 20, 5]\n");
  ASSERT_TRUE(w.has_value()) << render(w.error());
  EXPECT_DOUBLE_EQ(w->classes[0].weight, 0.25);
  EXPECT_DOUBLE_EQ(w->classes[1].weight, 0.75);
}

TEST(WorkloadFile, EveryMalformedRowIsReported) {
  const Result<Workload> w = read(
      "title: t\n"                    // 1
      "requests: -5\n"                // 2
      "rate: 3\n"                     // 3
      "capacities: [100000, many]\n"  // 4
      "hit_rates: [0.5, 1.5]\n"       // 5
      "klasses: 1\n"                  // 6
      "classes:\n"                    // 7
      "  - [0.5, 100, 10, 0, 0]\n"    // 8: right
      "  - [0.5, 100]\n"              // 9: too short
      "  - [0, 100, 10, 0, 0]\n"      // 10: no weight
      "  - [0.5, -100, 10, 0, 0]\n"   // 11: negative
      "  - 17\n");                    // 12: not a row
  ASSERT_FALSE(w.has_value());
  std::vector<int> lines;
  for (const Error& e : w.error()) {
    EXPECT_GT(e.where.column, 0) << e.message;
    lines.push_back(e.where.line);
  }
  for (const int line : {2, 3, 4, 5, 6, 9, 10, 11, 12}) {
    EXPECT_NE(std::find(lines.begin(), lines.end(), line), lines.end()) << "line " << line;
  }
  EXPECT_EQ(std::find(lines.begin(), lines.end(), 8), lines.end());
}

TEST(WorkloadFile, MissingParts) {
  EXPECT_FALSE(read("title: t\n").has_value());
  EXPECT_FALSE(read("title: t\nrequests: 1\nrate: 1 req/s\nclasses: []\n").has_value());
  EXPECT_FALSE(read("title: t\nrequests: 1\nrate: 1 req/s\nclasses: 3\n").has_value());
  EXPECT_FALSE(read("[]").has_value());
  // Without a rate there are no multiples; without the longest request, no memory to reserve.
  const std::string rest = "title: t\nrequests: 1\nclasses:\n  - [1, 10, 5]\n";
  EXPECT_FALSE(read(rest + "input_max: 10\noutput_max: 5\n").has_value());
  EXPECT_FALSE(read(rest + "rate: 1 req/s\noutput_max: 5\n").has_value());
  EXPECT_FALSE(read(rest + "rate: 1 req/s\ninput_max: 10\n").has_value());
  EXPECT_TRUE(read(rest + "rate: 1 req/s\ninput_max: 10\noutput_max: 5\n").has_value());
}

TEST(WorkloadFile, ShippedPresetsRead) {
  const catalog::Catalog catalog = catalog::shipped_catalog();
  for (const std::string& name : catalog.names(catalog::kind_named("workload"))) {
    SCOPED_TRACE(name);
    const Result<Node> entry = catalog.entry(catalog::kind_named("workload"), name);
    ASSERT_TRUE(entry.has_value());
    const Result<Workload> w = read_workload(*entry, name);
    ASSERT_TRUE(w.has_value()) << render(w.error());
    EXPECT_GT(w->rate.si(), 0.0);
    EXPECT_EQ(w->hit_rate_curve.size(), w->capacities.size());
    double total = 0.0;
    for (const RequestClass& c : w->classes) {
      total += c.weight;
      EXPECT_TRUE(std::is_sorted(c.cached.begin(), c.cached.end()));
      EXPECT_LE(c.cached.empty() ? 0.0 : c.cached.back(), c.input);
      EXPECT_LE(c.input, w->input_max);
      EXPECT_LE(c.output, w->output_max);
    }
    EXPECT_NEAR(total, 1.0, 1e-12);
  }
}

TEST(WorkloadFile, MooncakePresetIsTheSummaryOfTheTrace) {
  const char* shared = std::getenv("SN_SHARED_DATA");
  if (shared == nullptr) GTEST_SKIP() << "SN_SHARED_DATA is not set";
  const std::string path = std::string(shared) + "/traces/mooncake_conversation_trace.jsonl.gz";
  const Result<std::string> text = read_file(path);
  ASSERT_TRUE(text.has_value()) << render(text.error());
  const Result<Trace> trace = read_trace("conversation", *text);
  ASSERT_TRUE(trace.has_value()) << render(trace.error());
  const Result<Workload> summary =
      summarise("conversation", "trace", trace->requests, trace->block_tokens, {});
  ASSERT_TRUE(summary.has_value()) << render(summary.error());

  const catalog::Catalog catalog = catalog::shipped_catalog();
  const Result<Node> entry =
      catalog.entry(catalog::kind_named("workload"), "mooncake-conversation");
  ASSERT_TRUE(entry.has_value());
  const Result<Workload> preset = read_workload(*entry, "mooncake-conversation");
  ASSERT_TRUE(preset.has_value()) << render(preset.error());
  EXPECT_EQ(preset->requests, summary->requests);
  EXPECT_NEAR(preset->rate / summary->rate, 1.0, 1e-5);
  EXPECT_NEAR(preset->dispersion, summary->dispersion, 1e-3);
  EXPECT_EQ(preset->input_max, summary->input_max);
  EXPECT_EQ(preset->output_max, summary->output_max);
  EXPECT_EQ(preset->block_tokens, summary->block_tokens);
  ASSERT_EQ(preset->capacities.size(), summary->capacities.size());
  ASSERT_EQ(preset->classes.size(), summary->classes.size());
  for (std::size_t i = 0; i < preset->capacities.size(); ++i) {
    EXPECT_NEAR(preset->capacities[i], summary->capacities[i], 0.5);
    EXPECT_NEAR(preset->hit_rate_curve[i].hit_rate, summary->hit_rate_curve[i].hit_rate, 1e-5);
  }
  for (std::size_t i = 0; i < preset->classes.size(); ++i) {
    const RequestClass& a = preset->classes[i];
    const RequestClass& b = summary->classes[i];
    EXPECT_NEAR(a.weight, b.weight, 1e-6);
    EXPECT_NEAR(a.input, b.input, 0.5001);
    EXPECT_NEAR(a.output, b.output, 0.5001);
    for (std::size_t j = 0; j < a.cached.size(); ++j) {
      EXPECT_NEAR(a.cached[j], b.cached[j], 0.5001);
    }
  }
}

TEST(WorkloadFile, WhatNoRequestCouldBeIsRefused) {
  const auto code_of = [](void (*change)(Workload&)) {
    Workload w = sample();
    change(w);
    const Result<Workload> back = read(write_workload(w, "A sample", "by hand"));
    return back ? std::string("taken") : render(back.error());
  };
  EXPECT_EQ(code_of([](Workload&) {}), "taken");
  EXPECT_NE(code_of([](Workload& w) { w.classes[0].input = 1e9; }).find("classes"),
            std::string::npos);
  EXPECT_NE(code_of([](Workload& w) { w.classes[0].cached = {0, 201}; }).find("up to the input"),
            std::string::npos);
  EXPECT_NE(code_of([](Workload& w) { w.classes[0].cached = {50, 20}; }).find("grow with"),
            std::string::npos);
  EXPECT_NE(code_of([](Workload& w) { w.capacities = {1000000, 100000}; }).find("must ascend"),
            std::string::npos);
  const Result<Workload> half = read("block_tokens: 0.5\n");
  ASSERT_FALSE(half.has_value());
  EXPECT_NE(render(half.error()).find("'block_tokens' is below 1"), std::string::npos);
}

}  // namespace
}  // namespace sn::serving
