// sn/draw/directions/directions_views.h
//
// Directions on one page, as text and as JSON.

#pragma once

#include <string>

#include "sn/api/directions/directions.h"
#include "sn/draw/kit/table.h"

namespace sn::draw {

[[nodiscard]] std::string directions_text(const api::DirectionsReport& r, const TextStyle& style);
/// Schema: schema/directions.schema.json.
[[nodiscard]] std::string directions_json(const api::DirectionsReport& r);

}  // namespace sn::draw
