// sn/serving/load/trace/trace_formats.cc
//
// Mooncake JSON through simdjson (on demand; each line is copied into a padded buffer, so that a
// cut line is never read beyond its end), Azure CSV by hand.

#include "sn/serving/load/trace/trace_formats.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <vector>

namespace sn::serving {
namespace {

constexpr std::int64_t nanos_per_second = 1'000'000'000;
constexpr std::int64_t nanos_per_ms = 1'000'000;

std::string_view trim(std::string_view text) {
  const std::size_t from = text.find_first_not_of(" \t\r");
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(" \t\r") - from + 1);
}

/// Checks that both formats share.
std::optional<Fault> check_tokens(std::string_view what, std::int64_t tokens, std::int64_t least,
                                  const TraceLimits& limits, std::size_t column) {
  if (tokens < least) {
    const char* must = least > 0 ? "must be positive" : "must not be negative";
    return Fault{fmt::format("{} is {}, it {}", what, tokens, must), column, ErrorCode::data};
  }
  if (tokens > limits.tokens) {
    return Fault{fmt::format("{} is {}, above the limit of {} tokens", what, tokens, limits.tokens),
                 column, ErrorCode::limit};
  }
  return std::nullopt;
}

// --- Mooncake ------------------------------------------------------------------------------------

/// Reads one line at a time; keeps its buffers between lines.
class MooncakeParser {
 public:
  MooncakeParser(const TraceLimits& limits, MooncakeLines lines) : limits_(limits), lines_(lines) {}

  ParsedLine parse(std::string_view line);

 private:
  using Value = simdjson::ondemand::value;
  enum Field : std::size_t {
    timestamp,
    input_length,
    output_length,
    hash_ids,
    session_id,
    delay,
    fields
  };
  static constexpr std::array<std::string_view, fields> names = {
      "timestamp", "input_length", "output_length", "hash_ids", "session_id", "delay"};

  using Outcome = std::optional<Fault>;  // nothing when all is well

  Outcome read(std::string_view line);
  Outcome read_field(std::size_t field, Value value);
  Outcome read_time(std::size_t field, Value value, double unit, Nanos& out);
  Outcome read_session(Value value);
  Outcome place_in_session(std::size_t line_bytes);
  Outcome read_tokens(std::size_t field, Value value, std::int64_t least, std::int64_t& out);
  Outcome read_hashes(Value value);
  Outcome check_whole(std::size_t line_bytes);
  Outcome not_json(std::size_t column) const { return Fault{"not valid JSON", column}; }

  [[nodiscard]] std::size_t column_of(const char* place) const {
    return static_cast<std::size_t>(place - padded_.data()) + 1;
  }
  [[nodiscard]] std::size_t column_of(Value value) const {
    return column_of(value.raw_json_token().data());
  }
  std::size_t column_of(simdjson::ondemand::document& document, std::size_t line_bytes) const {
    const char* place = nullptr;
    if (document.current_location().get(place)) return line_bytes;
    return std::min(column_of(place), line_bytes);
  }

