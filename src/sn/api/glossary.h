// sn/api/glossary.h
//
// What the words of this program mean, in a sentence or two: `supernode explain`, docs/glossary.md.

#pragma once

#include <span>
#include <string>
#include <string_view>

#include "sn/base/result.h"

namespace sn::api {

struct Term {
  std::string_view name;       // "TTFT"
  std::string_view long_name;  // "time to first token"; may be empty
  std::string_view meaning;
  std::string_view see;  // a command that shows it; may be empty
};

/// Sorted by name, without regard to case.
[[nodiscard]] std::span<const Term> glossary();

/// By name or long name, without regard to case. Errors: none such, with the nearest.
[[nodiscard]] Result<Term> find_term(const std::string& name);

}  // namespace sn::api
