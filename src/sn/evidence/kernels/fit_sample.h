// sn/evidence/kernels/fit_sample.h
//
// The rows that a calibration may see, by family of operators, and what each operator is to a fit.
//
// Of every table the rows marked `fitted` (kernel_cases.h), evenly spaced, at most as many as asked
// for. Rows of several operators (modules) and element-wise rows only judge: they are not here.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sn/evidence/kernels/calibrate_kernels.h"
#include "sn/measured/kernel_cases.h"

namespace sn::evidence {

/// Which parameters the time of an operator depends on.
struct OperatorKind {
  kernel::Family family = kernel::Family::gemm;
  kernel::Format format = kernel::Format::bf16;
  kernel::Library library = kernel::Library::cublas;
  bool narrow_cache = false;

  friend bool operator==(const OperatorKind&, const OperatorKind&) = default;
};

/// Nothing for element-wise operators.
[[nodiscard]] std::optional<OperatorKind> kind_of(const measured::Op& op);
/// Of a row that a fit may use: one of a single operator, or of latent attention with its products,
/// which are fitted before it.
[[nodiscard]] std::optional<OperatorKind> kind_of(const measured::KernelCase& row);

/// A measured row with what its prediction depends on.
struct FitRow {
  measured::KernelCase measured;
  std::size_t chip = 0;   // index into the chips of the sample
  std::size_t table = 0;  // for weights
};

/// The rows of one family.
struct FitSample {
  std::vector<FitRow> rows;
  std::vector<std::string> chips;
  std::size_t tables = 0;
};

/// One sample a family, in the order of kernel::Family. Files of the chips `options.without` and of
/// unknown systems are left out; files that cannot be read are `errors`.
[[nodiscard]] std::vector<FitSample> read_fit_samples(
    const std::vector<measured::KernelFile>& files, const KernelSet& kernels,
    const CalibrateOptions& options, const Run& run, Errors& errors);

}  // namespace sn::evidence
