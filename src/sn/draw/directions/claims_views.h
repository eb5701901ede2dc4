// sn/draw/directions/claims_views.h
//
// The ledger of claims, as text and as JSON.

#pragma once

#include <string>

#include "sn/api/claims/claims.h"
#include "sn/draw/kit/table.h"

namespace sn::draw {

[[nodiscard]] std::string claims_text(const api::ClaimsReport& r, const TextStyle& style);
/// Schema: schema/claims.schema.json.
[[nodiscard]] std::string claims_json(const api::ClaimsReport& r);

}  // namespace sn::draw
