// sn/serving/load/trace/trace_other_formats.cc
//
// CSV of BurstGPT, Vidur and ServeGen by hand; Qwen-Bailian JSONL and vLLM request files through
// simdjson's DOM.

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "sn/serving/load/trace/trace_formats.h"

namespace sn::serving {
namespace {

using simdjson::dom::element;

tl::unexpected<Fault> bad(std::string message, std::size_t column = 0,
                          ErrorCode code = ErrorCode::data) {
  return tl::unexpected<Fault>(Fault{std::move(message), column, code});
}

/// What every format asks of its numbers.
std::optional<Fault> check(const Request& r, const TraceLimits& limits) {
  if (r.input_tokens < 1) return Fault{"no input tokens", 0, ErrorCode::data};
  if (r.output_tokens < 0) return Fault{"a negative number of output tokens", 0, ErrorCode::data};
  if (r.input_tokens > limits.tokens || r.output_tokens > limits.tokens) {
    return Fault{fmt::format("above the limit of {} tokens", limits.tokens), 0, ErrorCode::limit};
  }
  return std::nullopt;
}

ParsedLine finished(Request r, double seconds, const TraceLimits& limits) {
  if (!(seconds >= 0.0)) return bad("the time is negative");
  const auto arrival = to_nanos(Time::from_si(seconds));
  if (!arrival)
    return bad("the time is above the limit of the clock, 292 years", 0, ErrorCode::limit);
  r.arrival = *arrival;
  if (auto fault = check(r, limits)) return tl::unexpected<Fault>(*std::move(fault));
  return r;
}

// --- CSV with named columns ----------------------------------------------------------------------

std::vector<std::string_view> cells_of(std::string_view line) {
  std::vector<std::string_view> cells;
  while (true) {
    const std::size_t comma = line.find(',');
    std::string_view cell = line.substr(0, comma);
    while (!cell.empty() && (cell.back() == ' ' || cell.back() == '\r')) cell.remove_suffix(1);
    while (!cell.empty() && cell.front() == ' ') cell.remove_prefix(1);
    cells.push_back(cell);
    if (comma == std::string_view::npos) return cells;
    line.remove_prefix(comma + 1);
  }
}

std::optional<double> number_in(std::string_view text) {
  double value = 0.0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

/// Arrival in seconds, tokens in, tokens out.
using Columns = std::array<std::string_view, 3>;
constexpr Columns burst_names = {"Timestamp", "Request tokens", "Response tokens"};
constexpr Columns vidur_names = {"arrived_at", "num_prefill_tokens", "num_decode_tokens"};
constexpr Columns servegen_names = {"timestamp", "input_tokens", "output_tokens"};

/// Where the three columns are; empty when one is not in the header.
std::optional<std::array<std::size_t, 3>> columns_in(std::string_view header,
                                                     const Columns& names) {
  const std::vector<std::string_view> cells = cells_of(header);
  std::array<std::size_t, 3> places = {};
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto at = std::find(cells.begin(), cells.end(), names[i]);
    if (at == cells.end()) return std::nullopt;
    places[i] = static_cast<std::size_t>(at - cells.begin());
  }
  return places;
}

LineParser csv_parser(std::string_view header, const Columns& names, const TraceLimits& limits) {
  const auto columns = columns_in(header, names);
  SN_ASSERT(columns.has_value());
  return [limits, names, places = *columns](std::string_view line) -> ParsedLine {
    const std::vector<std::string_view> cells = cells_of(line);
    std::array<double, 3> values = {};
    for (std::size_t i = 0; i < places.size(); ++i) {
      if (places[i] >= cells.size())
        return bad(fmt::format("{} is missing", names[i]), line.size());
      const auto value = number_in(cells[places[i]]);
      // Beyond 2^53 a count of tokens is absurd, and no integer of it need exist.
      const bool counts = value && std::abs(*value) < 9e15 && *value == std::trunc(*value);
      if (!value || (i > 0 && !counts)) {
        return bad(fmt::format("{} is not a {}number", names[i], i > 0 ? "whole " : ""),
                   static_cast<std::size_t>(cells[places[i]].data() - line.data()) + 1);
      }
      values[i] = *value;
    }
    Request r;
    r.input_tokens = static_cast<std::int64_t>(values[1]);
    r.output_tokens = static_cast<std::int64_t>(values[2]);
    return finished(std::move(r), values[0], limits);
  };
}

// --- JSON ----------------------------------------------------------------------------------------

/// A DOM parser that is kept between lines.
class JsonLines {
 public:
  /// The object of a line, valid until the next call.
  tl::expected<element, Fault> parse(std::string_view line) {
    element root;
    if (parser_->parse(line.data(), line.size(), true).get(root)) return bad("not valid JSON");
    if (!root.is_object()) return bad("not a JSON object", 1);
    return root;
  }

