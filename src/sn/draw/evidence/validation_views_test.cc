// sn/draw/evidence/validation_views_test.cc
//
// Text, JSON and page of a validation of two tables: what is missed is said, what is long is short.

#include "sn/draw/evidence/validation_views.h"

#include <gtest/gtest.h>

#include <limits>

namespace sn::draw {
namespace {

using evidence::FileReport;
using evidence::TableReport;
using evidence::Validation;

TableReport table(std::string group, double mape) {
  TableReport t;
  t.group = std::move(group);
  t.rows = 10;
  t.predicted = 8;
  t.skipped = {{"unknown gemm_dtype", 2}};
  t.latency = {mape, 0.5 * mape, 2.0 * mape, -0.01, 0.04, 8};
  t.held_out = t.latency;
  t.target = 0.08;
  return t;
}

Validation sample() {
  Validation v;
  for (const std::string chip : {"h100", "b200"}) {
    FileReport f;
    f.file = chip + "_sxm__trtllm-1__gemm_perf.csv";
    f.family = chip == "h100" ? "GEMM" : "MoE <i>";
    f.chip = chip;
    f.framework = "trtllm 1";
    f.citation = chip == "h100" ? "" : "somebody's page, 2026";
    f.rows = 10;
    f.predicted = 8;
    f.skipped = {{"unknown gemm_dtype", 2}};
    f.tables = {table("bf16", chip == "h100" ? 0.05 : 0.31)};
    f.latency = f.held_out = f.tables.front().latency;
    f.worst = {{7, "m=1 n=2 k=3", 1e-5, 2e-5}};
    v.files.push_back(f);
    evidence::Density d;
    d.family = f.family;
    d.add(1e-5, 2e-5);
    v.densities.push_back(d);
  }
  v.parameters = {
      {"generation", "gemm", "hopper", "rate", "0.8", "kernel-fit", "medium", "well known"}};
  v.budget = {{"generation", "gemm", "hopper", 1, 10}};
  summarise(v);
  return v;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST(ValidationText, SaysWhatIsMissedAndCountsParameters) {
  const std::string text = validation_text(sample(), {}, {.worst = 1});
  for (const char* part :
       {"met", "missed", "31.0 %", "unknown gemm_dtype", "Worst rows", "+100.0 %", "1 parameters",
        "somebody's page, 2026", "80.0 %", "44.8 %"}) {
    EXPECT_TRUE(has(text, part)) << part << "\n" << text;
  }
  EXPECT_FALSE(has(text, "well known"));
  EXPECT_TRUE(has(validation_text(sample(), {}, {.worst = 1, .parameters = true}), "well known"));
}

TEST(ValidationText, OfManyTablesTheFarthestFirst) {
  Validation v = sample();
  for (int i = 0; i < 60; ++i) v.files.front().tables.push_back(table("t", 0.10));
  v.files.front().tables.push_back(table("the worst", 0.9));
  summarise(v);
  const std::string text = validation_text(v, {}, {.worst = 2});
  EXPECT_TRUE(has(text, "farthest from their target, 2 of 63")) << text;
  EXPECT_TRUE(has(text, "the worst"));
  const std::string all = validation_text(v, {}, {.worst = 2, .tables = true});
  EXPECT_GT(all.size(), text.size() + 50 * 60);
}

TEST(ValidationHtml, IsSelfContainedAndEscaped) {
  const std::string page = validation_html(sample());
  EXPECT_TRUE(has(page, "PREDICTED AGAINST MEASURED"));
  EXPECT_TRUE(has(page, "1 OF 3"));
  EXPECT_TRUE(has(page, "MoE &lt;i&gt;"));
  EXPECT_FALSE(has(page, "<i>"));
  EXPECT_FALSE(has(page, "<script"));
  EXPECT_FALSE(has(page, "src="));
  EXPECT_FALSE(has(page, "@import"));
  EXPECT_FALSE(has(page, "nan"));
  EXPECT_EQ(page, validation_html(sample()));
}

TEST(ValidationHtml, NothingPredictedIsAPageToo) {
  Validation v;
  FileReport f;
  f.file = "x";
  f.tables.push_back({});
  v.files.push_back(f);
  summarise(v);
  EXPECT_TRUE(has(validation_html(v), "</html>"));
  EXPECT_TRUE(has(validation_text(v, {}, {}), "0 predicted"));
}

}  // namespace
}  // namespace sn::draw
