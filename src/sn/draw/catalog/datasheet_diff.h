// sn/draw/catalog/datasheet_diff.h
//
// Two catalog entries of one kind beside each other, as a table and as JSON.

#pragma once

#include <string>

#include "sn/api/catalog/datasheet_diff.h"
#include "sn/draw/catalog/datasheet.h"

namespace sn::draw {

[[nodiscard]] std::string diff_text(const api::DatasheetDiff& diff, const TextStyle& style);
/// Schema: schema/catalog-diff.schema.json.
[[nodiscard]] std::string diff_json(const api::DatasheetDiff& diff);

}  // namespace sn::draw
