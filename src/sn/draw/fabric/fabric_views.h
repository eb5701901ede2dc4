// sn/draw/fabric/fabric_views.h
//
// Views of a fabric: tables of elements and of one path, JSON, and a sheet of its layers.

#pragma once

#include <string>

#include "sn/api/fabric.h"
#include "sn/draw/kit/table.h"

namespace sn::draw {

[[nodiscard]] std::string fabric_text(const api::FabricReport& r, const TextStyle& style);
/// Schema: schema/fabric.schema.json.
[[nodiscard]] std::string fabric_json(const api::FabricReport& r);
/// What there is, layer over layer, with counts and rates; the path beside it where there is one.
[[nodiscard]] std::string fabric_svg(const api::FabricReport& r);

}  // namespace sn::draw
