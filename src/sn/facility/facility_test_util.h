// sn/facility/facility_test_util.h
//
// A small rack and plant for tests, with numbers that add up by hand; shipped ones by name.

#pragma once

#include <string>

#include "sn/catalog/catalog_test_util.h"
#include "sn/facility/plant.h"

namespace sn::facility {

/// 8 chips of 100 W idle and 1 kW on two boards; one switch tray; four shelves of 5 kW, one spare.
inline hw::Rack small_rack() {
  using namespace sn::literals;
  hw::Rack r;
  r.name = "small";
  r.gpus = 8;
  r.gpus_per_os = 4;
  r.feed = 12_kW;
  r.chip.tdp = 1_kW;
  r.chip.idle = 100_W;
  r.scale_up.link.bandwidth = 100_GB_per_s;
  r.scale_up.fabric_switch.ports = 8;
  r.scale_up.fabric_switch.port_bandwidth = 50_GB_per_s;
  r.nic.bandwidth = 50_GB_per_s;
  hw::complete(r);
  return r;
}

inline Plant small_plant() {
  using namespace sn::literals;
  Plant p;
  p.name = "small";
  Module& board = p.at(Place::compute).module;
  board.gpus = 4;
  board.parts[static_cast<std::size_t>(PartKind::nic)] = {4, 10_W, 20_W};
  board.parts[static_cast<std::size_t>(PartKind::fan)] = {2, 5_W, 45_W};
  board.liquid = 0.75;
  Module& tray = p.at(Place::fabric).module;
  tray.parts[static_cast<std::size_t>(PartKind::switch_chip)] = {2, 150_W, 200_W};
  Module& shelf = p.at(Place::shelf).module;
  shelf.rating = 5_kW;
  shelf.hold_up = 20_ms;
  shelf.efficiency.values = {0.9, 0.94, 0.95, 0.96, 0.95, 0.94};
  p.at(Place::shelf).count = 4;
  p.spare_shelves = 1;
  p.chip = {.compute = 0.8, .memory = 0.4, .exponent = 2.0, .floor = 0.5, .regulator = 0.9};
  p.cooling = {.supply_celsius = 30.0,
               .flow_l_per_min_per_kw = 1.5,
               .drop_kpa = 200.0,
               .pumps = 2,
               .shutoff = 1.3,
               .pump_efficiency = 0.69,
               .plate_solid_k_per_w = 0.02,
               .plate_flow_k_per_w = 0.01,
               .plate_exponent = 0.8,
               .package_j_per_k = 200.0,
               .coolant_l_per_gpu = 0.5,
               .throttle_celsius = 90.0,
               .trip_celsius = 100.0,
               .air_rise_kelvin = 15.0};
  complete(p, small_rack());
  return p;
}

}  // namespace sn::facility
