// sn/draw/rack/running_text.h
//
// One line on what a deployment makes of the racks around it, for the views of plans and
// simulations.

#pragma once

#include <string>

#include "sn/facility/running.h"

namespace sn::draw {

/// "123 kW at the rack, 4.7 J an output token (4.7 with the building), 3.38 $ a million out, ..."
[[nodiscard]] std::string running_text(const facility::Running& running);

}  // namespace sn::draw
