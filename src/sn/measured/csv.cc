// sn/measured/csv.cc
//
// See the header. Numbers through std::from_chars: no locale, no allocation.

#include "sn/measured/csv.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstring>
#include <utility>

namespace sn::measured {

namespace {

/// Of a line; those beyond are not looked at.
constexpr std::size_t most_fields = 4096;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

void Faults::add(Error error) {
  if (first_.size() < kept) first_.push_back(std::move(error));
  ++count_;
}

Errors Faults::list(const std::string& file) const {
  Errors all = first_;
  if (count_ > first_.size()) {
    all.push_back({.code = ErrorCode::data,
                   .message = fmt::format("{} faults in all, the first {} shown", count_, kept),
                   .where = {.file = file}});
  }
  return all;
}

CsvReader::CsvReader(std::string_view text, std::string file, bool header)
    : text_(text), file_(std::move(file)) {
  if (text_.starts_with("\xef\xbb\xbf")) text_.remove_prefix(3);
  std::string_view line;
  if (!header || !take_line(line)) return;
  split(line);
  for (const std::string_view name : fields_) columns_.emplace_back(trimmed(name));
}

std::optional<std::size_t> CsvReader::column(std::string_view name) const {
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (columns_[i] == name) return i;
  }
  return std::nullopt;
}

bool CsvReader::take_line(std::string_view& line) {
  if (at_ >= text_.size()) return false;
  const char* begin = text_.data() + at_;
  const auto* end = static_cast<const char*>(std::memchr(begin, '\n', text_.size() - at_));
  const std::size_t length =
      end != nullptr ? static_cast<std::size_t>(end - begin) : text_.size() - at_;
  line = {begin, length};
  if (line.ends_with('\r')) line.remove_suffix(1);
  at_ += length + 1;
  ++line_;
  current_ = line;
  return true;
}

void CsvReader::split(std::string_view line) {
  fields_.clear();
  if (line.find('"') == std::string_view::npos) {
    while (true) {
      const auto comma = line.find(',');
      fields_.push_back(line.substr(0, comma));
      if (comma == std::string_view::npos || fields_.size() == most_fields) return;
      line.remove_prefix(comma + 1);
    }
  }
  unquoted_.clear();
  unquoted_.reserve(line.size() + 1);  // views into it stay valid
  std::size_t i = 0;
  while (true) {
    std::string field;
    if (i < line.size() && line[i] == '"') {
      for (++i; i < line.size(); ++i) {
        if (line[i] != '"') {
          field += line[i];
        } else if (i + 1 < line.size() && line[i + 1] == '"') {
          field += line[++i];
        } else {
          ++i;
          break;
        }
      }
    }
    while (i < line.size() && line[i] != ',') field += line[i++];
    unquoted_.push_back(std::move(field));
    fields_.push_back(unquoted_.back());
    if (i >= line.size() || fields_.size() == most_fields) return;
    ++i;
  }
}

bool CsvReader::next(Faults& faults) {
  std::string_view line;
  while (take_line(line)) {
    if (trimmed(line).empty()) continue;
    split(line);
    if (columns_.empty() || fields_.size() == columns_.size()) return true;
    faults.add(
        {.code = ErrorCode::data,
         .message = fmt::format("{} fields, the header has {}", fields_.size(), columns_.size()),
         .where = {.file = file_, .line = line_, .excerpt = shown(line, 120)}});
  }
  return false;
}

Error CsvReader::error(std::size_t index, std::string message, std::string hint) const {
  const std::string_view field = fields_[index];
  const bool inside =
      field.data() >= current_.data() && field.data() <= current_.data() + current_.size();
  const int column = inside ? static_cast<int>(field.data() - current_.data()) + 1 : 0;
  return {.code = ErrorCode::data,
          .message = std::move(message),
          .where = {.file = file_, .line = line_, .column = column},
          .hint = std::move(hint)};
}

std::optional<double> CsvReader::number(std::size_t index, Faults& faults) const {
  const std::string_view text = trimmed(fields_[index]);
  double value = 0.0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code == std::errc() && end == text.data() + text.size() && std::isfinite(value)) {
    return value;
  }
  const std::string name = columns_.empty() ? fmt::format("field {}", index + 1) : columns_[index];
  faults.add(error(index, fmt::format("{} is '{}', expected a finite number", name, shown(text))));
  return std::nullopt;
}

std::optional<double> CsvReader::positive(std::size_t index, Faults& faults) const {
  const std::optional<double> value = number(index, faults);
  if (!value || *value > 0.0) return value;
  const std::string name = columns_.empty() ? fmt::format("field {}", index + 1) : columns_[index];
  faults.add(
      error(index, fmt::format("{} is {}, expected more than 0", name, shown(fields_[index]))));
  return std::nullopt;
}

}  // namespace sn::measured
