// sn/draw/evidence/calibration_text.h
//
// `supernode calibrate` as text: error before and after, every parameter, what the data cannot
// tell; and how well chips are predicted that no fit has seen.

#pragma once

#include <string>

#include "sn/draw/kit/table.h"
#include "sn/evidence/kernels/calibrate_kernels.h"
#include "sn/evidence/kernels/leave_out.h"

namespace sn::draw {

[[nodiscard]] std::string calibration_text(const evidence::Calibration& calibration,
                                           const TextStyle& style);

[[nodiscard]] std::string leave_out_text(const std::vector<evidence::LeftOut>& experiments,
                                         const TextStyle& style);

}  // namespace sn::draw
