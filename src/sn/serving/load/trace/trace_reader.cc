// sn/serving/load/trace/trace_reader.cc
//
// Splits a text into lines, recognises the format, keeps the good lines and counts the bad.

#include "sn/serving/load/trace/trace_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

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

int whole_int(std::size_t n) {
  return static_cast<int>(std::min<std::size_t>(n, std::numeric_limits<int>::max()));
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

bool is_json(std::string_view line) {
  const std::size_t first = line.find_first_not_of(" \t");
  return first != std::string_view::npos && line[first] == '{';
}

bool has(std::string_view line, std::string_view word) {
  return line.find(word) != std::string_view::npos;
}

/// The first that recognises its line is taken: Mooncake's is any other JSON object.
constexpr std::array<Format, 9> formats = {{
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
    {.name = "vidur",
     .header = true,
     .from_zero = true,
     .recognised = is_vidur_header,
     .parser = vidur_parser},
    {.name = "servegen",
     .header = true,
     .from_zero = true,
     .recognised = is_servegen_header,
     .parser = servegen_parser},
    {.name = "bailian",
     .block_tokens = static_cast<double>(bailian_block_tokens),
     .recognised = [](std::string_view l) { return is_json(l) && has(l, "\"chat_id\""); },
     .parser = [](std::string_view, const TraceLimits& l) { return bailian_parser(l); }},
    {.name = "vllm",
     .from_zero = true,
     .recognised = [](std::string_view l) { return is_json(l) && has(l, "\"input_toks\""); },
     .parser = [](std::string_view, const TraceLimits& l) { return vllm_parser(l); }},
    {.name = "sessions",
     .block_tokens = static_cast<double>(mooncake_block_tokens),
     .recognised = [](std::string_view l) { return is_json(l) && has(l, "\"session_id\""); },
     .parser = [](std::string_view,
                  const TraceLimits& l) { return mooncake_parser(l, {.sessions = true}); }},
    {.name = "guidellm",
     .recognised =
         [](std::string_view l) {
           return is_json(l) && is_guidellm_line(l) &&
                  guidellm_block_tokens(l) != mooncake_block_tokens;
         },
     .parser =
         [](std::string_view first, const TraceLimits& l) {
           return mooncake_parser(l, {.block_tokens = guidellm_block_tokens(first), .unit = 1.0});
         }},
    {.name = "mooncake",
     .block_tokens = static_cast<double>(mooncake_block_tokens),
     .recognised = is_json,
     .parser = [](std::string_view, const TraceLimits& l) { return mooncake_parser(l); }},
}};

/// Summaries of load generators, whole or their first line.
bool is_result(std::string_view line) {
  return is_json(line) && (has(line, "\"request_throughput\"") || has(line, "\"input_lens\"") ||
                           has(line, "\"benchmarks\""));
}

Error unknown_format(const std::string& name, std::string_view line, std::size_t number) {
  Error error;
  error.code = ErrorCode::syntax;
  error.message = "not a trace of a known format";
  const bool result = is_result(line);
  if (result) error.message = "a benchmark's result, not a trace of requests";
  error.where.file = name;
  error.where.line = whole_int(number);
  error.where.column = number > 0 ? 1 : 0;
  error.where.length = number > 0 ? 1 : 0;
  set_excerpt(error.where, line);
  error.hint =
      result ? "results of vllm bench serve, sglang.bench_serving and GuideLLM hold no arrivals: "
               "'supernode validate serving --data FOLDER' compares vLLM's with predictions"
             : "the first line must be a JSON object (Mooncake, sessions with delays, GuideLLM, "
               "Qwen-Bailian, vLLM request files) or a header: TIMESTAMP,ContextTokens,"
               "GeneratedTokens (Azure); Timestamp, Request tokens, Response tokens (BurstGPT); "
               "arrived_at,num_prefill_tokens,num_decode_tokens (Vidur); timestamp,input_tokens,"
               "output_tokens (ServeGen)";
  return error;
}

}  // namespace

// --- Lines ---------------------------------------------------------------------------------------

