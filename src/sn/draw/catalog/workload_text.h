// sn/draw/catalog/workload_text.h
//
// What is known of a workload, as text and JSON: rate, burstiness, lengths, hit rate by capacity.
//
// Lengths of a trace are exact over its requests; those of a preset come from its classes.

#pragma once

#include <string>

#include "sn/api/workload.h"
#include "sn/draw/kit/table.h"

namespace sn::draw {

/// Rate, burstiness, lengths and the LRU hit-rate curve.
[[nodiscard]] std::string workload_statistics(const serving::Workload& workload,
                                              const TextStyle& style);

/// The page of `supernode workload`: the statistics, and those of the single requests.
[[nodiscard]] std::string workload_page(const api::WorkloadReport& report, const TextStyle& style);

/// Schema: schema/workload.schema.json.
[[nodiscard]] std::string workload_json(const api::WorkloadReport& report);

}  // namespace sn::draw
