// sn/evidence/kernels/kernel_set.h
//
// Chips and kernel parameters of a catalog, by name: what predictions of measured tables need.

#pragma once

#include <map>
#include <string>

#include "sn/base/result.h"
#include "sn/catalog/catalog.h"
#include "sn/hw/machine.h"
#include "sn/kernel/params.h"

namespace sn::evidence {

struct KernelSet {
  std::map<std::string, hw::Chip, std::less<>> chips;
  std::map<std::string, kernel::KernelParams, std::less<>> generations;
  kernel::SoftwareParams software;
};

/// All chips of the catalog. Errors: entries that do not read.
[[nodiscard]] Result<KernelSet> read_chips(const catalog::Catalog& catalog);

/// Chips and the fitted numbers.
[[nodiscard]] Result<KernelSet> read_kernel_set(const catalog::Catalog& catalog,
                                                catalog::Params& params);

}  // namespace sn::evidence
