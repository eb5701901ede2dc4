// sn/draw/plan/vary_views.h
//
// One question over the values of scenario fields, as a table, as JSON and as a sheet of small
// multiples.
//
// The sheet has one strip for each combination of the other fields: output tokens/s per GPU over
// the values of the last field, evenly spaced as they were listed; the flat range within 5 % of the
// best is hatched, the best marked.

#pragma once

#include <string>

#include "sn/draw/kit/table.h"
#include "sn/planner/vary.h"

namespace sn::draw {

/// "optimum at 64, flat within 5 % from 32 to 128"; of one value alone, that no other is so near.
[[nodiscard]] std::string flat_words(const planner::VaryVerdict& verdict);

[[nodiscard]] std::string vary_table(const planner::VaryReport& report, const TextStyle& style);
/// The SLO, with what of it is varied.
[[nodiscard]] std::string vary_slo_text(const planner::VaryReport& report);
[[nodiscard]] std::string vary_json(const planner::VaryReport& report);
[[nodiscard]] std::string vary_svg(const planner::VaryReport& report);

}  // namespace sn::draw
