// sn/draw/rack/running_text.cc
//
// A deployment's racks in one line (see running_text.h).

#include "sn/draw/rack/running_text.h"

#include <fmt/format.h>

#include "sn/base/units/units.h"
#include "sn/draw/kit/table.h"

namespace sn::draw {

std::string running_text(const facility::Running& r) {
  std::string out = fmt::format("{}{}, {} J an output token ({} with the building)",
                                format(r.input), r.within_feed ? "" : " (above its feed)",
                                significant(r.rack_joules), significant(r.building_joules));
  if (r.priced) {
    out +=
        fmt::format("; {} $ a million out, {} in and out", significant(r.per_million_output.si()),
                    significant(r.per_million_tokens.si()));
  }
  if (r.junction_celsius > 0.0) {
    out += fmt::format(
        "; junction {} C{}", fixed(r.junction_celsius, 0),
        r.clock < 1.0 ? fmt::format(", clocks {} %", fixed(100.0 * r.clock, 0)) : std::string());
  }
  return out + fmt::format("; {} % of its GPUs up", fixed(100.0 * r.up, 2));
}

}  // namespace sn::draw
