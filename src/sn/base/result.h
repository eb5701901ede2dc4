// sn/base/result.h
//
// How a user's mistake travels: as a value, with where it is, what was expected and a hint.
//
// Mistakes are collected, not first-only: readers append to an `Errors` list and go on as far as
// they can. A programmer's mistake is an assertion (`SN_ASSERT`), active in every build type.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace sn {

enum class ErrorCode {
  syntax,        // not a document of the expected format
  unknown_key,   // a key that the schema does not have
  unknown_name,  // a name (chip, rack, model, ...) that the catalog does not have
  missing,       // a required key is absent
  wrong_type,    // a list where text was expected, and the like
  unit,          // unit missing, unknown or of another dimension
  range,         // number outside what is physically or practically possible
  limit,         // a limit of size, depth or count was passed
  io,            // a file that cannot be read
  data,          // malformed records in a data file
  infeasible,    // well-formed, but cannot be satisfied (does not fit, SLO nobody can meet)
  interrupted,   // stopped by who asked, before there was anything to keep
};

/// Position in a text. Lines and columns count from 1, columns and lengths in bytes; 0 means
/// unknown. `excerpt` is the source line, or of a long one the part from `excerpt_column` on.
struct Location {
  std::string file = {};
  int line = 0;
  int column = 0;
  int length = 0;
  std::string excerpt = {};
  int excerpt_column = 1;

  friend bool operator==(const Location&, const Location&) = default;
};

struct Error {
  ErrorCode code = ErrorCode::syntax;
  std::string message = {};
  Location where = {};
  std::string hint = {};  // what to write instead, or where to look; may be empty

  friend bool operator==(const Error&, const Error&) = default;
};

using Errors = std::vector<Error>;

template <class T>
using Result = tl::expected<T, Errors>;

[[nodiscard]] inline tl::unexpected<Errors> fail(Error error) {
  return tl::unexpected<Errors>(Errors{std::move(error)});
}
[[nodiscard]] inline tl::unexpected<Errors> fail(Errors errors) {
  return tl::unexpected<Errors>(std::move(errors));
}

/// Moves the value out of `result`, or appends its errors and returns `fallback`.
template <class T>
T take(Result<T> result, Errors& errors, T fallback = {}) {
  if (result) return *std::move(result);
  errors.insert(errors.end(), result.error().begin(), result.error().end());
  return fallback;
}

/// `file:line:col: error: message`, the source line, then a caret under the place and the hint.
/// Every line ends with a line feed; control characters are made harmless.
[[nodiscard]] std::string render(const Error& error);

/// All errors in order of file, line and column, duplicates removed, closed by a line that counts
/// them. Empty for no errors.
[[nodiscard]] std::string render(const Errors& errors);

/// The candidate nearest to `name` by edit distance (optimal string alignment: transpositions of
/// neighbours count once), or an empty string when none is near enough to be a likely typing
/// mistake: a distance over max(2, length/3), or as long as the longer of the two. Letter case is
/// ignored; the first of equals wins.
[[nodiscard]] std::string nearest(std::string_view name,
                                  const std::vector<std::string>& candidates);

/// `text` for use in a message: control characters made harmless, cut with "..." after `max` bytes.
[[nodiscard]] std::string shown(std::string_view text, std::size_t max = 60);

[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);

}  // namespace sn

/// A programmer's mistake: prints expression and place, then aborts.
#define SN_ASSERT(expression) \
  ((expression) ? static_cast<void>(0) : ::sn::assertion_failed(#expression, __FILE__, __LINE__))
