// sn/draw/plan/share_views.h
//
// Several tenants on one machine: one page of text, and JSON (schema/share.schema.json).

#pragma once

#include <string>

#include "sn/draw/kit/table.h"
#include "sn/planner/share/share.h"

namespace sn::draw {

/// Machine, a line for each tenant with its best deployment, totals, and what may interfere.
[[nodiscard]] std::string share_table(const planner::ShareReport& report, const TextStyle& style);

/// Everything of the report; each tenant holds its plan as `plan_json` writes it.
[[nodiscard]] std::string share_json(const planner::ShareReport& report);

}  // namespace sn::draw
