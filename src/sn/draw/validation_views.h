// sn/draw/validation_views.h
//
// Views of `supernode validate`: text, JSON (schema/validation.schema.json), and a self-contained
// HTML page with one drawing sheet per family.

#pragma once

#include <cstddef>
#include <string>

#include "sn/draw/text_table.h"
#include "sn/evidence/validation.h"

namespace sn::draw {

/// Families, chips, tables, then the `worst` rows over all tables.
[[nodiscard]] std::string validation_text(const evidence::Validation& validation,
                                          const TextStyle& style, std::size_t worst);

/// Errors as fractions, times in seconds.
[[nodiscard]] std::string validation_json(const evidence::Validation& validation);

/// Predicted against measured, and the error by measured time, of one family.
[[nodiscard]] std::string validation_svg(const evidence::Density& density,
                                         const evidence::Summary& summary);

[[nodiscard]] std::string validation_html(const evidence::Validation& validation);

}  // namespace sn::draw
