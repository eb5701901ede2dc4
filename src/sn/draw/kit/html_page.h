// sn/draw/kit/html_page.h
//
// Pieces of the self-contained HTML pages of `validate`: one style, a title block, folded parts,
// drawings inside. No scripts, nothing from outside, prints on paper. Tables: table.h.
//
// Titles and words are plain text and escaped here; bodies are HTML already.

#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sn::draw {

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
