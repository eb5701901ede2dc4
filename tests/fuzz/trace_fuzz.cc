// tests/fuzz/trace_fuzz.cc
//
// libFuzzer target: any bytes as a trace, then reduced to a workload. Neither may crash, and what
// they accept must keep its promises.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "sn/base/result.h"
#include "sn/serving/load/trace/trace_file.h"
#include "sn/serving/load/workload.h"

namespace {

using namespace sn;
using namespace sn::serving;

void check_workload(const Workload& w) {
  double weights = 0.0;
  for (const RequestClass& c : w.classes) {
    weights += c.weight;
    SN_ASSERT(c.input >= 1.0 && c.input <= w.input_max);
    SN_ASSERT(c.output >= 1.0 && c.output <= w.output_max);
    SN_ASSERT(c.cached.size() == w.capacities.size());
    SN_ASSERT(std::is_sorted(c.cached.begin(), c.cached.end()));
    SN_ASSERT(c.cached.empty() || c.cached.back() < c.input);
  }
  SN_ASSERT(std::abs(weights - 1.0) < 1e-9);
  SN_ASSERT(w.rate.si() > 0.0 && std::isfinite(w.rate.si()));
  SN_ASSERT(w.dispersion >= 0.05 && std::isfinite(w.dispersion));
}

void run(std::string_view text, double malformed_share) {
  TraceLimits limits;
  limits.malformed_share = malformed_share;
  limits.requests = 1000;
  limits.line_bytes = 4096;
  limits.blocks = 64;
  const auto trace = read_trace("fuzz", text, limits);
  if (!trace) {
    SN_ASSERT(!trace.error().empty());
    return;
  }
  SN_ASSERT(!trace->requests.empty());
  // Besides what is said of lines, something may be said of the whole.
  const std::size_t lines = std::min(trace->malformed, limits.reported_lines);
  SN_ASSERT(trace->warnings.size() >= lines && trace->warnings.size() <= lines + 2);
  SummaryOptions options;
  options.max_classes = 8;
  options.capacity_min_tokens = 512.0;
  const auto w = summarise("fuzz", "fuzz", trace->requests, trace->block_tokens, options);
  if (w) check_workload(*w);
  limits.window_requests = 4;
  const TextOpener open = [text]() -> Result<std::unique_ptr<TextReader>> {
    return read_bytes(text, nullptr);
  };
  auto scan = scan_trace("fuzz", open, limits, options);
  SN_ASSERT(scan.has_value());
  SN_ASSERT(scan->file->requests == static_cast<std::int64_t>(trace->requests.size()));
  const auto streamed = std::move(scan->summary).finish("fuzz", "fuzz");
  SN_ASSERT(streamed.has_value() == w.has_value() && (!w || *streamed == *w));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  run(text, 0.01);
  run(text, 1.0);
  return 0;
}
