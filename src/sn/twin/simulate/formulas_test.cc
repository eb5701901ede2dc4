// sn/twin/simulate/formulas_test.cc
//
// The knee by formula beside the engine's, on a few pairs that take milliseconds; the whole set of
// 200 is bench/knee_pairs.h, its figures are in docs/formulas.md.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "sn/serving/steady/steady_state.h"
#include "sn/twin/simulate/simulate.h"
#include "sn/twin/world_test_util.h"

namespace sn::twin {
namespace {

TEST(Formulas, KneesLieBesideTheEngines) {
  const std::string fixed = "input: 2000, output: 200";
  const std::string spread =
      "input: {median: 1000, p90: 4000, max: 16000}, output: {median: 250, p90: 700, max: 2000}";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {fixed, "{pool: aggregated, tp: 8, chunk: 2048}"},
      {spread, "{pool: aggregated, tp: 8, chunk: 8192}"},
      {spread, "{pool: aggregated, replicas: 2, tp: 4, chunk: 4096}"},
      {fixed, "{pool: prefill, tp: 4, chunk: 8192}, {pool: decode, tp: 4}"},
      {spread, "{pool: prefill, pp: 4, chunk: 8192}, {pool: decode, tp: 4}"},
      {spread, "{pool: prefill, replicas: 2, tp: 2, chunk: 4096}, {pool: decode, tp: 4}"}};
  std::vector<double> ratios;
  for (const auto& [lengths, pools] : cases) {
    SCOPED_TRACE(lengths + " on " + pools);
    const World world = world_of(
        "supernode: 1\ncluster: {rack: hgx-h200}\nmodel: llama-3.1-70b\n"
        "precision: {weights: fp8, activations: fp8, kv: fp8}\n"
        "workload: {synthetic: {arrivals: {process: poisson, rate: 10 req/s}, " +
        lengths + ", requests: 3000}}\nslo: {ttft: {p90: 5 s}, tpot: {p90: 100 ms}}\n" +
        "deployments: [" + pools + "]\n");
    const serving::ServingPlan& plan = world.load.search.fixed.front();
    const serving::ServingInputs inputs = world.inputs();
    serving::ServingModel model(inputs, plan);
    const double formula = model.knee(world.load.slo) / world.load.workload.rate.si();
    const auto played = find_knee(world, plan, {});
    ASSERT_TRUE(played.has_value()) << render(played.error());
    const double engine = played->report.multiple;
    ASSERT_GT(engine, 0.0);
    ratios.push_back(std::max(engine, formula) / std::min(engine, formula));
    EXPECT_LT(ratios.back(), 1.5);
  }
  std::sort(ratios.begin(), ratios.end());
  EXPECT_LT(ratios[ratios.size() / 2], 1.15);
}

}  // namespace
}  // namespace sn::twin
