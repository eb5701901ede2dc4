// sn/draw/plan/choice_views_test.cc
//
// Views of --vary, --pareto, --why-not and `catalog diff`: every point is drawn once, text stays
// inside its sheet, differences are those of the entries.

#include "sn/draw/plan/choice_views.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "sn/draw/catalog/datasheet_diff.h"
#include "sn/draw/plan/plan_samples_test.h"
#include "sn/draw/plan/vary_views.h"

namespace sn::draw {
namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

planner::VaryReport sample_vary() {
  planner::VaryReport r;
  r.subject = sample_report().subject;
  r.axes = {{"model", {"a", "b"}}, {"cluster.rack.gpus", {"8", "64", "512"}}};
  for (const char* model : {"a", "b"}) {
    for (const char* gpus : {"8", "64", "512"}) {
      planner::VaryPoint p;
      p.values = {model, gpus};
      if (std::string(gpus) == "8") {
        p.why_not = "it does not <fit>";
      } else {
        p.best = sample_disaggregated();
        p.best->state.output_per_gpu = std::string(gpus) == "64" ? 100.0 : 98.0;
      }
      r.points.push_back(p);
    }
    r.verdicts.push_back(planner::VaryVerdict{"64", "64", "512", "at 8 nothing fits", ""});
  }
  return r;
}

TEST(VarySvg, HasAStripAVerdictAndAMarkForEveryPoint) {
  const std::string svg = vary_svg(sample_vary());
  EXPECT_TRUE(has(svg, "in 2 strips"));
  EXPECT_EQ(count(svg, "it does not &lt;fit&gt;"), 2u);  // the hint of a cross, escaped
  EXPECT_EQ(count(svg, "64: 100 tok/s per GPU"), 2u);
  EXPECT_EQ(count(svg, "512: 98.0 tok/s per GPU"), 2u);
  EXPECT_GE(count(svg, "optimum at 64"), 2u);
  EXPECT_EQ(count(svg, "<g"), count(svg, "</g>"));
  EXPECT_EQ(svg, vary_svg(sample_vary()));
}

TEST(VarySvg, StripsThatMeetNothingAreDrawnToo) {
  planner::VaryReport r = sample_vary();
  for (planner::VaryPoint& p : r.points) p.best.reset();
  for (auto& v : r.verdicts) v.reset();
  EXPECT_EQ(count(vary_svg(r), "no value meets the SLO"), 2u);
}

TEST(VarySvg, ManyStripsGrowTheSheet) {
  planner::VaryReport r = sample_vary();
  const std::string two = vary_svg(r);
  r.axes[0].values.push_back("c");
  for (std::size_t i = 0; i < 3; ++i) r.points.push_back(r.points[i]);
  r.verdicts.push_back(r.verdicts.front());
  const std::string three = vary_svg(r);
  EXPECT_TRUE(has(three, "in 3 strips"));
  EXPECT_GT(three.size(), two.size());
}

planner::PlanReport sample_tradeoff() {
  planner::PlanReport r = sample_report();
  r.tradeoff = planner::Tradeoff{{"J/tok", "joules per token", false, false},
                                 {"ttft.p90", "TTFT p90", true, false},
                                 {{1.0, 2.0, 1.0, 1, true, "first"},
                                  {2.0, 1.0, 0.5, 1, true, "first"},
                                  {3.0, 3.0, 1.0, 2, false, "second"}}};
  return r;
}

TEST(Tradeoff, TableHasTheFrontAndTheSheetAllPoints) {
  const planner::PlanReport r = sample_tradeoff();
  const std::string table = tradeoff_table(*r.tradeoff, {});
  EXPECT_TRUE(has(table, "2 of 3 points beat all others"));
  EXPECT_TRUE(has(table, "50 %"));
  EXPECT_FALSE(has(table, "second"));
  const std::string svg = tradeoff_svg(r);
  EXPECT_TRUE(has(svg, "#2 at 100 % of its knee: second"));
  EXPECT_TRUE(has(svg, "TTFT P90, S (LESS IS BETTER)"));
  EXPECT_EQ(count(svg, "<g"), count(svg, "</g>"));
  planner::PlanReport none = r;
  none.tradeoff->points.clear();
  EXPECT_TRUE(has(tradeoff_svg(none), "0 points"));
}

TEST(CatalogDiff, OfAnEntryAndItselfIsEmpty) {
  const Result<catalog::Catalog> catalog = catalog::Catalog::embedded();
  ASSERT_TRUE(catalog);
  const auto sheet = [&](const char* kind, const char* name) {
    Result<api::Datasheet> s = api::read_datasheet(*catalog, *catalog::find_kind(kind), name);
    EXPECT_TRUE(s);
    return *std::move(s);
  };
  const api::Datasheet b200 = sheet("chips", "b200");
  const api::DatasheetDiff same = api::diff_of(b200, b200);
  EXPECT_TRUE(same.lines.empty());
  EXPECT_GT(same.equal, 5u);
  EXPECT_TRUE(has(diff_text(same, {}), "no difference"));

  const api::DatasheetDiff there = api::diff_of(b200, sheet("chips", "h200"));
  const api::DatasheetDiff back = api::diff_of(sheet("chips", "h200"), b200);
  EXPECT_EQ(there.lines.size(), back.lines.size());
  EXPECT_EQ(there.equal, back.equal);
  bool capacity = false;
  for (const api::DiffLine& l : there.lines) {
    if (l.path != "hbm.capacity") continue;
    capacity = true;
    EXPECT_NEAR(l.ratio.value_or(0.0), 143771.0 / 183359.0, 1e-9);
  }
  EXPECT_TRUE(capacity);

  const api::DatasheetDiff models =
      api::diff_of(sheet("models", "deepseek-v3"), sheet("models", "kimi-k2"));
  EXPECT_TRUE(std::any_of(models.lines.begin(), models.lines.end(), [](const api::DiffLine& l) {
    return l.path == "experts" && l.a == "256" && l.b == "384";
  }));
}

}  // namespace
}  // namespace sn::draw
