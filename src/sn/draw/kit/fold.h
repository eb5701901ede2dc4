// sn/draw/kit/fold.h
//
// Text for a page of a given width: lines broken between words, columns of tables put below each
// other.
//
// Widths count characters; escape sequences of colour count nothing. A word longer than the page
// stands alone on its line, whole.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sn::draw {

/// `text` with every line of more than `width` characters broken at blanks; what follows is
/// indented by two more than the line was. 0: as it is.
[[nodiscard]] std::string folded(std::string_view text, std::size_t width);

/// Columns of a table with these widths, two blanks between them, in as many bands as a page of
/// `width` needs; every band begins with the first column. 0: one band.
[[nodiscard]] std::vector<std::vector<std::size_t>> bands(const std::vector<std::size_t>& widths,
                                                          std::size_t indent, std::size_t width);

}  // namespace sn::draw
