// sn/planner/sensitivity.h
//
// How much a plan's result moves when one number of the machine moves: elasticities and assumption
// checks.
//
// The result is the plan's largest output rate under the SLO, per GPU. Each continuous parameter of
// the World is perturbed by its ParamId, everything else held:
//   elasticity = (ln r(1.1 v) - ln r(0.9 v)) / (ln 1.1 - ln 0.9)
// A value at the edge of its range is perturbed to one side only. No model function knows of this.

#pragma once

#include <vector>

#include "sn/base/run.h"
#include "sn/planner/report.h"
#include "sn/twin/world.h"

namespace sn::planner {

struct Sensitivity {
  std::vector<Elasticity> elasticities;     // |elasticity| >= 0.0005, largest first
  std::vector<AssumptionLine> assumptions;  // assumed numbers that matter, largest effect first
};

[[nodiscard]] Sensitivity sensitivity(const twin::World& world, const serving::ServingPlan& plan,
                                      const Run& run = Run());

}  // namespace sn::planner
