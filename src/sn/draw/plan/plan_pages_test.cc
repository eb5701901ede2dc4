// sn/draw/plan/plan_pages_test.cc
//
// CSV, page and comparison chart of plans made by hand.

#include "sn/draw/plan/plan_pages.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "sn/draw/plan/plan_samples_test.h"

namespace sn::draw {
namespace {

using testing::HasSubstr;

std::size_t cells(const std::string& line) {
  bool quoted = false;
  std::size_t n = 1;
  for (const char c : line) {
    if (c == '"') quoted = !quoted;
    if (c == ',' && !quoted) ++n;
  }
  return n;
}

TEST(PlanPages, CsvHasALineForEachDeploymentAndAsManyCellsAsItsHead) {
  planner::PlanReport r = sample_report();
  r.subject.name = "a, \"b\"";
  const std::string csv = plan_csv({r});
  const auto lines = static_cast<std::size_t>(std::count(csv.begin(), csv.end(), '\n'));
  EXPECT_EQ(lines, r.candidates.size() + 1);
  const std::string head = csv.substr(0, csv.find('\n'));
  std::size_t at = head.size() + 1;
  while (at < csv.size()) {
    const std::size_t end = csv.find('\n', at);
    EXPECT_EQ(cells(csv.substr(at, end - at)), cells(head));
    at = end + 1;
  }
  EXPECT_THAT(csv, HasSubstr("\"a, \"\"b\"\"\""));
  EXPECT_THAT(head, HasSubstr("chips_j_per_token"));
}

TEST(PlanPages, ThePageHoldsTableAndChartAndNothingFromOutside) {
  const std::string page = plan_html(sample_report());
  EXPECT_THAT(page, HasSubstr("<svg"));
  EXPECT_THAT(page, HasSubstr("6 x (DP8 EP8)"));
  EXPECT_THAT(page, HasSubstr("chips only"));
  EXPECT_TRUE(page.ends_with("</html>\n"));
  for (const char* word : {"<script", "src=", "@import", "url(h"}) {
    EXPECT_EQ(page.find(word), std::string::npos) << word;
  }
}

TEST(PlanPages, ScenariosAreComparedByTheirBest) {
  planner::PlanReport none = sample_report();
  none.subject.name = "one that meets nothing";
  none.meet = 0;
  const std::string svg = comparison_svg({sample_report(), none});
  EXPECT_THAT(svg, HasSubstr("no deployment meets the SLO"));
  EXPECT_THAT(svg, HasSubstr("48 prefill + 80 decode"));
  EXPECT_EQ(comparison_svg({none}).find("1e-"), std::string::npos);  // no ticks of nothing
}

}  // namespace
}  // namespace sn::draw
