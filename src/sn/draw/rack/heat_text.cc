// sn/draw/rack/heat_text.cc
//
// Temperatures and flows of a rack as text (see rack_views.h).

#include <fmt/format.h>

#include "sn/base/units/units.h"
#include "sn/draw/rack/rack_parts.h"

namespace sn::draw {

namespace {

std::string celsius(double x) { return fixed(x, 1) + " C"; }
std::string after(double seconds) {
  return seconds < 0.0 ? std::string("never") : fixed(seconds, 1) + " s";
}

std::string loop_line(const facility::Loop& l) {
  std::string out = fmt::format("supply {}, return {}; junction {}", celsius(l.supply_celsius),
                                celsius(l.return_celsius), celsius(l.junction_celsius));
  if (l.clock < 1.0) {
    out += fmt::format(", held at {} by clocks of {} %", celsius(l.throttled_celsius),
                       fixed(100.0 * l.clock, 0));
  }
  return out;
}

std::string tpot_text(const api::RackReport& r, double clock) {
  const api::ClockEffect* e = clock_effect(r, clock);
  if (e == nullptr) return "-";
  return e->carried ? fixed(e->tpot.si() * 1e3, 2) : "queue grows";
}

/// At most a dozen moments of the course, denser at its beginning.
std::string course_text(const api::RackReport& r, const TextStyle& style) {
  const facility::HeatEvent& e = r.heat.course;
  if (e.points.empty()) return {};
  Table table(
      {{"s"}, {"flow"}, {"junction C"}, {"return C"}, {"clock"}, {"W a chip"}, {"TPOT ms"}});
  double next = 0.0;
  for (const facility::HeatPoint& p : e.points) {
    if (p.time_s + 1e-9 < next && &p != &e.points.back()) continue;
    next = p.time_s < 5.0 ? p.time_s + 1.0 : p.time_s * 1.7;
    table.row({fixed(p.time_s, 0), fixed(100.0 * p.flow, 0) + " %", fixed(p.junction_celsius, 1),
               fixed(p.return_celsius, 1), fixed(100.0 * p.clock, 0) + " %", fixed(p.chip.si(), 0),
               tpot_text(r, p.clock)});
  }
  return "\n" + e.name + "\n" + table.str(style);
}

}  // namespace

std::string heat_text(const api::RackReport& report, const TextStyle& style) {
  const api::HeatReport& r = report.heat;
  std::string out = heading("Heat", style) + "\n";
  if (!r.liquid) {
    return out + fmt::format(" air        {} m3/h; air-cooled, junctions are not modelled\n",
                             format_number(r.air_m3_per_h));
  }
  out += fmt::format(" loop       {} l/min at {} kPa, {} a chip; pumps {} ({} % of the input)\n",
                     significant(r.loop.flow_l_per_min), significant(r.loop.drop_kpa),
                     significant(r.loop.chip_l_per_min) + " l/min", format(r.loop.pumps),
                     fixed(100.0 * r.pump_share, 2));
  out += " at load    " + loop_line(r.loop) + "\n";
  out += " full load  " + loop_line(r.full) + "\n";
  out += fmt::format(" limits     throttle at {}, trip at {}; air for the rest {} m3/h\n\n",
                     celsius(r.throttle_celsius), celsius(r.trip_celsius),
                     format_number(r.air_m3_per_h));
  Table table({{"loss of flow, at this load", Align::left},
               {"flow left"},
               {"throttles after"},
               {"trips after"},
               {"clock then"},
               {"highest C"}});
  for (const facility::HeatEvent& e : r.events) {
    table.row({e.name, fixed(100.0 * e.flow, 0) + " %", after(e.throttle_s), after(e.trip_s),
               e.clock > 0.0 ? fixed(100.0 * e.clock, 0) + " %" : "off",
               fixed(e.junction_celsius, 1)});
  }
  return out + table.str(style) + course_text(report, style);
}

}  // namespace sn::draw
