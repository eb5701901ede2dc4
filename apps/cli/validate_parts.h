// apps/cli/validate_parts.h
//
// `supernode validate kernels | collectives | serving | all`: judge, then write what was asked for.

#pragma once

#include <cstddef>
#include <string>

#include "sn/catalog/catalog.h"

namespace sn::cli {

inline constexpr const char* validate_verb = "supernode validate";

struct ValidateOptions {
  std::string what;
  std::string data;  // folder; empty: published figures alone
  std::string rack;  // of logs that do not name their GPUs; empty: none
  std::string json;  // file, "-" or empty: none
  std::string html;  // file; empty: none
  std::size_t worst = 10;
  int threads = 0;
  bool tables = false;
  bool parameters = false;
};

/// Each prints its report and returns the exit code.
int validate_kernels(const ValidateOptions& options, const catalog::Catalog& catalog);
int validate_collectives(const ValidateOptions& options, const catalog::Catalog& catalog);
int validate_serving(const ValidateOptions& options, const catalog::Catalog& catalog);
/// The three of them; without data, kernels and serving.
int validate_all(const ValidateOptions& options, const catalog::Catalog& catalog);

}  // namespace sn::cli
