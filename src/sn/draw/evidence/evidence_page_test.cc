// sn/draw/evidence/evidence_page_test.cc
//
// Pages of collectives, of serving and of everything: what was missed is said, every part is there,
// foreign text is escaped, nothing comes from outside.

#include "sn/draw/evidence/evidence_page.h"

#include <gtest/gtest.h>

#include <limits>

#include "sn/draw/evidence/collective_text.h"
#include "sn/draw/evidence/serving_views.h"

namespace sn::draw {
namespace {

using evidence::CollectiveClass;
using evidence::CollectiveValidation;
using evidence::ServingMetric;
using evidence::ServingReport;
using evidence::ServingValidation;

constexpr double nothing = std::numeric_limits<double>::quiet_NaN();

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

void expect_closed(const std::string& page) {
  for (const char* part : {"<script", "src=", "@import", "url(h", "nan", "<i>"}) {
    EXPECT_FALSE(has(page, part)) << part;
  }
  std::string rest = page;
  for (std::size_t at = 0; (at = rest.find("http://www.w3.org", at)) != std::string::npos;) {
    rest.erase(at, 17);
  }
  EXPECT_FALSE(has(rest, "http"));
  EXPECT_TRUE(page.ends_with("</html>\n"));
}

CollectiveClass size_class(std::string file, double median) {
  CollectiveClass c;
  c.file = std::move(file);
  c.family = "NCCL <i>";
  c.size = "1 MiB and up";
  c.rows = 12;
  c.predicted = 10;
  c.latency = c.held_out = c.busbw = {median, median, 2.0 * median, -0.01, nothing, 10};
  c.target = 0.08;
  return c;
}

CollectiveValidation collectives() {
  CollectiveValidation v;
  v.classes = {size_class("a.csv", 0.05), size_class("b<i>.csv", 0.31), size_class("", 0.07)};
  v.classes.emplace_back().size = "below 1 MiB";
  for (const char* file : {"a.csv", "b<i>.csv"}) {
    evidence::FileReport f;
    f.file = file;
    f.family = "NCCL <i>";
    f.chip = "hgx-h100";
    f.framework = "NCCL 2.29";
    evidence::TableReport t;
    t.group = "1 MiB and up";
    t.rows = 12;
    t.predicted = 10;
    t.latency = t.held_out = v.classes.front().held_out;
    t.target = 0.08;
    t.by_median = true;
    f.tables = {t};
    f.rows = 12;
    f.predicted = 10;
    f.skipped = {{"no such machine <i> in the catalog", 2}};
    f.worst = {{7, "8 GPUs, 1 MiB, half", 1e-5, 2e-5}};
    v.validation.files.push_back(f);
  }
  evidence::Density d;
  d.family = "NCCL <i>";
  d.add(1e-5, 2e-5);
  v.validation.densities = {d};
  v.validation.ignored = {"simai_ratios.csv", "gemm_perf.csv"};
  summarise(v.validation);
  return v;
}

ServingReport group(std::string name, double mape) {
  ServingReport r;
  r.name = std::move(name);
  r.rows = 12;
  r.predicted = 10;
  for (evidence::ServingMetrics& m : r.metrics) {
    m.all = m.held_out = {mape, 0.5 * mape, 2.0 * mape, -0.01, nothing, 10};
    m.covered = 0.9;
  }
  return r;
}

evidence::ScaleCase published(std::string name, double rate) {
  evidence::ScaleCase c;
  c.name = std::move(name);
  c.title = "decode <i> on a rack";
  c.citation = "somebody's page";
  c.date = "2026-01";
  c.note = "as they said";
  c.differs = "the weather";
  c.chip = "gb200";
  c.gpus = 72;
  c.published = rate;
  c.predicted = 1000.0;
  c.interval = {800.0, 1250.0};
  return c;
}

ServingValidation serving() {
  ServingValidation v;
  v.aggregated = group("aggregated", 0.05);
  v.disaggregated = group("disaggregated", 0.4);
  v.groups = {group("h200 <i> sglang", 0.05)};
  v.files = {{.report = group("points.csv", 0.05), .groups = {}, .faults = {}}};
  v.files.front().report.skipped = {{"model is not in the catalog", 2}};
  v.ignored = {"other<i>.csv"};
  v.worst = {{"points.csv:7", "a <i> point", ServingMetric::tpot, 0.01, 0.02}};
  for (const ServingMetric metric :
       {ServingMetric::tpot, ServingMetric::ttft, ServingMetric::tput_per_gpu}) {
    v.dots.push_back({metric, false, false, 0.01, 0.02});
    v.dots.push_back({metric, true, true, 0.3, 0.1});
  }
  evidence::ReplayReport run;
  run.name = "h100<i>";
  run.requests = 300;
  run.mean_target = 0.02;
  run.p99_target = 0.05;
  run.metrics = {{"TTFT", 0.1, 0.11, 0.5, 0.52, 0.01}};
  v.replays.runs = {run};
  v.cases.cases = {published("rack-in", 1100.0), published("rack-out", 3000.0)};
  return v;
}

TEST(CollectivesHtml, ClassesAgainstTheirTargets) {
  const std::string page = collectives_html(collectives());
  for (const char* part :
       {"Collectives: predicted against measured", "1 of 1 on target", "1 MiB and up", "met",
        "missed", "31.0 %", "target, median 8.0 %", "b&lt;i&gt;.csv", "NCCL &lt;I&gt;",
        "no such machine &lt;i&gt; in the catalog", "simai_ratios.csv", "hgx-h100",
        "8 GPUs, 1 MiB, half"}) {
    EXPECT_TRUE(has(page, part)) << part;
  }
  EXPECT_FALSE(has(page, "gemm_perf.csv"));  // a table of something else is nobody's fault
  expect_closed(page);
  EXPECT_EQ(page, collectives_html(collectives()));
}

TEST(ServingHtml, TargetsGroupsReplaysAndCases) {
  const std::string page = serving_validation_html(serving());
  for (const char* part :
       {"Serving: predicted against measured", "3 of 6 met", "10 of 12",
        "1 of 2 in their 80 % interval", "h200 &lt;i&gt; sglang", "a &lt;i&gt; point",
        "model is not in the catalog", "other&lt;i&gt;.csv", "h100&lt;i&gt;", "rack-out", "-66.7 %",
        "decode &lt;i&gt; on a rack", "as they said", "the weather", "SERVING DEPLOYMENTS",
        "SUPERNODES AS PUBLISHED", "2 OF 2"}) {
    EXPECT_TRUE(has(page, part)) << part;
  }
  expect_closed(page);
  EXPECT_EQ(page, serving_validation_html(serving()));
}

TEST(ServingHtml, CasesAloneWithoutTables) {
  ServingValidation v;
  v.cases = serving().cases;
  const std::string page = serving_validation_html(v);
  EXPECT_TRUE(has(page, "no tables given"));
  EXPECT_TRUE(has(page, "1 OF 1"));
  EXPECT_FALSE(has(page, "SERVING DEPLOYMENTS"));
  expect_closed(page);
  expect_closed(serving_validation_html({}));
}

TEST(EvidencePage, HoldsAllPartsOrSaysWhyNot) {
  const evidence::Validation kernels;
  const CollectiveValidation c = collectives();
  const ServingValidation s = serving();
  const std::string page = evidence_html({&kernels, &c, &s});
  for (const char* part :
       {"<section id=\"kernels\">", "<section id=\"collectives\">", "<section id=\"serving\">"}) {
    const std::size_t at = page.find(part);
    ASSERT_NE(at, std::string::npos) << part;
    EXPECT_EQ(page.find(part, at + 1), std::string::npos) << part;
  }
  expect_closed(page);
  const std::string without = evidence_html({&kernels, nullptr, &s});
  EXPECT_TRUE(has(without, "no measured collectives"));
  EXPECT_TRUE(has(evidence_json({&kernels, nullptr, &s}), "\"collectives\": null"));
}

}  // namespace
}  // namespace sn::draw
