// sn/api/workload.h
//
// What is in a request trace: its statistics, and the workload preset that stands for it.
//
// A trace of any length: it is read in pieces (trace_file.h), and held only where it is far out of
// order.

#pragma once

#include <string>

#include "sn/base/result.h"
#include "sn/base/run.h"
#include "sn/serving/load/trace/trace_lengths.h"
#include "sn/serving/load/workload.h"

namespace sn::api {

struct WorkloadRequest {
  std::string file;         // a trace; plain, gzip or zstd
  std::string name = {};    // what messages call it; empty: `file`
  double malformed = 0.01;  // largest share of malformed lines, which are left out
};

struct WorkloadReport {
  serving::TraceFacts trace;
  serving::TraceLengths lengths;
  serving::Workload workload;
};

void describe(ReportVisitor& v, const WorkloadReport& report);

[[nodiscard]] Result<WorkloadReport> workload(const WorkloadRequest& request,
                                              const Run& run = Run());

/// The workload as an entry of catalog/workloads under `title`.
[[nodiscard]] std::string workload_preset(const WorkloadReport& report, const std::string& title);

}  // namespace sn::api
