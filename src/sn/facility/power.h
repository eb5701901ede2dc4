// sn/facility/power.h
//
// What a rack draws, from the chips to its feed:
//
//   chip      idle + (limit - idle) * dynamic share (plant.h), regulators inside the limit
//   part      idle + (max - idle) * use of the host or of the network
//   fan       idle + (max - idle) * (heat of its module / heat at full load)^3   (fan affinity law)
//   optics    rate * energy per byte, whatever is sent
//   busbar    resistance * (load / volts)^2
//   supplies  output / efficiency(output / rating of the shelves that share it)
//
// Nothing here knows who caused the load. Limits: one temperature, one voltage; fans of one module
// know of their own module's heat alone.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sn/facility/plant.h"
#include "sn/hw/conditions.h"

namespace sn::facility {

/// How far each group of parts is in use, 0 to 1.
struct PowerLoad {
  std::string name;
  double chip = 0.0;     // share of the dynamic power of an accelerator
  double host = 0.0;     // CPUs, memory, drives, boards
  double network = 0.0;  // switch chips, adapters, DPUs

  friend bool operator==(const PowerLoad&, const PowerLoad&) = default;
};

[[nodiscard]] PowerLoad idle_load();
[[nodiscard]] PowerLoad full_load();

/// Dynamic share of a chip whose tensor units and HBM are busy for these shares of the time.
[[nodiscard]] double dynamic_share(const ChipPower& chip, double compute, double memory);

struct PowerRow {
  std::string place;       // "compute", "switch", "optics", "busbar", "shelf"
  std::string item;        // "gpu", "cpu", "conversion", ...
  std::int64_t count = 0;  // pieces in the rack
  Power each;
  Power total;
  std::string
      param;  // path of the number that it rests on, within "plant" or "rack"; empty: derived
};

struct PowerReport {
  std::vector<PowerRow> rows;
  Power chips;   // accelerators
  Power output;  // of the supplies: all parts and the busbar's loss
  Power busbar_loss;
  Power supply_loss;
  Power input;       // what the feed gives
  Power regulators;  // lost in the chips' regulators; part of `chips`
  Power air;         // heat that air carries away
  Power liquid;      // and liquid
  double bus_amperes = 0.0;
  double supply_share = 0.0;  // of the rating of all shelves
  double supply_efficiency = 1.0;
  Power capacity;  // of the shelves without the spare ones
};

/// `plant` is complete.
[[nodiscard]] PowerReport rack_power(const hw::Rack& rack, const Plant& plant,
                                     const PowerLoad& load);

/// Largest limit of a chip at which the rack at full load stays within `feed`; zero when the rest
/// alone is above it. The chip's idle power stays.
[[nodiscard]] Power chip_power_within(const hw::Rack& rack, const Plant& plant, Power feed);

/// A square wave of all chips together: what a synchronous training step is taken for.
struct Swing {
  Power low;
  Power high;
  /// How long the shelves' stored energy carries the difference: hold-up * rating / (high - low).
  Time carried;
  bool within_pulse = false;  // the crest is below the pulse rating of the shelves without spares
};
[[nodiscard]] Swing swing_between(const hw::Rack& rack, const Plant& plant, const PowerLoad& low,
                                  const PowerLoad& high);

/// How a cap on the input is shared out.
enum class CapPolicy {
  hard,          // every chip has the limit that holds with all other parts at full load
  proportional,  // all chips lower their clocks together until the rack holds it
  priority,      // a share of the chips keeps its clock as long as the others can give way
};
[[nodiscard]] std::string_view to_string(CapPolicy policy);

struct Capped {
  double high_share = 1.0;  // of the chips that were given priority
  double high_clock = 1.0;
  double low_clock = 1.0;  // of the others
  Power input;
  bool held = true;  // false: even the lowest clock is above the cap

  /// Mean clock: the throughput of work that is bound by it.
  [[nodiscard]] double mean_clock() const {
    return high_share * high_clock + (1.0 - high_share) * low_clock;
  }
  /// Of work that all chips do in step.
  [[nodiscard]] hw::Conditions conditions() const;
};
[[nodiscard]] Capped cap_power(const hw::Rack& rack, const Plant& plant, const PowerLoad& load,
                               Power cap, CapPolicy policy, double high_share = 0.5);

}  // namespace sn::facility
