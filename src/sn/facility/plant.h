// sn/facility/plant.h
//
// What a rack consists of and hangs on, beside its accelerators: modules (trays, nodes, shelves)
// with what their parts draw, busbar, optics, cooling. `hw::Rack` says what the machine computes
// and moves; a `Plant` says what stands around it, under the same name.
//
// A module is exchangeable: a plant names five of them, and counts that it does not give follow
// from the rack (`complete`). Limits: one kind of module in each place. Sources of the numbers:
// catalog/modules, catalog/plants.

#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "sn/base/result.h"
#include "sn/base/units/quantity.h"
#include "sn/catalog/param.h"
#include "sn/hw/machine.h"

namespace sn::facility {

using catalog::Need;
using EnergyPerByte = Quantity<Energy::dimension - Bytes::dimension>;

/// Parts of a module that draw power beside its accelerators.
enum class PartKind { cpu, memory, switch_chip, nic, dpu, drive, fan, board };
inline constexpr std::size_t part_kinds = 8;
inline constexpr std::array<PartKind, part_kinds> all_parts = {
    PartKind::cpu, PartKind::memory, PartKind::switch_chip, PartKind::nic,
    PartKind::dpu, PartKind::drive,  PartKind::fan,         PartKind::board};
[[nodiscard]] std::string_view to_string(PartKind kind);

/// Pieces of one kind on a module and what one of them draws.
struct Parts {
  std::int64_t count = 0;
  Power idle;
  Power max;

  friend bool operator==(const Parts&, const Parts&) = default;
};

template <class V>
void describe(V& v, Parts& p) {
  v.count("count", p.count, 0, 4096, Need::optional);
  v.quantity("idle", p.idle, Power{}, Power::from_si(1e5), Need::optional);
  v.quantity("max", p.max, Power{}, Power::from_si(1e5), Need::optional);
}

/// Efficiency of supplies at shares of their rating, linear in between.
struct EfficiencyCurve {
  static constexpr std::array<double, 6> shares = {0.1, 0.2, 0.3, 0.5, 0.75, 1.0};
  std::array<double, 6> values = {};  // 0: not given

  /// Below the first point losses stay those of that point, above the last the efficiency does.
  /// Load share of the rating -> output over input; 1 where no curve is given.
  [[nodiscard]] double at(double share) const;

  friend bool operator==(const EfficiencyCurve&, const EfficiencyCurve&) = default;
};

template <class V>
void describe(V& v, EfficiencyCurve& c) {
  constexpr std::array<std::string_view, 6> names = {"at_10", "at_20", "at_30",
                                                     "at_50", "at_75", "at_100"};
  for (std::size_t i = 0; i < names.size(); ++i) {
    v.ratio(names[i], c.values[i], 0.5, 1.0, Need::optional);
  }
}

struct Module {
  std::string name;
  std::int64_t gpus = 0;
  std::array<Parts, part_kinds> parts;  // by PartKind
  double liquid = 0.0;                  // share of its heat that goes into liquid
  // Of a power shelf:
  Power rating = {};   // output of one shelf
  Time hold_up = {};   // at its rating, without input
  double pulse = 1.0;  // of the rating, for moments
  EfficiencyCurve efficiency;
  // Of its body; 0: not known:
  double height_u = 0.0;  // rack units of 44.45 mm
  double weight_kg = 0.0;

  [[nodiscard]] const Parts& part(PartKind k) const { return parts[static_cast<std::size_t>(k)]; }
  /// Anything is on it: a plant need not fill every place.
  [[nodiscard]] bool present() const;

  friend bool operator==(const Module&, const Module&) = default;
};

template <class V>
void describe(V& v, Module& m) {
  v.count("gpus", m.gpus, 0, 1024, Need::optional);
  for (const PartKind k : all_parts) v.group(to_string(k), m.parts[static_cast<std::size_t>(k)]);
  v.ratio("liquid", m.liquid, 0.0, 1.0, Need::optional);
  v.quantity("rating", m.rating, Power::from_si(100.0), Power::from_si(1e7), Need::optional);
  v.quantity("hold_up", m.hold_up, Time{}, Time::from_si(10.0), Need::optional);
  v.ratio("pulse", m.pulse, 1.0, 3.0, Need::optional);
  v.group("efficiency", m.efficiency);
  v.ratio("height_u", m.height_u, 0.0, 200.0, Need::optional);
  v.ratio("weight_kg", m.weight_kg, 0.0, 1e5, Need::optional);
}

/// Places of modules in a plant.
enum class Place { compute, host, fabric, extra, shelf };
inline constexpr std::size_t places = 5;
inline constexpr std::array<Place, places> all_places = {Place::compute, Place::host, Place::fabric,
                                                         Place::extra, Place::shelf};
/// The key of a plant: "switch" for `fabric`.
[[nodiscard]] std::string_view to_string(Place place);

/// The bus from shelves to modules. Loss = resistance * (load / volts)^2.
struct Busbar {
  double volts = 0.0;  // 0: none, supplies feed the modules directly
  double micro_ohms = 0.0;

