// sn/planner/share/share_test.cc
//
// Tenants on small machines, against plain plans and against every split.

#include "sn/planner/share/share.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "sn/base/units/units.h"
#include "sn/planner/planner_test_util.h"

namespace sn::planner {
namespace {

constexpr double tolerance = 1e-3;  // of the common multiple

struct Case {
  SmallCase scenario;
  std::string name = "a";
  std::int64_t gpus = 0;
  double weight = 1.0;
};

twin::SharedMachine machine_of(const std::vector<Case>& cases) {
  twin::SharedMachine out{.name = "shared", .tenants = {}};
  for (const Case& c : cases) {
    out.tenants.push_back({c.name, small_world(c.scenario), c.gpus, c.weight});
  }
  return out;
}

Result<ShareReport> try_share(const twin::SharedMachine& machine) { return share(machine); }

ShareReport share_of(const twin::SharedMachine& machine) {
  Result<ShareReport> report = try_share(machine);
  if (!report) {
    ADD_FAILURE() << render(report.error());
    return {};
  }
  return *std::move(report);
}

const Candidate& best(const ShareReport& report, std::size_t i) {
  return report.tenants.at(i).plan.candidates.front();
}

double multiple(const ShareReport& report, std::size_t i) {
  return best(report, i).multiple / report.tenants.at(i).weight;
}

SmallCase two_racks() { return {.cluster = "{rack: hgx-h200, racks: 2}"}; }
SmallCase small_model() {
  return {.cluster = "{rack: hgx-h200, racks: 2}", .model = "llama-3.1-8b"};
}

TEST(GpuLimit, IsAMachineOfThatSize) {
  // Eight GPUs of two servers, and one server: the same domain, the same paths.
  twin::World limited = small_world(two_racks());
  limited.machine.gpu_limit = 8;
  const PlanReport a = plan_of(limited);
  const PlanReport b = plan_of(small_world());
  EXPECT_EQ(a.considered, b.considered);
  ASSERT_EQ(a.candidates.size(), b.candidates.size());
  for (std::size_t i = 0; i < a.candidates.size(); ++i) {
    EXPECT_EQ(a.candidates[i].plan, b.candidates[i].plan);
    EXPECT_EQ(a.candidates[i].state.requests, b.candidates[i].state.requests);
    EXPECT_EQ(a.candidates[i].state.output_per_gpu, b.candidates[i].state.output_per_gpu);
  }
  EXPECT_EQ(a.subject.gpus, 8);
  EXPECT_THAT(a.subject.machine, testing::StartsWith("8 of 16 x h200"));
}

TEST(Share, OneTenantAloneHasThePlainPlan) {
  const PlanReport plain = plan_of(small_world(two_racks()));
  const ShareReport report = share_of(machine_of({{.scenario = two_racks()}}));
  const Candidate& alone = best(report, 0);
  EXPECT_EQ(alone.plan, plain.candidates.front().plan);
  EXPECT_EQ(alone.state.requests, plain.candidates.front().state.requests);
  EXPECT_EQ(alone.state.ttft, plain.candidates.front().state.ttft);
  EXPECT_EQ(report.common_multiple, plain.candidates.front().multiple);
  EXPECT_EQ(report.tenants[0].gpus, alone.plan.gpus());
  EXPECT_EQ(report.left_over, 16 - alone.plan.gpus());
  EXPECT_EQ(report.output_tokens, alone.state.output_tokens);
  EXPECT_EQ(report.output_per_gpu, alone.state.output_tokens / 16.0);
}

TEST(Share, AFixedRateAloneHasThePlainPlan) {
  SmallCase c = two_racks();
  c.rate = "6x";
  const PlanReport plain = plan_of(small_world(c));
  const ShareReport report = share_of(machine_of({{.scenario = c}}));
  EXPECT_EQ(best(report, 0).plan, plain.candidates.front().plan);
  EXPECT_EQ(best(report, 0).state.requests, 6.0);
  EXPECT_EQ(report.tenants[0].kind, ShareKind::fixed_rate);
  EXPECT_EQ(report.common_multiple, 0.0);
}

TEST(Share, AGivenShareIsAPlanOfThatSize) {
  twin::World limited = small_world(small_model());
  limited.machine.gpu_limit = 5;
  const PlanReport plain = plan_of(limited);
  const ShareReport report =
      share_of(machine_of({{.scenario = small_model(), .name = "a", .gpus = 5},
                           {.scenario = two_racks(), .name = "b"}}));
  EXPECT_EQ(best(report, 0).plan, plain.candidates.front().plan);
  EXPECT_EQ(best(report, 0).state.requests, plain.candidates.front().state.requests);
  EXPECT_EQ(report.tenants[0].gpus, 5);
  EXPECT_LE(report.tenants[1].gpus, 11);
}

TEST(Share, IdenticalTenantsGetEqualShares) {
  const ShareReport report = share_of(
      machine_of({{.scenario = two_racks(), .name = "a"}, {.scenario = two_racks(), .name = "b"}}));
  EXPECT_EQ(report.tenants[0].gpus, report.tenants[1].gpus);
  EXPECT_EQ(best(report, 0).plan, best(report, 1).plan);
  twin::World half = small_world(two_racks());
  half.machine.gpu_limit = 8;
  EXPECT_EQ(report.common_multiple, plan_of(half).candidates.front().multiple);
}

TEST(Share, TheOrderOfTenantsDoesNotMatter) {
  SmallCase fixed = small_model();
  fixed.rate = "4x";
  const std::vector<Case> cases = {{.scenario = two_racks(), .name = "a"},
                                   {.scenario = fixed, .name = "b"},
                                   {.scenario = small_model(), .name = "c", .weight = 4.0}};
  const ShareReport one = share_of(machine_of(cases));
  const ShareReport other = share_of(machine_of({cases[2], cases[0], cases[1]}));
  EXPECT_EQ(one.common_multiple, other.common_multiple);
  EXPECT_EQ(one.left_over, other.left_over);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(one.tenants[i].gpus, other.tenants[(i + 1) % 3].gpus) << i;
    EXPECT_EQ(best(one, i).plan, best(other, (i + 1) % 3).plan) << i;
  }
  EXPECT_LE(one.common_multiple, std::min(multiple(one, 0), multiple(one, 2)));
}

/// Largest knee over own rate and weight on at most `gpus`.
std::vector<double> every_multiple(const Case& c) {
  std::vector<double> out = {0.0};
  twin::World world = small_world(c.scenario);
  for (std::int64_t g = 1; g <= world.machine.cluster.gpus(); ++g) {
    world.machine.gpu_limit = g;
    const Result<PlanReport> report = plan(world, {.screen = true});
    const bool served = report && report->meet > 0;
    const double here = served ? report->candidates.front().multiple / c.weight : 0.0;
    out.push_back(std::max(out.back(), here));
  }
  return out;
}

TEST(Share, NoSplitServesThePoorestBetter) {
  for (const double weight : {1.0, 0.3, 5.0}) {
    SmallCase one;  // one server: eight GPUs in a domain
    SmallCase two{.model = "llama-3.1-8b"};
    const std::vector<Case> cases = {{.scenario = one, .name = "a"},
                                     {.scenario = two, .name = "b", .weight = weight}};
    const std::vector<double> a = every_multiple(cases[0]);
    const std::vector<double> b = every_multiple(cases[1]);
    double most = 0.0;
    for (std::size_t g = 1; g < 8; ++g) most = std::max(most, std::min(a[g], b[8 - g]));
    const ShareReport report = share_of(machine_of(cases));
    EXPECT_NEAR(report.common_multiple, most, tolerance * most) << weight;
    EXPECT_LE(report.tenants[0].gpus + report.tenants[1].gpus, 8) << weight;
  }
}

TEST(Share, MissingGpusAndTheMultipleThatFits) {
  SmallCase a{.rate = "14x"};
  SmallCase b{.rate = "14x"};
  const auto refused =
      try_share(machine_of({{.scenario = a, .name = "a"}, {.scenario = b, .name = "b"}}));
  ASSERT_FALSE(refused.has_value());
  const std::string text = render(refused.error());
  // Each alone takes so many of the eight.
  const std::int64_t each = plan_of(small_world(a)).candidates.front().plan.gpus();
  ASSERT_GT(2 * each, 8);
  EXPECT_THAT(text, testing::HasSubstr(
                        "the tenants take " + std::to_string(2 * each) + " GPUs (a " +
                        std::to_string(each) + ", b " + std::to_string(each) +
                        "); the machine has 8: " + std::to_string(2 * each - 8) + " missing"));
  // What the hint offers does fit, and a little more does not.
  twin::World rest = small_world();
  rest.machine.gpu_limit = 8 - each;
  ASSERT_GT(rest.machine.gpu_limit, 0);
  const double knee = plan_of(rest).candidates.front().state.requests;
  EXPECT_THAT(text, testing::HasSubstr(format_number(knee, 3) + " req/s"));
  b.rate = fmt::format("{} req/s", 0.99 * knee);
  EXPECT_TRUE(try_share(machine_of({{.scenario = a}, {.scenario = b, .name = "b"}})).has_value());
  b.rate = fmt::format("{} req/s", 1.02 * knee);
  EXPECT_FALSE(try_share(machine_of({{.scenario = a}, {.scenario = b, .name = "b"}})).has_value());
}

TEST(Share, SaysWhoIsNotServed) {
  SmallCase much{.rate = "1000x"};
  const auto refused = try_share(machine_of({{.scenario = much, .name = "greedy"}}));
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(render(refused.error()), testing::HasSubstr("tenant 'greedy' carries "));
  EXPECT_THAT(render(refused.error()), testing::HasSubstr(" GPUs missing at that rate per GPU"));
  SmallCase fast{.slo = "{tpot: {p90: 1 us}}"};
  const auto never = try_share(machine_of({{.scenario = fast, .name = "fast", .gpus = 4}}));
  ASSERT_FALSE(never.has_value());
  EXPECT_THAT(render(never.error()), testing::HasSubstr("no deployment of tenant 'fast' meets"));
  const auto none = try_share(machine_of(
      {{.scenario = {}, .name = "all", .gpus = 8}, {.scenario = {.rate = "1x"}, .name = "late"}}));
  ASSERT_FALSE(none.has_value());
  EXPECT_THAT(render(none.error()), testing::HasSubstr("no GPU is left for tenant 'late'"));
}

serving::ServingPlan aggregated(std::int64_t tp, std::int64_t replicas) {
  serving::ServingPlan plan;
  plan.decode = {.deployment = {.parallel = {.tp = tp}, .precision = {}}, .replicas = replicas};
  return plan;
}

TEST(FitTogether, PacksInstancesOfAllPlans) {
  const hw::Cluster two = small_world(two_racks()).machine.cluster;  // two domains of eight
  EXPECT_TRUE(fit_together(two, {aggregated(4, 3), aggregated(2, 2)}));
  EXPECT_FALSE(fit_together(two, {aggregated(4, 3), aggregated(2, 3)}));
  // Sixteen GPUs in sum, but 6 + 6 leave two holes of 2 that hold no instance of 4.
  EXPECT_FALSE(fit_together(two, {aggregated(6, 2), aggregated(4, 1)}));
  EXPECT_TRUE(fit_together(two, {aggregated(6, 2), aggregated(2, 2)}));
  // Pools of 4 + 4 talk by ScaleUp: they take a whole domain, not the halves of two.
  serving::ServingPlan pools = aggregated(4, 1);
  pools.prefill = pools.decode;
  EXPECT_TRUE(fit_together(two, {pools, aggregated(4, 2)}));
  EXPECT_FALSE(fit_together(two, {pools, aggregated(5, 1), aggregated(4, 1)}));
  EXPECT_FALSE(fit_together(two, {pools, aggregated(6, 1), aggregated(3, 1)}));
}

}  // namespace
}  // namespace sn::planner
