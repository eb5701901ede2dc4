// sn/serving/trace.cc
//
// Goes through a trace line by line, keeps the good, counts the bad, and sorts by arrival.

#include "sn/serving/trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <utility>

#include "sn/serving/trace_formats.h"

namespace sn::serving {
namespace {

constexpr std::size_t excerpt_bytes = 96;
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// The part of a line around `column` (its start, when unknown) as an excerpt: printable ASCII, one
/// byte a column, dots where it is cut.
void set_excerpt(Location& where, std::string_view line) {
  const auto place = static_cast<std::size_t>(std::max(where.column - 1, 0));
  const std::size_t from = place < excerpt_bytes * 3 / 4 ? 0 : place - excerpt_bytes / 2;
  std::string text(line.substr(std::min(from, line.size()), excerpt_bytes));
  for (char& c : text) {
    if (c == '\t') c = ' ';
    if (c < ' ' || c > '~') c = '?';
  }
  if (from > 0) text.replace(0, 3, "...");
  if (line.size() > from + excerpt_bytes) text += "...";
  where.excerpt = std::move(text);
  where.excerpt_column = static_cast<int>(from) + 1;
}

/// Lines of a text, without line ends.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {
    if (rest_.substr(0, byte_order_mark.size()) == byte_order_mark) {
      rest_.remove_prefix(byte_order_mark.size());
    }
  }

  /// The next line that is not blank.
  std::optional<std::string_view> next() {
    while (!rest_.empty()) {
      const std::size_t end = std::min(rest_.find('\n'), rest_.size());
      std::string_view line = rest_.substr(0, end);
      rest_.remove_prefix(std::min(end + 1, rest_.size()));
      ++number_;
      if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
      if (line.find_first_not_of(" \t") != std::string_view::npos) return line;
    }
    return std::nullopt;
  }
  /// Number of the line last returned, from 1.
  [[nodiscard]] std::size_t number() const { return number_; }

 private:
  std::string_view rest_;
  std::size_t number_ = 0;
};

/// Stable: the line breaks ties.
void sort_by_arrival(std::vector<Request>& requests) {
  std::vector<std::pair<Nanos, std::size_t>> order;
  order.reserve(requests.size());
  for (const Request& r : requests) order.emplace_back(r.arrival, order.size());
  std::sort(order.begin(), order.end());
  std::vector<Request> sorted;
  sorted.reserve(requests.size());
  for (const auto& [arrival, line] : order) sorted.push_back(std::move(requests[line]));
  requests = std::move(sorted);
}

/// Collects requests and faults of one trace.
class Collector {
 public:
  Collector(const std::string& name, const TraceLimits& limits) : name_(name), limits_(limits) {}

  /// False when a limit of the whole trace is passed and reading must end.
  [[nodiscard]] bool add(ParsedLine parsed, std::string_view line, std::size_t number) {
    ++lines_;
    if (!parsed) {
      reject(parsed.error(), line, number);
      return true;
    }
    blocks_ += parsed->blocks.size();
    if (trace_.requests.size() == limits_.requests) {
      overrun_ = fmt::format("more than {} requests, the limit", limits_.requests);
    } else if (blocks_ > limits_.total_blocks) {
      overrun_ = fmt::format("more than {} block hashes, the limit", limits_.total_blocks);
    }
    if (!overrun_.empty()) return false;
    if (parsed->arrival < latest_) ++trace_.out_of_order;
    latest_ = std::max(latest_, parsed->arrival);
    trace_.requests.push_back(*std::move(parsed));
    return true;
  }

  [[nodiscard]] Result<Trace> finish(std::string format, double block_tokens) {
    if (!overrun_.empty()) return fail(whole(ErrorCode::limit, overrun_, "cut the trace"));
    const auto lines = static_cast<double>(std::max<std::size_t>(lines_, 1));
    const double share = static_cast<double>(trace_.malformed) / lines;
    if (share > limits_.malformed_share) {
      std::string message =
          fmt::format("{} of {} lines ({:.3g} %) are malformed, above the {:.3g} % accepted",
                      trace_.malformed, lines_, 100.0 * share, 100.0 * limits_.malformed_share);
      return refused(std::move(message), "correct or remove these lines");
    }
    if (trace_.requests.empty()) return refused("the trace has no request", "");
    if (trace_.out_of_order > 0) sort_by_arrival(trace_.requests);
    trace_.format = std::move(format);
    trace_.block_tokens = block_tokens;
    return std::move(trace_);
  }

 private:
  [[nodiscard]] Error whole(ErrorCode code, std::string message, std::string hint) const {
    Error error;
    error.code = code;
    error.message = std::move(message);
    error.where.file = name_;
    error.hint = std::move(hint);
    return error;
  }

  /// One error for the whole, then the lines that are named.
  [[nodiscard]] tl::unexpected<Errors> refused(std::string message, std::string hint) const {
    Errors errors = {whole(ErrorCode::data, std::move(message), std::move(hint))};
    errors.insert(errors.end(), trace_.warnings.begin(), trace_.warnings.end());
    return fail(std::move(errors));
  }

