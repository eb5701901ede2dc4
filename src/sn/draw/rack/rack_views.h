// sn/draw/rack/rack_views.h
//
// Views of a rack as a physical thing: the datasheet that a buyer would print, and its JSON.

#pragma once

#include <string>

#include "sn/api/rack/rack.h"
#include "sn/draw/kit/table.h"

namespace sn::draw {

[[nodiscard]] std::string rack_text(const api::RackReport& r, const TextStyle& style);
/// Schema: schema/rack.schema.json.
[[nodiscard]] std::string rack_json(const api::RackReport& r);

/// Elevation, budget, figures, and the course of an event where one was asked for.
[[nodiscard]] std::string rack_svg(const api::RackReport& r);
/// Rates of failing OS images as `simulate --faults` reads them.
[[nodiscard]] std::string rack_faults_yaml(const api::RackReport& r);

}  // namespace sn::draw
