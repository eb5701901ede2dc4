// sn/draw/serving_views.h
//
// Views of `supernode validate serving`: text and JSON (schema/serving_validation.schema.json).

#pragma once

#include <string>

#include "sn/draw/text_table.h"
#include "sn/evidence/calibrate_serving.h"
#include "sn/evidence/validate_serving.h"

namespace sn::draw {

/// Summary, groups, the worst points, then the published cases with their intervals.
[[nodiscard]] std::string serving_validation_text(const evidence::ServingValidation& validation,
                                                  const TextStyle& style);

/// The published cases alone, side by side with conditions: the page in docs/.
[[nodiscard]] std::string scale_cases_text(const evidence::ScaleCases& cases,
                                           const TextStyle& style);

/// Host times of engines after a fit, with what the data cannot tell.
[[nodiscard]] std::string serving_calibration_text(const evidence::ServingCalibration& calibration,
                                                   const TextStyle& style);

/// Errors as fractions, times in seconds.
[[nodiscard]] std::string serving_validation_json(const evidence::ServingValidation& validation);

}  // namespace sn::draw