  void reject(const Fault& fault, std::string_view line, std::size_t number) {
    if (++trace_.malformed > limits_.reported_lines) return;
    constexpr std::size_t most = std::numeric_limits<int>::max();
    Error error = whole(fault.code, fault.message, "");
    error.where.line = static_cast<int>(std::min(number, most));
    error.where.column = static_cast<int>(std::min(fault.column, most));
    error.where.length = fault.column > 0 ? 1 : 0;
    set_excerpt(error.where, line);
    trace_.warnings.push_back(std::move(error));
  }

  const std::string& name_;
  const TraceLimits& limits_;
  Trace trace_;
  Nanos latest_{std::numeric_limits<std::int64_t>::min()};
  std::size_t lines_ = 0;
  std::size_t blocks_ = 0;
  std::string overrun_;
};

ParsedLine parse_within(const LineParser& parse, std::string_view line, const TraceLimits& limits) {
  if (line.size() <= limits.line_bytes) return parse(line);
  std::string message =
      fmt::format("the line has {} bytes, above the limit of {}", line.size(), limits.line_bytes);
  return tl::unexpected<Fault>(Fault{std::move(message), 0, ErrorCode::limit});
}

/// A format: how its first line looks, how lines are parsed.
struct Format {
  std::string_view name;
  bool header = false;  // the first line is none of its requests
  double block_tokens = 0.0;
  bool from_zero = false;  // times count from the first request
  bool (*recognised)(std::string_view first);
  LineParser (*parser)(std::string_view first, const TraceLimits& limits);
};

bool is_json(std::string_view line) { return line.substr(line.find_first_not_of(" \t"), 1) == "{"; }

bool has(std::string_view line, std::string_view word) {
  return line.find(word) != std::string_view::npos;
}

/// The first that recognises its line is taken: Mooncake's is any other JSON object.
constexpr std::array<Format, 5> formats = {{
    {.name = "azure",
     .header = true,
     .from_zero = true,
     .recognised = is_azure_header,
     .parser = [](std::string_view, const TraceLimits& l) { return azure_parser(l); }},
    {.name = "burstgpt",
     .header = true,
     .from_zero = true,
     .recognised = is_burstgpt_header,
     .parser = burstgpt_parser},
    {.name = "bailian",
     .block_tokens = static_cast<double>(bailian_block_tokens),
     .recognised = [](std::string_view l) { return is_json(l) && has(l, "\"chat_id\""); },
     .parser = [](std::string_view, const TraceLimits& l) { return bailian_parser(l); }},
    {.name = "vllm",
     .from_zero = true,
     .recognised = [](std::string_view l) { return is_json(l) && has(l, "\"input_toks\""); },
     .parser = [](std::string_view, const TraceLimits& l) { return vllm_parser(l); }},
    {.name = "mooncake",
     .block_tokens = static_cast<double>(mooncake_block_tokens),
     .recognised = is_json,
     .parser = [](std::string_view, const TraceLimits& l) { return mooncake_parser(l); }},
}};

Error unknown_format(const std::string& name, std::string_view line, std::size_t number) {
  Error error;
  error.code = ErrorCode::syntax;
  error.message = "not a trace of a known format";
  error.where.file = name;
  error.where.line =
      static_cast<int>(std::min<std::size_t>(number, std::numeric_limits<int>::max()));
  error.where.column = number > 0 ? 1 : 0;
  error.where.length = number > 0 ? 1 : 0;
  set_excerpt(error.where, line);
  error.hint =
      "the first line must be a JSON object (Mooncake, Qwen-Bailian, vLLM request files) or a "
      "header: TIMESTAMP,ContextTokens,GeneratedTokens (Azure), or BurstGPT's with Timestamp, "
      "Request tokens and Response tokens";
  return error;
}

}  // namespace

Result<Trace> read_trace(const std::string& name, std::string_view text,
                         const TraceLimits& limits) {
  Lines lines(text);
  std::optional<std::string_view> line = lines.next();
  if (!line) {
    Error empty = unknown_format(name, "", 0);
    empty.message = "the trace is empty";
    return fail(std::move(empty));
  }
  const auto format = std::find_if(formats.begin(), formats.end(),
                                   [&](const Format& f) { return f.recognised(*line); });
  if (format == formats.end()) return fail(unknown_format(name, *line, lines.number()));
  const LineParser parse = format->parser(*line, limits);
  if (format->header) line = lines.next();

  Collector collector(name, limits);
  for (; line; line = lines.next()) {
    if (!collector.add(parse_within(parse, *line, limits), *line, lines.number())) break;
  }
  Result<Trace> trace = collector.finish(std::string(format->name), format->block_tokens);
  if (trace && format->from_zero) {
    const std::int64_t start = trace->requests.front().arrival.count;
    for (Request& r : trace->requests) r.arrival.count -= start;
  }
  return trace;
}

}  // namespace sn::serving
