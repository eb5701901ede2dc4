// sn/planner/plan.h
//
// Finds the best deployments of a model on a machine under an SLO.
//
// Enumerates instance shapes (tp, dp, ep, pp, precision, draft tokens, chunk), keeps those that fit
// in memory, finds for each the largest load under the SLO with the steady-state models, joins
// prefill and decode shapes so that together they fill the cluster's ScaleUp domains, and ranks by
// output tokens per second and GPU. At a fixed rate it takes the fewest GPUs that carry it. Shapes
// are evaluated in parallel into fixed slots: the result does not depend on the number of threads.
//
// Formulas screen, the engine decides: a diverse shortlist of what the search finds is played on
// the World's requests (shortlist/race.h), and the figures and ranks of the report are the
// engine's. Rows that only a formula speaks for follow after them and say so (`Candidate::played`
// 0).

#pragma once

#include "sn/base/result.h"
#include "sn/base/run.h"
#include "sn/planner/metric.h"
#include "sn/planner/report.h"
#include "sn/planner/shortlist/race.h"
#include "sn/twin/world.h"

namespace sn::planner {

class PriceMemo;  // price.h

struct PlanOptions {
  int top = 10;         // candidates reported; which ones lead does not depend on it
  bool screen = false;  // by closed forms alone, without the engine
  bool explain = false;
  bool operating =
      true;  // a load below the knee of the first row, and what losing an instance does
  RaceOptions race = {};        // how the engine plays the shortlist
  bool pareto = true;           // points of the front; a comparison of many worlds does without
  PriceMemo* prices = nullptr;  // of the world's PriceBasis, shared by plans (price.h)
  std::vector<Condition> filters = {};            // candidates meet all of them
  std::optional<MetricPair> pair = std::nullopt;  // traded off in `PlanReport::tradeoff`
};

/// Errors: the model fits in no way (by how much, and what would make it fit), no deployment that
/// meets the SLO passes the filters. An SLO that nobody
/// meets is not an error here: the report then holds the closest misses and `meet` is 0.
/// Stopped, the rows are of what was found by then, by formulas where the engine had not finished.
[[nodiscard]] Result<PlanReport> plan(const twin::World& world, const PlanOptions& options = {},
                                      const Run& run = Run());

/// "128 x b200 in 1 al128, ScaleUp 900 GB/s per direction, domain 128"; "60 of 128 x ..." where the
/// World is limited.
[[nodiscard]] std::string machine_text(const twin::World& world);

/// Explanation of one plan at one rate: bills, elasticities, assumptions.
[[nodiscard]] Explanation explain(const twin::World& world, const serving::ServingPlan& plan,
                                  double requests, const Run& run = Run());

/// Where the mean TTFT and TPOT of one plan go, without the rest of the explanation.
struct Bills {
  std::vector<BillLine> ttft;
  std::vector<BillLine> tpot;
  /// GPU time of one output token, every GPU of the cluster counted: adds up to
  /// 1 / (tokens/s per GPU). "prefill experts", "prefill idle", "decode attention", "unused GPUs".
  std::vector<BillLine> gpu;
};
[[nodiscard]] Bills bill_of(const twin::World& world, const serving::ServingPlan& plan,
                            double requests);

/// The rate that bills of a row are made at: its operating load where it has one, as far as the
/// formulas of the bills have a steady state there.
[[nodiscard]] double billed_rate(const twin::World& world, const Candidate& candidate);

/// Badge of a result on this world: the weakest of the kernel family's evidence and the chip's own
/// numbers.
[[nodiscard]] Evidence evidence_of(const twin::World& world);
/// Of one plan: no better than `other_generation` where its engine calls kernels that were measured
/// on another generation of chips alone.
[[nodiscard]] Evidence evidence_of(const twin::World& world, const serving::ServingPlan& plan);

}  // namespace sn::planner
