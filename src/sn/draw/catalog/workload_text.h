// sn/draw/catalog/workload_text.h
//
// What is known of a workload, as text and JSON: rate, burstiness, lengths, hit rate by capacity.
//
// Lengths of a trace are exact over its requests; those of a preset come from its classes.

#pragma once

#include <string>

#include "sn/base/json_writer.h"
#include "sn/draw/kit/text_table.h"
#include "sn/serving/load/trace.h"
#include "sn/serving/load/workload.h"

namespace sn::draw {

/// Rate, burstiness, lengths and the LRU hit-rate curve.
[[nodiscard]] std::string workload_statistics(const serving::Workload& workload,
                                              const TextStyle& style);

/// The page of `supernode workload`: the statistics, and those of the single requests.
[[nodiscard]] std::string workload_page(const serving::Trace& trace,
                                        const serving::Workload& workload, const TextStyle& style);

/// The workload as one JSON object; for a trace the same with `lengths`. Schema:
/// schema/workload.schema.json.
void write_workload_json(JsonWriter& writer, const serving::Workload& workload);
[[nodiscard]] std::string workload_json(const serving::Trace& trace,
                                        const serving::Workload& workload);

}  // namespace sn::draw
