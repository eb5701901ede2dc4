// sn/facility/power.cc
//
// The power chain of a rack (see power.h).

#include "sn/facility/power.h"

#include <algorithm>
#include <cmath>

namespace sn::facility {

namespace {

double d(std::int64_t n) { return static_cast<double>(n); }

Power between(Power idle, Power max, double share) { return idle + (max - idle) * share; }

double use_of(PartKind kind, const PowerLoad& load) {
  switch (kind) {
    case PartKind::switch_chip:
    case PartKind::nic:
    case PartKind::dpu:
      return load.network;
    case PartKind::cpu:
    case PartKind::memory:
    case PartKind::drive:
    case PartKind::board:
    case PartKind::fan:
      break;
  }
  return load.host;
}

/// What a module draws without its fans.
Power without_fans(const hw::Rack& rack, const Module& m, const PowerLoad& load) {
  Power sum = between(rack.chip.idle, rack.chip.tdp, load.chip) * d(m.gpus);
  for (const PartKind k : all_parts) {
    if (k == PartKind::fan) continue;
    sum += between(m.part(k).idle, m.part(k).max, use_of(k, load)) * d(m.part(k).count);
  }
  return sum;
}

/// Adds the rows of one place, and its heat.
class PlaceRows {
 public:
  PlaceRows(const hw::Rack& rack, const PowerLoad& load, PowerReport& out)
      : rack_(rack), load_(load), out_(out) {}

  void add(Place place, const Slot& slot) {
    const Module& m = slot.module;
    if (slot.count == 0 || !m.present()) return;
    const std::string name(to_string(place));
    const Power here = without_fans(rack_, m, load_);
    Power sum = here;
    if (m.gpus > 0) {
      row(name, "gpu", slot.count * m.gpus, between(rack_.chip.idle, rack_.chip.tdp, load_.chip),
          "rack.chip.power.tdp");
      out_.chips += out_.rows.back().total;
    }
    for (const PartKind k : all_parts) {
      const Parts& p = m.part(k);
      if (p.count == 0) continue;
      double use = use_of(k, load_);
      if (k == PartKind::fan) {
        const Power most = without_fans(rack_, m, full_load());
        use = most > Power{} ? std::pow(here / most, 3.0) : 0.0;
        sum += between(p.idle, p.max, use) * d(p.count);
      }
      row(name, std::string(to_string(k)), slot.count * p.count, between(p.idle, p.max, use),
          "plant." + name + "." + std::string(to_string(k)) + ".max");
    }
    out_.liquid += sum * d(slot.count) * m.liquid;
    out_.air += sum * d(slot.count) * (1.0 - m.liquid);
  }

  void row(std::string place, std::string item, std::int64_t count, Power each, std::string param) {
    const Power total = each * d(count);
    out_.rows.push_back({std::move(place), std::move(item), count, each, total, std::move(param)});
    out_.output += total;
  }

