// sn/serving/load/trace/trace_formats.h
//
// One line of a trace to one request, for each format; what `read_trace` is built from.
//
// Mooncake: {"timestamp": ms, "input_length": n, "output_length": n, "hash_ids": [n, ...]}, other
// keys ignored. Azure: TIMESTAMP,ContextTokens,GeneratedTokens, times in UTC or with an offset, to
// the nanosecond, years 1970 to 2200. BurstGPT: Timestamp in seconds, Request tokens, Response
// tokens, other columns ignored; so are Vidur's arrived_at, num_prefill_tokens, num_decode_tokens
// and ServeGen's timestamp, input_tokens, output_tokens. Sessions, as aiperf and Dynamo replay
// them: Mooncake lines with a session_id, of which the first of a session has a timestamp and the
// others a `delay` in ms after the turn before. GuideLLM: Mooncake lines in seconds, written with a
// decimal point, with blocks of the size that the first line's count of hashes says. Qwen-Bailian:
// {"chat_id": n, "timestamp": s, "input_length": n, "output_length": n, "hash_ids": [n, ...] of
// 16-token blocks}. vLLM request files:
// {"arrival_time": s, "input_toks": n, "output_toks": n}. Limits: `TraceLimits`. Sources:
// github.com/HPMLL/BurstGPT; github.com/alibaba-edu/qwen-bailian-usagetraces-anon.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "sn/base/result.h"
#include "sn/serving/load/trace/trace.h"

namespace sn::serving {

inline constexpr std::int64_t mooncake_block_tokens = 512;
inline constexpr std::int64_t bailian_block_tokens = 16;

/// Why a line was refused. `column` counts bytes from 1; 0 means unknown.
struct Fault {
  std::string message;
  std::size_t column = 0;
  ErrorCode code = ErrorCode::data;
};

using ParsedLine = tl::expected<Request, Fault>;

/// Parses a line without its line end. Keeps buffers between calls: one parser, one thread.
using LineParser = std::function<ParsedLine(std::string_view line)>;

/// How lines like Mooncake's differ.
struct MooncakeLines {
  std::int64_t block_tokens = mooncake_block_tokens;
  double unit = 1e-3;     // seconds of a timestamp
  bool sessions = false;  // turns may have a delay in place of a timestamp
};
[[nodiscard]] LineParser mooncake_parser(const TraceLimits& limits, MooncakeLines lines = {});

/// GuideLLM's lines: a timestamp with a decimal point, and hashes.
[[nodiscard]] bool is_guidellm_line(std::string_view line);
/// Block size of the first line: the largest power of two up to 512 that makes as many blocks of
/// its input as it has hashes; 512 where none does.
[[nodiscard]] std::int64_t guidellm_block_tokens(std::string_view first);

/// Arrivals count from 1970-01-01 UTC.
[[nodiscard]] LineParser azure_parser(const TraceLimits& limits);
[[nodiscard]] bool is_azure_header(std::string_view line);

/// `header` says where the columns are; it must be one.
[[nodiscard]] LineParser burstgpt_parser(std::string_view header, const TraceLimits& limits);
[[nodiscard]] bool is_burstgpt_header(std::string_view line);
[[nodiscard]] LineParser vidur_parser(std::string_view header, const TraceLimits& limits);
[[nodiscard]] bool is_vidur_header(std::string_view line);
[[nodiscard]] LineParser servegen_parser(std::string_view header, const TraceLimits& limits);
[[nodiscard]] bool is_servegen_header(std::string_view line);
[[nodiscard]] LineParser bailian_parser(const TraceLimits& limits);
[[nodiscard]] LineParser vllm_parser(const TraceLimits& limits);

}  // namespace sn::serving
