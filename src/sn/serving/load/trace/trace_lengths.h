// sn/serving/load/trace/trace_lengths.h
//
// Tokens per request of a trace of any length, as histograms.

#pragma once

#include "sn/base/histogram.h"
#include "sn/serving/load/trace/trace_file.h"

namespace sn::serving {

/// An answer has at least one token.
struct TraceLengths {
  Histogram input;
  Histogram output;

  void add(const Request& request);
};

/// Those of all requests, by one more reading where the trace is not held. Errors: the file cannot
/// be read any more, or was changed.
[[nodiscard]] Result<TraceLengths> lengths_of(const TraceFile& file);

}  // namespace sn::serving
