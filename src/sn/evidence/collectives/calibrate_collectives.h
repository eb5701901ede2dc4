// sn/evidence/collectives/calibrate_collectives.h
//
// Fits the parameters of communication, family by family, to measured collectives.
//
// One entry of parameters a generation of servers (by the chip), and `default` for wide domains.
// A family is a few parameters and the tables that tell them; fits run one after the other over the
// rows marked `fitted`, each row with the same weight. Method, loss and what is said about a
// parameter that the data cannot determine: fit.h. The result does not depend on threads.

#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "sn/base/run.h"
#include "sn/evidence/collectives/collective_cases.h"
#include "sn/evidence/common/fit.h"

namespace sn::evidence {

struct CollectiveFit {
  std::string entry;   // "hopper", "default"
  std::string family;  // "library.all_reduce"
  Fit fit;
  std::size_t rows = 0;
  double median_before = 0.0;
  double median = 0.0;  // of the absolute error of the fitted rows
};

struct CollectiveCalibration {
  std::map<std::string, collective::CollectiveParams, std::less<>> params;  // after the fit
  std::vector<CollectiveFit> fits;
  std::vector<std::string> undetermined;  // what the data cannot tell, in words
  bool interrupted = false;               // stopped: the fits that were done by then
  Errors errors;                          // of the folder and of files; the rest was fitted
};

struct CalibrateCollectivesOptions {
  std::string rack;                   // of logs that do not name their GPUs
  std::vector<std::string> families;  // prefixes of `family`; empty: all
};

/// Names of the families that can be fitted.
[[nodiscard]] std::vector<std::string> collective_families();

[[nodiscard]] CollectiveCalibration calibrate_collectives(
    const std::string& directory, const CollectiveSet& set,
    const CalibrateCollectivesOptions& options = {}, const Run& run = Run());

/// Entries below collectives/ of those that were fitted: path and YAML text.
struct CollectiveEntry {
  std::string path;
  std::string text;
};
[[nodiscard]] std::vector<CollectiveEntry> collective_entries(const CollectiveCalibration& c,
                                                              const std::string& date);

}  // namespace sn::evidence