  friend bool operator==(const Busbar&, const Busbar&) = default;
};

template <class V>
void describe(V& v, Busbar& b) {
  v.ratio("volts", b.volts, 10.0, 2000.0, Need::optional);
  v.ratio("micro_ohms", b.micro_ohms, 0.0, 1e5, Need::optional);
}

/// What turns use of a chip into its power. The chip's limit is `hw::Chip::tdp`, of the whole
/// module with its regulators.
///   dynamic share = min(1, compute * busy tensor units + memory * busy HBM) * clock^exponent
struct ChipPower {
  double compute = 1.0;    // of the dynamic power, tensor units always busy
  double memory = 0.5;     // likewise HBM
  double exponent = 2.5;   // of the clock, voltage following it
  double floor = 0.3;      // lowest clock, share of nominal
  double regulator = 0.9;  // efficiency of the chip's regulators; inside the limit

  friend bool operator==(const ChipPower&, const ChipPower&) = default;
};

template <class V>
void describe(V& v, ChipPower& c) {
  v.ratio("compute", c.compute, 0.01, 2.0);
  v.ratio("memory", c.memory, 0.0, 2.0);
  v.ratio("exponent", c.exponent, 1.0, 4.0);
  v.ratio("floor", c.floor, 0.05, 1.0);
  v.ratio("regulator", c.regulator, 0.5, 1.0);
}

/// Use of the other parts while the machine works.
struct WorkingUse {
  double host = 0.0;
  double network = 0.0;

  friend bool operator==(const WorkingUse&, const WorkingUse&) = default;
};

template <class V>
void describe(V& v, WorkingUse& u) {
  v.ratio("host", u.host, 0.0, 1.0);
  v.ratio("network", u.network, 0.0, 1.0);
}

/// The square wave that a training step is taken for: dynamic shares of all chips.
struct TrainingWave {
  double high = 1.0;
  double low = 0.0;
  double duty = 1.0;  // share of the time at `high`

  friend bool operator==(const TrainingWave&, const TrainingWave&) = default;
};

template <class V>
void describe(V& v, TrainingWave& w) {
  v.ratio("high", w.high, 0.0, 1.0);
  v.ratio("low", w.low, 0.0, 1.0);
  v.ratio("duty", w.duty, 0.01, 1.0);
}

/// Transceivers of links that leave the modules. A lane costs the same idle or not.
struct Optics {
  EnergyPerByte scale_up = {};   // one end of a link, per byte of its rate; 0: copper
  std::int64_t ends = 2;         // of a ScaleUp link that stand in the rack
  EnergyPerByte scale_out = {};  // at the adapter
  // Of ScaleUp's medium, where a scenario names one; else those of the fleet and of the price list.
  std::string medium = {};
  Rate failures = {};   // of one end
  Money per_gbps = {};  // of one end; of copper, of a link

  friend bool operator==(const Optics&, const Optics&) = default;
};

template <class V>
void describe(V& v, Optics& o) {
  const auto most = EnergyPerByte::from_si(1e-9);
  v.quantity("scale_up", o.scale_up, EnergyPerByte{}, most, Need::optional);
  v.count("ends", o.ends, 0, 16, Need::optional);
  v.quantity("scale_out", o.scale_out, EnergyPerByte{}, most, Need::optional);
}

/// Figures of the whole that the sum of the parts is held against.
struct PublishedTotals {
  Power power = {};     // at full load; 0: none published
  double liquid = 0.0;  // share of the heat into liquid
  Power heat = {};      // that the rack's cooling removes at most
  Power chip = {};      // that the cooling of one accelerator removes at most

  friend bool operator==(const PublishedTotals&, const PublishedTotals&) = default;
};

template <class V>
void describe(V& v, PublishedTotals& p) {
  const Power most = Power::from_si(1e8);
  v.quantity("power", p.power, Power::from_si(100.0), most, Need::optional);
  v.ratio("liquid", p.liquid, 0.0, 1.0, Need::optional);
  v.quantity("heat", p.heat, Power::from_si(100.0), most, Need::optional);
  v.quantity("chip", p.chip, Power::from_si(10.0), Power::from_si(1e5), Need::optional);
}

/// Of the loop that takes the liquid's heat; without liquid nothing of it is given. Flows are in
/// litres a minute, pressures in kPa, temperatures in degrees Celsius.
struct Cooling {
  double supply_celsius = 0.0;       // of the coolant at the rack
  double most_supply_celsius = 0.0;  // that its chips are made for
  double most_return_celsius = 0.0;
  double flow_l_per_min_per_kw = 0.0;  // of the heat into liquid at full load
  double drop_kpa = 0.0;               // of loop and rack at that flow; goes with its square
  std::int64_t pumps = 0;              // that run side by side
  double shutoff = 1.0;                // head without flow over head at that flow
  double pump_efficiency = 1.0;        // wire to water
  double plate_solid_k_per_w = 0.0;    // junction to the wall of the cold plate
  double plate_flow_k_per_w = 0.0;     // wall to coolant at design flow
  double plate_exponent = 0.0;         // of the flow, of the latter
  double package_j_per_k = 0.0;        // heat that a package and its plate take up
  double coolant_l_per_gpu = 0.0;      // in plate and hoses
  double throttle_celsius = 0.0;       // junction
  double trip_celsius = 0.0;
  double air_rise_kelvin = 0.0;  // of the air that takes the rest

