// sn/draw/kit/error_json.cc
//
// Errors as JSON (see error_json.h). Line and column are 0 where they are unknown.

#include "sn/draw/kit/error_json.h"

namespace sn::draw {

std::string_view code_name(ErrorCode code) {
  switch (code) {
    case ErrorCode::syntax:
      return "syntax";
    case ErrorCode::unknown_key:
      return "unknown_key";
    case ErrorCode::unknown_name:
      return "unknown_name";
    case ErrorCode::missing:
      return "missing";
    case ErrorCode::wrong_type:
      return "wrong_type";
    case ErrorCode::unit:
      return "unit";
    case ErrorCode::range:
      return "range";
    case ErrorCode::limit:
      return "limit";
    case ErrorCode::io:
      return "io";
    case ErrorCode::data:
      return "data";
    case ErrorCode::infeasible:
      return "infeasible";
    case ErrorCode::interrupted:
      return "interrupted";
  }
  return "syntax";
}

void write_error(JsonWriter& w, const Error& error) {
  w.begin_object();
  w.member("code", code_name(error.code)).member("message", error.message);
  w.member("file", error.where.file).member("line", error.where.line);
  w.member("column", error.where.column).member("hint", error.hint);
  w.end_object();
}

}  // namespace sn::draw
