// sn/planner/shortlist/shortlist.h
//
// Which of the screened plans are worth an engine run: few, and different from each other.
//
// Formulas are off by tens of per cent where queues decide, and off together for plans that share a
// pool. The list is therefore not the formulas' best: it takes the screened plans in order of their
// rate, but only so many of one prefill cut, of one chunk, of one decode cut, of one kind; plans
// that the formulas put below a third of the best are left out.

#pragma once

#include <vector>

#include "sn/planner/search/search.h"

namespace sn::planner {

inline constexpr std::size_t shortlist_most = 24;

/// `plans` in any order, `fixed_rate`: all carry the same load, fewer GPUs are better. The result
/// does not depend on how many rows a report shows.
[[nodiscard]] std::vector<FoundPlan> shortlist(std::vector<FoundPlan> plans, bool fixed_rate,
                                               std::size_t most = shortlist_most);

}  // namespace sn::planner
