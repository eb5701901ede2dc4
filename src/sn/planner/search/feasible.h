// sn/planner/search/feasible.h
//
// Why a plan cannot be: memory, ScaleUp domains. Internal to the planner.

#pragma once

#include "sn/base/result.h"
#include "sn/planner/search/search.h"
#include "sn/twin/world.h"

namespace sn::planner {

/// The model fits in no way: what the closest shape lacks, and what would make it fit.
[[nodiscard]] Errors does_not_fit(const twin::World& world, const SearchResult& found);

/// Every shape fits by itself, yet no plan can be made of them.
[[nodiscard]] Error no_plan(const twin::World& world);

/// A given plan must fit the ScaleUp domains and the memory of each pool.
[[nodiscard]] Errors check_fits(const twin::World& world, const serving::ServingPlan& plan);

}  // namespace sn::planner
