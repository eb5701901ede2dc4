// apps/cli/share_plan.h
//
// `supernode plan` of a scenario with tenants: the page of the whole machine, or one tenant's share
// as a World of its own.

#pragma once

#include <string>

#include "sn/base/result.h"
#include "sn/planner/plan.h"
#include "sn/twin/scenario/tenants.h"

namespace sn::cli {

struct ShareRun {
  std::string file;
  planner::PlanOptions options;
  std::string json;
  bool quiet = false;
};

/// Plans all tenants and prints the page or its JSON; returns the exit code.
[[nodiscard]] int run_share(const twin::SharedMachine& machine, const ShareRun& run);

/// Reports a tenant that the machine does not have, with the nearest.
void check_tenant(const std::string& verb, const twin::SharedMachine& machine,
                  const std::string& tenant, Errors& errors);

/// Plans all tenants and returns the World of `tenant`, which there is, on its share.
[[nodiscard]] Result<twin::World> world_of_tenant(const twin::SharedMachine& machine,
                                                  const std::string& tenant, const ShareRun& run);

}  // namespace sn::cli
