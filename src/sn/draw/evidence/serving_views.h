// sn/draw/evidence/serving_views.h
//
// Views of `supernode validate serving`: text, JSON (schema/serving_validation.schema.json), and a
// self-contained HTML page with drawings.

#pragma once

#include <string>
#include <utility>
#include <vector>

#include "sn/draw/kit/table.h"
#include "sn/evidence/serving/calibrate_serving.h"
#include "sn/evidence/serving/validate_serving.h"

namespace sn::draw {

/// Summary, groups, the worst points, then the published cases with their intervals.
[[nodiscard]] std::string serving_validation_text(const evidence::ServingValidation& validation,
                                                  const TextStyle& style);

/// The published cases alone, side by side with conditions: the page in docs/.
[[nodiscard]] std::string scale_cases_text(const evidence::ScaleCases& cases,
                                           const TextStyle& style);

/// Files that were left unread, each with the reason.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> serving_not_read(
    const evidence::ServingValidation& validation);

/// Predicted against measured TPOT, TTFT and throughput, a mark a point.
[[nodiscard]] std::string serving_points_svg(const evidence::ServingValidation& validation,
                                             const std::string& sheet_of);
/// Published supernodes beside their predictions with the 80 % interval, a line a case.
[[nodiscard]] std::string scale_cases_svg(const evidence::ScaleCases& cases,
                                          const std::string& sheet_of);

/// Targets, drawings, groups, replays, what was skipped, cases with their conditions.
[[nodiscard]] std::string serving_validation_html(const evidence::ServingValidation& validation);
/// The same as a part of a page (html_page.h).
[[nodiscard]] std::string serving_validation_section(const evidence::ServingValidation& validation);

/// Host times of engines after a fit, with what the data cannot tell.
[[nodiscard]] std::string serving_calibration_text(const evidence::ServingCalibration& calibration,
                                                   const TextStyle& style);

/// Errors as fractions, times in seconds.
[[nodiscard]] std::string serving_validation_json(const evidence::ServingValidation& validation);

}  // namespace sn::draw
