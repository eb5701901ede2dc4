// sn/base/result.cc
//
// Errors as text for a person: place, message, source line, caret, hint; and the nearest name.
//
//   bad.yaml:7:12: error: unknown rack 'al182'
//         rack: al182
//               ^~~~~   did you mean 'al128'?
//
// Columns are bytes; the caret counts characters, so it stands right under text of single width.
// Text that came from a file is shown with control characters replaced, those of bidirectional text
// among them: it cannot steer a terminal, nor show names in another order than they are read.

#include "sn/base/result.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <set>
#include <tuple>
#include <utility>

#include "sn/base/text/utf8.h"

namespace sn {

namespace {

constexpr std::size_t excerpt_indent = 6;
constexpr std::size_t longest_name = 256;  // longer ones are not typing mistakes

/// Marks that turn the direction of the text after them, and separators of lines and paragraphs:
/// U+061C, U+200E, U+200F, U+2028 to U+202E, U+2066 to U+2069.
bool steers_text(std::string_view character) {
  if (character == "\xd8\x9c") return true;
  if (character.size() != 3 || character[0] != '\xe2') return false;
  const auto last = static_cast<unsigned char>(character[2]);
  if (character[1] == '\x80') return last == 0x8e || last == 0x8f || (last >= 0xa8 && last <= 0xae);
  return character[1] == '\x81' && last >= 0xa6 && last <= 0xa9;
}

/// One character, or a replacement: controls (also U+0080 to U+009F), marks of direction and bytes
/// that are not UTF-8 are '?', white space is a blank.
std::string_view harmless_character(std::string_view character) {
  const auto code = static_cast<unsigned char>(character[0]);
  if (character == "\t" || character == "\n" || character == "\r") return " ";
  const bool ascii_control = code < 0x20 || code == 0x7f;
  const bool more_control = code == 0xc2 && static_cast<unsigned char>(character[1]) < 0xa0;
  return ascii_control || more_control || steers_text(character) ? "?" : character;
}

std::string harmless(std::string_view text) {
  std::string out;
  for (std::size_t pos = 0; pos < text.size();) {
    const std::size_t length = utf8_length(text, pos);
    out += length == 0 ? "?" : harmless_character(text.substr(pos, length));
    pos += length == 0 ? 1 : length;
  }
  return out;
}

std::string position(const Location& where) {
  std::string out = harmless(where.file);
  const auto add = [&out](int number) {
    if (!out.empty()) out += ':';
    out += std::to_string(number);
  };
  if (where.line > 0) add(where.line);
  if (where.line > 0 && where.column > 0) add(where.column);
  if (!out.empty()) out += ": ";
  return out;
}

/// The excerpt without its leading blanks, and the caret line under it (no hint yet).
std::pair<std::string, std::string> excerpt_and_caret(const Location& where) {
  const std::string_view whole = where.excerpt;
  const std::size_t blanks = std::min(whole.find_first_not_of(" \t"), whole.size());
  std::string_view line = whole.substr(blanks);
  line = line.substr(0, line.find_last_not_of(" \t\r\n") + 1);
  const std::string indent(excerpt_indent, ' ');
  std::string caret;
  if (where.column > 0) {
    const auto offset = static_cast<std::size_t>(std::max(0, where.column - where.excerpt_column));
    const std::size_t at = std::min(offset > blanks ? offset - blanks : 0, line.size());
    const auto length = static_cast<std::size_t>(std::max(1, where.length));
    const std::size_t wide = std::max<std::size_t>(1, utf8_count(line.substr(at, length)));
    caret = indent + std::string(utf8_count(line.substr(0, at)), ' ') + '^' +
            std::string(wide - 1, '~');
  }
  return {indent + harmless(line), caret};
}

auto sort_key(const Error& e) { return std::tie(e.where.file, e.where.line, e.where.column); }

auto full_key(const Error& e) {
  return std::tie(e.where.file, e.where.line, e.where.column, e.where.length, e.where.excerpt,
                  e.where.excerpt_column, e.code, e.message, e.hint);
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// Optimal string alignment distance, ASCII case ignored; rows of the textbook table.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> above(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(above.begin(), above.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (same ? 0u : 1u)});
      const bool swapped = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                           lower(a[i - 2]) == lower(b[j - 1]);
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[b.size()];
}

}  // namespace

std::string render(const Error& error) {
  std::string out = position(error.where) + "error: " + harmless(error.message) + '\n';
  const std::string hint = harmless(error.hint);
  const bool blank = error.where.excerpt.find_first_not_of(" \t\r\n") == std::string::npos;
  std::string caret;
  if (!blank) {
    const auto [excerpt, under] = excerpt_and_caret(error.where);
    out += excerpt + '\n';
    caret = under;
  }
  if (!caret.empty()) {
    out += caret + (hint.empty() ? "" : "   " + hint) + '\n';
  } else if (!hint.empty()) {
    out += "  hint: " + hint + '\n';
  }
  return out;
}

std::string render(const Errors& errors) {
  if (errors.empty()) return {};
  std::vector<const Error*> order;
  const auto less = [](const Error* a, const Error* b) { return full_key(*a) < full_key(*b); };
  std::set<const Error*, decltype(less)> seen(less);
  for (const Error& e : errors) {
    if (seen.insert(&e).second) order.push_back(&e);
  }
  // All point into one array: of equal places the earlier report comes first.
  std::sort(order.begin(), order.end(), [](const Error* a, const Error* b) {
    return std::pair(sort_key(*a), a) < std::pair(sort_key(*b), b);
  });
  std::string out;
  for (const Error* e : order) out += render(*e);
  const auto named = std::find_if(order.begin(), order.end(),
                                  [](const Error* e) { return !e->where.file.empty(); });
  if (named != order.end()) out += harmless((*named)->where.file) + ": ";
  out += std::to_string(order.size()) + (order.size() == 1 ? " error" : " errors");
  return out + ", nothing was run\n";
}

std::string nearest(std::string_view name, const std::vector<std::string>& candidates) {
  if (name.size() > longest_name) return {};
  const std::size_t limit = std::max<std::size_t>(2, name.size() / 3);
  const std::string* best = nullptr;
  std::size_t best_distance = limit + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t longer = std::max(name.size(), candidate.size());
    if (longer - std::min(name.size(), candidate.size()) >= best_distance) continue;
    const std::size_t distance = edit_distance(name, candidate);
    if (distance >= best_distance || distance >= longer) continue;
    best = &candidate;
    best_distance = distance;
  }
  return best == nullptr ? std::string{} : *best;
}

std::string shown(std::string_view text, std::size_t max) {
  if (text.size() <= max) return harmless(text);
  std::size_t end = max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0u) == 0x80u) --end;
  return harmless(text.substr(0, end)) + "...";
}

void assertion_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, expression);
  std::abort();
}

}  // namespace sn
