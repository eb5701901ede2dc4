// sn/base/units/units.h
//
// Quantities to and from text: "900 GB/s", "14.4 Tbit/s", "2.25 PFLOP/s", "50 ms", "1.2 kW".
//
// Grammar: number, optional space, unit ("/" unit)*; "/s" alone is a rate. Prefixes k M G T P E and
// Ki Mi Gi Ti Pi; bits are eighths of a byte; counted things (req, tok) have no dimension. Letter
// case matters. A bare number is refused wherever a dimension is expected. Limits: 64 characters,
// finite values.

#pragma once

#include <string>
#include <string_view>

#include "sn/base/result.h"
#include "sn/base/units/quantity.h"

namespace sn {

/// Value of `text` in base units; an error (code unit, syntax, range or limit; no location yet)
/// says what was expected and what to write. Its message lacks a subject, for the caller to put in
/// front: "needs a unit of time; '50' has none". `expected` without any
/// exponent accepts a plain number or a percentage ("93 %").
[[nodiscard]] tl::expected<double, Error> parse_quantity(std::string_view text, Dimension expected);

/// "a unit of time", "a unit of bandwidth", ...: the dimension in words, for messages.
[[nodiscard]] std::string_view dimension_name(Dimension dimension);

/// Three significant digits with the customary unit and prefix: "1.23 ms", "900 GB/s",
/// "2.25 PFLOP/s". Reads back with `parse_quantity` for every named dimension.
[[nodiscard]] std::string format_quantity(double si, Dimension dimension);

/// Rounded to `significant` digits or to the whole number, whichever is finer; trailing zeros
/// dropped, thousands separated by a blank: "1 312", "0.0123".
[[nodiscard]] std::string format_number(double value, int significant = 3);

template <Dimension D>
[[nodiscard]] std::string format(Quantity<D> q) {
  return format_quantity(q.si(), D);
}

}  // namespace sn
