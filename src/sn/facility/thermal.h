// sn/facility/thermal.h
//
// Heat of a rack on its way out: the coolant loop, cold plates, junctions, and what happens when
// the flow goes.
//
//   flow         rule * heat into liquid at full load; a chip has its part of it by power
//   coolant      rise = heat / (rho cp Q); PG25 at 40 C: 1,020 kg/m3, 4,120 J/(kg K) (Dow)
//   plate        R = solid + film * (Q0 / Q)^n
//   junction     supply + rise / 2 + power * R
//   pumps        head = shutoff - (shutoff - 1) Q^2 of the bank, loop = Q^2: with n of N left
//                Q = sqrt(s / (1 + (s - 1) (N / n)^2));  power = Q * drop / efficiency
//   transient    two lumps a chip: package C dT/dt = P - (T - Tc) / R, coolant V rho cp dTo/dt =
//                (T - Tc) / R - rho cp Q (To - supply), Tc = (supply + To) / 2; steps of 20 ms,
//                implicit in each lump
//   control      above the throttle point the clock falls by 10 % of nominal a second, 2 K below it
//                the clock comes back at 1 % a second; at the trip point the chip goes off for good
//
// Limits: one plate stands for all, the supply keeps its temperature, chips are alike.

#pragma once

#include <string>
#include <vector>

#include "sn/facility/plant.h"
#include "sn/facility/power.h"

namespace sn::facility {

/// Heat capacity of a flow: W/K of one litre a minute.
inline constexpr double watts_per_kelvin_lpm = 1020.0 * 4120.0 * 1e-3 / 60.0;

/// The loop of the whole rack at a load.
struct Loop {
  double flow_l_per_min = 0.0;
  double chip_l_per_min = 0.0;  // through one chip's plate
  double drop_kpa = 0.0;
  Power pumps;
  double supply_celsius = 0.0;
  double return_celsius = 0.0;
  double junction_celsius = 0.0;   // without a throttle
  double clock = 1.0;              // that keeps the junction at the throttle point, or 1
  double throttled_celsius = 0.0;  // junction at that clock
};

/// `flow`: share of the design flow. The rack has liquid cooling.
[[nodiscard]] Loop loop_at(const hw::Rack& rack, const Plant& plant, const PowerLoad& load,
                           double flow = 1.0);

/// Share of the design flow that `left` of the pumps give.
[[nodiscard]] double flow_of_pumps(const Cooling& cooling, std::int64_t left);

/// Air that carries `heat` away, m3/h at 20 C.
[[nodiscard]] double air_m3_per_h(Power heat, double rise_kelvin);

struct HeatPoint {
  double time_s = 0.0;
  double junction_celsius = 0.0;
  double return_celsius = 0.0;
  double clock = 1.0;
  double flow = 1.0;
  Power chip;
};

/// A loss of flow at time zero; what was steady before it.
struct HeatEvent {
  std::string name;
  double flow = 0.0;         // share that is left
  double throttle_s = -1.0;  // until the clock falls; negative: never
  double trip_s = -1.0;
  double clock = 1.0;             // at the end
  double junction_celsius = 0.0;  // highest
  double end_celsius = 0.0;
  std::vector<HeatPoint> points;  // of every second
};

/// `coast_s`: time constant with which the flow falls.
[[nodiscard]] HeatEvent lose_flow(const hw::Rack& rack, const Plant& plant, const PowerLoad& load,
                                  std::string name, double flow_left, double seconds,
                                  double coast_s = 2.0);

}  // namespace sn::facility
