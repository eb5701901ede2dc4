// sn/twin/simulate/simulate_engine_test.cc
//
// The engine that stands for a World and a plan: what its instances' programs are compiled from.

#include <gtest/gtest.h>

#include "sn/twin/simulate/simulate.h"
#include "sn/twin/world_test_util.h"

namespace sn::twin {
namespace {

World sample(const std::string& more = "") {
  return world_of(
      "supernode: 1\nname: t\ncluster: {rack: hgx-h200}\nmodel: llama-3.1-70b\n"
      "workload: {synthetic: {arrivals: {process: poisson, rate: 1 req/s}, input: {min: 200, max: "
      "2000}, "
      "output: {min: 20, max: 200}, requests: 100}}\nslo: {ttft: {p90: 1 s}, tpot: {p90: 50 ms}}\n"
      "deployments: [{pool: aggregated, tp: 8, replicas: 1, chunk: 2048}]\n" +
      more);
}

serving::EngineSpec spec_of(const World& world) {
  Result<serving::EngineSpec> spec = engine_spec(world, world.load.search.fixed.front(), {});
  EXPECT_TRUE(spec.has_value());
  return *std::move(spec);
}

/// Time of a step of 64 sequences of an instance under `conditions`.
double step(const serving::EngineSpec& spec, const hw::Conditions& conditions) {
  const auto program = spec.deployments.front().pools.front().compile(conditions);
  llm::BatchShape batch;
  batch.decode_sequences = 64.0;
  batch.decode_context = 64.0 * 1000.0;
  return llm::StepEvaluator(*program).eval(batch).latency.si();
}

TEST(SimulateEngine, ConditionsOfAnInstanceMultiplyThoseOfTheScenario) {
  const serving::EngineSpec whole = spec_of(sample());
  const serving::EngineSpec half = spec_of(sample("conditions: {hbm: 0.5}\n"));
  const double slow = step(half, {});
  EXPECT_GT(slow, step(whole, {}));
  EXPECT_EQ(step(whole, {.hbm = 0.5}), slow);
  // Links at half their rate besides: slower than either alone.
  EXPECT_EQ(step(half, {.scale_up = 0.5}), step(whole, {.hbm = 0.5, .scale_up = 0.5}));
  EXPECT_GT(step(half, {.scale_up = 0.5}), slow);
  EXPECT_EQ(step(half, {.hbm = 0.5}), step(whole, {.hbm = 0.25}));
}

TEST(SimulateEngine, TheSpecificationStandsWithoutItsWorld) {
  World world = sample();
  const serving::EngineSpec spec = spec_of(world);
  const double before = step(spec, {});
  world = sample("conditions: {hbm: 0.5}\n");
  EXPECT_EQ(step(spec, {}), before);
}

}  // namespace
}  // namespace sn::twin
