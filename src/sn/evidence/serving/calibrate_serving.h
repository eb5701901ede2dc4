// sn/evidence/serving/calibrate_serving.h
//
// Fits the host times of engines (llm/framework.h) to measured serving points.
//
// Per engine eight numbers: decode, prefill, sequence, launch, frontend, frontend_token, the
// overlap of kernels in a graph, and the first step of a cold engine; over TPOT and TTFT (median
// and mean) of the aggregated points marked `fitted` without speculation that do not queue
// elsewhere, on chips whose kernels were measured, at most `points_per_group` of each (system,
// model, precision). Kernels, collectives and memory are as the catalog has them. Method,
// robustness and what is said about a parameter that the data cannot determine: fit.h. The result
// does not depend on threads.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sn/base/run.h"
#include "sn/catalog/catalog.h"
#include "sn/evidence/common/fit.h"
#include "sn/evidence/kernels/calibrate_kernels.h"
#include "sn/llm/framework.h"

namespace sn::evidence {

struct CalibrateServingOptions {
  std::size_t points_per_group = 12;
  int iterations = 12;
  std::vector<std::string> engines;  // entries; empty: all that the points name
};

/// Mean absolute errors of the fitted points.
struct EngineErrors {
  double tpot = 0.0;
  double ttft = 0.0;
};

/// One engine after its fit.
struct EngineFit {
  llm::Framework framework;
  Fit fit;
  std::size_t points = 0;
  EngineErrors before;
  EngineErrors after;
};

struct ServingCalibration {
  std::vector<EngineFit> engines;
  bool interrupted = false;  // stopped: engines after the last one were not fitted
  Errors errors;
};

/// Stopped, the engines that were fitted by then.
[[nodiscard]] ServingCalibration calibrate_serving(const std::string& directory,
                                                   const catalog::Catalog& catalog,
                                                   const CalibrateServingOptions& options = {},
                                                   const Run& run = Run());

/// One entry of catalog/frameworks for each engine, on `base: generic`.
[[nodiscard]] std::vector<CatalogFile> catalog_files(const ServingCalibration& calibration,
                                                     const std::string& date);

}  // namespace sn::evidence
