// sn/planner/choice_test.cc
//
// Filters, trade-offs and why-not on a small case: what is chosen holds, and reasons carry numbers.

#include <gtest/gtest.h>

#include <set>

#include "sn/base/units/units.h"
#include "sn/planner/metric.h"
#include "sn/planner/planner_test_util.h"
#include "sn/planner/why_not.h"

namespace sn::planner {
namespace {

std::vector<Condition> filters(const std::vector<std::string>& texts) {
  const Result<std::vector<Condition>> r = parse_filters(texts);
  EXPECT_TRUE(r) << render(r.error());
  return r ? *r : std::vector<Condition>{};
}

std::string mistakes(const std::vector<std::string>& texts) {
  const Result<std::vector<Condition>> r = parse_filters(texts);
  return r ? "" : render(r.error());
}

std::string all_reasons(const WhyNotReport& r) {
  std::string out;
  for (const std::string& reason : r.reasons) out += reason + "\n";
  return out;
}

WhyNotReport asked(const twin::World& world, const PlanReport& report, const std::string& text) {
  const Result<serving::ServingPlan> plan = parse_deployment(world, text);
  EXPECT_TRUE(plan) << render(plan.error());
  return why_not(world, plan.value_or(serving::ServingPlan{}), report);
}

TEST(Metric, NamesAreUniqueAndValuesAreThere) {
  std::set<std::string_view> names;
  for (const Metric& m : metrics()) {
    EXPECT_TRUE(names.insert(m.name).second) << m.name;
    EXPECT_NE(m.value == nullptr, m.word == nullptr) << m.name;
    EXPECT_EQ(find_metric(m.name), &m);
  }
  EXPECT_EQ(find_metric("TOK/S/gpu"), find_metric("tok/s/GPU"));
  EXPECT_EQ(find_metric("speed"), nullptr);
}

TEST(Filter, ReadsConditionsAndReportsEveryMistake) {
  const auto ok = filters({"ttft.p90<1.5 s", " decode.tp >= 4", "pools=aggregated", "mtp!=0"});
  ASSERT_EQ(ok.size(), 4u);
  EXPECT_EQ(ok[0].limit, 1.5);
  EXPECT_EQ(ok[1].comparison, ">=");
  EXPECT_EQ(ok[2].word, "aggregated");
  const std::string said =
      mistakes({"tpot.p9<1 s", "ttft.p90<1", "decode.tp", "pools<aggregated", "gpus<=8 GPUs"});
  for (const char* part : {"did you mean 'tpot.p90'", "needs a time with its unit",
                           "is no condition", "compares words", "needs a plain number"}) {
    EXPECT_NE(said.find(part), std::string::npos) << part << "\n" << said;
  }
}

TEST(Filter, CandidatesHoldItAndTheBestOfThemIsKept) {
  const twin::World world = small_world();
  const PlanReport all = plan_of(world, {.top = 1000});
  for (const std::string text :
       {"decode.tp=4", "pools=disaggregated", "prefill.tp=2", "tpot.p90<30 ms", "decode.gpus<=4"}) {
    SCOPED_TRACE(text);
    const std::vector<Condition> f = filters({text});
    const PlanReport some = plan_of(world, {.top = 1000, .filters = f});
    ASSERT_FALSE(some.candidates.empty());
    EXPECT_EQ(some.filters, std::vector<std::string>{text});
    double best = 0.0;
    for (const Candidate& c : some.candidates) EXPECT_TRUE(holds(f.front(), c));
    for (const Candidate& c : all.candidates) {
      if (holds(f.front(), c)) best = std::max(best, c.state.output_per_gpu);
    }
    EXPECT_GE(some.candidates.front().state.output_per_gpu, best * 0.999);
  }
}

TEST(Filter, WhatNobodyHoldsIsSaidWithTheNearest) {
  const twin::World world = small_world();
  const Result<PlanReport> r = plan(world, {.filters = filters({"tpot.p90<1 ms"})});
  ASSERT_FALSE(r);
  EXPECT_NE(render(r.error()).find("none has tpot.p90<1 ms"), std::string::npos);
  EXPECT_NE(render(r.error()).find("the nearest has "), std::string::npos);
  const Result<PlanReport> cut = plan(world, {.filters = filters({"decode.tp=3"})});
  ASSERT_FALSE(cut);
  EXPECT_NE(render(cut.error()).find("no deployment with decode.tp=3"), std::string::npos);
}

TEST(Tradeoff, FrontIsWhatNoPointBeats) {
  const Result<MetricPair> pair = parse_pair("J/tok, ttft.p90");
  ASSERT_TRUE(pair);
  const PlanReport report = plan_of(small_world(), {.top = 6, .pair = *pair});
  ASSERT_TRUE(report.tradeoff);
  const Tradeoff& t = *report.tradeoff;
  EXPECT_EQ(t.x.name, "J/tok");
  EXPECT_TRUE(t.y.seconds);
  EXPECT_EQ(t.points.size(), 9u * report.candidates.size());
  std::size_t front = 0;
  for (const TradeoffPoint& p : t.points) {
    bool beaten = false;  // both figures are better when less
    for (const TradeoffPoint& q : t.points) {
      beaten = beaten || (q.x <= p.x && q.y <= p.y && (q.x < p.x || q.y < p.y));
    }
    EXPECT_EQ(p.front, !beaten);
    front += p.front ? 1 : 0;
    if (p.load == 1.0) {
      const Candidate& c = report.candidates[static_cast<std::size_t>(p.rank - 1)];
      EXPECT_NEAR(p.x, c.state.energy_per_token, 1e-6 * p.x);
      EXPECT_NEAR(p.y, c.state.ttft.p90.si(), 1e-6 * p.y);
    }
  }
  EXPECT_GE(front, 1u);
  for (const char* wrong : {"J/tok", "J/tok,J/tok", "J/tok,pools", "J/tok,speed"}) {
    EXPECT_FALSE(parse_pair(wrong)) << wrong;
  }
}

TEST(ParseDeployment, ReadsWhatTheTableWrites) {
  const twin::World world = small_world({.cluster = "{rack: al128}", .model = "deepseek-v3"});
  const Result<serving::ServingPlan> r = parse_deployment(
      world, "prefill 3 x (TP2 CP4 DP2 EP16) chunk 4096 + decode 1 x (DP32 EP32+32) MTP1");
  ASSERT_TRUE(r) << render(r.error());
  EXPECT_EQ(r->prefill.replicas, 3);
  EXPECT_EQ(r->prefill.chunk, 4096);
  EXPECT_EQ(r->prefill.deployment.parallel,
            (llm::Parallelism{.tp = 2, .dp = 2, .ep = 16, .cp = 4}));
  EXPECT_EQ(r->decode.deployment.redundant, 32);
  EXPECT_EQ(r->decode.deployment.draft_tokens, 1);
  EXPECT_EQ(r->decode.chunk, 0);
  for (const Candidate& c : plan_of(world, {.top = 20}).candidates) {
    const std::string text = deployment_text(c.plan);
    const Result<serving::ServingPlan> back = parse_deployment(world, text);
    ASSERT_TRUE(back) << text;
    EXPECT_EQ(*back, c.plan) << text;
  }
  const Result<serving::ServingPlan> wrong = parse_deployment(world, "2 x (TPx QP4) 3");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().size(), 3u) << render(wrong.error());
  for (const char* none : {"", "+", "TP1 + TP1 + TP1", "0 x (TP1)"}) {
    EXPECT_FALSE(parse_deployment(world, none)) << none;
  }
}

TEST(WhyNot, SaysWhatRulesADeploymentOutAndByHowMuch) {
  const twin::World world = small_world();
  const PlanReport report = plan_of(world);
  const auto expect = [&](const std::string& text, bool out, const std::string& part) {
    const WhyNotReport r = asked(world, report, text);
    EXPECT_EQ(r.ruled_out, out) << text;
    EXPECT_NE(all_reasons(r).find(part), std::string::npos) << text << "\n" << all_reasons(r);
  };
  expect("2 x (TP3)", true, "tp 3 does not divide 64 attention heads");
  expect("3 x (TP4)", true, "it takes 12 GPUs, 4 more than the 8 there are");
  expect("2 x (TP4)", false, "% less");
  expect("1 x (TP2) chunk 2048 + 2 x (TP2 CP2)", true, "CP is for prefill");
  // 70 billion parameters in bf16 are 141 GB: no room on one GPU of 141 GB.
  twin::World wide = world;
  wide.machine.precisions.front().weights = kernel::DataType::bf16;
  const WhyNotReport r = asked(wide, report, "8 x (TP1)");
  EXPECT_TRUE(r.ruled_out);
  EXPECT_NE(all_reasons(r).find("per GPU"), std::string::npos) << all_reasons(r);
}

TEST(WhyNot, TwoBatchIsPartOfADeployment) {
  const twin::World world = small_world({.cluster = "{rack: al128}",
                                         .model = "deepseek-v3",
                                         .slo = "{ttft: {p90: 4 s}, tpot: {p90: 100 ms}}"});
  const PlanReport report = plan_of(world);
  const std::string plain = "8 x (DP8 EP8) chunk 8192 + 1 x (DP64 EP64";
  const WhyNotReport one = asked(world, report, plain + ")");
  const WhyNotReport two = asked(world, report, plain + " two_batch)");
  ASSERT_TRUE(one.candidate && two.candidate) << all_reasons(one) << all_reasons(two);
  EXPECT_FALSE(one.candidate->plan.decode.deployment.two_batch);
  EXPECT_TRUE(two.candidate->plan.decode.deployment.two_batch);
  EXPECT_EQ(deployment_text(two.plan), "8 x (DP8 EP8) chunk 8192 + 1 x (DP64 EP64 two_batch)");
  EXPECT_TRUE(two.candidate->decode.deployment.two_batch);
  EXPECT_NE(all_reasons(two).find("does not try two_batch"), std::string::npos) << all_reasons(two);
  // Steps with their halves overlapped are never slower: the same pools carry no less.
  EXPECT_GE(two.candidate->state.requests, one.candidate->state.requests * (1.0 - 1e-6));
}

TEST(WhyNot, AMissOfP95IsThatOfP95) {
  const twin::World world = small_world({.slo = "{ttft: {p95: 10 ms}}"});
  const WhyNotReport r = asked(world, plan_of(world), "8 x (TP1)");
  ASSERT_TRUE(r.candidate);
  const serving::Percentiles& ttft = r.candidate->state.ttft;
  EXPECT_LT(ttft.p90, ttft.p95);
  EXPECT_LT(ttft.p95, ttft.p99);
  EXPECT_NE(all_reasons(r).find("without load: " + format(ttft.p95)), std::string::npos)
      << all_reasons(r);
}

TEST(Metric, SaysFromWhatItCanBeTold) {
  const auto scope = [](std::string_view name) { return find_metric(name)->scope; };
  EXPECT_EQ(scope("ttft.p95"), MetricScope::state);
  EXPECT_EQ(scope("gpus"), MetricScope::plan);
  EXPECT_EQ(scope("prefill.gpus"), MetricScope::plan);
  EXPECT_EQ(scope("decode.replicas"), MetricScope::plan);
  EXPECT_EQ(scope("prefill.tp"), MetricScope::prefill_cut);
  EXPECT_EQ(scope("chunk"), MetricScope::prefill_cut);
  EXPECT_EQ(scope("decode.ep"), MetricScope::decode_cut);
  EXPECT_EQ(scope("redundant"), MetricScope::decode_cut);
  EXPECT_EQ(scope("pools"), MetricScope::pools);
  EXPECT_EQ(scope("weights"), MetricScope::both_cuts);
}

TEST(WhyNot, AnSloThatIsMissedWithoutLoad) {
  const twin::World world = small_world({.slo = "{tpot: {p90: 8 ms}}"});
  const PlanReport report = plan_of(world);
  const WhyNotReport r = asked(world, report, "8 x (TP1)");
  EXPECT_TRUE(r.ruled_out);
  EXPECT_NE(all_reasons(r).find("missed even without load"), std::string::npos) << all_reasons(r);
}

TEST(WhyNot, TimesAddUpToTheDifference) {
  const twin::World world = small_world();
  const PlanReport report = plan_of(world);
  const WhyNotReport best = why_not(world, report.candidates.front().plan, report);
  EXPECT_TRUE(best.best_of_all);
  EXPECT_EQ(best.rank, 1);
  const WhyNotReport r = asked(world, report, "2 x (TP4)");
  ASSERT_TRUE(r.candidate && r.best);
  Time here;
  Time there;
  for (const TimeAgainst& t : r.times) {
    here += t.here;
    there += t.best;
  }
  EXPECT_NEAR(1.0 / here.si(), r.candidate->state.output_per_gpu,
              1e-6 * r.candidate->state.output_per_gpu);
  EXPECT_NEAR(1.0 / there.si(), r.best->state.output_per_gpu, 1e-6 * r.best->state.output_per_gpu);
}

}  // namespace
}  // namespace sn::planner
