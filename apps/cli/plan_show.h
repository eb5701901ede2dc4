// apps/cli/plan_show.h
//
// Views of what `supernode plan` answers.

#pragma once

#include <string>
#include <vector>

#include "apps/cli/outputs.h"
#include "sn/api/plan.h"

namespace sn::cli {

/// How a plan is shown besides its outputs.
struct PlanView {
  std::string source;  // "a.yaml --tenant chat"
  bool explain = false;
};

/// One report, or a comparison of several.
[[nodiscard]] int show_plans(const std::vector<planner::PlanReport>& reports, const PlanView& view,
                             const Outputs& outputs, int code);
[[nodiscard]] int show_share(const planner::ShareReport& report, const PlanView& view,
                             const Outputs& outputs);
[[nodiscard]] int show_vary(const planner::VaryReport& report, const PlanView& view,
                            const Outputs& outputs);
[[nodiscard]] int show_why_not(const planner::WhyNotReport& report, const Outputs& outputs);

}  // namespace sn::cli