  TraceLimits limits_;
  MooncakeLines lines_;
  simdjson::ondemand::parser parser_;
  std::string padded_;
  Request request_;
  Nanos delay_;
  std::unordered_map<std::uint64_t, Nanos> latest_;  // arrival of a session's turn before
  std::vector<std::uint64_t> hashes_;
  std::array<std::size_t, fields> columns_ = {};  // 0: not seen
};

ParsedLine MooncakeParser::parse(std::string_view line) {
  padded_.assign(line);
  padded_.append(simdjson::SIMDJSON_PADDING, ' ');
  request_ = {};
  delay_ = {};
  hashes_.clear();
  columns_ = {};
  if (auto fault = read(line)) return tl::unexpected<Fault>(*std::move(fault));
  request_.blocks = hashes_;  // a copy of just the size needed
  return std::move(request_);
}

MooncakeParser::Outcome MooncakeParser::read(std::string_view line) {
  const simdjson::padded_string_view text(padded_.data(), line.size(), padded_.size());
  simdjson::ondemand::document document;
  simdjson::ondemand::object object;
  if (const auto error = parser_.iterate(text).get(document)) {
    if (error == simdjson::UNCLOSED_STRING) {
      return Fault{"not valid JSON: a string does not end", line.size()};
    }
    return not_json(0);
  }
  if (const auto error = document.get_object().get(object)) {
    if (error == simdjson::INCORRECT_TYPE) return Fault{"not a JSON object", 1};
    return Fault{"not valid JSON: the object does not end with the line", line.size()};
  }
  for (auto entry : object) {
    simdjson::ondemand::field field;
    std::string_view key;
    if (std::move(entry).get(field)) return not_json(column_of(document, line.size()));
    if (field.unescaped_key().get(key)) return not_json(column_of(document, line.size()));
    const auto name = std::find(names.begin(), names.end(), key);
    if (name == names.end()) continue;
    const auto index = static_cast<std::size_t>(name - names.begin());
    if (index > hash_ids && !lines_.sessions) continue;
    if (auto fault = read_field(index, field.value())) return fault;
  }
  const char* rest = nullptr;
  if (!document.current_location().get(rest)) return not_json(column_of(rest));
  return check_whole(line.size());
}

MooncakeParser::Outcome MooncakeParser::read_field(std::size_t field, Value value) {
  const std::size_t column = column_of(value);
  if (columns_[field] != 0) return Fault{fmt::format("{} is given twice", names[field]), column};
  columns_[field] = column;
  switch (field) {
    case timestamp:
      return read_time(field, value, lines_.unit, request_.arrival);
    case delay:
      return read_time(field, value, 1e-3, delay_);
    case session_id:
      return read_session(value);
    case input_length:
      return read_tokens(field, value, 1, request_.input_tokens);
    case output_length:
      return read_tokens(field, value, 0, request_.output_tokens);
    default:
      return read_hashes(value);
  }
}

MooncakeParser::Outcome MooncakeParser::read_time(std::size_t field, Value value, double unit,
                                                  Nanos& out) {
  const std::size_t column = columns_[field];
  const std::string name(names[field]);
  simdjson::ondemand::number number;
  if (value.get_number().get(number)) return Fault{name + " is not a number", column};
  if (number.is_double() ? number.get_double() < 0.0
                         : number.is_int64() && number.get_int64() < 0) {
    return Fault{name + " is negative", column};
  }
  const Fault late{name + " is above the limit of the clock, 292 years", column, ErrorCode::limit};
  if (number.is_double() || unit != 1e-3) {
    const double given = number.is_double()  ? number.get_double()
                         : number.is_int64() ? static_cast<double>(number.get_int64())
                                             : std::numeric_limits<double>::infinity();
    const auto time = to_nanos(Time::from_si(given * unit));
    if (!time) return late;
    out = *time;
    return std::nullopt;
  }
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max() / nanos_per_ms;
  if (!number.is_int64() || number.get_int64() > most) return late;
  out = Nanos{number.get_int64() * nanos_per_ms};
  return std::nullopt;
}

/// A number or a name, which its hash stands for (FNV-1a); 0 means no session.
MooncakeParser::Outcome MooncakeParser::read_session(Value value) {
  const std::string_view token = value.raw_json_token();
  std::uint64_t hash = 1469598103934665603u;
  for (const char c : trim(token)) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  }
  request_.session = std::max<std::uint64_t>(hash, 1);
  return std::nullopt;
}

/// A turn without a time of its own comes its delay after the one before.
MooncakeParser::Outcome MooncakeParser::place_in_session(std::size_t line_bytes) {
  if (!lines_.sessions || request_.session == 0) return std::nullopt;
  const auto before = latest_.find(request_.session);
  if (columns_[timestamp] == 0 && columns_[delay] != 0) {
    if (before == latest_.end()) {
      return Fault{"delay of a session's first turn: it needs a timestamp", columns_[delay]};
    }
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    if (delay_.count > most - before->second.count) {
      return Fault{"delay leads beyond the clock, 292 years", columns_[delay], ErrorCode::limit};
    }
    request_.arrival = Nanos{before->second.count + delay_.count};
    columns_[timestamp] = line_bytes;
  }
  if (before == latest_.end() && latest_.size() == limits_.requests) {
    return Fault{"more sessions than requests may be", line_bytes, ErrorCode::limit};
  }
  if (columns_[timestamp] != 0) latest_[request_.session] = request_.arrival;
  return std::nullopt;
}

