// sn/draw/catalog/workload_text_test.cc

#include "sn/draw/catalog/workload_text.h"

#include <gtest/gtest.h>

#include "sn/base/document/document.h"

namespace sn::draw {
namespace {

/// Four requests one second apart, the last two with the blocks of the first.
serving::Trace sample_trace() {
  serving::Trace trace;
  trace.format = "mooncake";
  trace.block_tokens = 512.0;
  for (std::int64_t i = 0; i < 4; ++i) {
    const std::uint64_t block = i == 1 ? 7 : 1;
    trace.requests.push_back({.arrival = {i * 1'000'000'000},
                              .input_tokens = 100 * (i + 1),
                              .output_tokens = 10,
                              .blocks = {block}});
  }
  trace.malformed = 3;
  return trace;
}

serving::Workload sample_workload() {
  const serving::Trace trace = sample_trace();
  const auto w = serving::summarise("t", "t.jsonl, 4 requests", trace.requests, trace.block_tokens);
  EXPECT_TRUE(w.has_value());
  return *w;
}

api::WorkloadReport sample_report() {
  api::WorkloadReport out{.trace = sample_trace(), .lengths = {}, .workload = sample_workload()};
  for (const serving::Request& r : sample_trace().requests) out.lengths.add(r);
  return out;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(WorkloadPage, LengthsAndHitRates) {
  const std::string text = workload_page(sample_report(), {.colour = false, .file = "t.jsonl"});
  EXPECT_TRUE(text.starts_with("t.jsonl, 4 requests (mooncake)\n"));
  EXPECT_TRUE(has(text, "4 requests, 1.00 requests/s"));
  EXPECT_TRUE(has(text, "3 malformed lines were left out"));
  EXPECT_TRUE(has(text, "  input                250"));  // mean of 100, 200, 300, 400
  EXPECT_TRUE(has(text, "1 024 (all)"));                 // two distinct blocks of 512 tokens
  EXPECT_TRUE(has(text, "50.0"));                        // two of four blocks hit
  EXPECT_TRUE(has(text, "supernode workload t.jsonl --preset TITLE"));
}

TEST(WorkloadPage, WithoutHashesItSaysSo) {
  serving::Trace trace = sample_trace();
  trace.block_tokens = 0.0;
  for (serving::Request& r : trace.requests) r.blocks.clear();
  const auto w = serving::summarise("t", "t.csv", trace.requests, 0.0);
  ASSERT_TRUE(w.has_value());
  EXPECT_TRUE(has(workload_statistics(*w, {}), "no block hashes"));
}

TEST(WorkloadJson, ReadsBack) {
  const auto node = parse_document("w.json", workload_json(sample_report()));
  ASSERT_TRUE(node.has_value());
  EXPECT_EQ(node->find("requests")->text(), "4");
  EXPECT_EQ(node->find("input_tokens.max")->text(), "400");
  EXPECT_EQ(node->find("hit_rate_curve")->items().back().find("block_hit_rate")->text(), "0.5");
}

}  // namespace
}  // namespace sn::draw
