// sn/draw/catalog/datasheet.h
//
// A datasheet (api/datasheet.h) as text and JSON: assumptions are starred and explained at the
// foot.

#pragma once

#include <string>
#include <vector>

#include "sn/api/catalog/datasheet.h"
#include "sn/draw/kit/table.h"

namespace sn::draw {

[[nodiscard]] std::string datasheet_text(const api::Datasheet& sheet, const TextStyle& style);

/// Schema: schema/catalog.schema.json.
[[nodiscard]] std::string datasheet_json(const api::Datasheet& sheet);

[[nodiscard]] std::string listing_text(const std::vector<api::CatalogListing>& kinds,
                                       const TextStyle& style);
[[nodiscard]] std::string listing_json(const std::vector<api::CatalogListing>& kinds);

}  // namespace sn::draw