MooncakeParser::Outcome MooncakeParser::read_tokens(std::size_t field, Value value,
                                                    std::int64_t least, std::int64_t& out) {
  if (value.get_int64().get(out)) {
    return Fault{fmt::format("{} is not a whole number", names[field]), columns_[field]};
  }
  return check_tokens(names[field], out, least, limits_, columns_[field]);
}

MooncakeParser::Outcome MooncakeParser::read_hashes(Value value) {
  simdjson::ondemand::array array;
  if (value.get_array().get(array)) {
    return Fault{"hash_ids is not a list", columns_[hash_ids]};
  }
  for (auto item : array) {
    std::uint64_t hash = 0;
    if (std::move(item).get_uint64().get(hash)) {
      return Fault{fmt::format("hash_ids[{}] is not a whole number from 0", hashes_.size()),
                   columns_[hash_ids]};
    }
    if (hashes_.size() == limits_.blocks) {
      return Fault{fmt::format("hash_ids has more than {} items", limits_.blocks),
                   columns_[hash_ids], ErrorCode::limit};
    }
    hashes_.push_back(hash);
  }
  return std::nullopt;
}

MooncakeParser::Outcome MooncakeParser::check_whole(std::size_t line_bytes) {
  if (auto fault = place_in_session(line_bytes)) return fault;
  for (std::size_t f = 0; f <= hash_ids; ++f) {
    if (columns_[f] == 0) return Fault{fmt::format("{} is missing", names[f]), line_bytes};
  }
  const auto blocks = static_cast<std::size_t>((request_.input_tokens + lines_.block_tokens - 1) /
                                               lines_.block_tokens);
  if (hashes_.size() != blocks) {
    return Fault{fmt::format("hash_ids has {} items, but {} input tokens in blocks of {} make {}",
                             hashes_.size(), request_.input_tokens, lines_.block_tokens, blocks),
                 columns_[hash_ids]};
  }
  return std::nullopt;
}

// --- Azure ---------------------------------------------------------------------------------------

