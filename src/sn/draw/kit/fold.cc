// sn/draw/kit/fold.cc
//
// Folds lines and tables (see fold.h).

#include "sn/draw/kit/fold.h"

#include <algorithm>

#include "sn/base/text/utf8.h"

namespace sn::draw {

namespace {

/// Characters that a terminal shows of `text`.
std::size_t seen(std::string_view text) {
  std::size_t hidden = 0;
  for (std::size_t at = 0; (at = text.find('\x1b', at)) != std::string_view::npos;) {
    const std::size_t end = std::min(text.find('m', at), text.size() - 1);
    hidden += end - at + 1;
    at = end + 1;
  }
  return utf8_count(std::string(text)) - hidden;
}

std::string folded_line(std::string_view line, std::size_t width) {
  const std::size_t start = std::min(line.find_first_not_of(' '), line.size());
  const std::string indent(std::min(start + 2, width / 2), ' ');
  std::string out;
  std::string row(line.substr(0, start));
  bool empty = true;
  std::size_t blanks = 0;
  for (std::size_t at = start; at < line.size();) {
    const std::size_t end = std::min(line.find(' ', at), line.size());
    if (end == at) {
      ++blanks;
      ++at;
      continue;
    }
    const std::string_view word = line.substr(at, end - at);
    if (!empty && seen(row) + blanks + seen(word) > width) {
      out += row + "\n";
      row = indent;
      blanks = 0;
    }
    row += std::string(blanks, ' ') + std::string(word);
    blanks = 0;
    empty = false;
    at = end;
  }
  return out + row;
}

}  // namespace

std::string folded(std::string_view text, std::size_t width) {
  if (width == 0) return std::string(text);
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    out +=
        line.size() <= width || seen(line) <= width ? std::string(line) : folded_line(line, width);
    if (end < text.size()) out += '\n';
    at = end + 1;
  }
  return out;
}

std::vector<std::vector<std::size_t>> bands(const std::vector<std::size_t>& widths,
                                            std::size_t indent, std::size_t width) {
  constexpr std::size_t gap = 2;
  std::vector<std::vector<std::size_t>> out(1);
  std::size_t used = indent;
  for (std::size_t c = 0; c < widths.size(); ++c) {
    const std::size_t least = c == 0 ? 0 : 1;  // columns of a band before it may end
    const std::size_t needed = widths[c] + (out.back().empty() ? 0 : gap);
    if (width > 0 && c > 0 && used + needed > width && out.back().size() > least) {
      out.push_back({0});
      used = indent + widths[0];
    }
    out.back().push_back(c);
    used += widths[c] + (out.back().size() > 1 ? gap : 0);
  }
  return out;
}

}  // namespace sn::draw
