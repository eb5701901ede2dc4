// sn/draw/catalog/workload_text.h
//
// What is known of a workload, as text and JSON: rate, burstiness, lengths, hit rate by capacity.
//
// Lengths of a trace are exact over its requests; those of a preset come from its classes.

#pragma once

#include <cstdint>
#include <string>

#include "sn/base/report/report_visitor.h"
#include "sn/draw/kit/table.h"
#include "sn/serving/load/trace/trace_lengths.h"
#include "sn/serving/load/workload.h"

namespace sn::draw {

/// Rate, burstiness, lengths and the LRU hit-rate curve.
[[nodiscard]] std::string workload_statistics(const serving::Workload& workload,
                                              const TextStyle& style);

/// The page of `supernode workload`: the statistics, and those of the single requests.
[[nodiscard]] std::string workload_page(const serving::TraceFacts& trace,
                                        const serving::TraceLengths& lengths,
                                        const serving::Workload& workload, const TextStyle& style);

/// Tokens per request of a trace.
struct LengthSummary {
  double mean = 0.0;
  double p50 = 0.0;
  double p90 = 0.0;
  double p99 = 0.0;
  double max = 0.0;
};

/// The answer to `workload`.
struct WorkloadReport {
  std::string trace_format;
  std::int64_t malformed = 0;  // lines
  std::int64_t out_of_order = 0;
  serving::Workload load;
  LengthSummary input;
  LengthSummary output;
};

void describe(ReportVisitor& v, const LengthSummary& lengths);
void describe(ReportVisitor& v, const WorkloadReport& report);

/// Schema: schema/workload.schema.json.
[[nodiscard]] std::string workload_json(const serving::TraceFacts& trace,
                                        const serving::TraceLengths& lengths,
                                        const serving::Workload& workload);

}  // namespace sn::draw
