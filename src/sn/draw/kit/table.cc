// sn/draw/kit/table.cc
//
// Column widths, number formats and line breaks (see table.h).

#include "sn/draw/kit/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "sn/base/result.h"
#include "sn/base/text/utf8.h"
#include "sn/draw/kit/fold.h"
#include "sn/draw/kit/sheet.h"

namespace sn::draw {

namespace {

constexpr std::size_t longest_cell = 200;

std::string padded(const std::string& text, std::size_t width, Align align) {
  const std::size_t own = utf8_count(text);
  const std::string blanks(width > own ? width - own : 0, ' ');
  return align == Align::left ? text + blanks : blanks + text;
}

/// Exponent of `value` once it is rounded to `digits` significant digits.
int rounded_exponent(double value, int digits) {
  const std::string text = fmt::format("{:.{}e}", std::abs(value), digits - 1);
  const std::size_t at = text.find('e') + 1;
  const char* first = text.data() + at + (text[at] == '+' ? 1 : 0);
  int exponent = 0;
  std::from_chars(first, text.data() + text.size(), exponent);
  return exponent;
}

std::string with_blanks(std::string text) {
  const std::size_t first = text[0] == '-' || text[0] == '+' ? 1 : 0;
  std::size_t at = std::min(text.find('.'), text.size());
  while (at > first + 3) {
    at -= 3;
    text.insert(at, 1, ' ');
  }
  return text;
}

/// A word that belongs to the one before it: "41 %", "memory +10 % -> +3 %".
bool clings(const std::string& word) {
  return word[0] == '%' || word[0] == '+' || word.starts_with("->") ||
         (word[0] == '-' && word.size() > 1 && word[1] >= '0' && word[1] <= '9');
}

}  // namespace

Table::Table(std::size_t left, const std::vector<std::string>& headers) {
  for (const std::string& header : headers) {
    columns_.push_back({header, columns_.size() < left ? Align::left : Align::right});
  }
}

void Table::row(std::vector<std::string> cells, std::string_view mark) {
  const std::size_t given = cells.size();
  cells.resize(columns_.size());
  rows_.push_back(
      {.rule = false, .cells = std::move(cells), .given = given, .mark = std::string(mark)});
}

void Table::rule() { rows_.push_back({.rule = true, .cells = {}, .given = 0, .mark = {}}); }

std::string Table::str(const TextStyle& style) const {
  std::vector<std::size_t> widths;
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    std::size_t width = utf8_count(columns_[c].header);
    for (const Row& r : rows_) {
      const bool runs_on = c + 1 == r.given && r.given < columns_.size();
      if (!r.rule && !runs_on) width = std::max(width, utf8_count(shown(r.cells[c], longest_cell)));
    }
    widths.push_back(width);
  }
  std::string out;
  for (const std::vector<std::size_t>& band : bands(widths, indent_, style.width)) {
    const auto line = [&](auto&& cell) {
      std::string text(indent_, ' ');
      for (const std::size_t c : band) {
        if (c > 0) text += "  ";
        text += padded(cell(c), widths[c], columns_[c].align);
      }
      text.resize(text.find_last_not_of(' ') + 1);
      return text;
    };
    const bool first = out.empty();
    out += first ? "" : "\n";
    out += heading(line([&](std::size_t c) { return columns_[c].header; }), style) + "\n";
    for (const Row& r : rows_) {
      // What runs on over missing columns has been said in the first band.
      if (!first && !r.rule && r.given <= band[1]) continue;
      out += line([&](std::size_t c) {
        return r.rule ? std::string(columns_[c].align == Align::right ? widths[c] : 0, '-')
                      : shown(r.cells[c], longest_cell);
      });
      out += "\n";
    }
  }
  return out;
}

std::string Table::html() const {
  const auto line = [&](std::string_view tag, std::string_view mark, auto&& cell) {
    std::string out = mark.empty() ? "<tr>" : fmt::format("<tr class=\"{}\">", mark);
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      const bool left = columns_[c].align == Align::left;
      out +=
          fmt::format("<{}{}>{}</{}>", tag, left ? " class=\"l\"" : "", escaped_xml(cell(c)), tag);
    }
    return out + "</tr>\n";
  };
  std::string out = "<div class=\"scroll\"><table>\n";
  out += line("th", "", [&](std::size_t c) { return columns_[c].header; });
  for (const Row& r : rows_) {
    if (!r.rule) out += line("td", r.mark, [&](std::size_t c) { return r.cells[c]; });
  }
  return out + "</table></div>\n";
}

std::string significant(double value, int digits) {
  if (!std::isfinite(value)) return "-";
  if (value == 0.0) return "0";
  const int exponent = rounded_exponent(value, digits);
  if (exponent < -6 || exponent > 15) return fmt::format("{:.{}e}", value, digits - 1);
  return with_blanks(fmt::format("{:.{}f}", value, std::max(0, digits - 1 - exponent)));
}

std::string fixed(double value, int decimals) {
  if (!std::isfinite(value)) return "-";
  std::string text = with_blanks(fmt::format("{:.{}f}", value, std::max(0, decimals)));
  // A small negative number must not print as minus nothing.
  return text.find_first_of("123456789") == std::string::npos && text[0] == '-' ? text.substr(1)
                                                                                : text;
}

std::string signed_percent(double share) {
  if (!std::isfinite(share)) return "-";
  const double percent = 100.0 * share;
  const int decimals = std::abs(percent) >= 10.0 ? 1 : 2;
  const std::string text = fixed(percent, decimals);
  const bool nothing = text.find_first_of("123456789") == std::string::npos;
  return (nothing || text[0] == '-' ? "" : "+") + text + " %";
}

std::string file_name(const TextStyle& style) {
  return style.file.empty() ? "FILE" : shown(style.file, longest_cell);
}

std::string heading(std::string_view text, const TextStyle& style) {
  if (!style.colour) return std::string(text);
  return "\x1b[1m" + std::string(text) + "\x1b[0m";
}

std::string wrapped(std::string_view text, std::size_t indent, std::size_t width) {
  std::vector<std::string> pieces;  // what no line break may part
  const std::string clean = shown(text, 4000);
  for (std::size_t at = 0; (at = clean.find_first_not_of(' ', at)) != std::string::npos;) {
    const std::size_t end = std::min(clean.find(' ', at), clean.size());
    std::string word = clean.substr(at, end - at);
    if (!pieces.empty() && clings(word)) {
      pieces.back() += " " + word;
    } else {
      pieces.push_back(std::move(word));
    }
    at = end;
  }
  std::string out;
  std::size_t column = indent;
  for (const std::string& piece : pieces) {
    const std::size_t length = utf8_count(piece);
    if (out.empty()) {
      out = piece;
      column += length;
    } else if (column + 1 + length > width) {
      out += "\n" + std::string(indent, ' ') + piece;
      column = indent + length;
    } else {
      out += " " + piece;
      column += 1 + length;
    }
  }
  return out;
}

}  // namespace sn::draw
