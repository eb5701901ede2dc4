// sn/facility/running.h
//
// What a deployment makes of the rack around it: watts, joules and dollars a token, temperature,
// availability. From mean figures of the deployment, afterwards: nothing here slows a simulation.
//
// A deployment has its part of the racks that it stands in: input and cost by its GPUs. Chips draw
// their mean power, the other parts what `Plant::use` says.

#pragma once

#include <cstdint>
#include <string>

#include "sn/base/report/report_visitor.h"
#include "sn/facility/availability.h"
#include "sn/facility/cost.h"
#include "sn/facility/faults.h"
#include "sn/facility/plant.h"
#include "sn/facility/site.h"

namespace sn::facility {

/// What stands around a machine, as a scenario has it under `facility`.
struct Surroundings {
  Plant plant;  // complete
  Failures failures;
  Prices prices;
  Site site;

  friend bool operator==(const Surroundings&, const Surroundings&) = default;
};

/// A deployment at a load.
struct Served {
  std::int64_t gpus = 0;
  double chip_joules_per_token = 0.0;  // output tokens, chips alone
  double output = 0.0;                 // tokens a second, of all its GPUs
  double total = 0.0;                  // input and output
};

struct Running {
  double racks = 0.0;            // that its GPUs fill
  Power input;                   // of its part of them
  Power building;                // PUE included
  double rack_joules = 0.0;      // an output token, of the racks
  double building_joules = 0.0;  // of the building
  bool priced = false;           // the chip has a price
  Money gpu_hour;
  Money per_million_output;
  Money per_million_tokens;
  double carbon_g = 0.0;          // CO2 of a million output tokens
  double up = 1.0;                // share of its GPUs that are up
  double junction_celsius = 0.0;  // 0: air-cooled, not modelled
  double clock = 1.0;             // that the cooling allows
  bool within_feed = true;
};

void describe(ReportVisitor& v, const Running& running);

/// OS images and the rack as units that are up or down.
[[nodiscard]] UnitModel unit_model(const std::vector<FaultClass>& classes, std::int64_t images);

[[nodiscard]] Running running_figures(const hw::Rack& rack, const Surroundings& around,
                                      const Served& served);

}  // namespace sn::facility
