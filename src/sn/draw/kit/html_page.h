// sn/draw/kit/html_page.h
//
// Pieces of the self-contained HTML pages of `validate`: one style, a title block, tables, folded
// parts, drawings inside. No scripts, nothing from outside, prints on paper.
//
// Cells, titles and words are plain text and escaped here; bodies are HTML already.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sn::draw {

/// One row; the first `left` cells are text, the rest numbers. `tag` is "td" or "th"; `mark` is
/// "met", "missed" or nothing.
[[nodiscard]] std::string html_row(const std::vector<std::string>& cells, std::size_t left,
                                   std::string_view tag, std::string_view mark = "");
[[nodiscard]] std::string html_table(const std::string& rows);
/// Shown when its title is clicked.
[[nodiscard]] std::string html_folded(const std::string& title, const std::string& body);
/// A drawing as a part of a page: no XML declaration.
[[nodiscard]] std::string html_drawing(const std::string& svg);
/// The heading of a part with what it says in short: pairs of "TABLES", "3 of 4 on target".
[[nodiscard]] std::string html_title_block(
    const std::string& heading, const std::string& words,
    const std::vector<std::pair<std::string, std::string>>& figures);
/// The whole page.
[[nodiscard]] std::string html_page(const std::string& title, const std::string& body);

/// "12.3 %", "-" when it is not finite.
[[nodiscard]] std::string html_percent(double share);
/// "met" or "missed", or nothing where nothing was `judged`.
[[nodiscard]] std::string_view html_mark(bool judged, bool met);

}  // namespace sn::draw