Lines::Lines(std::unique_ptr<TextReader> text, const TraceLimits& limits)
    : text_(std::move(text)),
      kept_(std::max(limits.line_bytes, 2 * excerpt_bytes) + 1),
      most_(limits.text_bytes),
      longest_(64 * limits.line_bytes),
      blank_most_(limits.blank_lines) {}

/// The next piece of text; false at the end.
bool Lines::fill() {
  if (ended_) return false;
  const Result<std::string_view> piece = text_->next();
  ended_ = !piece || piece->empty();
  if (!piece) stopped_ = piece.error();
  if (ended_) return false;
  rest_ = *piece;
  read_ += rest_.size();
  if (read_ <= most_) return true;
  stop(fmt::format("the trace has more than {} bytes, the limit", most_));
  return false;
}

void Lines::stop(std::string message) {
  ended_ = true;
  rest_ = {};
  stopped_ = {{.code = ErrorCode::limit,
               .message = std::move(message),
               .where = {},
               .hint = "cut the trace"}};
}

bool Lines::whole_line(std::string_view& line) {
  carried_.clear();
  size_ = 0;
  char last = 0;
  while (!rest_.empty() || fill()) {
    const std::size_t end = std::min(rest_.find('\n'), rest_.size());
    const bool complete = end < rest_.size();
    const std::string_view part = rest_.substr(0, end);
    rest_.remove_prefix(complete ? end + 1 : end);
    const bool alone = size_ == 0;
    size_ += part.size();
    if (!part.empty()) last = part.back();
    line = part;
    if (!alone || !complete) {
      carried_.append(part.substr(0, kept_ - std::min(kept_, carried_.size())));
      line = carried_;
    }
    if (size_ > longest_) {
      stop(fmt::format("line {} has more than {} bytes, the limit", number_ + 1, longest_));
      return false;
    }
    if (complete) break;
  }
  if (!stopped_.empty()) return false;
  if (size_ > line.size()) {
    size_ -= last == '\r' ? 1 : 0;
  } else if (last == '\r') {
    line.remove_suffix(1);
    --size_;
  }
  return true;
}

bool Lines::next(std::string_view& line) {
  while (!rest_.empty() || fill()) {
    if (!whole_line(line)) return false;
    if (++number_ == 1 && line.starts_with(byte_order_mark)) {
      line.remove_prefix(byte_order_mark.size());
      size_ -= byte_order_mark.size();
    }
    if (line.find_first_not_of(" \t") != std::string_view::npos) return true;
    if (++blank_ > blank_most_) {
      stop(fmt::format("the trace has more than {} blank lines, the limit", blank_most_));
      return false;
    }
  }
  return false;
}

// --- TraceReader ---------------------------------------------------------------------------------

TraceReader::TraceReader(std::string name, std::unique_ptr<TextReader> text,
                         const TraceLimits& limits)
    : name_(std::move(name)),
      limits_(limits),
      lines_(std::move(text), limits_),
      latest_{std::numeric_limits<std::int64_t>::min()} {
  std::string_view line;
  if (!lines_.next(line)) {
    stopped_ = lines_.stopped();
    if (!stopped_.empty()) return;
    Error empty = unknown_format(name_, "", 0);
    empty.message = "the trace is empty";
    stopped_ = {std::move(empty)};
    return;
  }
  const auto format = std::find_if(formats.begin(), formats.end(),
                                   [&](const Format& f) { return f.recognised(line); });
  if (format == formats.end() || is_result(line)) {
    stopped_ = {unknown_format(name_, line, lines_.number())};
    return;
  }
  parse_ = format->parser(line, limits_);
  facts_.format = format->name;
  facts_.block_tokens = format->block_tokens;
  facts_.from_zero = format->from_zero;
  if (format->name == "guidellm") {
    facts_.block_tokens = static_cast<double>(guidellm_block_tokens(line));
  }
  if (format->name == "mooncake" && is_guidellm_line(line)) {
    facts_.warnings.push_back(
        whole(ErrorCode::data, "times with a decimal point are taken as milliseconds",
              "GuideLLM writes seconds: its traces are known by blocks of other sizes than 512"));
  }
  if (format->name == "sessions") {
    facts_.warnings.push_back(whole(
        ErrorCode::data, "turns with a 'delay' arrive that long after the turn before arrived",
        "clients wait for the answer first: rates of long answers are overestimated"));
  }
  if (!format->header) pending_ = line;
}

