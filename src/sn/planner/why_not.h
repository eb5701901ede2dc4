// sn/planner/why_not.h
//
// What rules a given deployment out, or what it loses to the best one, and by how much.
//
// In order: whether the model can be cut that way, GPUs and ScaleUp domains, memory, targets missed
// at vanishing load, the rate asked for; a deployment that passes them all is compared with the
// best, by its rate under the SLO and by where the GPU time of an output token goes (Bills::gpu).

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sn/base/result.h"
#include "sn/planner/plan.h"
#include "sn/planner/report.h"
#include "sn/twin/world.h"

namespace sn::planner {

/// A deployment as the table of a plan writes it: "15 x (TP4 EP4 PP2) chunk 8192 + 1 x (TP2 DP4
/// EP8 two_batch) MTP1", prefill first; one pool alone is aggregated. Defaults: one replica, every
/// degree 1, EP over all ranks of a stage with DP or CP, chunk 8192. Precision is the World's
/// first. Errors: words that are none of these, each with its place in the text.
[[nodiscard]] Result<serving::ServingPlan> parse_deployment(const twin::World& world,
                                                            const std::string& text);

/// What `parse_deployment` reads: "8 x (DP8 EP8) chunk 8192 + 1 x (DP64 EP64 two_batch)".
[[nodiscard]] std::string deployment_text(const serving::ServingPlan& plan);

/// GPU time of an output token that goes to one item, here and in the best deployment.
struct TimeAgainst {
  std::string item;
  Time here;
  Time best;
};

struct WhyNotReport {
  PlanSubject subject;
  serving::ServingPlan plan;  // that was asked about
  bool ruled_out = false;
  bool best_of_all = false;
  std::vector<std::string> reasons;    // each with its numbers
  std::optional<Candidate> candidate;  // where it can run at all
  std::optional<Candidate> best;       // of the plan; nothing where none meets the SLO
  int rank = 0;                        // among the deployments compared; 0: not among them
  std::vector<TimeAgainst> times;      // by difference, largest first
  bool interrupted = false;            // against what was found by then
};

void describe(ReportVisitor& v, const TimeAgainst& time);
void describe(ReportVisitor& v, const WhyNotReport& report);

/// `plan` is what the planner answers for this World.
[[nodiscard]] WhyNotReport why_not(const twin::World& world, const serving::ServingPlan& plan,
                                   const PlanReport& report, const Run& run = Run());

/// The plan of a row of the table: by its number ("3"), by its line as it was printed, or by its
/// pools alone ("15 x (TP4 DP2 EP8) + 1 x (DP8 EP8) MTP1", whatever the row's chunk). The first
/// that fits; nothing where none does.
[[nodiscard]] std::optional<serving::ServingPlan> row_meant(const PlanReport& report,
                                                            const std::string& text);

}  // namespace sn::planner
