// sn/draw/evidence/training_views.h
//
// Views of `supernode validate training`: text, JSON (schema/training_validation.schema.json), a
// page.

#pragma once

#include <cstddef>
#include <string>

#include "sn/draw/kit/table.h"
#include "sn/evidence/training/validate_training.h"

namespace sn::draw {

/// Groups against their targets, rows without a prediction, the `worst` rows that no fit has seen.
[[nodiscard]] std::string training_validation_text(const evidence::TrainingValidation& validation,
                                                   const TextStyle& style, std::size_t worst);
[[nodiscard]] std::string training_validation_json(const evidence::TrainingValidation& validation);
/// A self-contained page: groups, then every row.
[[nodiscard]] std::string training_validation_html(const evidence::TrainingValidation& validation);

}  // namespace sn::draw
