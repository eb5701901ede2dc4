// examples/plan_and_simulate.cc
//
// The best deployment for a scenario, and how it serves its requests: both answers as JSON.

#include <cstdio>

#include "sn/api/open.h"
#include "sn/api/plan.h"
#include "sn/api/simulate.h"
#include "sn/draw/plan/plan_json.h"
#include "sn/draw/simulation/simulation_views.h"

int main(int argc, char** argv) {
  const auto refuse = [](const sn::Errors& errors) {
    std::fputs(sn::render(errors).c_str(), stderr);
    return 2;
  };
  const sn::Run run({.threads = 2});  // run.stop() would end the work, from any thread
  const auto catalog = sn::api::open_catalog();
  if (!catalog) return refuse(catalog.error());
  const auto scenario = sn::api::open({.file = argc > 1 ? argv[1] : "scenario.yaml",
                                       .fields = {{"workload.rate", "0.5x"}}},
                                      *catalog, run);
  if (!scenario) return refuse(scenario.error());
  const auto plan = sn::api::plan(*scenario->world, {.top = 3, .screen = true}, run);
  if (!plan) return refuse(plan.error());
  const auto served = sn::api::simulate(*scenario->world, {.rank = 1}, run);
  if (!served) return refuse(served.error());
  std::printf("[%s, %s]\n", sn::draw::plan_json(*plan).c_str(),
              sn::draw::simulation_json({served->report}).c_str());
}
