// apps/cli/write_overlay.h
//
// What the calibrations share: catalog entries into a folder, and the date that they carry.

#pragma once

#include <string>
#include <vector>

#include "sn/evidence/kernels/calibrate_kernels.h"

namespace sn::cli {

/// Writes entries below `folder`, which is made; the exit code.
int write_overlay(const std::string& folder, const std::vector<evidence::CatalogFile>& files);

/// "2026-11-25".
[[nodiscard]] std::string today();

}  // namespace sn::cli
