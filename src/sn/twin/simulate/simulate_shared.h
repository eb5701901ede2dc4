// sn/twin/simulate/simulate_shared.h
//
// Several deployments on one machine in one run: the tenants of a scenario, each with its own
// model, GPUs, requests and SLO, as the deployments of one engine on one clock.
//
// All are measured over the same time, that of the shortest workload: requests end there, warm-up
// is a share of it. Tenants have disjoint GPUs and queues of their own; what they could meet on
// (feed, clocks, OS images, spine switches) does not slow them (planner/share_notes.cc).
//
//   machine's rate = sum over the deployments; per GPU: over all GPUs of the machine
//   energy per token = (chips of the deployments, and the idle ones) / output tokens

#pragma once

#include <string>
#include <vector>

#include "sn/twin/scenario/tenants.h"
#include "sn/twin/simulate/simulate.h"

namespace sn::twin {

/// What runs on a tenant's share.
struct TenantRun {
  serving::ServingPlan plan;
  std::int64_t gpus = 0;  // of the share; the plan may take fewer
  bool knee = false;      // look for the tenant's knee on its share first, and run it there
  double multiple = 1.0;  // of its workload's own rate; of a knee, where to look first
};

struct TenantResult {
  std::string name;
  std::int64_t gpus = 0;  // of the share
  SimulationReport report;
};

struct SharedReport {
  std::string name;
  std::string machine;
  std::int64_t gpus = 0;       // of the cluster
  std::int64_t left_over = 0;  // in nobody's share
  bool meets_slo = false;      // all of them
  bool interrupted = false;
  Time measured;                // from the end of the warm-up
  double request_rate = 0.0;    // arrived per second
  double goodput = 0.0;         // requests per second that meet every limit of their SLO
  double output_tokens = 0.0;   // per second
  double total_tokens = 0.0;    // input and output
  double output_per_gpu = 0.0;  // per GPU of the machine
  double joules_per_token = 0.0;
  std::vector<TenantResult> tenants;  // in the scenario's order
  Errors warnings;
};

void describe(ReportVisitor& v, const TenantResult& result);
void describe(ReportVisitor& v, const SharedReport& report);

/// Runs one deployment for each tenant, in their order. Errors: a plan does not fit in memory, a
/// trace can no longer be read.
[[nodiscard]] Result<SharedReport> simulate_shared(const SharedMachine& machine,
                                                   const std::vector<TenantRun>& runs,
                                                   const SimulationOptions& options,
                                                   const Run& run = Run());

}  // namespace sn::twin
