// sn/serving/load/trace/trace.h
//
// Readers of request traces: Mooncake JSONL (timestamp ms, input_length, output_length, hash_ids of
// 512-token blocks), Azure LLM inference CSV (TIMESTAMP,ContextTokens,GeneratedTokens; 2023 and
// 2024 timestamps), BurstGPT, Vidur and ServeGen CSV, sessions whose turns carry a delay (aiperf,
// Dynamo), GuideLLM JSONL (seconds), Qwen-Bailian JSONL (hash_ids of 16-token blocks) and vLLM
// request files. Results of benchmarks are refused by name. Formats line by line: trace_formats.h.
// `read_trace` holds a trace whole; line by line: trace_reader.h; one that is too large to be held:
// trace_file.h.
//
// Malformed lines are counted and reported with their numbers; the trace is refused when their
// share passes `TraceLimits::malformed_share`. Malformed is: not JSON, a field missing, twice or
// of the wrong type, no input, negative time or output, a number of hashes other than ceil(input
// / 512), a limit passed. Arrivals out of order are sorted (stable) and counted. Blank lines,
// CRLF and a byte order mark are tolerated. An Azure trace starts at time 0 with its earliest
// request; Mooncake times are taken as they are.
// Sources: github.com/kvcache-ai/Mooncake FAST25-release; github.com/Azure/AzurePublicDataset.
// A text that can no longer be accepted is not read to its end: one with a line 64 times too long,
// with more blank or more malformed lines than the largest trace may have. Limit: JSON values of
// keys that nobody asked for are skipped, not checked.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sn/base/result.h"
#include "sn/serving/load/workload.h"

namespace sn::serving {

struct TraceLimits {
  double malformed_share = 0.01;  // refused above this share of lines
  std::size_t requests = 50'000'000;
  std::size_t text_bytes = std::size_t{1} << 40;
  std::size_t line_bytes = 1u << 20;
  std::size_t blank_lines = 1'000'000;
  std::int64_t tokens = 100'000'000;       // per request and direction
  std::size_t blocks = 1'000'000;          // hashes per request
  std::size_t total_blocks = 100'000'000;  // of a trace that is held whole
  std::size_t reported_lines = 8;  // malformed lines named one by one; the rest only counted
  // What a trace that is read as it is needed may hold to bring its requests into order.
  std::size_t window_requests = 65'536;
  std::size_t window_blocks = 4'000'000;
};

/// What a trace is, beside its requests.
struct TraceFacts {
  double block_tokens = 0.0;  // 512 for Mooncake, 16 for Qwen-Bailian; 0 without hashes
  std::string format;         // "mooncake", "azure", "vllm", ...: the names in trace_reader.cc
  bool from_zero = false;     // times count from the earliest request
  std::size_t malformed = 0;
  std::size_t out_of_order = 0;  // requests that came before one on an earlier line
  Errors warnings;               // the first malformed lines, with line and column
};

struct Trace : TraceFacts {
  std::vector<Request> requests;  // sorted by arrival, first at or after 0
};

/// All requests of a text, already inflated, by arrival. Errors: unknown format, too many malformed
/// lines (count, share, the first few with line numbers), no request at all, a limit passed.
[[nodiscard]] Result<Trace> read_trace(const std::string& name, std::string_view text,
                                       const TraceLimits& limits = {});

}  // namespace sn::serving
