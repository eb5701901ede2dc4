// sn/twin/simulate/nothing_lost_test.cc
//
// Runs in which requests were lost, or which aborted: every request ends, and the report says so.

#include <gtest/gtest.h>

#include <numeric>

#include "sn/twin/simulate/simulate.h"
#include "sn/twin/world_test_util.h"

namespace sn::twin {
namespace {

struct Lost {
  const char* name;
  const char* model;
  const char* workload;
  const char* deployments;
  kv::Eviction eviction;
  std::int64_t requests;
};

SimulationReport run(const Lost& c) {
  const World world = world_of(
      std::string("supernode: 1\ncluster: {rack: hgx-h100}\nmodel: ") + c.model +
      "\nworkload: {synthetic: " + c.workload +
      ", rate: 1x}\nslo: {ttft: {p90: 2 s}, tpot: {p90: 50 ms}}\ndeployments: " + c.deployments +
      "\n");
  SimulationOptions options;
  options.eviction = c.eviction;
  options.replay.limit = c.requests;
  const auto result = simulate(world, world.load.search.fixed.front(), options);
  EXPECT_TRUE(result.has_value()) << (result ? "" : render(result.error()));
  return result->report;
}

class NothingLost : public testing::TestWithParam<Lost> {};

TEST_P(NothingLost, EveryRequestEnds) {
  const SimulationReport r = run(GetParam());
  EXPECT_TRUE(r.unfinished.empty());
  EXPECT_FALSE(r.stuck());
  EXPECT_EQ(std::accumulate(r.endings.begin(), r.endings.end(), std::uint64_t{0}), r.requests);
  EXPECT_EQ(r.requests, static_cast<std::uint64_t>(GetParam().requests));
  EXPECT_GE(r.endings[0], r.requests * 99 / 100);  // the rest is too long for a rank
}

INSTANTIATE_TEST_SUITE_P(
    Reproducers, NothingLost,
    testing::Values(
        // Long answers beside short prompts: preempted ones outgrow the prefill rank.
        Lost{"preempted", "llama-3.1-70b",
             "{arrivals: {process: poisson, rate: 1 req/s}, input: {median: 1000, p90: 4000, max: "
             "8000}, output: {median: 8000, p90: 20000, max: 30000}, requests: 2000}",
             "[{pool: prefill, tp: 2}, {pool: decode, tp: 4}]", kv::Eviction::lru, 2000},
        Lost{"s3_fifo_disaggregated", "llama-3.1-8b",
             "{arrivals: {process: poisson, rate: 20 req/s}, input: {min: 500, max: 6000}, output: "
             "{min: 50, max: 800}, requests: 10000, sessions: {turns: 30, pause: 30 s, "
             "shared_prefix: 2000, context: 131072}}",
             "[{pool: prefill, tp: 1, replicas: 4}, {pool: decode, tp: 1, replicas: 4}]",
             kv::Eviction::s3_fifo, 4000},
        Lost{"s3_fifo_aggregated", "llama-3.1-70b",
             "{arrivals: {process: poisson, rate: 3 req/s}, input: {min: 500, max: 6000}, output: "
             "{min: 50, max: 800}, requests: 10000, sessions: {turns: 30, pause: 30 s, "
             "shared_prefix: 2000, context: 65536}}",
             "[{pool: aggregated, tp: 4, replicas: 2}]", kv::Eviction::s3_fifo, 4000}),
    [](const auto& c) { return std::string(c.param.name); });

TEST(NothingLost, AReservedAnswerAtExactlyFullMemory) {
  // The second prompt and its answer fill a rank to the last token but one, which takes no page.
  std::string trace = R"({"timestamp": 0, "input_length": 100, "output_length": 10, "hash_ids": [0]}
)";
  trace += R"({"timestamp": 5000, "input_length": 129719, "output_length": 10, "hash_ids": [1)";
  for (int i = 2; i <= 254; ++i) trace += ", " + std::to_string(i);
  trace += R"(]}
{"timestamp": 6000, "input_length": 200, "output_length": 20, "hash_ids": [2]}
{"timestamp": 7000, "input_length": 200, "output_length": 20, "hash_ids": [3]}
)";
  const World world = world_of(
      "supernode: 1\n"
      "cluster: {rack: {base: hgx-h100, chip: {base: h100, hbm: {capacity: 80 GiB}}}}\n"
      "model: llama-3.1-8b\n"
      "software: {framework: {base: trtllm, memory: {workspace: 50 GB}}}\n"
      "workload: {trace: t.jsonl, rate: 1x}\nslo: {ttft: {p90: 2 s}, tpot: {p90: 50 ms}}\n"
      "deployments: [{pool: aggregated, tp: 1}]\n",
      {{"t.jsonl", trace}});
  const auto result = simulate(world, world.load.search.fixed.front(), {});
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->report.endings[0], 4u);
  EXPECT_TRUE(result->report.unfinished.empty());
}

}  // namespace
}  // namespace sn::twin
