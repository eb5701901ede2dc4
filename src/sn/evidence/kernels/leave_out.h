// sn/evidence/kernels/leave_out.h
//
// How well a chip is predicted that no fit has seen.
//
// All parameters are fitted anew from the order of magnitude (`starting_params`), without the
// tables of the chips that are left out; then every row of those chips is predicted. A generation
// that no other chip stands for takes the values of the nearest one of the same class of machine,
// as shares of its own datasheet rates. Asked for: a mean error of 15 % where the values come from
// the same or the adjacent generation, 25 % where they come from two generations away, or for a
// data type that no other chip was measured with.

#pragma once

#include <string>
#include <vector>

#include "sn/evidence/common/validation.h"
#include "sn/evidence/kernels/calibrate_kernels.h"

namespace sn::evidence {

/// One family of tables of the chips that were left out.
struct LeftOutFamily {
  std::string family;
  std::size_t tables = 0;
  std::size_t met = 0;  // tables within what is asked for
  std::size_t rows = 0;
  double mape = 0.0;       // mean over tables
  double worst = 0.0;      // of a table
  double bias = 0.0;       // mean of |median bias|
  double target = 0.0;     // mean of the tables' targets
  double new_types = 0.0;  // share of tables with a data type that was nowhere else
};

struct LeftOut {
  std::vector<std::string> chips;
  std::vector<std::string> values;  // "a100: values of hopper (adjacent generation)"
  std::vector<LeftOutFamily> families;
  LeftOutFamily all;
  Validation validation;  // of the chips that were left out
  Errors errors;
};

/// `options.without` names the chips. Errors: an unknown chip, a folder that cannot be read.
[[nodiscard]] LeftOut leave_out(const std::string& directory, const KernelSet& kernels,
                                const CalibrateOptions& options, const Run& run = Run());

}  // namespace sn::evidence
