// sn/draw/plan/pareto_svg_test.cc

#include "sn/draw/plan/pareto_svg.h"

#include <gtest/gtest.h>

#include "sn/draw/plan/plan_samples_test.h"

namespace sn::draw {
namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(ParetoSvg, CallsOutTheFirstAndTheFront) {
  const std::string svg = pareto_svg(sample_report());
  EXPECT_TRUE(has(svg, ">#1</text>"));
  EXPECT_TRUE(has(svg, "48 prefill + 80 decode, 6 x (DP8 EP8) + 1 x"));
  EXPECT_TRUE(has(svg, "105 tok/s per GPU, 40.0 tok/s per user"));
  EXPECT_TRUE(has(svg, "128 aggregated, TP8"));  // the left end of the front
  EXPECT_TRUE(has(svg, "90.0 tok/s per user"));  // the right end
  EXPECT_TRUE(has(svg, "3 of them on the Pareto front"));
  EXPECT_TRUE(has(svg, "SLO TPOT 50 MS"));
}

TEST(ParetoSvg, DominatedPointsAreDrawnOnce) {
  planner::PlanReport report = sample_report();
  const std::string once = pareto_svg(report);
  for (int i = 0; i < 50; ++i) report.pareto.push_back(report.pareto[1]);
  EXPECT_LT(pareto_svg(report).size(), once.size() + 200);  // only the counts differ
}

TEST(ParetoSvg, WithoutPointsAndWithAMiss) {
  planner::PlanReport report = sample_miss();
  EXPECT_FALSE(has(pareto_svg(report), ">#1</text>"));
  report.pareto.clear();
  report.candidates.clear();
  EXPECT_TRUE(has(pareto_svg(report), "NO DEPLOYMENT TO DRAW"));
}

TEST(ParetoSvg, SameReportSameBytes) {
  EXPECT_EQ(pareto_svg(sample_report()), pareto_svg(sample_report()));
}

}  // namespace
}  // namespace sn::draw