/// The whole of `text` as an integer.
std::optional<std::int64_t> to_integer(std::string_view text) {
  std::int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

/// Takes exactly `digits` digits off the front; nothing when they are not there.
std::optional<int> take_digits(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  for (const char c : text.substr(0, digits)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool take_any(std::string_view& text, std::string_view choices) {
  if (text.empty() || choices.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

/// ".6805900" as nanoseconds; digits beyond the ninth are dropped.
std::optional<std::int64_t> take_fraction(std::string_view& text) {
  if (!take_any(text, ".")) return 0;
  std::int64_t nanos = 0;
  std::int64_t unit = nanos_per_second / 10;
  std::size_t digits = 0;
  for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits) {
    nanos += (text[digits] - '0') * unit;
    unit /= 10;
  }
  if (digits == 0) return std::nullopt;
  text.remove_prefix(digits);
  return nanos;
}

/// "", "Z", "+00:00" or "-0730", to the end of the text, as seconds east of Greenwich.
std::optional<std::int64_t> take_zone(std::string_view& text) {
  if (text.empty()) return 0;
  if (take_any(text, "Zz")) return text.empty() ? std::optional<std::int64_t>(0) : std::nullopt;
  const bool west = text.front() == '-';
  if (!take_any(text, "+-")) return std::nullopt;
  const auto hours = take_digits(text, 2);
  take_any(text, ":");
  const auto minutes = take_digits(text, 2);
  if (!hours || !minutes || *hours > 23 || *minutes > 59 || !text.empty()) return std::nullopt;
  const std::int64_t seconds = *hours * 3600 + *minutes * 60;
  return west ? -seconds : seconds;
}

/// "2023-11-16 18:15:46.6805900" or "2024-05-10 00:00:00.009930+00:00", years 1970 to 2200.
std::optional<Nanos> to_instant(std::string_view text) {
  const auto year = take_digits(text, 4);
  if (!year || *year < 1970 || *year > 2200 || !take_any(text, "-")) return std::nullopt;
  const auto month = take_digits(text, 2);
  if (!month || !take_any(text, "-")) return std::nullopt;
  const auto day = take_digits(text, 2);
  if (!day || !take_any(text, " T")) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  const auto hour = take_digits(text, 2);
  if (!hour || !take_any(text, ":")) return std::nullopt;
  const auto minute = take_digits(text, 2);
  if (!minute || !take_any(text, ":")) return std::nullopt;
  const auto second = take_digits(text, 2);
  if (!second || !date.ok() || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  const auto fraction = take_fraction(text);
  const auto zone = fraction ? take_zone(text) : std::nullopt;
  if (!zone) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  const std::int64_t of_day = *hour * 3600 + *minute * 60 + *second;
  return Nanos{(days * 86400 + of_day - *zone) * nanos_per_second + *fraction};
}

constexpr std::array<std::string_view, 3> azure_columns = {"TIMESTAMP", "ContextTokens",
                                                           "GeneratedTokens"};

struct Cell {
  std::string_view text;
  std::size_t column = 0;
};

std::vector<Cell> split(std::string_view line) {
  std::vector<Cell> cells;
  std::size_t from = 0;
  while (true) {
    const std::size_t comma = std::min(line.find(',', from), line.size());
    cells.push_back({trim(line.substr(from, comma - from)), from + 1});
    if (comma == line.size()) return cells;
    from = comma + 1;
  }
}

tl::unexpected<Fault> bad(std::string message, std::size_t column) {
  return tl::unexpected<Fault>(Fault{std::move(message), column, ErrorCode::data});
}

ParsedLine parse_azure(std::string_view line, const TraceLimits& limits) {
  const std::vector<Cell> cells = split(line);
  if (cells.size() < azure_columns.size()) {
    return bad(fmt::format("{} is missing", azure_columns[cells.size()]), line.size());
  }
  if (cells.size() > azure_columns.size()) {
    return bad(fmt::format("{} fields where {} are expected", cells.size(), azure_columns.size()),
               cells[azure_columns.size()].column);
  }
  Request request;
  const auto instant = to_instant(cells[0].text);
  if (!instant) return bad("TIMESTAMP is not a time like 2023-11-16 18:15:46.68", 1);
  if (*instant < Nanos{}) return bad("TIMESTAMP is before 1970", 1);
  request.arrival = *instant;
  for (const std::size_t i : {1u, 2u}) {
    const auto tokens = to_integer(cells[i].text);
    if (!tokens) {
      return bad(fmt::format("{} is not a whole number", azure_columns[i]), cells[i].column);
    }
    (i == 1 ? request.input_tokens : request.output_tokens) = *tokens;
    const std::int64_t least = i == 1 ? 1 : 0;
    auto fault = check_tokens(azure_columns[i], *tokens, least, limits, cells[i].column);
    if (fault) return tl::unexpected<Fault>(*std::move(fault));
  }
  return request;
}

}  // namespace

bool is_azure_header(std::string_view line) {
  const std::vector<Cell> cells = split(line);
  return std::equal(cells.begin(), cells.end(), azure_columns.begin(), azure_columns.end(),
                    [](const Cell& cell, std::string_view name) { return cell.text == name; });
}

bool is_guidellm_line(std::string_view line) {
  constexpr std::string_view key = "\"timestamp\"";
  const std::size_t at = line.find(key);
  if (at == std::string_view::npos || line.find("\"hash_ids\"") == std::string_view::npos) {
    return false;
  }
  std::string_view rest = line.substr(at + key.size());
  rest.remove_prefix(std::min(rest.find_first_not_of(" \t:"), rest.size()));
  const std::size_t end = std::min(rest.find_first_not_of("0123456789"), rest.size());
  return end > 0 && end < rest.size() && rest[end] == '.';
}

std::int64_t guidellm_block_tokens(std::string_view first) {
  for (std::int64_t size = mooncake_block_tokens; size >= 1; size /= 2) {
    MooncakeParser parser(TraceLimits{}, {.block_tokens = size, .unit = 1.0});
    if (parser.parse(first)) return size;
  }
  return mooncake_block_tokens;
}

LineParser mooncake_parser(const TraceLimits& limits, MooncakeLines lines) {
  const auto parser = std::make_shared<MooncakeParser>(limits, lines);
  return [parser](std::string_view line) { return parser->parse(line); };
}

LineParser azure_parser(const TraceLimits& limits) {
  return [limits](std::string_view line) { return parse_azure(line, limits); };
}

}  // namespace sn::serving
