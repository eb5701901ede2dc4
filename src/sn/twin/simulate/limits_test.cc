// sn/twin/simulate/limits_test.cc
//
// Runs at the edges of what the clock, the memory and patience hold: they end, or say what the
// limit is.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "sn/twin/simulate/simulate.h"
#include "sn/twin/world_test_util.h"

namespace sn::twin {
namespace {

struct Asked {
  const char* arrivals = "{process: poisson, rate: 1 req/s}";
  const char* input = "1000";
  const char* output = "50";
  const char* requests = "1000";
  const char* ttft = "{p90: 2 s}";
};

World world_with(const Asked& a) {
  return world_of(std::string("supernode: 1\ncluster: {rack: hgx-h200}\nmodel: llama-3.1-70b\n"
                              "precision: {weights: fp8}\nworkload: {synthetic: {arrivals: ") +
                  a.arrivals + ", input: " + a.input + ", output: " + a.output +
                  ", requests: " + a.requests + "}}\nslo: {ttft: " + a.ttft +
                  ", tpot: {p90: 50 ms}}\ndeployments: [{pool: aggregated, tp: 8}]\n");
}

const serving::ServingPlan& plan_of(const World& world) { return world.load.search.fixed.front(); }

Error only_error(const Result<SimulationResult>& result) {
  if (result || result.error().size() != 1) {
    ADD_FAILURE() << "one error expected";
    return {};
  }
  return result.error().front();
}

TEST(Knee, AnImpossibleSloIsAnsweredAtTheSmallestMultiple) {
  const World world = world_with({.ttft = "{p90: 1 ms}"});
  const auto result = find_knee(world, plan_of(world), {});
  ASSERT_TRUE(result.has_value()) << render(result.error());
  const SimulationReport& r = result->report;
  EXPECT_TRUE(r.knee);
  EXPECT_FALSE(r.meets_slo);
  EXPECT_DOUBLE_EQ(r.multiple, 1e-6);
  EXPECT_EQ(r.limit.kind, Failure::Kind::target);
  EXPECT_EQ(to_string(r.limit), "TTFT p90 1 ms");
  EXPECT_LT(r.probes.size(), 15u);
}

TEST(Knee, ASyntheticLoadGrowsUntilItLasts) {
  // 100 answers of 2,000 tokens fit into one batch: offered ever faster, they would never fail.
  const World world = world_with({.input = "100", .output = "2000", .requests = "100"});
  const auto result = find_knee(world, plan_of(world), {});
  ASSERT_TRUE(result.has_value()) << render(result.error());
  const SimulationReport& r = result->report;
  EXPECT_TRUE(r.meets_slo);
  EXPECT_GT(r.requests, 100u);
  EXPECT_GE(r.last_arrival, 2.0 * r.e2e.mean);
  EXPECT_NE(r.limit.kind, Failure::Kind::load_ends) << to_string(r.limit);
}

TEST(Knee, ATraceThatIsInFlightAllAtOnceShowsNoKnee) {
  std::string trace = "TIMESTAMP,ContextTokens,GeneratedTokens\n";
  for (int i = 0; i < 100; ++i) {
    trace += fmt::format("2023-11-16 18:15:{:02}.{:03}0000,100,2000\n", i / 10, i % 10 * 100);
  }
  const World world = world_of(
      "supernode: 1\ncluster: {rack: hgx-h200}\nmodel: llama-3.1-8b\n"
      "workload: {trace: t.csv}\nslo: {ttft: {p90: 2 s}, tpot: {p90: 100 ms}}\n"
      "deployments: [{pool: aggregated, tp: 1}]\n",
      {{"t.csv", trace}});
  const auto result = find_knee(world, plan_of(world), {});
  ASSERT_TRUE(result.has_value()) << render(result.error());
  const SimulationReport& r = result->report;
  EXPECT_TRUE(r.meets_slo);
  EXPECT_GE(r.last_arrival, 2.0 * r.e2e.mean);
  EXPECT_EQ(r.limit.kind, Failure::Kind::load_ends) << to_string(r.limit);
}

TEST(Knee, AnImitatedLoadGrowsUntilItLasts) {
  const World world = world_of(
      "supernode: 1\ncluster: {rack: hgx-h200}\nmodel: llama-3.1-70b\nprecision: {weights: fp8}\n"
      "workload: {preset: mooncake-conversation}\nslo: {ttft: {p90: 60 s}, tpot: {p90: 500 ms}}\n"
      "deployments: [{pool: aggregated, tp: 8}]\n");
  SimulationOptions options;
  options.imitated = 8;
  const auto result = find_knee(world, plan_of(world), options);
  ASSERT_TRUE(result.has_value()) << render(result.error());
  EXPECT_GT(result->report.requests, 8u);
  EXPECT_GE(result->report.last_arrival, 2.0 * result->report.e2e.mean);
}

TEST(Knee, FarBelowALoadersLeastRate) {
  // Seconds of prefill and a limit that one request alone just meets: a hundredth may overlap.
  World world = world_with({.arrivals = "{process: poisson, rate: 0.01 req/s}",
                            .input = "100000",
                            .output = "1",
                            .requests = "400",
                            .ttft = "{p99: 100 s}"});
  SimulationOptions alone;
  alone.replay.multiple = 1e-4;
  const auto lonely = simulate(world, plan_of(world), alone);
  ASSERT_TRUE(lonely.has_value());
  world.load.slo.front().limit = 1.02 * lonely->report.ttft.p50;
  const auto result = find_knee(world, plan_of(world), {});
  ASSERT_TRUE(result.has_value()) << render(result.error());
  EXPECT_TRUE(result->report.meets_slo);
  // The chance that a prefill of T s meets another is 2 rate x T.
  const double seconds = lonely->report.ttft.p50.si();
  EXPECT_GT(seconds, 2.0);
  EXPECT_LT(0.01 * result->report.multiple, 0.05 / seconds);
  EXPECT_LT(0.01 * result->report.multiple, 0.01);
}

TEST(Knee, InterruptedItReportsTheBestRunThatEnded) {
  const World world = world_with({});
  SimulationOptions options;
  options.knee_guess = 0.5;
  std::optional<sn::Run> run;
  run.emplace(RunSetup{.progress = [&](const sn::Progress& p) {
    if (p.doing.find("probe 2") != std::string::npos) run->stop();
  }});
  const auto result = find_knee(world, plan_of(world), options, *run);
  ASSERT_TRUE(result.has_value());
  const SimulationReport& r = result->report;
  EXPECT_TRUE(r.interrupted);
  ASSERT_EQ(r.probes.size(), 1u);
  EXPECT_DOUBLE_EQ(r.multiple, 0.5);
  EXPECT_EQ(r.endings[0], 1000u);
  EXPECT_GT(r.end, r.warm_up);
}

TEST(Knee, InterruptedInItsFirstProbeItReportsThatPart) {
  const World world = world_with({});
  SimulationOptions options;
  options.knee_guess = 0.5;
  std::optional<sn::Run> run;
  run.emplace(RunSetup{.progress = [&](const sn::Progress& p) {
    if (p.share > 0.5) run->stop();
  }});
  const auto result = find_knee(world, plan_of(world), options, *run);
  ASSERT_TRUE(result.has_value());
  EXPECT_TRUE(result->report.interrupted);
  EXPECT_TRUE(result->report.probes.empty());
  EXPECT_GT(result->report.endings[0], 400u);
  EXPECT_GT(result->report.measured, 300u);
}

TEST(Simulate, InterruptedInItsWarmUpItReportsWhatItHas) {
  const World world = world_with({});
  SimulationOptions options;
  options.warm_up = 0.9;
  std::optional<sn::Run> run;
  run.emplace(RunSetup{.progress = [&](const sn::Progress&) { run->stop(); }});  // half-way
  const auto result = simulate(world, plan_of(world), options, *run);
  ASSERT_TRUE(result.has_value());
  const SimulationReport& r = result->report;
  EXPECT_TRUE(r.interrupted);
  EXPECT_EQ(r.warm_up, Time{});
  EXPECT_GT(r.measured, 400u);
  EXPECT_EQ(r.measured, r.endings[0]);
  EXPECT_NEAR(r.request_rate, 1.0, 0.15);  // 512 of a Poisson process of 1 a second
}

TEST(Simulate, ALoadFarBeyondTheMachineEnds) {
  const World world = world_with({});
  SimulationOptions options;
  options.replay.multiple = 1e5;  // all within 10 ms: samples of its windows would be 8 us apart
  const auto fast = simulate(world, plan_of(world), options);
  ASSERT_TRUE(fast.has_value());
  EXPECT_EQ(fast->report.endings[0], 1000u);
  options.replay.multiple = 1e12;  // all at once
  const auto once = simulate(world, plan_of(world), options);
  ASSERT_TRUE(once.has_value());
  EXPECT_EQ(once->report.endings[0], 1000u);
}

TEST(Simulate, AThousandthOfTheSlowestLoadRuns) {
  const World world = world_with({.arrivals = "{process: poisson, rate: 0.01 req/s}"});
  SimulationOptions options;
  options.replay.multiple = 1e-3;
  const auto slow = simulate(world, plan_of(world), options);
  ASSERT_TRUE(slow.has_value()) << render(slow.error());
  EXPECT_EQ(slow->report.endings[0], 1000u);
}

TEST(Simulate, RequestsBeyondTheClockAreRefused) {
  const World world = world_with({});
  SimulationOptions options;
  options.replay.multiple = 1e-6;  // 1 000 requests at 1e-6 req/s: 32 years
  options.replay.repeat = 10;
  const Error error = only_error(simulate(world, plan_of(world), options));
  EXPECT_EQ(error.code, ErrorCode::limit);
  EXPECT_NE(error.message.find("146 years"), std::string::npos);
}

TEST(Simulate, ATraceAsLongAsTheClockIsRefused) {
  const auto line = [](const char* ms, int hash) {
    return std::string("{\"timestamp\": ") + ms +
           ", \"input_length\": 100, \"output_length\": 10, \"hash_ids\": [" +
           std::to_string(hash) + "]}\n";
  };
  const World world = world_of(
      "supernode: 1\ncluster: {rack: hgx-h200}\nmodel: llama-3.1-70b\nworkload: {trace: t}\n"
      "slo: {ttft: {p90: 2 s}}\ndeployments: [{pool: aggregated, tp: 8}]\n",
      {{"t", line("0", 0) + line("1000", 1) + line("9223372036854", 2)}});
  EXPECT_EQ(only_error(simulate(world, plan_of(world), {})).code, ErrorCode::limit);
  EXPECT_EQ(only_error(find_knee(world, plan_of(world), {})).code, ErrorCode::limit);
}

TEST(Simulate, MemoryOfMillionsOfRanksIsRefusedBeforeTheRun) {
  const World world = world_of(
      "supernode: 1\ncluster: {rack: upn512, racks: 4096}\nmodel: deepseek-v3\n"
      "precision: {weights: fp8}\nworkload: {preset: mooncake-conversation, rate: 1x}\n"
      "slo: {ttft: {p90: 2 s}}\n"
      "deployments: [{pool: aggregated, dp: 128, ep: 128, replicas: 16384}]\n");
  const Error error = only_error(simulate(world, plan_of(world), {}));
  EXPECT_EQ(error.code, ErrorCode::limit);
  EXPECT_NE(error.message.find("the limit is 2 GB"), std::string::npos) << error.message;
}

}  // namespace
}  // namespace sn::twin
