// sn/draw/rack/rack_parts.h
//
// Sections of the datasheet of a rack. Internal to draw/rack.

#pragma once

#include <string>

#include "sn/draw/rack/rack_views.h"

namespace sn::draw {

[[nodiscard]] std::string reliability_text(const api::ReliabilityReport& r, const TextStyle& style);
[[nodiscard]] std::string cost_text(const api::CostReport& r, const TextStyle& style);
[[nodiscard]] std::string heat_text(const api::HeatReport& r, const TextStyle& style);

}  // namespace sn::draw
