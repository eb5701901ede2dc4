// apps/cli/plan_choice.h
//
// What a user of `supernode plan` chooses to look at: --filter, --pareto, --why-not.

#pragma once

#include <string>
#include <vector>

#include "apps/cli/cli.h"
#include "sn/planner/plan.h"
#include "sn/twin/world.h"

namespace CLI {  // NOLINT(readability-identifier-naming): theirs
class App;
}

namespace sn::cli {

struct Choice {
  std::vector<std::string> filters;
  std::string pair;
  std::string why_not;

  [[nodiscard]] bool any() const { return !filters.empty() || !pair.empty() || !why_not.empty(); }
};

void describe_choice(CLI::App& app, Choice& choice);

/// Reads filters and pair into `options`; `single`: one scenario is planned, without --vary.
void check_choice(const std::string& verb, const Choice& choice, bool single,
                  planner::PlanOptions& options, Errors& errors);

/// Answers --why-not, as text or in `json` ("-" or a file); returns the exit code.
[[nodiscard]] int answer_why_not(const twin::World& world, const planner::PlanReport& report,
                                 const std::string& deployment, const std::string& json);

}  // namespace sn::cli
