// sn/api/evidence.h
//
// How far the models are from measurements, and their parameters fitted anew.
//
// Data is a folder, searched for tables by their names. Its faults (a malformed row, a truncated
// file) are part of a report; errors are mistakes in the request or the catalog.

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "sn/base/result.h"
#include "sn/base/run.h"
#include "sn/catalog/catalog.h"
#include "sn/evidence/collectives/calibrate_collectives.h"
#include "sn/evidence/collectives/validate_collectives.h"
#include "sn/evidence/kernels/calibrate_kernels.h"
#include "sn/evidence/kernels/leave_out.h"
#include "sn/evidence/kernels/validate_kernels.h"
#include "sn/evidence/serving/calibrate_serving.h"
#include "sn/evidence/serving/validate_serving.h"
#include "sn/evidence/training/validate_training.h"

namespace sn::api {

struct ValidateRequest {
  std::string data;  // folder; empty: published figures alone
  bool kernels = true;
  bool collectives = true;  // without data there are none
  bool serving = true;
  bool training = false;   // needs data
  std::string rack = {};   // of logs that do not name their GPUs
  std::size_t worst = 10;  // rows farthest from their prediction
};

/// Those that were asked for.
struct ValidateReport {
  std::optional<evidence::Validation> kernels;
  std::optional<evidence::CollectiveValidation> collectives;
  std::optional<evidence::ServingValidation> serving;
  std::optional<evidence::TrainingValidation> training;
};

[[nodiscard]] Result<ValidateReport> validate(const ValidateRequest& request,
                                              const catalog::Catalog& catalog,
                                              const Run& run = Run());

/// What went wrong with data and cases, in the order of the report.
[[nodiscard]] Errors faults_of(const ValidateReport& report);

struct CalibrateKernelsRequest {
  std::string data;
  evidence::CalibrateOptions options = {};
  /// From orders of magnitude, not from the catalog's values; entries are then whole.
  bool fresh = false;
  std::string date = {};  // of the entries
};

struct KernelCalibration {
  evidence::Calibration calibration;
  std::vector<evidence::CatalogFile> entries;  // to lay over the catalog
};
[[nodiscard]] Result<KernelCalibration> calibrate_kernels(const CalibrateKernelsRequest& request,
                                                          const catalog::Catalog& catalog,
                                                          const Run& run = Run());

/// Each set of chips fitted without and then predicted; `request.fresh` is understood.
[[nodiscard]] Result<std::vector<evidence::LeftOut>> leave_out(
    const CalibrateKernelsRequest& request, const std::vector<std::vector<std::string>>& chips,
    const catalog::Catalog& catalog, const Run& run = Run());

struct CalibrateCollectivesRequest {
  std::string data;
  evidence::CalibrateCollectivesOptions options = {};
  std::string date = {};
};
struct CollectiveCalibration {
  evidence::CollectiveCalibration calibration;
  std::vector<evidence::CatalogFile> entries;
};
[[nodiscard]] Result<CollectiveCalibration> calibrate_collectives(
    const CalibrateCollectivesRequest& request, const catalog::Catalog& catalog,
    const Run& run = Run());

struct CalibrateServingRequest {
  std::string data;
  evidence::CalibrateServingOptions options = {};
  std::string date = {};
};
struct ServingCalibration {
  evidence::ServingCalibration calibration;
  std::vector<evidence::CatalogFile> entries;
};
[[nodiscard]] Result<ServingCalibration> calibrate_serving(const CalibrateServingRequest& request,
                                                           const catalog::Catalog& catalog,
                                                           const Run& run = Run());

}  // namespace sn::api
