// apps/cli/share_simulation.h
//
// `supernode simulate` of a scenario with tenants: one run of all of them.

#pragma once

#include <functional>
#include <string>

#include "sn/twin/simulate/simulate_shared.h"

namespace sn::cli {

struct SharedSimulation {
  std::string file;
  std::string json;  // empty: text alone; "-": JSON in its place; else a file beside it
  twin::SimulationOptions options;
  std::function<void()> ran;  // called before anything is printed
};

/// Shares the machine as `supernode plan` does where not all deployments are listed, runs the
/// tenants, and prints. Returns the exit status.
int run_shared_simulation(const twin::SharedMachine& machine, const SharedSimulation& run);

}  // namespace sn::cli
