// sn/twin/simulate/simulate_shared_test.cc
//
// Several deployments in one engine: each sees what it would alone, and the sums are sums.

#include "sn/twin/simulate/simulate_shared.h"

#include <gtest/gtest.h>

#include "sn/base/report/report_difference.h"
#include "sn/twin/simulate/simulation_run.h"
#include "sn/twin/world_test_util.h"

namespace sn::twin {
namespace {

const std::string head = "supernode: 1\nname: shared\ncluster: {rack: hgx-h200}\ntenants:\n";

/// Requests at a fixed rate over 50 s; `tp` GPUs an instance.
std::string tenant(const std::string& name, const std::string& model, int rate, int tp,
                   const std::string& load = "1x", const std::string& more = "") {
  return "  - {name: " + name + ", model: " + model +
         ", workload: {synthetic: {arrivals: {process: fixed, rate: " + std::to_string(rate) +
         " req/s}, input: {min: 200, max: 2000}, output: {min: 20, max: 200}, requests: " +
         std::to_string(50 * rate) + "}, rate: " + load +
         "}, slo: {ttft: {p90: 1 s}, tpot: {p90: 50 ms}}, deployments: [{pool: aggregated, tp: " +
         std::to_string(tp) + ", replicas: 1, chunk: 2048}]" + more + "}\n";
}

SharedMachine machine_of(const std::string& tenants) {
  const Result<Node> node = parse_document("s.yaml", head + tenants);
  EXPECT_TRUE(node.has_value());
  Result<SharedMachine> machine =
      resolve_tenants(*node, catalog::shipped_catalog(), loader_of({}), "");
  EXPECT_TRUE(machine.has_value()) << (machine ? "" : render(machine.error()));
  return *std::move(machine);
}

std::vector<TenantRun> runs_of(const SharedMachine& machine) {
  std::vector<TenantRun> out;
  for (const Tenant& t : machine.tenants) {
    const auto target = t.world.load.target_rate();
    out.push_back({.plan = t.world.load.search.fixed.front(),
                   .gpus = t.gpus,
                   .knee = !target,
                   .multiple = target ? *target / t.world.load.workload.rate.si() : 1.0});
  }
  return out;
}

SharedReport run(const SharedMachine& machine, const SimulationOptions& options = {}) {
  const auto report = simulate_shared(machine, runs_of(machine), options);
  EXPECT_TRUE(report.has_value()) << (report ? "" : render(report.error()));
  return *report;
}

/// But for the end: a shared run goes on, and is sampled, to the last request of all tenants.
void expect_equal(SimulationReport a, SimulationReport b) {
  EXPECT_GE(a.end, b.end);
  a.end = b.end;
  ASSERT_FALSE(a.series.empty() || b.series.empty());
  a.series.pop_back();
  b.series.pop_back();
  EXPECT_EQ(first_difference(a, b), "");
}

TEST(SimulationRun, AReportSaysNothingBeforeTheRun) {
  const SharedMachine machine = machine_of(tenant("only", "llama-3.1-8b", 8, 2));
  const World& world = machine.tenants[0].world;
  const serving::ServingPlan plan = runs_of(machine)[0].plan;
  const SimulationReport report = describe(world, plan, {});
  ASSERT_EQ(report.pools.size(), 1u);
  EXPECT_EQ(report.pools[0].compute, 0.0);
  EXPECT_EQ(report.pools[0].memory, 0.0);
  EXPECT_EQ(report.pools[0].joules, 0.0);
  // What they are measured against is an input of its own.
  const hw::Chip& chip = world.machine.cluster.rack.chip;
  const std::vector<PoolPeaks> peaks = peaks_of(world, plan);
  ASSERT_EQ(peaks.size(), 1u);
  EXPECT_EQ(peaks[0].memory, chip.hbm_bandwidth);
  EXPECT_EQ(peaks[0].idle, chip.idle * static_cast<double>(plan.gpus()));
}

TEST(SimulateShared, EachTenantSeesWhatItWouldAlone) {
  const SharedMachine machine =
      machine_of(tenant("large", "llama-3.1-70b", 2, 4) + tenant("small", "llama-3.1-8b", 8, 2));
  const SharedReport shared = run(machine);
  ASSERT_EQ(shared.tenants.size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) {
    SimulationOptions options;
    options.replay.multiple = runs_of(machine)[i].multiple;
    const auto alone = simulate(machine.tenants[i].world, runs_of(machine)[i].plan, options);
    ASSERT_TRUE(alone.has_value());
    expect_equal(shared.tenants[i].report, alone->report);
    EXPECT_EQ(shared.tenants[i].name, machine.tenants[i].name);
  }
}

TEST(SimulateShared, SumsAreSums) {
  const SharedReport r = run(
      machine_of(tenant("large", "llama-3.1-70b", 2, 4) + tenant("small", "llama-3.1-8b", 8, 2)));
  EXPECT_EQ(r.gpus, 8);
  EXPECT_EQ(r.left_over, 2);
  EXPECT_TRUE(r.meets_slo);
  EXPECT_NEAR(r.request_rate, 10.0, 0.2);
  EXPECT_NEAR(r.output_tokens, 10.0 * 110.0, 60.0);
  EXPECT_NEAR(r.total_tokens, 10.0 * (110.0 + 1100.0), 600.0);
  EXPECT_DOUBLE_EQ(r.output_per_gpu, r.output_tokens / 8.0);
  EXPECT_NEAR(r.measured.si(), 47.5, 0.5);
  // The two idle GPUs draw as well: more than what both tenants say of their own.
  double own = 0.0;
  for (const TenantResult& t : r.tenants) {
    own += t.report.joules_per_token * t.report.output_tokens;
  }
  EXPECT_GT(r.joules_per_token * r.output_tokens, own);
}

TEST(SimulateShared, EndsWithTheShortestWorkload) {
  const SharedMachine machine =
      machine_of(tenant("slow", "llama-3.1-8b", 4, 1) + tenant("fast", "llama-3.1-8b", 4, 1, "2x"));
  const SharedReport r = run(machine);
  EXPECT_EQ(r.tenants[1].report.requests, 200u);
  EXPECT_NEAR(static_cast<double>(r.tenants[0].report.requests), 100.0, 2.0);
  EXPECT_EQ(r.tenants[0].report.warm_up, r.tenants[1].report.warm_up);
}

TEST(SimulateShared, AKneeIsSearchedOnTheShare) {
  const SharedMachine machine = machine_of(tenant("fixed", "llama-3.1-8b", 4, 1) +
                                           tenant("most", "llama-3.1-8b", 4, 1, "knee"));
  const SharedReport r = run(machine);
  const SimulationReport& most = r.tenants[1].report;
  EXPECT_TRUE(most.knee);
  EXPECT_GT(most.multiple, 1.0);
  EXPECT_FALSE(most.probes.empty());
  EXPECT_FALSE(r.tenants[0].report.knee);
  EXPECT_EQ(r.tenants[0].report.multiple, 1.0);
}

TEST(SimulateShared, SaysWhichPlanDoesNotFit) {
  const SharedMachine machine = machine_of(tenant("large", "llama-3.1-70b", 2, 4));
  std::vector<TenantRun> runs = runs_of(machine);
  runs[0].plan.decode.deployment.parallel.tp = 1;
  const auto report = simulate_shared(machine, runs, {});
  ASSERT_FALSE(report.has_value());
  EXPECT_EQ(report.error().front().code, ErrorCode::infeasible);
}

}  // namespace
}  // namespace sn::twin
