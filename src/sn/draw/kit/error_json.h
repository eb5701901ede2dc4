// sn/draw/kit/error_json.h
//
// An error or warning as a JSON object: code, message, place and hint.

#pragma once

#include <string_view>

#include "sn/base/json_writer.h"
#include "sn/base/result.h"

namespace sn::draw {

/// "unknown_key", "unit", ...: the name of the code.
[[nodiscard]] std::string_view code_name(ErrorCode code);

void write_error(JsonWriter& writer, const Error& error);

}  // namespace sn::draw
