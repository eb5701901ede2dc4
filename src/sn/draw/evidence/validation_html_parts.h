// sn/draw/evidence/validation_html_parts.h
//
// What the pages of kernels and of collectives share: both are a Validation. Private to the pages.

#pragma once

#include <string>
#include <utility>
#include <vector>

#include "sn/evidence/common/validation.h"

namespace sn::draw {

/// One drawing a family; before them the matrix of families and chips where asked for and where
/// there is more than one of either.
[[nodiscard]] std::string html_sheets(const evidence::Validation& v, bool overview);
/// Rows without a prediction and files that are `not_read`, each with the reason; empty: none.
[[nodiscard]] std::string html_skips(
    const evidence::Validation& v,
    const std::vector<std::pair<std::string, std::string>>& not_read = {});
[[nodiscard]] std::string html_worst_rows(const evidence::Validation& v);
[[nodiscard]] std::string html_parameters(const evidence::Validation& v);

}  // namespace sn::draw
