// apps/cli/open_collectives.h
//
// Machines and parameters of collectives, for `validate` and `calibrate`.

#pragma once

#include <string>

#include "sn/base/result.h"
#include "sn/catalog/catalog.h"
#include "sn/evidence/collectives/collective_cases.h"

namespace sn::cli {

/// All racks of `catalog`; checks `rack`, the machine of logs that do not name their GPUs, which
/// may be empty. `params` receives the parameters with their provenance.
[[nodiscard]] Result<evidence::CollectiveSet> open_collectives(const std::string& verb,
                                                               const catalog::Catalog& catalog,
                                                               const std::string& rack,
                                                               catalog::Params& params);

/// `--data` is missing: what is looked for below it, and how to get it.
[[nodiscard]] Error no_collective_data(const std::string& verb);

}  // namespace sn::cli
