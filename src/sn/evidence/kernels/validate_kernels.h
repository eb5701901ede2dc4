// sn/evidence/kernels/validate_kernels.h
//
// Predicts every row of every kernel table below a folder, and says how far off it is.
//
// Files are evaluated in parallel, each into its own slot: the result does not depend on the number
// of threads. A malformed row, an unknown column or a truncated file is a fault of that file; the
// rest is still evaluated.

#pragma once

#include <string>

#include "sn/base/run.h"
#include "sn/evidence/common/validation.h"
#include "sn/evidence/kernels/kernel_set.h"

namespace sn::evidence {

struct ValidateOptions {
  std::size_t worst = 5;                // rows kept for each file
  std::vector<std::string> chips = {};  // whose tables are read; empty: all
};

/// Targets of MAPE on rows never fitted (models.md section 1), by family.
[[nodiscard]] double kernel_target(std::string_view family);

[[nodiscard]] Validation validate_kernels(const std::string& directory, const KernelSet& kernels,
                                          const ValidateOptions& options = {},
                                          const Run& run = Run());

}  // namespace sn::evidence
