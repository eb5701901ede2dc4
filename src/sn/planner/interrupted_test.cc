// sn/planner/interrupted_test.cc
//
// A run that is stopped keeps what it has, and says so.

#include <gtest/gtest.h>

#include "sn/planner/planner_test_util.h"
#include "sn/planner/share/share.h"
#include "sn/planner/vary.h"
#include "sn/planner/why_not.h"
#include "sn/twin/simulate/simulate.h"

namespace sn::planner {
namespace {

/// A run on one thread that stops itself when it is told something with `word` in it.
struct Stopping {
  explicit Stopping(std::string at) : word(std::move(at)) {}

  std::string word;
  sn::Run run{{.threads = 1, .progress = [this](const Progress& p) {
                 if (p.doing.find(word) != std::string::npos) run.stop();
               }}};
};

TEST(Interrupted, APlanStoppedInTheEngineKeepsItsFormulas) {
  const twin::World world = small_world();
  const Stopping stopping("playing");
  const Result<PlanReport> report = plan(world, {.top = 3, .explain = true}, stopping.run);
  ASSERT_TRUE(report.has_value()) << render(report.error());
  EXPECT_TRUE(report->interrupted);
  EXPECT_TRUE(report->screened);
  EXPECT_FALSE(report->explanation);
  const PlanReport screened = plan_of(world, {.top = 3, .screen = true});
  ASSERT_EQ(report->candidates.size(), screened.candidates.size());
  for (std::size_t i = 0; i < report->candidates.size(); ++i) {
    EXPECT_EQ(report->candidates[i].plan, screened.candidates[i].plan);
  }
  EXPECT_FALSE(screened.interrupted);
}

TEST(Interrupted, APlanStoppedBeforeAnythingIsAnError) {
  const sn::Run run;
  run.stop();
  const Result<PlanReport> report = plan(small_world(), {}, run);
  ASSERT_FALSE(report.has_value());
  EXPECT_EQ(report.error().front().code, ErrorCode::interrupted);
}

TEST(Interrupted, AComparisonKeepsThePointsItHas) {
  const auto scenario = parse_document("s.yaml", scenario_text({}));
  const auto catalog = catalog::Catalog::embedded();
  const auto axes = parse_axes({"cluster.rack.gpus=8,4,2"});
  ASSERT_TRUE(scenario && catalog && axes);
  const FileLoader none = [](const std::string&) -> Result<std::string> { return std::string(); };
  const Stopping stopping("1 of 3");
  const auto report =
      vary({*scenario, *catalog, none, ""}, *axes, {.top = 1, .screen = true}, stopping.run);
  ASSERT_TRUE(report.has_value()) << render(report.error());
  EXPECT_TRUE(report->interrupted);
  ASSERT_EQ(report->points.size(), 3u);
  EXPECT_TRUE(report->points[0].best);
  EXPECT_EQ(report->points[1].why_not, "not planned: stopped before");
  EXPECT_EQ(report->points[2].values, std::vector<std::string>{"2"});
}

TEST(Interrupted, AReasonIsOfWhatWasFoundByThen) {
  const twin::World world = small_world();
  const PlanReport report = plan_of(world, {.top = 3, .screen = true});
  ASSERT_FALSE(report.candidates.empty());
  const serving::ServingPlan& asked = report.candidates.back().plan;
  EXPECT_FALSE(why_not(world, asked, report).interrupted);
  const sn::Run run;
  run.stop();
  EXPECT_TRUE(why_not(world, asked, report, run).interrupted);
}

TEST(Interrupted, AKneeKeepsTheHighestRunThatMet) {
  const twin::World world = small_world();
  const PlanReport plan = plan_of(world, {.top = 1, .screen = true});
  ASSERT_FALSE(plan.candidates.empty());
  const Candidate& best = plan.candidates.front();
  const Stopping stopping("probe 2");
  twin::SimulationOptions options;
  options.knee_guess = 0.5 * best.multiple;
  const auto knee = twin::find_knee(world, best.plan, options, stopping.run);
  ASSERT_TRUE(knee.has_value()) << render(knee.error());
  EXPECT_TRUE(knee->report.interrupted);
  EXPECT_EQ(knee->report.probes.size(), 1u);
  EXPECT_EQ(knee->report.multiple, options.knee_guess);
  EXPECT_TRUE(knee->report.meets_slo);
}

}  // namespace
}  // namespace sn::planner
