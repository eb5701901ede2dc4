// sn/draw/evidence/evidence_page.h
//
// `supernode validate all`: kernels, collectives and serving on one page and in one JSON document.

#pragma once

#include <string>
#include <string_view>

#include "sn/draw/kit/table.h"
#include "sn/evidence/collectives/validate_collectives.h"
#include "sn/evidence/common/validation.h"
#include "sn/evidence/serving/validate_serving.h"

namespace sn::draw {

/// What was judged; a part that is missing was not.
struct Evidence {
  const evidence::Validation* kernels = nullptr;
  const evidence::CollectiveValidation* collectives = nullptr;
  const evidence::ServingValidation* serving = nullptr;
};

/// Why `validate all` without data says nothing of collectives.
inline constexpr std::string_view no_collectives =
    "no measured collectives: the catalog holds no published figures of them; give a folder of "
    "tables or logs of nccl-tests with --data";

/// A self-contained page with the parts one after the other.
[[nodiscard]] std::string evidence_html(const Evidence& evidence);
void describe(ReportVisitor& v, const Evidence& evidence);
/// The members `kernels`, `collectives` and `serving`, each as its own verb writes it, or null.
[[nodiscard]] std::string evidence_json(const Evidence& evidence);

}  // namespace sn::draw
