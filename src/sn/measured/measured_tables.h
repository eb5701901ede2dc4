// sn/measured/measured_tables.h
//
// The provider `kernels: measured`: the tables of somebody's own chip as ratios over its models
// (sn/kernel/measured.h).
//
// Any table that `validate` reads serves. Rows of a single operator count; calls outside a captured
// graph are the host's time and do not. Several rows of one shape (frameworks, repetitions) are
// averaged. `validate` never sees these ratios: it judges the models.

#pragma once

#include <memory>
#include <string>

#include "sn/base/result.h"
#include "sn/hw/machine.h"
#include "sn/kernel/measured.h"
#include "sn/kernel/params.h"

namespace sn::measured {

struct MeasuredTables {
  std::shared_ptr<const kernel::MeasuredRatios> ratios;  // never null
  std::size_t rows = 0;                                  // that count
  std::size_t files = 0;                                 // of this chip
  Errors faults;                                         // malformed rows, truncated files
};

/// Tables below `directory` of the chip called `chip.name` (also where a scenario has modified it).
/// Errors: a folder that cannot be listed, or without a row for this chip.
[[nodiscard]] Result<MeasuredTables> read_measured_tables(const std::string& directory,
                                                          const hw::Chip& chip,
                                                          const kernel::KernelParams& params);

}  // namespace sn::measured
