// sn/evidence/kernels/calibrate_kernels.h
//
// Fits the kernel parameters of chip generations, formats and libraries to measured tables.
//
// One fit per family of operators, over all generations at once, since formats and libraries are
// shared by them: one row in `every` by a hash of its shape, of every table at most
// `rows_per_table`, each table with the same weight. bf16, and for each family the library that all
// generations were measured with, are the reference: 1. Method, loss and what is said about a
// parameter that the data cannot determine: fit.h. The result does not depend on threads.

#pragma once

#include <string>
#include <vector>

#include "sn/base/run.h"
#include "sn/evidence/common/fit.h"
#include "sn/evidence/kernels/kernel_set.h"

namespace sn::evidence {

struct CalibrateOptions {
  std::size_t rows_per_table = 400;
  std::size_t every = 16;                  // of how many rows one is fitted, by a hash of its shape
  std::vector<std::string> families = {};  // names of kernel::Family; empty: all
  std::vector<std::string> without = {};   // chips whose tables are not read
};

/// Fewest rows of a family that are fitted.
inline constexpr std::size_t rows_least = 100;

/// What a group of parameters (parameter_groups.h) was fitted on, and the error there.
struct FitSupport {
  std::string group;
  std::size_t rows = 0;
  std::size_t tables = 0;
  double mape = 0.0;  // mean over tables
};

/// One family after its fit.
struct FamilyFit {
  kernel::Family family = kernel::Family::gemm;
  Fit fit;
  std::size_t rows = 0;
  std::size_t tables = 0;
  double mape_before = 0.0;
  double mape = 0.0;  // of the fitted rows, mean over tables
  std::vector<FitSupport> support;
};

struct Calibration {
  KernelSet kernels;  // generations and software terms after the fit
  std::vector<FamilyFit> families;
  Errors errors;                   // of the folder and of files; the rest was fitted
  std::vector<std::string> notes;  // what was not fitted, and why
  bool interrupted = false;        // stopped: families after the last one were not fitted
};

/// The library whose terms are 1 by definition.
[[nodiscard]] kernel::Library reference_library(kernel::Family family);

/// Values to start from where a catalog has none: of the order that all measured chips share.
[[nodiscard]] kernel::KernelParams starting_params();

/// `kernels.generations` are where the fit starts; generations without an entry start from
/// `starting_params`. Stopped, the families that were fitted by then.
[[nodiscard]] Calibration calibrate_kernels(const std::string& directory, KernelSet kernels,
                                            const CalibrateOptions& options = {},
                                            const Run& run = Run());

struct CatalogFile {
  std::string path;
  std::string text;
};

/// Which numbers `catalog_files` writes: those that were fitted, to lay over a catalog; or all of
/// an entry, with defaults where nothing was measured, to be a catalog.
enum class Extent { fitted, whole };

/// Catalog entries of the fit: one file a generation below kernels/, and
/// kernel_software/default.yaml. Every value comes with `date`, the rows it was fitted on, their
/// error, and its own standard error or that the data does not determine it.
[[nodiscard]] std::vector<CatalogFile> catalog_files(const Calibration& calibration,
                                                     const std::string& date,
                                                     Extent extent = Extent::whole);

}  // namespace sn::evidence
