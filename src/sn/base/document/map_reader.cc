// sn/base/document/map_reader.cc
//
// Members of a map as checked values, every mistake collected with its place and a hint. Declared
// in document.h.

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "sn/base/document/document.h"
#include "sn/base/units/units.h"

namespace sn {

namespace {

constexpr std::size_t most_unknown_keys = 20;
constexpr std::size_t most_listed = 16;

void add_error(Errors& errors, ErrorCode code, std::string message, const Node& at,
               std::string hint = {}) {
  errors.push_back(Error{
      .code = code, .message = std::move(message), .where = at.where(), .hint = std::move(hint)});
}

std::string found(const Node& node) {
  switch (node.kind()) {
    case Node::Kind::null:
      return "nothing";
    case Node::Kind::list:
      return "a list";
    case Node::Kind::map:
      return "a map";
    case Node::Kind::scalar:
      break;
  }
  return fmt::format("'{}'", shown(node.text()));
}

void wrong_type(Errors& errors, const Node& node, std::string_view what, std::string_view expected,
                std::string hint = {}) {
  add_error(errors, ErrorCode::wrong_type,
            fmt::format("'{}': expected {}, found {}", what, expected, found(node)), node,
            std::move(hint));
}

/// Shortest text that reads back to the same number: bounds of plain numbers are shown as they are.
std::string exact(double value) {
  char buffer[32];
  const auto written = std::to_chars(buffer, buffer + sizeof buffer, value);
  return std::string(buffer, written.ptr);
}

std::string bound(double value, Dimension dimension) {
  return dimension == Dimension{} ? exact(value) : format_quantity(value, dimension);
}

bool check_range(const Node& node, std::string_view what, double value, Range range,
                 Dimension dimension, Errors& errors) {
  if (value >= range.min && value <= range.max) return true;
  const std::string low = bound(range.min, dimension);
  const std::string high = bound(range.max, dimension);
  std::string expected = fmt::format("between {} and {}", low, high);
  if (std::isinf(range.max)) expected = fmt::format("at least {}", low);
  if (std::isinf(range.min)) expected = fmt::format("at most {}", high);
  add_error(errors, ErrorCode::range,
            fmt::format("'{}' is {}; expected {}", what, shown(node.text()), expected), node);
  return false;
}

std::string listed(const std::vector<std::string>& names) {
  std::string out;
  for (std::size_t i = 0; i < names.size() && i < most_listed; ++i) {
    out += (i == 0 ? "" : ", ") + names[i];
  }
  return names.size() > most_listed ? out + ", ..." : out;
}

/// "did you mean 'x'?", or else all there is under `title`.
std::string suggestion(std::string_view name, const std::vector<std::string>& names,
                       std::string_view title) {
  const std::string near = nearest(name, names);
  if (!near.empty()) return fmt::format("did you mean '{}'?", near);
  return names.empty() ? std::string{} : fmt::format("{}: {}", title, listed(names));
}

/// What to write for a text that is nearly a whole number: "1e3", "+5", "010".
std::string integer_hint(std::string_view text) {
  const auto value = parse_quantity(text, Dimension{});
  if (!value || *value != std::round(*value) || std::abs(*value) > 0x1p53) return {};
  return fmt::format("write {}", static_cast<std::int64_t>(*value));
}

}  // namespace

std::optional<double> read_quantity(const Node& node, std::string_view what, Dimension dimension,
                                    Range range, Errors& errors) {
  if (!node.is_scalar()) {
    const bool plain = dimension == Dimension{};
    wrong_type(errors, node, what,
               fmt::format("{}{}", plain ? "" : "a number with ", dimension_name(dimension)));
    return std::nullopt;
  }
  auto value = parse_quantity(node.text(), dimension);
  if (!value) {
    Error error = std::move(value.error());
    error.message = fmt::format("'{}' {}", what, error.message);
    error.where = node.where();
    errors.push_back(std::move(error));
    return std::nullopt;
  }
  if (!check_range(node, what, *value, range, dimension, errors)) return std::nullopt;
  return *value;
}

std::optional<std::int64_t> read_integer(const Node& node, std::string_view what, Range range,
                                         Errors& errors) {
  const std::string& text = node.text();
  const std::string_view digits = std::string_view(text).substr(text.starts_with('-') ? 1 : 0);
  const bool leading_zero = digits.size() > 1 && digits[0] == '0';
  std::int64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = !text.empty() && read.ptr == text.data() + text.size() && !leading_zero;
  if (!node.is_scalar() || !whole || read.ec == std::errc::invalid_argument) {
    wrong_type(errors, node, what, "a whole number",
               node.is_scalar() ? integer_hint(text) : std::string{});
    return std::nullopt;
  }
  const bool overflow = read.ec == std::errc::result_out_of_range;
  const double beyond = text[0] == '-' ? -HUGE_VAL : HUGE_VAL;
  if (overflow && std::isinf(text[0] == '-' ? range.min : range.max)) {
    add_error(errors, ErrorCode::range,
              fmt::format("'{}' is {}; it does not fit 64 bits", what, shown(text)), node);
    return std::nullopt;
  }
  const double number = overflow ? beyond : static_cast<double>(value);
  if (!check_range(node, what, number, range, Dimension{}, errors)) return std::nullopt;
  return value;
}

std::optional<bool> read_boolean(const Node& node, std::string_view what, Errors& errors) {
  if (node.is_scalar() && node.text() == "true") return true;
  if (node.is_scalar() && node.text() == "false") return false;
  wrong_type(errors, node, what, "true or false",
             node.is_scalar() ? "write true or false, in small letters" : "");
  return std::nullopt;
}

std::optional<std::string> read_text(const Node& node, std::string_view what, Errors& errors) {
  if (node.is_scalar()) return node.text();
  wrong_type(errors, node, what, "text");
  return std::nullopt;
}

MapReader::MapReader(const Node& node, std::string what, Errors& errors)
    : node_(&node), what_(std::move(what)), errors_(&errors) {
  if (!node.is_map()) wrong_type(errors, node, what_.empty() ? "the document" : what_, "a map");
}

std::string MapReader::name_of(std::string_view key) const {
  return what_.empty() ? std::string(key) : fmt::format("{}.{}", what_, key);
}

const Node* MapReader::get(std::string_view key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.emplace_back(key);
  for (const Node::Member& m : node_->members()) {
    if (m.key == key) return &m.value;
  }
  return nullptr;
}

bool MapReader::has(std::string_view key) { return get(key) != nullptr; }

const Node* MapReader::require(std::string_view key) {
  const Node* member = get(key);
  if (member == nullptr && node_->is_map()) {
    report(ErrorCode::missing, fmt::format("'{}' is required", name_of(key)), nullptr);
  }
  return member;
}

std::optional<std::string> MapReader::text(std::string_view key) {
  const Node* member = get(key);
  return member == nullptr ? std::nullopt : read_text(*member, name_of(key), *errors_);
}

std::optional<std::int64_t> MapReader::integer(std::string_view key, Range range) {
  const Node* member = get(key);
  return member == nullptr ? std::nullopt : read_integer(*member, name_of(key), range, *errors_);
}

std::optional<double> MapReader::number(std::string_view key, Range range) {
  return raw_quantity(key, Dimension{}, range);
}

std::optional<bool> MapReader::boolean(std::string_view key) {
  const Node* member = get(key);
  return member == nullptr ? std::nullopt : read_boolean(*member, name_of(key), *errors_);
}

std::optional<std::string> MapReader::choice(std::string_view key,
                                             const std::vector<std::string>& choices) {
  const Node* member = get(key);
  if (member == nullptr) return std::nullopt;
  auto value = read_text(*member, name_of(key), *errors_);
  if (!value || std::find(choices.begin(), choices.end(), *value) != choices.end()) return value;
  report(ErrorCode::unknown_name,
         fmt::format("'{}' is '{}', which is not one of its choices", name_of(key), shown(*value)),
         member, suggestion(*value, choices, "choices"));
  return std::nullopt;
}

std::optional<double> MapReader::raw_quantity(std::string_view key, Dimension dimension,
                                              Range range) {
  const Node* member = get(key);
  if (member == nullptr) return std::nullopt;
  return read_quantity(*member, name_of(key), dimension, range, *errors_);
}

void MapReader::finish() {
  std::size_t unknown = 0;
  for (const Node::Member& m : node_->members()) {
    if (std::find(known_.begin(), known_.end(), m.key) != known_.end()) continue;
    if (++unknown > most_unknown_keys) continue;
    const std::string in = what_.empty() ? "" : " in " + what_;
    errors_->push_back(Error{.code = ErrorCode::unknown_key,
                             .message = fmt::format("unknown key '{}'{}", shown(m.key), in),
                             .where = m.where(),
                             .hint = suggestion(m.key, known_, "valid keys")});
  }
  if (unknown > most_unknown_keys) {
    report(ErrorCode::unknown_key, fmt::format("{} more unknown keys", unknown - most_unknown_keys),
           nullptr);
  }
}

void MapReader::report(ErrorCode code, std::string message, const Node* at, std::string hint) {
  add_error(*errors_, code, std::move(message), at == nullptr ? *node_ : *at, std::move(hint));
}

}  // namespace sn
