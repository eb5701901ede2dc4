// sn/draw/calibration_text.h
//
// `supernode calibrate` as text: error before and after, every parameter, what the data cannot
// tell.

#pragma once

#include <string>

#include "sn/draw/text_table.h"
#include "sn/evidence/calibrate_kernels.h"

namespace sn::draw {

[[nodiscard]] std::string calibration_text(const evidence::Calibration& calibration,
                                           const TextStyle& style);

}  // namespace sn::draw
