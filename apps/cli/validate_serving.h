// apps/cli/validate_serving.h
//
// `supernode validate serving`: measured deployments and published supernodes.

#pragma once

#include <cstddef>
#include <string>

namespace sn::cli {

struct ValidateServing {
  std::string data;     // folder; empty: published cases alone
  std::string catalog;  // overlay; empty: none
  std::string json;     // file, "-" or empty: text
  std::size_t worst = 10;
  int threads = 0;
};

/// Prints the report; the exit code.
int validate_serving(const ValidateServing& flags);

}  // namespace sn::cli