 private:
  std::shared_ptr<simdjson::dom::parser> parser_ = std::make_shared<simdjson::dom::parser>();
};

tl::expected<std::int64_t, Fault> whole(const element& object, std::string_view name) {
  std::int64_t value = 0;
  if (object[name].get_int64().get(value)) {
    return bad(fmt::format("{} is missing or not a whole number", name));
  }
  return value;
}

tl::expected<double, Fault> number(const element& object, std::string_view name) {
  double value = 0.0;
  if (object[name].get_double().get(value)) {
    return bad(fmt::format("{} is missing or not a number", name));
  }
  return value;
}

std::optional<Fault> read_hashes(const element& object, const TraceLimits& limits, Request& r) {
  simdjson::dom::array hashes;
  if (object["hash_ids"].get_array().get(hashes)) {
    return Fault{"hash_ids is missing or not a list", 0, ErrorCode::data};
  }
  for (const element item : hashes) {
    std::int64_t hash = 0;
    if (item.get_int64().get(hash)) {
      return Fault{"hash_ids holds something else than whole numbers", 0, ErrorCode::data};
    }
    if (r.blocks.size() == limits.blocks) {
      return Fault{fmt::format("hash_ids has more than {} items", limits.blocks), 0,
                   ErrorCode::limit};
    }
    r.blocks.push_back(static_cast<std::uint64_t>(hash));
  }
  return std::nullopt;
}

ParsedLine parse_bailian(JsonLines& json, std::string_view line, const TraceLimits& limits) {
  const auto object = json.parse(line);
  if (!object) return tl::unexpected<Fault>(object.error());
  const auto input = whole(*object, "input_length");
  const auto output = whole(*object, "output_length");
  const auto seconds = number(*object, "timestamp");
  const auto chat = whole(*object, "chat_id");
  if (!input) return tl::unexpected<Fault>(input.error());
  if (!output) return tl::unexpected<Fault>(output.error());
  if (!seconds) return tl::unexpected<Fault>(seconds.error());
  if (!chat) return tl::unexpected<Fault>(chat.error());
  Request r;
  r.input_tokens = *input;
  r.output_tokens = *output;
  if (auto fault = read_hashes(*object, limits, r)) return tl::unexpected<Fault>(*std::move(fault));
  const auto blocks = (r.input_tokens + bailian_block_tokens - 1) / bailian_block_tokens;
  if (static_cast<std::int64_t>(r.blocks.size()) > blocks) {
    return bad(fmt::format("hash_ids has {} items, but {} input tokens make {} blocks of {}",
                           r.blocks.size(), r.input_tokens, blocks, bailian_block_tokens));
  }
  // The root of a conversation is not named: its first block stands for it, its own id without.
  r.session = r.blocks.empty() ? static_cast<std::uint64_t>(*chat) + 1 : r.blocks.front() + 1;
  return finished(std::move(r), *seconds, limits);
}

ParsedLine parse_vllm(JsonLines& json, std::string_view line, const TraceLimits& limits) {
  const auto object = json.parse(line);
  if (!object) return tl::unexpected<Fault>(object.error());
  const auto input = whole(*object, "input_toks");
  const auto output = whole(*object, "output_toks");
  const auto seconds = number(*object, "arrival_time");
  if (!input) return tl::unexpected<Fault>(input.error());
  if (!output) return tl::unexpected<Fault>(output.error());
  if (!seconds) return tl::unexpected<Fault>(seconds.error());
  Request r;
  r.input_tokens = *input;
  r.output_tokens = *output;
  return finished(std::move(r), *seconds, limits);
}

}  // namespace

bool is_burstgpt_header(std::string_view line) { return columns_in(line, burst_names).has_value(); }
bool is_vidur_header(std::string_view line) { return columns_in(line, vidur_names).has_value(); }
bool is_servegen_header(std::string_view line) {
  return columns_in(line, servegen_names).has_value();
}

LineParser burstgpt_parser(std::string_view header, const TraceLimits& limits) {
  return csv_parser(header, burst_names, limits);
}
LineParser vidur_parser(std::string_view header, const TraceLimits& limits) {
  return csv_parser(header, vidur_names, limits);
}
LineParser servegen_parser(std::string_view header, const TraceLimits& limits) {
  return csv_parser(header, servegen_names, limits);
}

LineParser bailian_parser(const TraceLimits& limits) {
  return [limits, json = JsonLines()](std::string_view line) mutable {
    return parse_bailian(json, line, limits);
  };
}

LineParser vllm_parser(const TraceLimits& limits) {
  return [limits, json = JsonLines()](std::string_view line) mutable {
    return parse_vllm(json, line, limits);
  };
}

}  // namespace sn::serving
