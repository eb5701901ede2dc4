// sn/facility/plant.cc
//
// Counts of modules, efficiency of supplies, and what cannot be (see plant.h).

#include "sn/facility/plant.h"

#include <algorithm>

#include "sn/base/units/units.h"

namespace sn::facility {

namespace {

/// A loop that is given has all that its temperatures rest on.
template <class Report>
void check_cooling(const Plant& plant, Report report) {
  const Cooling& c = plant.cooling;
  const bool wet = std::any_of(plant.slots.begin(), plant.slots.end(),
                               [](const Slot& s) { return s.count > 0 && s.module.liquid > 0.0; });
  if (!c.liquid()) {
    if (wet) report("modules give heat to liquid, and there is no flow of it", "base: liquid");
    return;
  }
  const bool whole = c.supply_celsius > 0.0 && c.drop_kpa > 0.0 && c.pumps > 0 &&
                     c.pump_efficiency > 0.0 && c.plate_solid_k_per_w > 0.0 &&
                     c.plate_flow_k_per_w > 0.0 && c.package_j_per_k > 0.0 &&
                     c.coolant_l_per_gpu > 0.0;
  if (!whole) report("cooling lacks supply, drop, pumps, plate or capacities", "base: liquid");
  if (c.trip_celsius <= c.throttle_celsius) {
    report("trips at or below the throttle point", "cooling.trip_celsius above throttle_celsius");
  }
}

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return b > 0 ? (a + b - 1) / b : 0; }

}  // namespace

std::string_view to_string(PartKind kind) {
  constexpr std::array<std::string_view, part_kinds> names = {
      "cpu", "memory", "switch_chip", "nic", "dpu", "drive", "fan", "board"};
  return names[static_cast<std::size_t>(kind)];
}

std::string_view to_string(Place place) {
  constexpr std::array<std::string_view, places> names = {"compute", "host", "switch", "extra",
                                                          "shelf"};
  return names[static_cast<std::size_t>(place)];
}

bool Module::present() const {
  return gpus > 0 || rating > Power{} ||
         std::any_of(parts.begin(), parts.end(), [](const Parts& p) { return p.count > 0; });
}

double EfficiencyCurve::at(double share) const {
  double x0 = 0.0;
  double y0 = 0.0;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    if (values[i] <= 0.0) continue;
    if (y0 <= 0.0 && share <= shares[i]) {
      // Fixed losses of the lowest point: out / (out + loss).
      const double loss = shares[i] * (1.0 / values[i] - 1.0);
      return share <= 0.0 ? 0.0 : share / (share + loss);
    }
    if (share <= shares[i]) return y0 + (values[i] - y0) * (share - x0) / (shares[i] - x0);
    x0 = shares[i];
    y0 = values[i];
  }
  return y0 > 0.0 ? y0 : 1.0;
}

std::int64_t switch_chips(const hw::Rack& rack) {
  const hw::ScaleUp& up = rack.scale_up;
  if (!up.switched()) return 0;
  if (up.switches > 0) return up.switches;
  const std::int64_t domain = up.domain > 0 ? up.domain : rack.gpus;
  const std::int64_t ports = std::max<std::int64_t>(1, up.fabric_switch.ports);
  return (rack.gpus / std::max<std::int64_t>(1, domain)) * up.planes() * ceil_div(domain, ports);
}

void complete(Plant& plant, const hw::Rack& rack) {
  Slot& compute = plant.at(Place::compute);
  if (compute.count == 0) compute.count = ceil_div(rack.gpus, compute.module.gpus);
  Slot& host = plant.at(Place::host);
  if (host.count == 0 && host.module.present()) {
    host.count = ceil_div(rack.gpus, rack.gpus_per_os);
  }
  Slot& fabric = plant.at(Place::fabric);
  const std::int64_t chips = fabric.module.part(PartKind::switch_chip).count;
  if (fabric.count == 0 && chips > 0) fabric.count = ceil_div(switch_chips(rack), chips);
  for (Slot& s : plant.slots) s.module.pulse = std::max(1.0, s.module.pulse);
  if (plant.optics.ends == 0) plant.optics.ends = 2;
}

void check_plant(const Plant& plant, const hw::Rack& rack, const Location& where, Errors& errors) {
  const auto report = [&](std::string message, std::string hint) {
    errors.push_back({.code = ErrorCode::range,
                      .message = "plant '" + plant.name + "': " + std::move(message),
                      .where = where,
                      .hint = std::move(hint)});
  };
  const Slot& compute = plant.at(Place::compute);
  if (compute.count * compute.module.gpus != rack.gpus) {
    report(std::to_string(compute.count) + " compute modules of " +
               std::to_string(compute.module.gpus) + " GPUs do not make the rack's " +
               std::to_string(rack.gpus),
           "leave counts.compute out, or choose a module whose GPUs divide the rack's");
  }
  const Slot& fabric = plant.at(Place::fabric);
  const std::int64_t chips = fabric.module.part(PartKind::switch_chip).count;
  if (chips > 0 && fabric.count * chips < switch_chips(rack)) {
    report(std::to_string(fabric.count) + " switch modules of " + std::to_string(chips) +
               " chips are fewer than the " + std::to_string(switch_chips(rack)) +
               " chips that ScaleUp takes",
           "leave counts.switch out, or raise it");
  }
  const Slot& shelf = plant.at(Place::shelf);
  if (shelf.count == 0 || shelf.module.rating <= Power{}) {
    report("has no power shelves", "counts.shelf and a shelf module with a rating");
  } else if (plant.spare_shelves >= shelf.count) {
    report(std::to_string(plant.spare_shelves) + " of " + std::to_string(shelf.count) +
               " shelves are spare: none is left to carry the load",
           "fewer spare_shelves, or more counts.shelf");
  }
  check_cooling(plant, report);
  for (const Place at : all_places) {
    for (const PartKind k : all_parts) {
      const Parts& p = plant.at(at).module.part(k);
      const std::string name = std::string(to_string(at)) + "." + std::string(to_string(k));
      if (p.idle > p.max) {
        report(name + " draws " + format(p.idle) + " idle, more than its most, " + format(p.max),
               "max at least idle");
      }
      if (p.count > 0 && p.max <= Power{}) report(name + " has no power", name + ".max: 25 W");
    }
  }
}

}  // namespace sn::facility
