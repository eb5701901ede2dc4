// sn/draw/plan/plan_text_parts.h
//
// Private pieces of the text views of a plan, shared by plan_text.cc, explain_text.cc and
// comparison_text.cc.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sn/draw/kit/table.h"
#include "sn/planner/report.h"

namespace sn::draw {

/// A quantile that the SLO names for one metric, with what a deployment reaches there.
struct TargetView {
  std::string label;  // "TTFT p90"
  Time limit;
  Time reached;
};

/// Targets of the SLO with the values of `candidate`; those whose quantile the report does not hold
/// (p75) are left out.
[[nodiscard]] std::vector<TargetView> targets_of(const planner::PlanReport& report,
                                                 const planner::Candidate& candidate);

/// "48 prefill + 80 decode" or "128 aggregated".
[[nodiscard]] std::string pools_text(const planner::Candidate& candidate);
/// "6 x (DP8 EP8)", "-" for a pool that is not there.
[[nodiscard]] std::string pool_text(const planner::PoolReport& pool);
/// As `pool_text`, with the draft tokens of MTP: "1 x (DP80 EP80) MTP1".
[[nodiscard]] std::string decode_text(const planner::PoolReport& pool);
/// "fp8/fp8/fp8": weights, activations, KV.
[[nodiscard]] std::string precision_text(const planner::PoolReport& pool);
[[nodiscard]] std::string seconds_text(Time t);
[[nodiscard]] std::string milliseconds_text(Time t);

/// What was asked, what was counted, the ranked deployments and the knee: the top of both views.
[[nodiscard]] std::string plan_head(const planner::PlanReport& report, const TextStyle& style);
/// By how much the first candidate misses the SLO; empty when it meets it.
[[nodiscard]] std::string closest_miss(const planner::PlanReport& report);

}  // namespace sn::draw
