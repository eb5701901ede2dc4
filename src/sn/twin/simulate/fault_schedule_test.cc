// sn/twin/simulate/fault_schedule_test.cc
//
// Faults in a run: who is met, when, and that nobody is lost by them.

#include "sn/twin/simulate/fault_schedule.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <numeric>

#include "sn/twin/simulate/simulate.h"
#include "sn/twin/world_test_util.h"

namespace sn::twin {
namespace {

std::string scenario(const std::string& faults, const std::string& deployments,
                     const std::string& model = "llama-3.1-8b", int requests = 400) {
  return fmt::format(
      "supernode: 1\ncluster: {{rack: hgx-h100}}\nmodel: {}\n"
      "workload: {{synthetic: {{arrivals: {{process: poisson, rate: 8 req/s}}, input: {{median: "
      "800, p90: 3000, max: 6000}}, output: {{median: 100, p90: 300, max: 600}}, requests: {}}}, "
      "rate: 1x}}\nslo: {{ttft: {{p90: 2 s}}, tpot: {{p90: 50 ms}}}}\ndeployments: {}\nfaults: "
      "{}\n",
      model, requests, deployments, faults);
}

SimulationReport run(const World& world, const SimulationOptions& options = {}) {
  const auto result = simulate(world, world.load.search.fixed.front(), options);
  EXPECT_TRUE(result.has_value()) << (result ? "" : render(result.error()));
  return result ? result->report : SimulationReport{};
}

std::uint64_t ended(const SimulationReport& r) {
  return std::accumulate(r.endings.begin(), r.endings.end(), std::uint64_t{0});
}

std::vector<FaultStep> steps_of(const World& world, double end) {
  const auto steps = fault_steps(world, world.load.search.fixed.front(), Time::from_si(end));
  EXPECT_TRUE(steps.has_value()) << (steps ? "" : render(steps.error()));
  return steps ? *steps : std::vector<FaultStep>{};
}

const std::string two_pools =
    "[{pool: prefill, tp: 1, replicas: 2}, {pool: decode, tp: 2, replicas: 3}]";

TEST(FaultSchedule, CountsInstancesWithinTheirPool) {
  const World world = world_of(scenario(
      "{events: [{at: 1 s, action: fail, pool: decode, instance: 1}, {at: 2 s, action: fail, "
      "instance: 1}, {at: 3 s, action: fail, image: 0}]}",
      two_pools));
  const auto steps = steps_of(world, 100.0);
  ASSERT_EQ(steps.size(), 3u);
  EXPECT_EQ(steps[0].instances, (std::vector<std::uint32_t>{3}));
  EXPECT_EQ(steps[1].instances, (std::vector<std::uint32_t>{1}));
  EXPECT_EQ(steps[2].instances, (std::vector<std::uint32_t>{0, 1, 2, 3, 4}));  // 8 GPUs an image
}

TEST(FaultSchedule, SaysWhatTheDeploymentDoesNotHave) {
  const std::pair<const char*, const char*> cases[] = {
      {"{events: [{at: 1 s, action: fail, pool: decode, instance: 3}]}", "0 to 2: it has 3"},
      {"{events: [{at: 1 s, action: fail, instance: 5}]}", "0 to 4: it has 5"},
      {"{events: [{at: 1 s, action: fail, image: 1}]}", "0 to 0: it has 1 image"},
      {"{rates: [{action: fail, of: instance, pool: aggregated, every: 1 h, repair: 1 s}]}",
       "its pools: prefill, decode"},
      {"{rates: [{action: fail, of: instance, every: 1 s, repair: 0 s}]}", "a longer 'every'"},
  };
  for (const auto& [faults, message] : cases) {
    const World world = world_of(scenario(faults, two_pools));
    const auto steps = fault_steps(world, world.load.search.fixed.front(), Time::from_si(1e6));
    ASSERT_FALSE(steps.has_value()) << faults;
    EXPECT_EQ(steps.error().front().where.line, 7);
    EXPECT_NE(render(steps.error()).find(message), std::string::npos) << render(steps.error());
  }
}

TEST(FaultSchedule, RatesHaveTheirMeanAndStreamsOfTheirOwn) {
  const std::string rate = "{action: fail, of: instance, every: 100 s, repair: 25 s}";
  const World one = world_of(scenario("{rates: [" + rate + "]}", two_pools));
  const auto steps = steps_of(one, 1e5);
  // Five instances, one fault in 125 s each: 4000 faults, deviation of the mean some 1.3 %.
  EXPECT_NEAR(static_cast<double>(steps.size()) / 2.0, 4000.0, 200.0);
  EXPECT_TRUE(std::is_sorted(steps.begin(), steps.end(),
                             [](const auto& a, const auto& b) { return a.at < b.at; }));
  // A second rate changes none of the first one's.
  const World two = world_of(scenario(
      "{rates: [" + rate + ", {action: drain, of: image, every: 1 h, repair: 1 min}]}", two_pools));
  std::size_t at = 0;
  for (const FaultStep& s : steps_of(two, 1e5)) {
    if (s.target.starts_with("image") || at == steps.size()) continue;
    EXPECT_EQ(s.at, steps[at].at);
    EXPECT_EQ(s.instances, steps[at].instances);
    ++at;
  }
  EXPECT_EQ(at, steps.size());
}

TEST(Faults, RequestsOfAFailedInstanceStartAgainOrEnd) {
  const std::string events =
      "events: [{at: 20 s, action: fail, instance: 0}, {at: 30 s, action: repair, instance: 0}]";
  const std::string pool = "[{pool: aggregated, tp: 1, replicas: 2}]";
  const SimulationReport again = run(world_of(scenario("{policy: requeue, " + events + "}", pool)));
  EXPECT_EQ(again.endings[0], 400u);
  EXPECT_GT(again.faults.requests, 0);
  EXPECT_EQ(again.preemptions, static_cast<std::uint64_t>(again.faults.requests));
  EXPECT_EQ(again.faults.counts, (std::array<std::int64_t, 4>{1, 0, 0, 1}));
  ASSERT_EQ(again.faults.records.size(), 2u);
  EXPECT_EQ(again.faults.records[0].target, "instance 0");
  EXPECT_LT(again.pools[0].up, 1.0);
  EXPECT_GT(again.pools[0].up, 0.6);
  const SimulationReport lost = run(world_of(scenario("{policy: fail, " + events + "}", pool)));
  EXPECT_EQ(lost.endings[static_cast<std::size_t>(serving::Ending::failed)],
            static_cast<std::uint64_t>(lost.faults.requests));
  EXPECT_EQ(ended(lost), 400u);
  EXPECT_EQ(lost.fault_policy, "fail");
}

TEST(Faults, WithNobodyUpRequestsWaitForTheRepairOrAreReported) {
  const std::string pool = "[{pool: aggregated, tp: 1, replicas: 1}]";
  const std::string down = "{at: 20 s, action: fail, instance: 0}";
  const SimulationReport back = run(world_of(
      scenario("{events: [" + down + ", {at: 80 s, action: repair, instance: 0}]}", pool)));
  EXPECT_EQ(back.endings[0], 400u);
  EXPECT_TRUE(back.unfinished.empty());
  EXPECT_GT(back.ttft.max, Time::from_si(50.0));
  const SimulationReport gone = run(world_of(scenario("{events: [" + down + "]}", pool)));
  EXPECT_TRUE(gone.stuck());
  EXPECT_FALSE(gone.growing);
  EXPECT_FALSE(gone.meets_slo);
  ASSERT_EQ(gone.unfinished.size(), 1u);
  EXPECT_EQ(gone.unfinished[0].state, "without an instance");
  EXPECT_EQ(gone.unfinished[0].cause, "no instance of their pool came up again");
  EXPECT_EQ(ended(gone) + static_cast<std::uint64_t>(gone.unfinished[0].requests), gone.requests);
}

TEST(Faults, ADegradedInstanceIsSlowerUntilItsRepair) {
  const std::string pool = "[{pool: aggregated, tp: 1, replicas: 1}]";
  const auto with = [&](const std::string& events) {
    return run(world_of(scenario("{events: [" + events + "]}", pool))).tpot.mean;
  };
  const Time plain = with("{at: 0 s, action: repair, instance: 0}");
  const Time slow = with("{at: 0 s, action: degrade, instance: 0, hbm: 0.5}");
  const Time half = with(
      "{at: 0 s, action: degrade, instance: 0, hbm: 0.5}, {at: 25 s, action: repair, instance: 0}");
  EXPECT_GT(slow, 1.3 * plain);
  EXPECT_GT(half, 1.1 * plain);
  EXPECT_LT(half, slow);
}

TEST(Faults, AddUpOnOneInstance) {
  // The image's repair comes while the instance's own failure lasts.
  const std::string pool = "[{pool: aggregated, tp: 8, replicas: 1}]";
  const World world = world_of(scenario(
      "{rates: [{action: fail, of: instance, every: 20 s, repair: 5 s}, {action: drain, of: image, "
      "every: 15 s, repair: 4 s}, {action: degrade, of: instance, every: 10 s, repair: 5 s, clock: "
      "0.5}]}",
      pool));
  const SimulationReport r = run(world);
  EXPECT_EQ(r.endings[0], 400u);
  EXPECT_TRUE(r.unfinished.empty());
}

/// Small KV memory, all policies, pools, engines and faults: everybody ends, or is named.
RC_GTEST_PROP(Faults, NobodyIsLost, ()) {
  const std::string pools = *rc::gen::element<std::string>(
      "[{pool: aggregated, tp: 1, replicas: 2, chunk: 1024}]",
      "[{pool: aggregated, pp: 2, replicas: 2, chunk: 512}]",
      "[{pool: prefill, tp: 1, replicas: 2, chunk: 2048}, {pool: decode, tp: 1, replicas: 2}]",
      "[{pool: prefill, pp: 2, replicas: 1, chunk: 512}, {pool: decode, tp: 2, replicas: 2}]");
  const std::string base = *rc::gen::element<std::string>("vllm", "sglang", "trtllm");
  const int workspace = *rc::gen::inRange(50, 56);
  const std::string action = *rc::gen::element<std::string>("fail", "fail", "drain");
  const std::string of = *rc::gen::element<std::string>("instance", "image");
  const std::string policy = *rc::gen::element<std::string>("requeue", "fail");
  const int every = *rc::gen::inRange(3, 60);
  const int repair = *rc::gen::inRange(0, 20);
  const std::string faults = fmt::format(
      "{{policy: {}, rates: [{{action: {}, of: {}, every: {} s, repair: {} s}}, {{action: degrade, "
      "of: instance, every: 20 s, repair: 5 s, clock: 0.5}}]}}",
      policy, action, of, every, repair);
  const bool break_it = *rc::gen::inRange(0, 3) > 0;
  const World world = world_of(
      scenario(break_it ? faults : "{}", pools, "llama-3.1-8b", 100) +
      fmt::format("software: {{framework: {{base: {}, memory: {{workspace: {} GB}}, pipeline: "
                  "{{batches_ahead: {}}}}}}}\nseed: {}\n",
                  base, workspace, *rc::gen::inRange(0, 3), *rc::gen::inRange(0, 1'000'000)));
  SimulationOptions options;
  options.eviction = *rc::gen::element(kv::Eviction::lru, kv::Eviction::lfu, kv::Eviction::s3_fifo,
                                       kv::Eviction::ttl);
  options.routing = *rc::gen::element(
      serving::Routing::round_robin, serving::Routing::least_loaded, serving::Routing::prefix_aware,
      serving::Routing::session_sticky, serving::Routing::completion_aware);
  const auto result = simulate(world, world.load.search.fixed.front(), options);
  RC_PRE(result.has_value());  // else it does not fit into memory
  const SimulationReport& r = result->report;
  RC_ASSERT(r.requests == 100u);
  RC_ASSERT(r.unfinished.empty());  // every repair comes
  RC_ASSERT(ended(r) == r.requests);
  if (!break_it || world.faults.requeue) {
    RC_ASSERT(r.endings[static_cast<std::size_t>(serving::Ending::failed)] == 0u);
  }
}

}  // namespace
}  // namespace sn::twin
