// sn/api/simulate.h
//
// A scenario's requests on its machine, request by request.
//
// The deployment is the scenario's own, or one of the planner's; the load is the World's rate, or
// its knee on that deployment. Tenants of one machine run together, each on its own deployment or,
// where one has none, all on the GPUs that the planner deals them.

#pragma once

#include <vector>

#include "sn/base/result.h"
#include "sn/base/run.h"
#include "sn/twin/scenario/tenants.h"
#include "sn/twin/simulate/simulate.h"
#include "sn/twin/simulate/simulate_shared.h"
#include "sn/twin/world.h"

namespace sn::api {

struct SimulateRequest {
  int rank = 1;  // of the planner's deployments, where the scenario lists none
  twin::SimulationOptions options = {};
  bool strict_order = false;  // a trace out of order is an error, not sorted
};

/// What `strict_order` finds.
[[nodiscard]] Errors check_order(const twin::World& world);

[[nodiscard]] Result<twin::SimulationResult> simulate(const twin::World& world,
                                                      const SimulateRequest& request = {},
                                                      const Run& run = Run());

/// `request.rank` is not asked for.
[[nodiscard]] Result<twin::SharedReport> simulate_shared(const twin::SharedMachine& machine,
                                                         const SimulateRequest& request = {},
                                                         const Run& run = Run());

}  // namespace sn::api
