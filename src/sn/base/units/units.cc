// sn/base/units/units.cc
//
// Quantities from text; see the header. Numbers are decimal, read by std::from_chars (no locale);
// value = number * factor of the unit, both in double.

#include "sn/base/units/units.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "sn/base/units/unit_table.h"

namespace sn {

namespace {

constexpr std::size_t longest_text = 64;

/// What messages say about a dimension: its name, and the units that a hint proposes.
struct Naming {
  Dimension dimension;
  std::string_view name;
  std::string_view first;
  std::string_view second = {};
};

constexpr Dimension per_byte = Energy::dimension - Bytes::dimension;
constexpr Dimension per_flop = Energy::dimension - Flops::dimension;
constexpr Dimension resistance = Temperature::dimension - Power::dimension;
constexpr Dimension tariff = Money::dimension - Energy::dimension;
constexpr Dimension rent = Money::dimension - Time::dimension;

constexpr Naming namings[] = {
    {Dimension{}, "a plain number", "%"},
    {Time::dimension, "a unit of time", "ms", "us"},
    {Rate::dimension, "a unit of rate", "/s", "GHz"},
    {Bytes::dimension, "a unit of size", "GB", "GiB"},
    {Bandwidth::dimension, "a unit of bandwidth", "GB/s", "TB/s"},
    {Flops::dimension, "a unit of compute", "GFLOP", "TFLOP"},
    {FlopRate::dimension, "a unit of compute rate", "TFLOP/s", "PFLOP/s"},
    {Energy::dimension, "a unit of energy", "J", "kWh"},
    {Power::dimension, "a unit of power", "W", "kW"},
    {Temperature::dimension, "a unit of temperature", "K"},
    {Money::dimension, "a unit of money", "$", "k$"},
    {Length::dimension, "a unit of length", "m", "cm"},
    {per_byte, "a unit of energy per byte", "pJ/bit", "J/B"},
    {per_flop, "a unit of energy per FLOP", "pJ/FLOP"},
    {resistance, "a unit of thermal resistance", "K/W"},
    {tariff, "a unit of price of energy", "$/kWh"},
    {rent, "a unit of cost per time", "$/h"},
};

const Naming* naming(Dimension dimension) {
  for (const Naming& n : namings) {
    if (n.dimension == dimension) return &n;
  }
  return nullptr;
}

/// "write 50 ms or 50 us"; empty for a dimension without a name.
std::string example(std::string_view number, Dimension dimension) {
  const Naming* n = naming(dimension);
  if (n == nullptr) return {};
  if (dimension == Dimension{}) return fmt::format("write {} alone", number);
  if (n->second.empty()) return fmt::format("write {} {}", number, n->first);
  return fmt::format("write {0} {1} or {0} {2}", number, n->first, n->second);
}

tl::unexpected<Error> refuse(ErrorCode code, std::string message, std::string hint) {
  return tl::unexpected<Error>(
      Error{.code = code, .message = std::move(message), .where = {}, .hint = std::move(hint)});
}

std::string_view trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(' ');
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(' ') + 1 - begin);
}

bool is_digit(std::string_view text, std::size_t pos) {
  return pos < text.size() && text[pos] >= '0' && text[pos] <= '9';
}

std::size_t skip_digits(std::string_view text, std::size_t pos) {
  while (is_digit(text, pos)) ++pos;
  return pos;
}

/// Length of the decimal number that `text` starts with; 0 when it starts with none. "5E" of "5EB"
/// is no exponent.
std::size_t number_length(std::string_view text) {
  std::size_t pos = !text.empty() && (text[0] == '-' || text[0] == '+') ? 1 : 0;
  const std::size_t whole = pos;
  pos = skip_digits(text, pos);
  std::size_t digits = pos - whole;
  if (pos < text.size() && text[pos] == '.') {
    const std::size_t end = skip_digits(text, pos + 1);
    digits += end - pos - 1;
    pos = end;
  }
  if (digits == 0) return 0;
  if (pos < text.size() && (text[pos] == 'e' || text[pos] == 'E')) {
    const bool sign = pos + 1 < text.size() && (text[pos + 1] == '-' || text[pos + 1] == '+');
    const std::size_t exponent = pos + (sign ? 2 : 1);
    if (is_digit(text, exponent)) pos = skip_digits(text, exponent);
  }
  return pos;
}

tl::unexpected<Error> refuse_unit(std::string_view text, std::string_view number,
                                  std::string_view unit, Dimension expected) {
  const bool mark = unit[0] == ',' || unit[0] == '_' || unit[0] == '.';
  const bool grouped = is_digit(unit, 0) || (mark && is_digit(unit, 1));
  if (grouped) {
    return refuse(ErrorCode::syntax, fmt::format("is not one number: '{}'", shown(text)),
                  "write a number without blanks, commas or underscores in it");
  }
  const std::string better = unit_suggestion(unit);
  const std::string hint = better.empty()
                               ? example(number, expected)
                               : fmt::format("'{}' is not a unit; write {}", shown(unit), better);
  return refuse(ErrorCode::unit, fmt::format("has an unknown unit '{}'", shown(unit)), hint);
}

tl::unexpected<Error> refuse_dimension(std::string_view text, std::string_view number,
                                       std::string_view unit, Dimension is, Dimension expected) {
  return refuse(ErrorCode::unit,
                fmt::format("needs {}; '{}' in '{}' is {}", dimension_name(expected), shown(unit),
                            shown(text), dimension_name(is)),
                example(number, expected));
}

}  // namespace

std::string_view dimension_name(Dimension dimension) {
  const Naming* n = naming(dimension);
  return n == nullptr ? "a compound unit" : n->name;
}

tl::expected<double, Error> parse_quantity(std::string_view text, Dimension expected) {
  if (text.size() > longest_text) {
    return refuse(ErrorCode::limit,
                  fmt::format("is longer than {} characters: '{}'", longest_text, shown(text, 24)),
                  example("50", expected));
  }
  text = trim(text);
  const std::size_t length = number_length(text);
  if (length == 0) {
    const bool plain = expected == Dimension{};
    return refuse(ErrorCode::syntax,
                  fmt::format("needs {}{}; found '{}'", plain ? "" : "a number with ",
                              dimension_name(expected), shown(text)),
                  plain ? std::string{} : example("50", expected));
  }
  const std::string_view number = text.substr(0, length);
  const std::string_view digits = number[0] == '+' ? number.substr(1) : number;
  double value = 0.0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (read.ec != std::errc{} || read.ptr != digits.data() + digits.size()) {
    return refuse(ErrorCode::range, fmt::format("is beyond the range of numbers: '{}'", text), "");
  }
  const std::string_view unit_text = trim(text.substr(length));
  if (unit_text.empty()) {
    if (expected == Dimension{}) return value;
    return refuse(ErrorCode::unit,
                  fmt::format("needs {}; '{}' has none", dimension_name(expected), text),
                  example(number, expected));
  }
  const auto unit = find_compound(unit_text);
  if (!unit) return refuse_unit(text, number, unit_text, expected);
  if (!(unit->dimension == expected)) {
    return refuse_dimension(text, number, unit_text, unit->dimension, expected);
  }
  const double si = value * unit->factor;
  if (!std::isfinite(si)) {
    return refuse(ErrorCode::range, fmt::format("is beyond the range of numbers: '{}'", text), "");
  }
  return si;
}

}  // namespace sn
