// sn/planner/search/search.h
//
// The search proper: capacity of every shape, joined into plans. Internal to the planner.

#pragma once

#include <cstdint>
#include <vector>

#include "sn/base/run.h"
#include "sn/planner/metric.h"
#include "sn/planner/report.h"
#include "sn/planner/search/shapes.h"
#include "sn/twin/world.h"

namespace sn::planner {

class PriceMemo;

/// A plan found by the search, with the rate it carries under the SLO.
struct FoundPlan {
  serving::ServingPlan plan;
  double requests = 0.0;  // largest rate under the SLO (knee)
};

struct SearchResult {
  std::int64_t considered = 0;
  std::int64_t fit = 0;
  std::int64_t meet = 0;
  std::vector<FoundPlan> plans;     // all that meet the SLO and the target rate, in a fixed order
  std::vector<FoundPlan> around;    // the best two plans around each prefill shape, likewise
  std::vector<FoundPlan> misses;    // when none does: the closest in TTFT and TPOT, or in rate
  std::vector<ParetoPoint> points;  // every plan and batch evaluated, TTFT targets held
  Bytes least_shortfall;            // when nothing fits: bytes per GPU that the best shape lacks
  Shape closest;                    // that shape
};

/// Without `points` the plans are the same and those of smaller batches are not priced. `prices`
/// are shared with worlds of other sizes; may be null. Shapes that fail one of `filters` by
/// themselves are left out. Stopped, the plans are those of the shapes that were priced.
[[nodiscard]] SearchResult search(const twin::World& world, bool points = true,
                                  PriceMemo* prices = nullptr,
                                  const std::vector<Condition>& filters = {},
                                  const Run& run = Run());

/// "48 prefill + 80 decode, DP80 EP80" or "128 aggregated, TP8".
[[nodiscard]] std::string point_label(const serving::ServingPlan& plan);

}  // namespace sn::planner
