// sn/serving/trace.h
//
// Readers of request traces: Mooncake JSONL (timestamp ms, input_length, output_length, hash_ids of
// 512-token blocks), Azure LLM inference CSV (TIMESTAMP,ContextTokens,GeneratedTokens; 2023 and
// 2024 timestamps), BurstGPT CSV, Qwen-Bailian JSONL (hash_ids of 16-token blocks) and vLLM request
// files, from text already inflated. Formats line by line: trace_formats.h.
//
// Malformed lines are counted and reported with their numbers; the trace is refused when their
// share passes `TraceLimits::malformed_share`. Malformed is: not JSON, a field missing, twice or
// of the wrong type, no input, negative time or output, a number of hashes other than ceil(input
// / 512), a limit passed. Arrivals out of order are sorted (stable) and counted. Blank lines,
// CRLF and a byte order mark are tolerated. An Azure trace starts at time 0 with its earliest
// request; Mooncake times are taken as they are.
// Sources: github.com/kvcache-ai/Mooncake FAST25-release; github.com/Azure/AzurePublicDataset.
// Limit: JSON values of keys that nobody asked for are skipped, not checked.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sn/base/result.h"
#include "sn/serving/workload.h"

namespace sn::serving {

struct TraceLimits {
  double malformed_share = 0.01;  // refused above this share of lines
  std::size_t requests = 50'000'000;
  std::size_t line_bytes = 1u << 20;
  std::int64_t tokens = 100'000'000;  // per request and direction
  std::size_t blocks = 1'000'000;     // hashes per request
  std::size_t total_blocks = 100'000'000;
  std::size_t reported_lines = 8;  // malformed lines named one by one; the rest only counted
};

struct Trace {
  std::vector<Request> requests;  // sorted by arrival, first at or after 0
  double block_tokens = 0.0;      // 512 for Mooncake, 16 for Qwen-Bailian; 0 without hashes
  std::string format;             // "mooncake", "azure", "burstgpt", "bailian" or "vllm"
  std::size_t malformed = 0;
  std::size_t out_of_order = 0;  // requests that came before one on an earlier line
  Errors warnings;               // the first malformed lines, with line and column
};

/// Recognises the format from the first non-empty line. Errors: unknown format, too many malformed
/// lines (count, share, the first few with line numbers), no request at all, a limit passed.
[[nodiscard]] Result<Trace> read_trace(const std::string& name, std::string_view text,
                                       const TraceLimits& limits = {});

}  // namespace sn::serving
