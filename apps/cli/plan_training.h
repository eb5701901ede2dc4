// apps/cli/plan_training.h
//
// `supernode plan` of a training scenario: one question, and its views.

#pragma once

#include <string>

#include "apps/cli/outputs.h"
#include "sn/api/training.h"

namespace sn::cli {

struct TrainingAsk {
  api::OpenRequest scenario;
  std::string source;  // how the reader calls it
  int top = 10;
  bool explain = false;
  std::string tool;  // to export; empty: the plan
  int rank = 1;      // of what is exported
};

/// Asks, shows, and gives the exit code.
int plan_training(const TrainingAsk& ask, const Outputs& outputs, const catalog::Catalog& catalog,
                  const Run& run);

}  // namespace sn::cli
