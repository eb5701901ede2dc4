// sn/planner/plan_test.cc

#include "sn/planner/plan.h"

#include <gtest/gtest.h>

#include <cmath>

#include "sn/base/report/report_difference.h"
#include "sn/planner/planner_test_util.h"
#include "sn/twin/report_parts.h"

namespace sn::planner {
namespace {

void expect_best_dominates(const twin::World& world, double slack) {
  const PlanReport report = plan_of(world);
  ASSERT_FALSE(report.candidates.empty());
  const Candidate& best = report.candidates.front();
  ASSERT_TRUE(best.meets_slo);
  double most = 0.0;
  std::string which;
  const auto plans = every_plan(world);
  EXPECT_GT(plans.size(), 50u);
  for (const serving::ServingPlan& p : plans) {
    const double rate = knee_of(world, p);
    if (rate <= most) continue;
    most = rate;
    which = std::to_string(p.prefill.replicas) + " x " +
            llm::to_string(p.prefill.deployment.parallel) + " + " +
            std::to_string(p.decode.replicas) + " x " +
            llm::to_string(p.decode.deployment.parallel);
  }
  ASSERT_GT(most, 0.0);
  EXPECT_GE(best.state.requests, most * (1.0 - slack)) << "brute force found " << which;
  EXPECT_LE(best.state.requests, most * (1.0 + 1e-9)) << "the best is among all plans";
}

TEST(Plan, BestOfADenseModelDominatesBruteForce) { expect_best_dominates(small_world(), 0.005); }

TEST(Plan, BestOfAMixtureDominatesBruteForce) {
  expect_best_dominates(
      small_world({.model = "qwen3-235b-a22b", .slo = "{ttft: {p90: 2 s}, tpot: {p90: 30 ms}}"}),
      0.005);
}

TEST(Plan, BestOverTwoDomainsDominatesBruteForce) {
  expect_best_dominates(
      small_world({.cluster = "{rack: {base: hgx-h200, gpus: 4, gpus_per_os: 4}, racks: 2}"}),
      0.005);
}

TEST(Plan, BestOfDeepSeekOverTwoServersDominatesBruteForce) {
  expect_best_dominates(small_world({.cluster = "{rack: hgx-h200, racks: 2}",
                                     .model = "deepseek-v3",
                                     .slo = "{ttft: {p90: 2 s}, tpot: {p90: 40 ms}}",
                                     .more = "search: {chunk: 4096, mtp: 1}\n"}),
                        0.005);
}

TEST(Plan, AFixedRateTakesTheFewestGpus) {
  for (const double target : {1.0, 8.0, 14.0}) {
    SCOPED_TRACE(target);
    const twin::World world =
        small_world({.rate = std::to_string(static_cast<int>(target)) + " req/s"});
    const PlanReport report = plan_of(world);
    ASSERT_FALSE(report.candidates.empty());
    const Candidate& best = report.candidates.front();
    EXPECT_TRUE(best.meets_slo);
    EXPECT_DOUBLE_EQ(best.state.requests, target);
    std::int64_t fewest = world.machine.cluster.gpus() + 1;
    for (const serving::ServingPlan& p : every_plan(world)) {
      if (p.gpus() < fewest && knee_of(world, p) >= target) fewest = p.gpus();
    }
    EXPECT_EQ(best.plan.gpus(), fewest);
    // One figure for all of its GPUs: output tokens over GPUs of the plan.
    EXPECT_NEAR(best.state.output_per_gpu,
                target * report.subject.mean_output / static_cast<double>(fewest), 1e-9);
  }
}

TEST(Plan, AMultipleIsOfTheWorkloadsOwnRate) {
  const PlanReport twice = plan_of(small_world({.rate = "2x"}));
  ASSERT_FALSE(twice.candidates.empty());
  EXPECT_DOUBLE_EQ(twice.candidates.front().state.requests, 2.0);
  EXPECT_DOUBLE_EQ(twice.candidates.front().multiple, 2.0);
  EXPECT_EQ(twin::to_string(twice.subject.rate), "2x");
}

TEST(Plan, ARateBeyondTheMachineShowsTheMostItCarries) {
  const PlanReport knee = plan_of(small_world());
  const PlanReport far = plan_of(small_world({.rate = "1000 req/s"}));
  EXPECT_EQ(far.meet, 0);
  ASSERT_FALSE(far.candidates.empty());
  EXPECT_FALSE(far.candidates.front().meets_slo);
  EXPECT_NEAR(far.candidates.front().state.requests, knee.candidates.front().state.requests,
              0.01 * knee.candidates.front().state.requests);
}

TEST(Plan, SameReportWithOneAndTwoThreadsAndAgain) {
  const twin::World world = small_world();
  const PlanReport one = plan_of(world, {.top = 5, .explain = true}, sn::Run({.threads = 1}));
  const PlanReport two = plan_of(world, {.top = 5, .explain = true}, sn::Run({.threads = 2}));
  const PlanReport again = plan_of(world, {.top = 5, .explain = true}, sn::Run({.threads = 2}));
  ReportLeaves leaves;
  leaves.object({}, {}, one);
  EXPECT_GT(leaves.leaves().size(), 500u);
  EXPECT_EQ(first_difference(one, two), "");
  EXPECT_EQ(first_difference(two, again), "");
}

TEST(Plan, CandidatesAreRankedAndMeetTheSlo) {
  const twin::World world = small_world();
  const PlanReport report = plan_of(world, {.top = 6});
  EXPECT_EQ(report.candidates.size(), 6u);
  EXPECT_GE(report.considered, report.fit);
  EXPECT_GE(report.fit, report.meet);
  for (std::size_t i = 0; i < report.candidates.size(); ++i) {
    const Candidate& c = report.candidates[i];
    EXPECT_EQ(c.rank, static_cast<int>(i) + 1);
    EXPECT_TRUE(fits_domains(world, c.plan));
    EXPECT_TRUE(c.meets_slo);
    EXPECT_TRUE(c.state.stable);
    EXPECT_LE(c.state.ttft.p90.si(), 1.0 + 1e-6);
    EXPECT_LE(c.state.tpot.p90.si(), 0.040 + 1e-8);
    EXPECT_FALSE(c.limit.empty());
    EXPECT_GT(c.bound_per_gpu, c.state.output_per_gpu);
    EXPECT_GT(c.decode.memory.kv.si(), 0.0);
    if (i > 0) {  // equal to within the 0.1 % that the ranking calls equal
      EXPECT_LE(c.state.output_per_gpu, report.candidates[i - 1].state.output_per_gpu * 1.0011);
    }
  }
}

TEST(Plan, IdleGpusCountAtTheKnee) {
  // One TP2 on four GPUs leaves two unused, and the figure is still of the whole machine.
  const twin::World world =
      small_world({.cluster = "{rack: {base: hgx-h200, gpus: 2, gpus_per_os: 2}, racks: 2}",
                   .more = "deployments: [{pool: aggregated, tp: 2, chunk: 2048}]\n"});
  const PlanReport report = plan_of(world);
  ASSERT_EQ(report.candidates.size(), 1u);
  const serving::SteadyState& s = report.candidates.front().state;
  EXPECT_EQ(report.candidates.front().plan.gpus(), 2);
  EXPECT_NEAR(s.output_per_gpu, s.output_tokens / 4.0, 1e-9);
}

TEST(Plan, ParetoFrontHasNoDominatedPoint) {
  const PlanReport report = plan_of(small_world());
  std::vector<ParetoPoint> front;
  for (const ParetoPoint& p : report.pareto) {
    if (p.front) front.push_back(p);
  }
  ASSERT_GE(front.size(), 3u);
  for (const ParetoPoint& p : report.pareto) {
    bool beaten = false;
    for (const ParetoPoint& q : report.pareto) {
      const bool better = q.per_gpu > p.per_gpu || q.per_user > p.per_user;
      beaten = beaten || (q.per_gpu >= p.per_gpu && q.per_user >= p.per_user && better);
    }
    if (p.front) {
      EXPECT_FALSE(beaten) << p.label;
    } else if (!beaten) {  // then it is a copy of a point of the front
      EXPECT_TRUE(std::any_of(front.begin(), front.end(), [&](const ParetoPoint& q) {
        return q.per_gpu == p.per_gpu && q.per_user == p.per_user;
      })) << p.label;
    }
  }
}

TEST(Plan, AModelThatCannotFitSaysByHowMuch) {
  const twin::World world = small_world({.model = "sn-10t"});
  const Result<PlanReport> report = plan(world);
  ASSERT_FALSE(report.has_value());
  ASSERT_EQ(report.error().size(), 1u);
  const Error& e = report.error().front();
  EXPECT_EQ(e.code, ErrorCode::infeasible);
  EXPECT_NE(e.message.find("does not fit 8 x h200"), std::string::npos) << e.message;
  EXPECT_NE(e.message.find("lacks"), std::string::npos);
  EXPECT_NE(e.message.find("weights"), std::string::npos);
  // 10 T parameters in fp8 over at most 141 GB x 0.9 a GPU: 79 GPUs and some for the workspace.
  EXPECT_NE(e.hint.find("at least"), std::string::npos) << e.hint;
  EXPECT_NE(e.hint.find("GPUs"), std::string::npos);
}

TEST(Plan, AnSloThatNobodyMeetsShowsTheClosestMiss) {
  const twin::World world = small_world({.slo = "{ttft: {p90: 2 ms}, tpot: {p90: 1 ms}}"});
  const PlanReport report = plan_of(world, {.explain = true});
  EXPECT_EQ(report.meet, 0);
  EXPECT_GT(report.fit, 0);
  EXPECT_FALSE(report.explanation.has_value());
  ASSERT_FALSE(report.candidates.empty());
  const Candidate& miss = report.candidates.front();
  EXPECT_FALSE(miss.meets_slo);
  EXPECT_GT(miss.state.ttft.p90.si(), 2e-3);
  EXPECT_GT(miss.state.tpot.p90.si(), 1e-3);
  EXPECT_LT(miss.state.tpot.p90.si(), 20e-3) << "the closest, not any";
}

TEST(Plan, OneGpuAndADenseModel) {
  const std::string one = "{rack: {base: hgx-h200, gpus: 1, gpus_per_os: 1}}";
  const PlanReport report = plan_of(small_world({.cluster = one, .input = "500", .output = "100"}));
  ASSERT_FALSE(report.candidates.empty());
  EXPECT_TRUE(report.candidates.front().meets_slo);
  EXPECT_EQ(report.candidates.front().plan.gpus(), 1);
  // Two pools need two GPUs: an answer, not an empty table.
  const Result<PlanReport> split =
      plan(small_world({.cluster = one, .more = "search: {pools: disaggregated}\n"}));
  ASSERT_FALSE(split.has_value());
  EXPECT_EQ(split.error().front().code, ErrorCode::infeasible);
}

TEST(Plan, SixteenServersOfEight) {
  const PlanReport report = plan_of(small_world({.cluster = "{rack: hgx-h200, racks: 16}"}));
  ASSERT_FALSE(report.candidates.empty());
  EXPECT_TRUE(report.candidates.front().meets_slo);
  const double small = plan_of(small_world()).candidates.front().state.requests;
  EXPECT_GE(report.candidates.front().state.requests, 15.5 * small) << "16 copies always do";
}

TEST(Plan, WithoutTheParetoPointsThePlansAreTheSame) {
  const twin::World world = small_world({.cluster = "{rack: hgx-h200, racks: 2}"});
  PlanReport full = plan_of(world);
  const PlanReport lean = plan_of(world, {.pareto = false});
  EXPECT_FALSE(full.pareto.empty());
  EXPECT_TRUE(lean.pareto.empty());
  full.pareto.clear();
  EXPECT_EQ(first_difference(full, lean), "");
}

TEST(Plan, UnequalPoolsAcrossRacks) {
  // Long prompts and short answers on racks of 2: prefill takes most racks, decode the others, and
  // the KV cache moves over ScaleOut.
  const twin::World world =
      small_world({.cluster = "{rack: {base: hgx-h200, gpus: 2, gpus_per_os: 2}, gpus: 12}",
                   .input = "{median: 6000, p90: 12000, max: 30000}",
                   .output = "{median: 150, p90: 300, max: 1000}",
                   .slo = "{ttft: {p90: 4 s}, tpot: {p90: 40 ms}}",
                   .more = "search: {pools: disaggregated, chunk: 4096}\n"});
  const PlanReport report = plan_of(world);
  ASSERT_FALSE(report.candidates.empty());
  const Candidate& best = report.candidates.front();
  ASSERT_TRUE(best.meets_slo);
  EXPECT_GT(best.prefill.gpus, best.decode.gpus);
  EXPECT_GT(best.plan.gpus(), world.machine.cluster.rack.scale_up.domain);
  const serving::KvTransfer kv = serving::kv_transfer(world.inputs(), best.plan);
  EXPECT_EQ(kv.path.layer, fabric::Layer::scale_out);
}

TEST(Plan, ADomainOfManySmallOnesIsNoWorse) {
  // Domains of 6 can do all that pairs of domains of 3 do, faster: same chips, same total.
  const auto knee = [](int domain) {
    const std::string n = std::to_string(domain);
    return plan_of(small_world({.cluster = "{rack: {base: al128, gpus: " + n +
                                           ", gpus_per_os: 2}, gpus: 24}",
                                .model = "qwen3-235b-a22b",
                                .slo = "{ttft: {p90: 2 s}, tpot: {p90: 40 ms}}"}))
        .candidates.front()
        .state.requests;
  };
  EXPECT_GE(knee(6), 0.995 * knee(2));
  EXPECT_GE(knee(12), 0.995 * knee(6));
  EXPECT_GE(knee(12), 0.995 * knee(4));
  EXPECT_GE(knee(24), 0.995 * knee(8));
}

TEST(Plan, ListedDeploymentsAreEvaluatedAsTheyAre) {
  const twin::World world =
      small_world({.more = "deployments:\n  - {pool: prefill, tp: 2, replicas: 2, chunk: 4096}\n"
                           "  - {pool: decode, tp: 4, max_batch: 32}\n"});
  const PlanReport report = plan_of(world, {.explain = true});
  ASSERT_EQ(report.candidates.size(), 1u);
  const Candidate& c = report.candidates.front();
  EXPECT_EQ(c.plan.prefill.replicas, 2);
  EXPECT_EQ(c.plan.decode.deployment.parallel.tp, 4);
  EXPECT_LE(c.state.sequences, 32.0);
  EXPECT_EQ(report.considered, 1);
  EXPECT_EQ(report.meet, 1);
}

TEST(Plan, ListedDeploymentsThatCannotBe) {
  const auto code = [](const SmallCase& c) {
    const Result<PlanReport> report = plan(small_world(c));
    return report ? "planned" : report.error().front().message;
  };
  // Sixteen GPUs in 8 + 8, but 4 + 3 leaves one and 3 + 3 leaves two: no room for the last 3.
  const std::string crowded =
      code({.cluster = "{rack: hgx-h200, racks: 2}",
            .more = "deployments:\n  - {pool: prefill, pp: 3, replicas: 4, chunk: 4096}\n"
                    "  - {pool: decode, tp: 4}\n"});
  EXPECT_NE(crowded.find("do not fit into 2 ScaleUp domains"), std::string::npos) << crowded;
  const std::string memory =
      code({.model = "qwen3-235b-a22b", .more = "deployments: [{pool: aggregated, tp: 1}]\n"});
  EXPECT_NE(memory.find("does not fit"), std::string::npos) << memory;
}

TEST(Explain, BillsAddUpToTheMeans) {
  const std::vector<std::string> deployments = {
      "[{pool: aggregated, tp: 8, chunk: 2048}]",
      "[{pool: aggregated, dp: 8, chunk: 512, mtp: 1}]",
      "[{pool: aggregated, tp: 2, dp: 2, pp: 2, chunk: 2048}]",
      "[{pool: prefill, tp: 8, chunk: 4096}, {pool: decode, dp: 8, mtp: 1}]",
      "[{pool: prefill, pp: 8, chunk: 4096}, {pool: decode, dp: 4, pp: 2}]",
  };
  for (const std::string& d : deployments) {
    SCOPED_TRACE(d);
    const twin::World world = small_world({.cluster = "{rack: hgx-h200, racks: 2}",
                                           .model = "deepseek-v3",
                                           .slo = "{ttft: {p90: 10 s}, tpot: {p90: 200 ms}}",
                                           .more = "deployments: " + d + "\n"});
    const PlanReport report = plan_of(world, {.explain = true});
    ASSERT_TRUE(report.explanation.has_value());
    const Explanation& e = *report.explanation;
    const serving::SteadyState& s = report.candidates.front().state;
    const auto sum = [](const std::vector<BillLine>& bill) {
      double time = 0.0;
      double share = 0.0;
      for (const BillLine& l : bill) {
        EXPECT_GT(l.time.si(), 0.0) << l.item;
        EXPECT_LE(l.bound.si(), l.time.si() * (1.0 + 1e-9)) << l.item;
        time += l.time.si();
        share += l.share;
      }
      EXPECT_NEAR(share, 1.0, 1e-9);
      return time;
    };
    EXPECT_NEAR(sum(e.ttft), s.ttft.mean.si(), 1e-6);
    EXPECT_NEAR(sum(e.tpot), s.tpot.mean.si(), 1e-6);
    EXPECT_FALSE(e.decode_step.empty());
    EXPECT_FALSE(e.prefill_step.empty());
    EXPECT_FALSE(e.ttft_binds.empty());
    EXPECT_FALSE(e.modelling.empty());
  }
}

}  // namespace
}  // namespace sn::planner
