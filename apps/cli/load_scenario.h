// apps/cli/load_scenario.h
//
// Scenario files as the verbs of `supernode` load them, and what `plan --vary` needs of them.

#pragma once

#include <string>
#include <vector>

#include "sn/base/document/document.h"
#include "sn/base/result.h"
#include "sn/catalog/catalog.h"
#include "sn/planner/plan.h"
#include "sn/twin/scenario/scenario.h"

namespace sn::cli {

/// The parsed scenario with the flags laid over it; "-" is standard input. Limit: 4 MiB.
[[nodiscard]] Result<Node> read_scenario(const std::string& file, const twin::Overrides& overrides);

/// Folder that relative paths of the scenario are looked up in, after the current one.
[[nodiscard]] std::string directory_of(const std::string& file);

/// `supernode plan FILE --vary ...`, checked.
struct VaryRun {
  std::string file;
  twin::Overrides overrides;
  std::string catalog;  // folder that is laid over the catalog
  std::vector<std::string> flags;
  planner::PlanOptions options;
  std::string json;
  std::string svg;
  bool quiet = false;
};

int run_vary(const VaryRun& run);

}  // namespace sn::cli
