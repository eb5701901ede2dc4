// sn/draw/rack/rack_parts.h
//
// Sections of the datasheet of a rack. Internal to draw/rack.

#pragma once

#include <string>

#include "sn/draw/rack/rack_views.h"

namespace sn::draw {

[[nodiscard]] std::string reliability_text(const api::ReliabilityReport& r, const TextStyle& style);
[[nodiscard]] std::string cost_text(const api::CostReport& r, const TextStyle& style);
[[nodiscard]] std::string heat_text(const api::RackReport& r, const TextStyle& style);
/// The deployment at `clock`, where there is one.
[[nodiscard]] const api::ClockEffect* clock_effect(const api::RackReport& r, double clock);

}  // namespace sn::draw
