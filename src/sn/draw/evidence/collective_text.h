// sn/draw/evidence/collective_text.h
//
// Views of collectives: `validate collectives` (text and HTML), `calibrate collectives`, and the
// table of `supernode collective` in the layout of nccl-tests.

#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "sn/api/collective.h"
#include "sn/draw/kit/table.h"
#include "sn/evidence/collectives/calibrate_collectives.h"
#include "sn/evidence/collectives/validate_collectives.h"

namespace sn::draw {

/// Size classes of each file and of all, what was skipped and why, then the `worst` rows.
[[nodiscard]] std::string collectives_text(const evidence::CollectiveValidation& v,
                                           const TextStyle& style, std::size_t worst);

/// Size classes against their targets, a drawing a family, the rest folded (html_page.h).
[[nodiscard]] std::string collectives_html(const evidence::CollectiveValidation& v);
/// The same as a part of a page.
[[nodiscard]] std::string collectives_section(const evidence::CollectiveValidation& v);

/// Files of collectives that are left unread, each with the reason.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> collectives_not_read(
    const evidence::Validation& v);

/// Errors before and after, every parameter, what the data cannot tell.
[[nodiscard]] std::string collective_calibration_text(const evidence::CollectiveCalibration& c,
                                                      const TextStyle& style);

[[nodiscard]] std::string collective_table_text(const api::CollectiveTable& table,
                                                const TextStyle& style);
/// Schema: schema/collective.schema.json.
[[nodiscard]] std::string collective_table_json(const api::CollectiveTable& table);

}  // namespace sn::draw
