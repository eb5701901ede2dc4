// sn/draw/training/training_plan_views.h
//
// Views of `supernode plan` of a training scenario: text, JSON (schema/training_plan.schema.json).

#pragma once

#include <string>

#include "sn/api/training.h"
#include "sn/draw/kit/table.h"

namespace sn::draw {

/// `explain`: where the step of the first row goes, and what its memory holds.
[[nodiscard]] std::string training_plan_text(const api::TrainingPlanReport& report,
                                             const TextStyle& style, bool explain);
[[nodiscard]] std::string training_plan_json(const api::TrainingPlanReport& report);

}  // namespace sn::draw
