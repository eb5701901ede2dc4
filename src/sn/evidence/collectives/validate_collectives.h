// sn/evidence/collectives/validate_collectives.h
//
// Predicts every measured collective below a folder, and says how far off it is.
//
// A report a file, machine and library; its tables are size classes. `classes` are the same rows by
// file, family and size class: the targets are on their median error (models.md section 2). A
// malformed row, missing columns or a truncated file is a fault of that file; the rest is judged.

#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "sn/base/run.h"
#include "sn/evidence/collectives/collective_cases.h"
#include "sn/evidence/common/validation.h"

namespace sn::evidence {

/// All rows of one family and size class.
struct CollectiveClass {
  std::string file;    // empty: all files
  std::string family;  // "NCCL all_reduce"; empty: all
  std::string size;    // "1 MiB and up", "below 1 MiB", "1 GiB and up on NVL72"
  std::size_t rows = 0;
  std::size_t predicted = 0;
  measured::Metrics latency;   // of all rows predicted
  measured::Metrics held_out;  // of those never fitted
  measured::Metrics busbw;     // of those never fitted: measured time over predicted
  double target = 0.0;

  [[nodiscard]] bool met() const { return held_out.n > 0 && held_out.median <= target; }
};

struct CollectiveValidation {
  Validation validation;
  std::vector<CollectiveClass> classes;  // of each file, then of all
};

struct ValidateCollectivesOptions {
  std::size_t worst = 5;  // rows kept for each report
  std::string rack;       // of logs that do not name their GPUs
};

[[nodiscard]] CollectiveValidation validate_collectives(
    const std::string& directory, const CollectiveSet& set, const catalog::Params& params,
    const ValidateCollectivesOptions& options = {}, const Run& run = Run());

}  // namespace sn::evidence
