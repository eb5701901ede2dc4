// sn/draw/rack/compare_views.h
//
// Racks side by side, as text and as JSON.

#pragma once

#include <string>

#include "sn/api/rack/compare.h"
#include "sn/draw/kit/table.h"

namespace sn::draw {

[[nodiscard]] std::string compare_text(const api::CompareReport& r, const TextStyle& style);
/// Schema: schema/compare.schema.json.
[[nodiscard]] std::string compare_json(const api::CompareReport& r);

}  // namespace sn::draw
