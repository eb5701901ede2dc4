// sn/base/report/describe_error.cc
//
// Names of the codes, and what of an error a reader of a report can use; see the header.

#include "sn/base/report/describe_error.h"

namespace sn {

std::string_view to_string(ErrorCode code) {
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

void describe(ReportVisitor& v, const Error& error) {
  static constexpr ErrorCode all[] = {
      ErrorCode::syntax,  ErrorCode::unknown_key, ErrorCode::unknown_name,
      ErrorCode::missing, ErrorCode::wrong_type,  ErrorCode::unit,
      ErrorCode::range,   ErrorCode::limit,       ErrorCode::io,
      ErrorCode::data,    ErrorCode::infeasible,  ErrorCode::interrupted,
  };
  v.type("Notice", "An error or a warning.");
  v.choice("code", "", error.code, all);
  v.text("message", "", error.message);
  v.text("file", "empty where there is none", error.where.file);
  v.count("line", "from 1; 0 where it is not known", error.where.line);
  v.count("column", "in bytes from 1; 0 where it is not known", error.where.column);
  v.text("hint", "what to write instead, or where to look; may be empty", error.hint);
}

}  // namespace sn
