// sn/facility/running.cc
//
// Figures of a deployment in its racks (see running.h).

#include "sn/facility/running.h"

#include <algorithm>

#include "sn/facility/power.h"
#include "sn/facility/thermal.h"

namespace sn::facility {

namespace {

double d(std::int64_t n) { return static_cast<double>(n); }

/// A chip that a scenario changed keeps its price.
std::string plain(const std::string& name) { return name.substr(0, name.find(' ')); }

double share_up(const hw::Rack& rack, const Surroundings& a) {
  Errors none;
  const auto classes = fault_classes(a.failures, rack, a.plant, {}, none);
  const std::int64_t images = rack.gpus / std::max<std::int64_t>(1, rack.gpus_per_os);
  const UnitModel model = unit_model(classes, images);
  return model.rack_up() / (1.0 + model.unit_off());
}

}  // namespace

UnitModel unit_model(const std::vector<FaultClass>& classes, std::int64_t images) {
  UnitModel m;
  m.units = images;
  for (const FaultClass& c : classes) {
    if (c.image) m.kinds.push_back({c.all() / d(images), c.repair});
    if (c.whole && c.each > Rate{}) m.whole.push_back({c.all(), c.repair});
  }
  return m;
}

Running running_figures(const hw::Rack& rack, const Surroundings& a, const Served& s) {
  Running out;
  out.racks = d(s.gpus) / d(rack.gpus);
  const Power chip =
      s.gpus > 0 ? Power::from_si(s.output * s.chip_joules_per_token / d(s.gpus)) : Power{};
  const Power dynamic = rack.chip.tdp - rack.chip.idle;
  const double share = dynamic > Power{} ? (chip - rack.chip.idle) / dynamic : 0.0;
  const PowerLoad load{.name = "plan",
                       .chip = std::clamp(share, 0.0, 1.0),
                       .host = a.plant.use.host,
                       .network = a.plant.use.network};
  const PowerReport now = rack_power(rack, a.plant, load);
  const PowerReport full = rack_power(rack, a.plant, full_load());
  out.input = now.input * out.racks;
  out.within_feed = now.input <= rack.feed;
  const double liquid = full.input > Power{} ? full.liquid / full.input : 0.0;
  const double pue =
      pue_of(a.site.building, a.site.climate, liquid, a.plant.cooling.supply_celsius).value;
  out.building = out.input * pue;
  if (s.output > 0.0) {
    out.rack_joules = out.input.si() / s.output;
    out.building_joules = out.building.si() / s.output;
    out.carbon_g = out.building_joules / 3.6 * a.site.carbon_g_per_kwh;
  }
  out.up = share_up(rack, a);
  if (a.plant.cooling.liquid()) {
    const Loop loop = loop_at(rack, a.plant, load);
    out.junction_celsius = loop.junction_celsius;
    out.clock = loop.clock;
  }
  const auto cost = rack_cost(rack, a.plant, a.prices, a.site,
                              {.chip = plain(rack.chip.name),
                               .rack = a.plant.name == rack.name ? rack.name : std::string(),
                               .full = full.input,
                               .mean = now.input,
                               .idle = rack_power(rack, a.plant, idle_load()).input,
                               .pue = pue,
                               .up = out.up});
  if (!cost) return out;
  out.priced = true;
  out.gpu_hour = cost->gpu_hour;
  const Money second = cost->gpu_hour * (d(s.gpus) / 3600.0);
  if (s.output > 0.0) out.per_million_output = second * (1e6 / s.output);
  if (s.total > 0.0) out.per_million_tokens = second * (1e6 / s.total);
  return out;
}

void describe(ReportVisitor& v, const Running& r) {
  v.type("Running", "What a deployment makes of the racks around it.");
  v.number("racks", "that its GPUs fill", r.racks);
  v.quantity("input_w", "of its part of them", r.input);
  v.quantity("building_w", "PUE included", r.building);
  v.number("rack_energy_per_output_token_j", "", r.rack_joules);
  v.number("building_energy_per_output_token_j", "", r.building_joules);
  v.flag("priced", "the chip has a price", r.priced);
  v.quantity("gpu_hour_usd", "used", r.gpu_hour);
  v.quantity("million_output_tokens_usd", "all of the cost on them", r.per_million_output);
  v.quantity("million_tokens_usd", "of input and output", r.per_million_tokens);
  v.number("carbon_g", "CO2 of a million output tokens", r.carbon_g);
  v.number("up", "share of its GPUs that are up", r.up);
  v.number("junction_celsius", "0: air-cooled, not modelled", r.junction_celsius);
  v.number("clock", "that the cooling allows, share of nominal", r.clock);
  v.flag("within_feed", "", r.within_feed);
}

}  // namespace sn::facility
