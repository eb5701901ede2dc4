// sn/planner/planner_test_util.h
//
// What the tests of the planner share: small worlds, and a search by brute force that knows nothing
// of the planner's own shortcuts.

#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "sn/planner/plan.h"
#include "sn/planner/search/shapes.h"
#include "sn/twin/world_test_util.h"

namespace sn::planner {

struct SmallCase {
  std::string cluster = "{rack: hgx-h200}";
  std::string model = "llama-3.1-70b";
  std::string input = "{median: 1000, p90: 4000, max: 16000}";
  std::string output = "{median: 250, p90: 700, max: 2000}";
  std::string rate = "knee";
  std::string slo = "{ttft: {p90: 1 s}, tpot: {p90: 40 ms}}";
  std::string more = "search: {chunk: 2048}\n";
};

inline std::string scenario_text(const SmallCase& c) {
  return "supernode: 1\nname: a small case\ncluster: " + c.cluster + "\nmodel: " + c.model +
         "\nprecision: {weights: fp8, activations: fp8, kv: fp8}\n"
         "workload:\n  synthetic:\n    arrivals: {process: poisson, rate: 1 req/s}\n    input: " +
         c.input + "\n    output: " + c.output + "\n    requests: 1000\n  rate: " + c.rate +
         "\nslo: " + c.slo + "\n" + c.more;
}

inline twin::World small_world(const SmallCase& c = {}) { return twin::world_of(scenario_text(c)); }

/// The report of a plan by formulas alone, that is expected to be made.
inline PlanReport plan_of(const twin::World& world, PlanOptions options = {},
                          const Run& run = Run()) {
  options.screen = true;
  Result<PlanReport> report = plan(world, options, run);
  if (!report) {
    ADD_FAILURE() << render(report.error());
    return {};
  }
  return *std::move(report);
}

/// Every plan that the shapes, replica counts and domains of `world` allow.
inline std::vector<serving::ServingPlan> every_plan(const twin::World& world) {
  const std::vector<Shape> all = shapes(world);
  const auto pool = [](const Shape& s, std::int64_t replicas) {
    return serving::Pool{.deployment = s.deployment, .replicas = replicas, .chunk = s.chunk};
  };
  const auto most = [&](const Shape& s) {
    return world.machine.cluster.gpus() / s.deployment.parallel.gpus();
  };
  std::vector<serving::ServingPlan> out;
  const auto keep = [&](const serving::ServingPlan& p) {
    if (fits_domains(world, p)) out.push_back(p);
  };
  for (const Shape& d : all) {
    if (d.role == Role::prefill) continue;
    for (std::int64_t n = 1; n <= most(d); ++n) {
      if (d.role == Role::aggregated) {
        keep({.prefill = {}, .decode = pool(d, n)});
        continue;
      }
      for (const Shape& p : all) {
        if (p.role != Role::prefill) continue;
        for (std::int64_t m = 1; m <= most(p); ++m) {
          keep({.prefill = pool(p, m), .decode = pool(d, n)});
        }
      }
    }
  }
  return out;
}

inline double knee_of(const twin::World& world, const serving::ServingPlan& plan) {
  const serving::ServingInputs inputs = world.inputs();
  return serving::ServingModel(inputs, plan).knee(world.load.slo);
}

}  // namespace sn::planner
