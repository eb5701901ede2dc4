// sn/serving/load/trace/trace_lengths.cc
//
// Lengths of requests, read once more (see trace_lengths.h).

#include "sn/serving/load/trace/trace_lengths.h"

#include <algorithm>
#include <utility>

#include "sn/serving/load/request_source.h"

namespace sn::serving {

void TraceLengths::add(const Request& request) {
  input.add(static_cast<double>(request.input_tokens));
  output.add(static_cast<double>(std::max<std::int64_t>(1, request.output_tokens)));
}

Result<TraceLengths> lengths_of(const TraceFile& file) {
  const std::unique_ptr<RequestSource> source = file.read();
  TraceLengths out;
  Request request;
  while (source->next(request)) out.add(request);
  if (Errors faults = source->faults(); !faults.empty()) return fail(std::move(faults));
  return out;
}

}  // namespace sn::serving
