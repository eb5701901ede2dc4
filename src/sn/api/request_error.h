// sn/api/request_error.h
//
// How a mistake in a request is told: by the field's name, which a client may put its own word for.

#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sn/base/result.h"

namespace sn::api {

inline constexpr std::string_view request_prefix = "request.";

[[nodiscard]] inline Error request_error(const std::string& field, std::string message,
                                         std::string hint,
                                         ErrorCode code = ErrorCode::unknown_name) {
  return {.code = code,
          .message = std::move(message),
          .where = {.file = std::string(request_prefix) + field},
          .hint = std::move(hint)};
}

/// "did you mean 'x'?" for the nearest of `known`, else `otherwise`.
[[nodiscard]] inline std::string nearest_hint(const std::string& name,
                                              const std::vector<std::string>& known,
                                              std::string otherwise) {
  const std::string near = nearest(name, known);
  return near.empty() ? std::move(otherwise) : "did you mean '" + near + "'?";
}

}  // namespace sn::api
