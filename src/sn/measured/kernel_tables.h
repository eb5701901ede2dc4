// sn/measured/kernel_tables.h
//
// The readers behind `open_table`, one per format. Internal to the layer.

#pragma once

#include <memory>
#include <string_view>

#include "sn/measured/kernel_cases.h"

namespace sn::measured {

using TableResult = Result<std::unique_ptr<KernelTable>>;

[[nodiscard]] TableResult open_aiconfigurator(const KernelFile& file, std::string_view text,
                                              const hw::Chip& chip, RoutingCache& routing);
[[nodiscard]] TableResult open_vidur(const KernelFile& file, std::string_view text);
[[nodiscard]] TableResult open_llmcompass(const KernelFile& file, std::string_view text);
[[nodiscard]] TableResult open_llmservingsim(const KernelFile& file, std::string_view text);
[[nodiscard]] TableResult open_microbench(const KernelFile& file, std::string_view text);

/// An error that lists the columns that `file` lacks.
[[nodiscard]] Error missing_columns(const KernelFile& file,
                                    const std::vector<std::string>& missing);

}  // namespace sn::measured
