// sn/planner/shortlist/race_test.cc

#include "sn/planner/shortlist/race.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "sn/planner/planner_test_util.h"
#include "sn/planner/shortlist/shortlist.h"
#include "sn/planner/shortlist/standing.h"

namespace sn::planner {
namespace {

/// Eight GPUs, prompts of widely spread lengths: where formulas and engine differ.
twin::World spread_world(const std::string& rate = "knee") {
  SmallCase c;
  c.input = "{median: 900, p90: 4000, max: 12000}";
  c.output = "{median: 60, p90: 200, max: 600}";
  c.rate = rate;
  c.more = "";
  return small_world(c);
}

std::vector<FoundPlan> all_found(const twin::World& world) {
  const SearchResult found = search(world, false);
  std::vector<FoundPlan> out = found.plans;
  out.insert(out.end(), found.around.begin(), found.around.end());
  return out;
}

std::string cut_of(const serving::ServingPlan& p) {
  return llm::cut_text(p.disaggregated() ? p.prefill.deployment : p.decode.deployment) +
         (p.disaggregated() ? " d" : " a");
}

TEST(Shortlist, IsShortAndDiverse) {
  const twin::World world = spread_world();
  const std::vector<FoundPlan> all = all_found(world);
  const std::vector<FoundPlan> list = shortlist(all, false);
  ASSERT_FALSE(list.empty());
  EXPECT_LE(list.size(), shortlist_most);
  std::set<std::string> cuts;
  std::set<std::string> of_all;
  double best = 0.0;
  for (const FoundPlan& p : all) best = std::max(best, p.requests);
  for (const FoundPlan& p : all) {
    if (p.requests >= best / 3.0) of_all.insert(cut_of(p.plan));
  }
  for (const FoundPlan& p : list) cuts.insert(cut_of(p.plan));
  EXPECT_EQ(list.front().requests, best);
  // Every way to cut prompts that the formulas give a third of the best, or as many as there is
  // room.
  EXPECT_GE(cuts.size(), std::min<std::size_t>(of_all.size(), 6));
}

TEST(Race, LeaderHasTheKneeThatTheEngineFinds) {
  const twin::World world = spread_world();
  const auto played = race(world, shortlist(all_found(world), false), {});
  ASSERT_TRUE(played.has_value()) << render(played.error());
  ASSERT_FALSE(played->empty());
  const Played& best = played->front();
  ASSERT_TRUE(best.meets());
  EXPECT_TRUE(best.whole);
  EXPECT_GE(best.knees.size(), 1u);
  EXPECT_LE(best.knees.size(), 3u);
  const auto alone = twin::find_knee(world, best.found.plan, {});
  ASSERT_TRUE(alone.has_value());
  EXPECT_NEAR(best.report.multiple / alone->report.multiple, 1.0, 0.025);
}

TEST(Race, FindsABestThatNoPlanBeatsByMuch) {
  // Exhaustive: every plan of the search on the whole load.
  SmallCase c;
  c.cluster = "{rack: {base: hgx-h200, gpus: 4, scale_up: {domain: 4}, gpus_per_os: 4}}";
  c.input = "{median: 900, p90: 4000, max: 12000}";
  const twin::World world = small_world(c);
  const std::vector<FoundPlan> all = all_found(world);
  const auto played = race(world, shortlist(all, false), {});
  ASSERT_TRUE(played.has_value());
  ASSERT_TRUE(played->front().meets());
  double best = 0.0;
  std::set<std::string> seen;
  for (const FoundPlan& p : all) {
    if (!seen.insert(twin::plan_text(p.plan)).second || seen.size() > 60) continue;
    twin::SimulationOptions o;
    o.knee_tolerance = 1.03;
    const auto one = play(world, p, p.requests, o);
    ASSERT_TRUE(one.has_value());
    if (one->meets()) best = std::max(best, one->report.multiple);
  }
  EXPECT_GE(played->front().report.multiple, best / 1.05);
}

TEST(Plan, LeadersDoNotDependOnHowManyAreShown) {
  const twin::World world = spread_world();
  const auto first = plan(world, {.top = 1});
  const auto more = plan(world, {.top = 4});
  const auto single_threaded = plan(world, {.top = 4}, sn::Run({.threads = 1}));
  ASSERT_TRUE(first && more && single_threaded);
  EXPECT_EQ(first->candidates.front().plan, more->candidates.front().plan);
  EXPECT_EQ(first->candidates.front().multiple, more->candidates.front().multiple);
  for (std::size_t i = 0; i < more->candidates.size(); ++i) {
    EXPECT_EQ(more->candidates[i].plan, single_threaded->candidates[i].plan) << i;
    EXPECT_EQ(more->candidates[i].multiple, single_threaded->candidates[i].multiple) << i;
  }
}

TEST(Plan, RowsAreTheEnginesAndSayHowManyRequestsItPlayed) {
  const twin::World world = spread_world();
  const auto report = plan(world, {.top = 40});
  ASSERT_TRUE(report.has_value());
  EXPECT_FALSE(report->screened);
  bool formulas = false;
  for (const Candidate& c : report->candidates) {
    EXPECT_TRUE(c.played == 0 || !formulas) << "an engine row behind a screened one";
    formulas = formulas || c.played == 0;
    EXPECT_LE(c.state.output_per_gpu, c.bound_per_gpu * 1.001);
  }
  EXPECT_TRUE(formulas);
  const Candidate& best = report->candidates.front();
  ASSERT_TRUE(best.operating.has_value());
  EXPECT_GT(best.operating->good, 0.85);
  EXPECT_NEAR(best.operating->multiple, operating_share * best.multiple, 1e-9);
  const auto screened = plan(world, {.screen = true});
  ASSERT_TRUE(screened.has_value());
  EXPECT_TRUE(screened->screened);
  EXPECT_EQ(screened->candidates.front().played, 0);
}

TEST(Plan, AFixedRateSurvivesItsSimulation) {
  for (const char* rate : {"4 req/s", "12 req/s"}) {
    SCOPED_TRACE(rate);
    const twin::World world = spread_world(rate);
    const auto report = plan(world, {.top = 3});
    ASSERT_TRUE(report.has_value()) << render(report.error());
    const Candidate& best = report->candidates.front();
    ASSERT_TRUE(best.meets_slo);
    twin::SimulationOptions o;
    o.replay.multiple = *world.load.target_rate() / world.load.workload.rate.si();
    const auto run = twin::simulate(world, best.plan, o);
    ASSERT_TRUE(run.has_value());
    EXPECT_TRUE(run->report.meets_slo) << twin::plan_text(best.plan);
  }
}

Candidate row(double per_gpu, Time attention, Time experts) {
  Candidate c;
  c.meets_slo = true;
  c.played = 1000;
  c.state.output_per_gpu = per_gpu;
  c.work[static_cast<std::size_t>(llm::Part::attention)] = attention;
  c.work[static_cast<std::size_t>(llm::Part::experts)] = experts;
  return c;
}

TEST(Places, CommonErrorsCancel) {
  twin::World world = spread_world();
  world.machine.uncertainty = {.attention = 0.2, .experts = 0.2};
  const Time one = Time::from_si(1.0);
  const std::vector<std::vector<double>> none(3);
  // The same work: two per cent are a difference; other work: ten per cent are none.
  std::vector<Candidate> rows = {row(100.0, one, one), row(98.0, one, one),
                                 row(90.0, one * 3.0, one)};
  give_places(world, none, rows);
  EXPECT_EQ(rows[0].place, 1);
  EXPECT_EQ(rows[1].place, 2);
  EXPECT_EQ(rows[2].place, 2);
  EXPECT_EQ(rows[2].rank, 3);
}

TEST(Places, LoadsThatDisagreeTellNothingApart) {
  twin::World world = spread_world();
  world.machine.uncertainty = {};
  const Time one = Time::from_si(1.0);
  std::vector<Candidate> rows = {row(100.0, one, one), row(98.0, one, one)};
  give_places(world, {{10.0, 11.0, 12.0}, {10.4, 10.3, 11.9}}, rows);
  EXPECT_EQ(rows[1].place, 1);
  give_places(world, {{10.0, 11.0, 12.0}, {9.8, 10.78, 11.76}}, rows);
  EXPECT_EQ(rows[1].place, 2);
}

}  // namespace
}  // namespace sn::planner