ParsedLine TraceReader::parse_within(std::string_view line) const {
  if (lines_.size() <= limits_.line_bytes) return parse_(line);
  std::string message = fmt::format("the line has {} bytes, above the limit of {}", lines_.size(),
                                    limits_.line_bytes);
  return tl::unexpected<Fault>(Fault{std::move(message), 0, ErrorCode::limit});
}

/// The next line of a request: the first is still there from looking for the format.
bool TraceReader::take(std::string_view& line) {
  line = std::exchange(pending_, {});
  return !line.empty() || lines_.next(line);
}

/// Counts a request against the limits of the whole.
bool TraceReader::within(const Request& request) {
  blocks_ += request.blocks.size();
  std::string overrun;
  if (requests_ == limits_.requests) {
    overrun = fmt::format("more than {} requests, the limit", limits_.requests);
  } else if (blocks_ > limits_.total_blocks) {
    overrun = fmt::format("more than {} block hashes, the limit", limits_.total_blocks);
  }
  if (overrun.empty()) return true;
  stopped_ = {whole(ErrorCode::limit, std::move(overrun), "cut the trace")};
  return false;
}

bool TraceReader::next(Request& request) {
  std::string_view line;
  while (stopped_.empty() && !given_up_ && take(line)) {
    ++count_;
    ParsedLine parsed = parse_within(line);
    if (!parsed) {
      reject(parsed.error(), line);
      given_up_ = hopeless();
      continue;
    }
    if (!within(*parsed)) return false;
    ++requests_;
    if (parsed->arrival < latest_) ++facts_.out_of_order;
    latest_ = std::max(latest_, parsed->arrival);
    request = *std::move(parsed);
    return true;
  }
  if (stopped_.empty()) stopped_ = lines_.stopped();
  return false;
}

/// More lines are malformed than a trace with as many requests as there may be could have; or so
/// many lines have passed without a request that it is no trace.
bool TraceReader::hopeless() const {
  constexpr std::size_t patience = 10'000;
  if (requests_ == 0 && count_ >= patience && limits_.malformed_share < 1.0) return true;
  const double share = limits_.malformed_share;
  const double all = share < 1.0 ? static_cast<double>(limits_.requests) / (1.0 - share) : INFINITY;
  return static_cast<double>(facts_.malformed) > share * all;
}

Errors TraceReader::faults() const {
  if (!stopped_.empty()) return stopped_;
  const auto lines = static_cast<double>(std::max<std::size_t>(count_, 1));
  const double share = static_cast<double>(facts_.malformed) / lines;
  Errors out;
  if (share > limits_.malformed_share) {
    std::string message =
        fmt::format("{} of {} lines ({:.3g} %) are malformed, above the {:.3g} % accepted",
                    facts_.malformed, count_, 100.0 * share, 100.0 * limits_.malformed_share);
    out = {whole(ErrorCode::data, std::move(message),
                 "correct or remove these lines, or accept a larger share of them: "
                 "workload.malformed, workload --bad-lines")};
  } else if (requests_ == 0) {
    out = {whole(ErrorCode::data, "the trace has no request", "")};
  }
  // One error for the whole, then the lines that are named.
  if (!out.empty()) out.insert(out.end(), facts_.warnings.begin(), facts_.warnings.end());
  return out;
}

Error TraceReader::whole(ErrorCode code, std::string message, std::string hint) const {
  Error error;
  error.code = code;
  error.message = std::move(message);
  error.where.file = name_;
  error.hint = std::move(hint);
  return error;
}

void TraceReader::reject(const Fault& fault, std::string_view line) {
  if (++facts_.malformed > limits_.reported_lines) return;
  Error error = whole(fault.code, fault.message, "");
  error.where.line = whole_int(lines_.number());
  error.where.column = whole_int(fault.column);
  error.where.length = fault.column > 0 ? 1 : 0;
  set_excerpt(error.where, line);
  facts_.warnings.push_back(std::move(error));
}

}  // namespace sn::serving
