// sn/base/report/describe_error.h
//
// An error or warning as part of a report: code, message, place and hint.

#pragma once

#include <string_view>

#include "sn/base/report/report_visitor.h"
#include "sn/base/result.h"

namespace sn {

/// "unknown_key", "unit", ...: the name of the code.
[[nodiscard]] std::string_view to_string(ErrorCode code);

void describe(ReportVisitor& v, const Error& error);

}  // namespace sn