 private:
  const hw::Rack& rack_;
  const PowerLoad& load_;
  PowerReport& out_;
};

void add_optics(const hw::Rack& rack, const Plant& plant, PlaceRows& rows, PowerReport& out) {
  const auto add = [&](const char* item, EnergyPerByte per_byte, Bandwidth rate, std::int64_t count,
                       const char* param) {
    if (per_byte <= EnergyPerByte{} || count == 0) return;
    rows.row("optics", item, count, Power::from_si(per_byte.si() * rate.si()), param);
    out.air += out.rows.back().total;
  };
  add("scale_up", plant.optics.scale_up, rack.scale_up.link.bandwidth,
      rack.gpus * plant.optics.ends, "plant.optics.scale_up");
  const std::int64_t adapters = rack.nics_per_os > 0 && rack.gpus_per_os > 0
                                    ? rack.gpus / rack.gpus_per_os * rack.nics_per_os
                                    : rack.gpus;
  add("scale_out", plant.optics.scale_out, rack.nic.bandwidth, adapters, "plant.optics.scale_out");
}

}  // namespace

PowerLoad idle_load() { return {.name = "idle", .chip = 0.0, .host = 0.0, .network = 0.0}; }
PowerLoad full_load() { return {.name = "max", .chip = 1.0, .host = 1.0, .network = 1.0}; }

double dynamic_share(const ChipPower& chip, double compute, double memory) {
  return std::clamp(chip.compute * compute + chip.memory * memory, 0.0, 1.0);
}

PowerReport rack_power(const hw::Rack& rack, const Plant& plant, const PowerLoad& load) {
  PowerReport out;
  PlaceRows rows(rack, load, out);
  for (const Place p : all_places) {
    if (p != Place::shelf) rows.add(p, plant.at(p));
  }
  add_optics(rack, plant, rows, out);
  out.regulators = out.chips * (1.0 - plant.chip.regulator);
  if (plant.busbar.volts > 0.0) {
    out.bus_amperes = out.output.si() / plant.busbar.volts;
    out.busbar_loss =
        Power::from_si(plant.busbar.micro_ohms * 1e-6 * out.bus_amperes * out.bus_amperes);
    out.rows.push_back(
        {"busbar", "resistance", 1, out.busbar_loss, out.busbar_loss, "plant.busbar.micro_ohms"});
    out.output += out.busbar_loss;
    out.air += out.busbar_loss;
  }
  const Slot& shelf = plant.at(Place::shelf);
  // Parts of a shelf (fans, controllers) are inside its efficiency.
  const Power rating = shelf.module.rating * d(shelf.count);
  out.capacity = shelf.module.rating * d(shelf.count - plant.spare_shelves);
  out.supply_share = rating > Power{} ? out.output / rating : 0.0;
  out.supply_efficiency = shelf.module.efficiency.at(out.supply_share);
  out.input = out.supply_efficiency > 0.0 ? out.output / out.supply_efficiency : Power{};
  out.supply_loss = out.input - out.output;
  out.rows.push_back({"shelf", "conversion", shelf.count,
                      shelf.count > 0 ? out.supply_loss / d(shelf.count) : Power{}, out.supply_loss,
                      "plant.shelf.efficiency.at_50"});
  out.liquid += out.supply_loss * shelf.module.liquid;
  out.air += out.supply_loss * (1.0 - shelf.module.liquid);
  return out;
}

Power chip_power_within(const hw::Rack& rack, const Plant& plant, Power feed) {
  hw::Rack other = rack;
  const auto input = [&](double watts) {
    other.chip.tdp = Power::from_si(watts);
    other.chip.idle = std::min(rack.chip.idle, other.chip.tdp);
    return rack_power(other, plant, full_load()).input;
  };
  double low = 0.0;
  double high = feed.si();
  if (input(low) > feed) return Power{};
  for (int i = 0; i < 60; ++i) {
    const double middle = 0.5 * (low + high);
    (input(middle) > feed ? high : low) = middle;
  }
  return Power::from_si(low);
}

Swing swing_between(const hw::Rack& rack, const Plant& plant, const PowerLoad& low,
                    const PowerLoad& high) {
  const PowerReport down = rack_power(rack, plant, low);
  const PowerReport up = rack_power(rack, plant, high);
  const Slot& shelf = plant.at(Place::shelf);
  Swing out{.low = down.input, .high = up.input, .carried = {}, .within_pulse = false};
  const Power step = up.output - down.output;
  if (step > Power{}) {
    out.carried = shelf.module.hold_up * (shelf.module.rating * d(shelf.count) / step);
  }
  out.within_pulse = up.output <= up.capacity * shelf.module.pulse;
  return out;
}

std::string_view to_string(CapPolicy policy) {
  switch (policy) {
    case CapPolicy::hard:
      return "hard";
    case CapPolicy::proportional:
      return "proportional";
    case CapPolicy::priority:
      return "priority";
  }
  return "hard";
}

hw::Conditions Capped::conditions() const {
  hw::Conditions out;
  out.clock = std::min(high_clock, low_clock);
  return out;
}

Capped cap_power(const hw::Rack& rack, const Plant& plant, const PowerLoad& load, Power cap,
                 CapPolicy policy, double high_share) {
  const auto input = [&](PowerLoad l, double chip) {
    l.chip = chip;
    return rack_power(rack, plant, l).input;
  };
  /// Largest dynamic share within the cap when the rest is loaded as `l`.
  const auto within = [&](const PowerLoad& l) {
    double low = 0.0;
    double high = 1.0;
    if (input(l, high) <= cap) return high;
    for (int i = 0; i < 60; ++i) {
      const double middle = 0.5 * (low + high);
      (input(l, middle) > cap ? high : low) = middle;
    }
    return low;
  };
  const double e = plant.chip.exponent;
  const double least = load.chip * std::pow(plant.chip.floor, e);  // at the lowest clock
  const auto clock = [&](double share) {
    return load.chip > 0.0 ? std::pow(std::clamp(share / load.chip, 0.0, 1.0), 1.0 / e) : 1.0;
  };
  PowerLoad rest = load;
  if (policy == CapPolicy::hard) rest.host = rest.network = 1.0;
  const double allowed = std::min(load.chip, within(rest));
  const double mean = std::max(least, allowed);
  Capped out;
  out.high_share = policy == CapPolicy::priority ? std::clamp(high_share, 0.0, 1.0) : 1.0;
  out.high_clock = out.low_clock = clock(mean);
  if (policy == CapPolicy::priority && out.high_share < 1.0) {
    const double low_chips = 1.0 - out.high_share;
    const double low =
        std::clamp((mean - out.high_share * load.chip) / low_chips, least, load.chip);
    const double high = out.high_share > 0.0 ? std::clamp((mean - low_chips * low) / out.high_share,
                                                          least, load.chip)
                                             : load.chip;
    out.low_clock = clock(low);
    out.high_clock = clock(high);
  }
  out.input = input(load, mean);
  out.held = out.input <= cap * (1.0 + 1e-9);
  return out;
}

}  // namespace sn::facility
