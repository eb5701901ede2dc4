// sn/api/rack/rack_heat.cc
//
// Heat of a rack, and three losses of flow (see rack_heat.h).

#include "sn/api/rack/rack_heat.h"

#include <fmt/format.h>

#include <array>

#include "sn/api/request_error.h"

namespace sn::api {

namespace {

struct EventKind {
  const char* name;
  const char* title;
};
constexpr std::array<EventKind, 3> kinds = {{{"pump", "one pump fails, no other starts"},
                                             {"half", "half of the flow is lost"},
                                             {"none", "all of the flow is lost"}}};

double flow_left(const facility::Cooling& c, std::string_view name) {
  if (name == "pump") return facility::flow_of_pumps(c, c.pumps - 1);
  return name == "half" ? 0.5 : 0.0;
}

void warn(Errors& warnings, const Facility& f, std::string message, std::string hint) {
  warnings.push_back({.code = ErrorCode::infeasible,
                      .message = "rack '" + f.name + "': " + std::move(message),
                      .where = f.where,
                      .hint = std::move(hint)});
}

void check_loop(const Facility& f, const HeatReport& r, Errors& warnings) {
  const facility::Cooling& c = f.plant.cooling;
  if (c.most_supply_celsius > 0.0 && c.supply_celsius > c.most_supply_celsius) {
    warn(warnings, f,
         fmt::format("coolant of {:.1f} C; its chips are made for {:.1f} C at most",
                     c.supply_celsius, c.most_supply_celsius),
         "a lower facility.plant.cooling.supply_celsius");
  }
  if (c.most_return_celsius > 0.0 && r.full.return_celsius > c.most_return_celsius) {
    warn(warnings, f,
         fmt::format("flow too low: coolant returns at {:.1f} C at full load, {:.1f} C are allowed",
                     r.full.return_celsius, c.most_return_celsius),
         "more facility.plant.cooling.flow_l_per_min_per_kw");
  }
  if (r.full.clock < 1.0) {
    warn(warnings, f,
         fmt::format("junctions of {:.1f} C at full load are above {:.1f} C: clocks fall to {:.0f} "
                     "% of nominal",
                     r.full.junction_celsius, c.throttle_celsius, 100.0 * r.full.clock),
         "more flow, colder coolant, a better plate, or a chip of lower power");
  }
}

}  // namespace

Result<HeatReport> rack_heat(const HeatRequest& request, const Facility& f,
                             const facility::PowerLoad& load, Errors& warnings) {
  const facility::Cooling& c = f.plant.cooling;
  bool known = request.event.empty();
  for (const EventKind& k : kinds) known = known || request.event == k.name;
  if (!known) {
    return fail(
        request_error("event", "unknown event '" + shown(request.event) + "'",
                      nearest_hint(request.event, {"pump", "half", "none"}, "pump, half or none")));
  }
  HeatReport out;
  out.liquid = c.liquid();
  const facility::PowerReport power = facility::rack_power(f.rack, f.plant, load);
  out.air_m3_per_h = facility::air_m3_per_h(power.air, c.air_rise_kelvin);
  if (!out.liquid) {
    if (request.event.empty()) return out;
    return fail(request_error("event", "rack '" + f.name + "' has no liquid cooling",
                              "name one that has, such as nvl72-gb200", ErrorCode::infeasible));
  }
  out.throttle_celsius = c.throttle_celsius;
  out.trip_celsius = c.trip_celsius;
  out.loop = facility::loop_at(f.rack, f.plant, load);
  out.full = facility::loop_at(f.rack, f.plant, facility::full_load());
  out.pump_share = power.input > Power{} ? out.loop.pumps / power.input : 0.0;
  for (const EventKind& k : kinds) {
    facility::HeatEvent e = facility::lose_flow(
        f.rack, f.plant, load, k.title, flow_left(c, k.name), static_cast<double>(request.seconds));
    if (request.event == k.name) out.course = e;
    e.points.clear();
    out.events.push_back(std::move(e));
  }
  check_loop(f, out, warnings);
  return out;
}

}  // namespace sn::api
