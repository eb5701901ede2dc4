// sn/api/rack/rack_reliability.h
//
// How often a rack fails, what goes with it, and what spares make of it.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sn/api/rack/facility.h"
#include "sn/base/report/report_visitor.h"
#include "sn/base/run.h"
#include "sn/facility/availability.h"
#include "sn/facility/faults.h"

namespace sn::api {

struct ReliabilityRequest {
  std::int64_t spares = -1;  // GPUs kept out of service; -1: policies of none, one and two images
  std::int64_t years = 10'000;  // of one rack, by Monte Carlo
  std::int64_t crews = 0;       // repairs at a time; 0: as many as it takes
};

/// Serving with so many GPUs: all of them or none.
struct SparePolicy {
  std::int64_t gpus = 0;    // in service
  std::int64_t spares = 0;  // GPUs of the rack that are not
  facility::Availability exact;
  facility::Availability played;
  Time between;           // losses of the whole service
  double expected = 0.0;  // GPUs in service, mean over time
};

/// A mean time between failures as others publish it, beside what rates give.
struct MeanTimeCheck {
  std::string of;
  std::int64_t gpus = 0;
  Time ours;
  Time published;
  std::string note;
};

struct ReliabilityReport {
  std::string failures;  // entry of catalog/failures
  std::vector<facility::FaultClass> classes;
  std::int64_t images = 0;
  std::int64_t gpus_per_image = 0;
  Time image_every;           // one OS image, all that takes it down
  Time image_repair;          // mean
  Time job_every;             // a job on the whole rack: hardware and software
  facility::MeanTime fleet;   // the same by the fleet's rates alone
  double pooled = 0.0;        // GPUs up, mean over time, rack failures included
  double pooled_error = 0.0;  // Monte Carlo's, half of the 95 % interval
  std::vector<SparePolicy> policies;
  double years = 0.0;
  std::uint64_t events = 0;
  std::int64_t crews = 0;
  std::vector<MeanTimeCheck> checks;
  bool interrupted = false;
};

void describe(ReportVisitor& v, const ReliabilityReport& report);

/// Errors: more spares than GPUs, an entry that does not read, a rate of zero. Warnings: spares
/// that are less than an OS image.
[[nodiscard]] Result<ReliabilityReport> rack_reliability(const ReliabilityRequest& request,
                                                         const Facility& rack,
                                                         const catalog::Catalog& catalog,
                                                         Errors& warnings, const Run& run = Run());

}  // namespace sn::api
