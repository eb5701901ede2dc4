// sn/draw/evidence/validation_views.h
//
// Views of `supernode validate`: text, JSON (schema/validation.schema.json), and a self-contained
// HTML page with one drawing sheet per family.

#pragma once

#include <cstddef>
#include <string>

#include "sn/draw/kit/table.h"
#include "sn/evidence/common/validation.h"

namespace sn::draw {

/// How much of a validation the text shows beside its summaries.
struct ValidationDetail {
  std::size_t worst = 10;   // rows, and tables, farthest from their prediction
  bool tables = false;      // every table; else, of more than a page, those farthest from target
  bool parameters = false;  // every parameter that the predictions rest on; else their count
};

/// Families, chips, tables, rows without a prediction, the worst rows, the parameters' count.
[[nodiscard]] std::string validation_text(const evidence::Validation& validation,
                                          const TextStyle& style, const ValidationDetail& detail);

/// Errors as fractions, times in seconds.
[[nodiscard]] std::string validation_json(const evidence::Validation& validation);

/// Predicted against measured, and the error by measured time, of one family.
/// `number` and `sheet_of` ("2 OF 12") go into the title block.
[[nodiscard]] std::string validation_svg(const evidence::Density& density,
                                         const evidence::Summary& summary, int number,
                                         const std::string& sheet_of);

/// The overview: every family on every chip against its target.
[[nodiscard]] std::string validation_matrix_svg(const evidence::Validation& validation,
                                                const std::string& sheet_of);

[[nodiscard]] std::string validation_html(const evidence::Validation& validation);
/// The same as a part of a page (html_page.h).
[[nodiscard]] std::string validation_section(const evidence::Validation& validation);

}  // namespace sn::draw
