// sn/serving/load/trace/trace.cc
//
// A trace held whole, by arrival.

#include "sn/serving/load/trace/trace.h"

#include "sn/serving/load/trace/trace_file.h"

namespace sn::serving {

Result<Trace> read_trace(const std::string& name, std::string_view text,
                         const TraceLimits& limits) {
  ArrivalOrder requests(name, read_bytes(text, nullptr), limits, Window::all());
  Trace trace;
  Request request;
  while (requests.next(request)) trace.requests.push_back(std::move(request));
  if (Errors faults = requests.faults(); !faults.empty()) return fail(std::move(faults));
  static_cast<TraceFacts&>(trace) = requests.facts();
  if (trace.from_zero) {
    const std::int64_t start = trace.requests.front().arrival.count;
    for (Request& r : trace.requests) r.arrival.count -= start;
  }
  return trace;
}

}  // namespace sn::serving
