// sn/base/units/unit_table.h
//
// The units that text may use, and what a person who wrote another one probably meant. Internal to
// units.cc.
//
// Factors are to the base units of quantity.h: second, byte, FLOP, joule, kelvin, US dollar,
// metre. A bit is 1/8 byte. Counted things (requests, tokens) have no dimension.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sn/base/units/quantity.h"

namespace sn {

struct Unit {
  std::string_view symbol;
  double factor = 1.0;
  Dimension dimension;
};

/// The unit written exactly so ("GB", not "GB/s" and not "gb"); nothing when there is none.
[[nodiscard]] std::optional<Unit> find_unit(std::string_view symbol);

/// A whole unit ("GB/s"): parts divided by each other; the first may be empty ("/s").
[[nodiscard]] std::optional<Unit> find_compound(std::string_view text);

/// What to write instead of `text`, which is not a unit: "GB/s (bytes) or Gbit/s (bits)", or empty
/// when nothing comes near.
[[nodiscard]] std::string unit_suggestion(std::string_view text);

}  // namespace sn
