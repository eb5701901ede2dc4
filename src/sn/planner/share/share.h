// sn/planner/share/share.h
//
// Several tenants on one machine: which GPUs each gets, and its best deployment on them.
//
// Tenants get disjoint GPUs; each is planned by `plan` with its share as the limit. In order:
//   share given      plans on its GPUs
//   fixed rate       takes the fewest GPUs that carry the rate
//   rate: knee       these share what is left: the GPUs are dealt so that the least of
//                      multiple_i = knee_i(GPUs_i) / (weight_i x own rate_i)
//                    is as large as possible (max-min fairness, Bertsekas and Gallager, Data
//                    Networks, 6.5.2, first step); each then has the fewest GPUs for it
// The knee is taken to grow with the GPUs. All plans must fit side by side into the ScaleUp domains
// (`fit_together`). The common multiple is found to 0.1 %; the order of the tenants does not
// matter.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sn/base/result.h"
#include "sn/base/run.h"
#include "sn/planner/plan.h"
#include "sn/planner/report.h"
#include "sn/twin/scenario/tenants.h"

namespace sn::planner {

/// How a tenant comes to its GPUs.
enum class ShareKind { given, fixed_rate, max_min };
[[nodiscard]] std::string_view to_string(ShareKind kind);

struct TenantReport {
  std::string name;
  ShareKind kind = ShareKind::max_min;
  std::int64_t gpus = 0;  // its share; the plan of a given share may take fewer
  double weight = 1.0;
  PlanReport plan;  // of the share alone; the first candidate is what the tenant gets
};

struct ShareReport {
  std::string name;
  std::string machine;
  std::int64_t gpus = 0;       // of the cluster
  std::int64_t left_over = 0;  // in nobody's share
  /// The least multiple / weight of the max-min tenants; 0 without any.
  double common_multiple = 0.0;
  double output_tokens = 0.0;          // per second, all tenants
  double total_tokens = 0.0;           // input and output
  double output_per_gpu = 0.0;         // per GPU of the cluster
  Power power;                         // of the chips: the tenants' work, and the idle ones
  Power feed;                          // of all racks
  std::vector<TenantReport> tenants;   // in the scenario's order
  std::vector<std::string> modelling;  // what is shared and may interfere, what is not
  bool interrupted = false;            // stopped: the best shares found by then
  Errors warnings;
};

void describe(ReportVisitor& v, const TenantReport& report);
void describe(ReportVisitor& v, const ShareReport& report);

/// Errors: what `plan` says of a tenant; GPUs that are missing, with the multiple of a fixed rate
/// at which the tenants would fit; plans that do not fit the domains side by side.
[[nodiscard]] Result<ShareReport> share(const twin::SharedMachine& machine,
                                        const PlanOptions& options = {}, const Run& run = Run());

/// That deployments which take `taken` GPUs in all do not fit the domains side by side.
[[nodiscard]] Error not_side_by_side(const twin::SharedMachine& machine, std::int64_t taken);

}  // namespace sn::planner
