// sn/facility/thermal.cc
//
// Loop, plates and transients (see thermal.h).

#include "sn/facility/thermal.h"

#include <algorithm>
#include <cmath>

namespace sn::facility {

namespace {

constexpr double step_s = 0.02;

/// One chip on its plate at a share of the design flow.
class Plate {
 public:
  Plate(const hw::Rack& rack, const Plant& plant, const PowerLoad& load)
      : c_(plant.cooling), rack_(rack), exponent_(plant.chip.exponent), share_(load.chip) {
    design_ = c_.flow_l_per_min_per_kw * rack.chip.tdp.si() * 1e-3;
  }

  [[nodiscard]] double watts(double clock) const {
    const Power dynamic = rack_.chip.tdp - rack_.chip.idle;
    return (rack_.chip.idle + dynamic * (share_ * std::pow(clock, exponent_))).si();
  }
  [[nodiscard]] double litres(double flow) const { return design_ * flow; }
  /// K/W; without flow nothing gets into the coolant.
  [[nodiscard]] double conductance(double flow) const {
    if (flow <= 0.0) return 0.0;
    return 1.0 /
           (c_.plate_solid_k_per_w + c_.plate_flow_k_per_w * std::pow(flow, -c_.plate_exponent));
  }
  [[nodiscard]] double steady(double flow, double clock) const {
    const double p = watts(clock);
    const double rise = p / (watts_per_kelvin_lpm * litres(flow));
    return c_.supply_celsius + 0.5 * rise + p / conductance(flow);
  }
  /// Highest clock whose junction stays at or below the throttle point; 0: none does.
  [[nodiscard]] double clock_within(double flow) const {
    if (flow <= 0.0) return 0.0;
    if (steady(flow, 1.0) <= c_.throttle_celsius) return 1.0;
    double low = 0.0;
    double high = 1.0;
    for (int i = 0; i < 50; ++i) {
      const double middle = 0.5 * (low + high);
      (steady(flow, middle) > c_.throttle_celsius ? high : low) = middle;
    }
    return low;
  }

 private:
  const Cooling& c_;
  const hw::Rack& rack_;
  double exponent_;
  double share_;
  double design_ = 0.0;
};

}  // namespace

double flow_of_pumps(const Cooling& c, std::int64_t left) {
  if (left <= 0 || c.pumps <= 0) return 0.0;
  const double ratio = static_cast<double>(c.pumps) / static_cast<double>(left);
  return std::sqrt(c.shutoff / (1.0 + (c.shutoff - 1.0) * ratio * ratio));
}

double air_m3_per_h(Power heat, double rise_kelvin) {
  // Air at 20 C: 1.204 kg/m3, 1,006 J/(kg K).
  return rise_kelvin > 0.0 ? heat.si() / (1.204 * 1006.0 * rise_kelvin) * 3600.0 : 0.0;
}

Loop loop_at(const hw::Rack& rack, const Plant& plant, const PowerLoad& load, double flow) {
  const Cooling& c = plant.cooling;
  const Power design = rack_power(rack, plant, full_load()).liquid;
  const Power heat = rack_power(rack, plant, load).liquid;
  const Plate plate(rack, plant, load);
  Loop out;
  out.flow_l_per_min = c.flow_l_per_min_per_kw * design.si() * 1e-3 * flow;
  out.chip_l_per_min = plate.litres(flow);
  out.drop_kpa = c.drop_kpa * flow * flow;
  // l/min * kPa = W / 60.
  out.pumps = Power::from_si(out.flow_l_per_min / 60.0 * out.drop_kpa / c.pump_efficiency);
  out.supply_celsius = c.supply_celsius;
  const double capacity = watts_per_kelvin_lpm * out.flow_l_per_min;
  out.return_celsius = c.supply_celsius + (capacity > 0.0 ? heat.si() / capacity : 0.0);
  out.junction_celsius = plate.steady(flow, 1.0);
  out.clock = plate.clock_within(flow);
  out.throttled_celsius = plate.steady(flow, out.clock);
  return out;
}

HeatEvent lose_flow(const hw::Rack& rack, const Plant& plant, const PowerLoad& load,
                    std::string name, double flow_left, double seconds, double coast_s) {
  const Cooling& c = plant.cooling;
  const Plate plate(rack, plant, load);
  HeatEvent out{.name = std::move(name), .flow = flow_left, .points = {}};
  double clock = plate.clock_within(1.0);
  const double before = clock;
  double junction = plate.steady(1.0, clock);
  double outlet =
      c.supply_celsius + plate.watts(clock) / (watts_per_kelvin_lpm * plate.litres(1.0));
  const double coolant = c.coolant_l_per_gpu * watts_per_kelvin_lpm * 60.0;  // J/K
  bool off = false;
  const auto steps = static_cast<std::int64_t>(std::llround(seconds / step_s));
  const auto second = static_cast<std::int64_t>(std::llround(1.0 / step_s));
  out.junction_celsius = junction;
  for (std::int64_t i = 0; i <= steps; ++i) {
    const double t = static_cast<double>(i) * step_s;
    const double flow =
        flow_left + (1.0 - flow_left) * (coast_s > 0.0 ? std::exp(-t / coast_s) : 0.0);
    const double power = off ? 0.0 : plate.watts(clock);
    if (i % second == 0) {
      out.points.push_back({t, junction, outlet, off ? 0.0 : clock, flow, Power::from_si(power)});
    }
    const double middle = 0.5 * (c.supply_celsius + outlet);
    // Implicit in each lump alone: stable whatever the capacities are.
    const double g = plate.conductance(flow);
    const double c_dt = step_s / c.package_j_per_k;
    junction = (junction + c_dt * (power + g * middle)) / (1.0 + c_dt * g);
    const double into = (junction - middle) * g;
    const double through = watts_per_kelvin_lpm * plate.litres(flow) * step_s / coolant;
    outlet = (outlet + into * step_s / coolant + through * c.supply_celsius) / (1.0 + through);
    out.junction_celsius = std::max(out.junction_celsius, junction);
    if (junction >= c.trip_celsius && !off) {
      off = true;
      out.trip_s = t;
    }
    if (junction > c.throttle_celsius) {
      if (out.throttle_s < 0.0) out.throttle_s = t;
      clock = std::max(plant.chip.floor, clock - 0.1 * step_s);
    } else if (junction < c.throttle_celsius - 2.0) {
      clock = std::min(before, clock + 0.01 * step_s);
    }
  }
  out.clock = off ? 0.0 : clock;
  out.end_celsius = junction;
  return out;
}

}  // namespace sn::facility