  [[nodiscard]] bool liquid() const { return flow_l_per_min_per_kw > 0.0; }

  friend bool operator==(const Cooling&, const Cooling&) = default;
};

template <class V>
void describe(V& v, Cooling& c) {
  const auto o = Need::optional;
  v.ratio("supply_celsius", c.supply_celsius, 5.0, 70.0, o);
  v.ratio("most_supply_celsius", c.most_supply_celsius, 5.0, 70.0, o);
  v.ratio("most_return_celsius", c.most_return_celsius, 5.0, 100.0, o);
  v.ratio("flow_l_per_min_per_kw", c.flow_l_per_min_per_kw, 0.01, 20.0, o);
  v.ratio("drop_kpa", c.drop_kpa, 1.0, 1000.0, o);
  v.count("pumps", c.pumps, 1, 64, o);
  v.ratio("shutoff", c.shutoff, 1.0, 5.0, o);
  v.ratio("pump_efficiency", c.pump_efficiency, 0.05, 1.0, o);
  v.ratio("plate_solid_k_per_w", c.plate_solid_k_per_w, 0.0001, 1.0, o);
  v.ratio("plate_flow_k_per_w", c.plate_flow_k_per_w, 0.0001, 1.0, o);
  v.ratio("plate_exponent", c.plate_exponent, 0.1, 1.0, o);
  v.ratio("package_j_per_k", c.package_j_per_k, 1.0, 1e5, o);
  v.ratio("coolant_l_per_gpu", c.coolant_l_per_gpu, 0.01, 100.0, o);
  v.ratio("throttle_celsius", c.throttle_celsius, 40.0, 150.0, o);
  v.ratio("trip_celsius", c.trip_celsius, 40.0, 150.0, o);
  v.ratio("air_rise_kelvin", c.air_rise_kelvin, 1.0, 50.0, o);
}

/// The modules of one place; `count` 0 before `complete`: follows from the rack.
struct Slot {
  Module module;
  std::int64_t count = 0;

  friend bool operator==(const Slot&, const Slot&) = default;
};

struct Plant {
  std::string name;
  std::array<Slot, places> slots;  // by Place
  std::int64_t spare_shelves = 0;  // that may be lost without losing load: 1 is N+1
  Busbar busbar;
  ChipPower chip;
  WorkingUse use;
  TrainingWave training;
  Optics optics;
  Cooling cooling;
  PublishedTotals published;

  [[nodiscard]] const Slot& at(Place p) const { return slots[static_cast<std::size_t>(p)]; }
  [[nodiscard]] Slot& at(Place p) { return slots[static_cast<std::size_t>(p)]; }

  friend bool operator==(const Plant&, const Plant&) = default;
};

template <class V>
void describe(V& v, Plant& p) {
  for (const Place at : all_places) v.group(to_string(at), p.at(at).module);
  for (const Place at : all_places) {
    v.count("counts." + std::string(to_string(at)), p.at(at).count, 0, 65536, Need::optional);
  }
  v.count("spare_shelves", p.spare_shelves, 0, 4096, Need::optional);
  v.group("busbar", p.busbar);
  v.group("chip", p.chip);
  v.group("use", p.use);
  v.group("training", p.training);
  v.group("optics", p.optics);
  v.group("cooling", p.cooling);
  v.group("published", p.published);
}

/// What the entry leaves out: compute modules by GPUs, hosts by OS images, switch modules by the
/// chips that the ScaleUp domain needs; of shelves and extras none. A link has two ends, a shelf no
/// pulse.
void complete(Plant& plant, const hw::Rack& rack);

/// Switch chips that the rack's ScaleUp takes: as given, or planes x chips a plane holds.
[[nodiscard]] std::int64_t switch_chips(const hw::Rack& rack);

/// Counts against the rack, parts without a figure, more spare shelves than shelves. The plant is
/// complete.
void check_plant(const Plant& plant, const hw::Rack& rack, const Location& where, Errors& errors);

}  // namespace sn::facility
