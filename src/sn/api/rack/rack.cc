// sn/api/rack/rack.cc
//
// Loads a rack, sums its parts, holds them against its envelope (see rack.h).

#include "sn/api/rack/rack.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>

#include "sn/api/plan.h"
#include "sn/api/request_error.h"
#include "sn/base/units/units.h"
#include "sn/hw/rack_check.h"
#include "sn/planner/why_not.h"
#include "sn/serving/steady/steady_state.h"

namespace sn::api {

namespace {

using facility::Place;
using facility::PowerLoad;

void add_modules(const Facility& f, RackReport& out) {
  for (const Place p : facility::all_places) {
    const facility::Slot& slot = f.plant.at(p);
    if (slot.count == 0) continue;
    const ModuleName& name = f.modules[static_cast<std::size_t>(p)];
    out.modules.push_back({std::string(to_string(p)), name.name, name.title, slot.count,
                           slot.module.gpus, slot.module.height_u, slot.module.weight_kg});
    out.weight_kg += slot.module.weight_kg * static_cast<double>(slot.count);
  }
}

/// Rows with the provenance of the numbers that they rest on.
void add_rows(const Facility& f, RackReport& out) {
  for (const facility::PowerRow& row : out.power.rows) {
    RackPowerRow r{.row = row, .source = {}, .grade = {}, .assumed = false};
    if (const catalog::Param* p = find_param(f.params, row.param); p != nullptr && p->present) {
      r.source = p->provenance.source.title;
      r.grade = std::string(to_string(p->provenance.source.grade));
      r.assumed = p->provenance.assumed();
      if (r.assumed) out.assumed += row.total;
    }
    out.rows.push_back(std::move(r));
  }
}

void add_published(const Facility& f, RackReport& out) {
  const catalog::Param* p = find_param(f.params, "plant.published.power");
  if (p == nullptr || !p->present) return;
  PublishedPower x;
  x.used = x.low = x.high = Power::from_si(p->value);
  for (const catalog::Alternative& a : p->alternatives) {
    x.low = std::min(x.low, Power::from_si(a.value));
    x.high = std::max(x.high, Power::from_si(a.value));
  }
  const Power sum = facility::rack_power(f.rack, f.plant, facility::full_load()).input;
  x.residual = x.used - sum;
  x.within = sum >= x.low && sum <= x.high;
  out.published = x;
}

RackFit fit_of(const Facility& f, std::int64_t gpus) {
  RackFit fit{
      .gpus = gpus, .possible = false, .reason = {}, .by_feed = {}, .by_cooling = {}, .rest = {}};
  hw::Rack rack = f.rack;
  rack.gpus = gpus;
  if (f.rack.scale_up.domain == f.rack.gpus) rack.scale_up.domain = gpus;
  rack.scale_up.switches = gpus == f.rack.gpus ? f.rack.scale_up.switches : 0;
  facility::Plant plant = f.plant;
  if (gpus != f.rack.gpus) {
    for (const Place p : {Place::compute, Place::host, Place::fabric}) plant.at(p).count = 0;
    facility::complete(plant, rack);
  }
  // The chip's own power is what is asked for.
  hw::Rack cool = rack;
  cool.chip.tdp = cool.chip.idle;
  Errors errors;
  hw::check_rack(cool, f.where, errors);
  if (errors.empty()) facility::check_plant(plant, rack, f.where, errors);
  fit.possible = errors.empty();
  if (!fit.possible) {
    fit.reason = errors.front().message;
    return fit;
  }
  fit.by_feed = facility::chip_power_within(rack, plant, rack.feed);
  fit.by_cooling = plant.published.chip;
  hw::Rack filled = rack;
  filled.chip.tdp = fit.by_feed;
  filled.chip.idle = std::min(filled.chip.idle, filled.chip.tdp);
  const facility::PowerReport full = facility::rack_power(filled, plant, facility::full_load());
  fit.rest = (full.input - full.chips) / static_cast<double>(gpus);
  return fit;
}

/// At the rack's own number of GPUs and at those that its sources give beside it.
void add_fits(const Facility& f, RackReport& out) {
  std::vector<std::int64_t> counts = {f.rack.gpus};
  if (const catalog::Param* p = find_param(f.params, "rack.gpus")) {
    for (const catalog::Alternative& a : p->alternatives) {
      counts.push_back(static_cast<std::int64_t>(a.value));
    }
  }
  std::sort(counts.begin(), counts.end());
  counts.erase(std::unique(counts.begin(), counts.end()), counts.end());
  for (const std::int64_t n : counts) out.fits.push_back(fit_of(f, n));
}

void warn(RackReport& out, const Facility& f, std::string message, std::string hint) {
  out.warnings.push_back({.code = ErrorCode::infeasible,
                          .message = "rack '" + f.name + "': " + std::move(message),
                          .where = f.where,
                          .hint = std::move(hint)});
}

void check_envelope(const Facility& f, RackReport& out) {
  const facility::PowerReport& p = out.power;
  if (p.input > f.rack.feed) {
    warn(out, f,
         fmt::format("draws {} at load '{}', {} above its feed of {}", format(p.input), out.load,
                     format(p.input - f.rack.feed), format(f.rack.feed)),
         "a chip of lower power, --cap, fewer GPUs");
  }
  if (p.output > p.capacity) {
    warn(out, f,
         fmt::format("its shelves carry {} with {} of {} as spares; the load is {}",
                     format(p.capacity), f.plant.spare_shelves, f.plant.at(Place::shelf).count,
                     format(p.output)),
         "more counts.shelf, fewer spare_shelves");
  }
  const Power heat = f.plant.published.heat;
  if (heat > Power{} && p.input > heat) {
    warn(out, f,
         fmt::format("gives off {}, above the {} that its cooling removes", format(p.input),
                     format(heat)),
         "a chip of lower power");
  }
  if (f.plant.published.chip > Power{} && f.rack.chip.tdp > f.plant.published.chip) {
    warn(out, f,
         fmt::format("a chip of {} is above the {} that its cooling removes from one",
                     format(f.rack.chip.tdp), format(f.plant.published.chip)),
         "a chip of lower power");
  }
}

PowerLoad working(const Facility& f, std::string name, double chip) {
  return {.name = std::move(name),
          .chip = chip,
          .host = f.plant.use.host,
          .network = f.plant.use.network};
}

void add_swing(const Facility& f, RackReport& out) {
  const facility::TrainingWave& w = f.plant.training;
  RackSwing s;
  s.wave = facility::swing_between(f.rack, f.plant, working(f, "low", w.low),
                                   working(f, "high", w.high));
  s.duty = w.duty;
  s.mean = s.wave.high * w.duty + s.wave.low * (1.0 - w.duty);
  out.swing = s;
}

/// The deployment that makes the load, to be asked again at other clocks.
struct Deployed {
  twin::World world;
  serving::ServingPlan plan;
};

ClockEffect at_clock(const Deployed& d, double clock, double requests) {
  hw::Conditions conditions = d.world.machine.conditions;
  conditions.clock *= clock;
  const twin::Machine& m = d.world.machine;
  serving::ServingModel model({m.model, m.parts(), d.world.load.workload, conditions, m.kv_block},
                              d.plan);
  ClockEffect out{.clock = clock, .carried = false, .tpot = {}, .knee_tokens = 0.0};
  // Before the knee: its search leaves a state behind that `at` begins from.
  const serving::SteadyState s = model.at(requests);
  out.carried = s.stable && s.output_tokens > 0.0;
  if (out.carried) out.tpot = s.tpot.mean;
  const double knee = model.knee(d.world.load.slo);
  if (knee > 0.0) out.knee_tokens = model.at(knee).output_tokens;
  return out;
}

/// Clocks of the cap and of the event's course, in steps of 1 %, that are not nominal.
void add_clocks(const Deployed& d, RackReport& out) {
  std::set<int, std::greater<>> percents = {100};
  const auto add = [&](double clock) {
    if (clock > 0.0) percents.insert(static_cast<int>(std::lround(100.0 * clock)));
  };
  if (out.cap) add(out.cap->result.conditions().clock);
  for (const facility::HeatPoint& p : out.heat.course.points) add(p.clock);
  for (const int p : percents) {
    out.plan->clocks.push_back(at_clock(d, 0.01 * static_cast<double>(p), out.plan->load));
  }
}

/// The best deployment of the scenario: the dynamic share follows from its chips' energy.
Result<PowerLoad> planned(const RackRequest& request, const Facility& f,
                          const catalog::Catalog& catalog, const Run& run, RackReport& out,
                          std::optional<Deployed>& deployed) {
  if (!f.is_scenario) {
    return fail(request_error("load", "'plan' needs a scenario: a rack alone has no model to serve",
                              "supernode rack scenarios/al128-deepseek-v3.yaml --load plan",
                              ErrorCode::infeasible));
  }
  OpenRequest open_request{.file = request.facility.subject};
  open_request.scenario = f.scenario;
  const Result<Opened> opened = open(open_request, catalog, run);
  if (!opened) return fail(opened.error());
  if (!opened->world) {
    return fail(request_error("load", "'plan' is for a scenario of one model",
                              "name one without tenants", ErrorCode::infeasible));
  }
  Result<planner::PlanReport> report = plan(*opened->world, {.top = 1, .pareto = false}, run);
  if (!report) return fail(report.error());
  if (report->candidates.empty()) {
    return fail(request_error("load", "no deployment of the scenario fits its machine",
                              "supernode plan says why", ErrorCode::infeasible));
  }
  const planner::Candidate& best = report->candidates.front();
  const std::int64_t gpus = best.prefill.gpus + best.decode.gpus;
  out.plan = RackPlan{.deployment = planner::deployment_text(best.plan),
                      .output_tokens = best.state.output_tokens,
                      .input_tokens = best.state.total_tokens - best.state.output_tokens,
                      .prefill_gpus = best.prefill.gpus,
                      .gpus = gpus,
                      .racks = static_cast<double>(gpus) / static_cast<double>(f.rack.gpus)};
  out.plan->load = 0.8 * best.state.requests;
  deployed = Deployed{*opened->world, best.plan};
  const double watts = best.state.output_tokens * best.state.energy_per_token /
                       static_cast<double>(std::max<std::int64_t>(1, gpus));
  const double dynamic = (f.rack.chip.tdp - f.rack.chip.idle).si();
  const double share = dynamic > 0.0 ? (watts - f.rack.chip.idle.si()) / dynamic : 0.0;
  return working(f, "plan", std::clamp(share, 0.0, 1.0));
}

Result<PowerLoad> load_of(const RackRequest& request, const Facility& f,
                          const catalog::Catalog& catalog, const Run& run, RackReport& out,
                          std::optional<Deployed>& deployed) {
  if (request.load == "max") return facility::full_load();
  if (request.load == "idle") return facility::idle_load();
  if (request.load == "training") return working(f, "training", f.plant.training.high);
  if (request.load == "plan") return planned(request, f, catalog, run, out, deployed);
  return fail(request_error("load", "unknown load '" + shown(request.load) + "'",
                            nearest_hint(request.load, {"idle", "plan", "training", "max"},
                                         "idle, plan, training or max")));
}

void add_cap(const RackRequest& request, const Facility& f, const PowerLoad& load, RackReport& out,
             Errors& errors) {
  using facility::CapPolicy;
  std::optional<CapPolicy> policy;
  for (const CapPolicy p : {CapPolicy::hard, CapPolicy::proportional, CapPolicy::priority}) {
    if (to_string(p) == request.policy) policy = p;
  }
  if (!policy) {
    errors.push_back(
        request_error("policy", "unknown policy '" + shown(request.policy) + "'",
                      nearest_hint(request.policy, {"hard", "proportional", "priority"},
                                   "hard, proportional or priority")));
  }
  if (request.cap.empty()) return;
  const auto cap = parse_quantity(request.cap, Power::dimension);
  if (!cap || *cap <= 0.0) {
    errors.push_back(request_error("cap", "'" + shown(request.cap) + "' is no power above zero",
                                   "such as '120 kW'", ErrorCode::range));
    return;
  }
  if (!policy) return;
  RackCap c{.policy = request.policy, .cap = Power::from_si(*cap), .result = {}};
  c.result = facility::cap_power(f.rack, f.plant, load, c.cap, *policy, request.high_share);
  if (!c.result.held) {
    warn(out, f,
         fmt::format("a cap of {} cannot be held: at the lowest clock it draws {}", format(c.cap),
                     format(c.result.input)),
         "a higher cap");
  }
  out.cap = c;
}

void add_cost(const RackRequest& request, const Facility& f, const catalog::Catalog& catalog,
              RackReport& out, Errors& errors) {
  std::optional<ServedTokens> served;
  if (out.plan) {
    served = ServedTokens{.input = out.plan->input_tokens,
                          .output = out.plan->output_tokens,
                          .prefill_gpus = out.plan->prefill_gpus,
                          .gpus = out.plan->gpus};
  }
  const Power mean = out.swing ? out.swing->mean : out.power.input;
  const double up = out.reliability.pooled / static_cast<double>(out.gpus);
  out.cost = take(rack_costs(request.cost, f, catalog, mean, up, served, out.warnings), errors);
}

}  // namespace

Result<RackReport> rack_report(const RackRequest& request, const catalog::Catalog& catalog,
                               const Run& run) {
  const Result<Facility> f = open_facility(request.facility, catalog);
  if (!f) return fail(f.error());
  RackReport out;
  out.rack = f->name;
  out.title = f->title;
  out.plant = f->entry;
  out.chip = f->rack.chip.name;
  out.gpus = f->rack.gpus;
  out.gpus_per_os = f->rack.gpus_per_os;
  out.load = request.load;
  out.feed = f->rack.feed;
  std::optional<Deployed> deployed;
  const Result<PowerLoad> load = load_of(request, *f, catalog, run, out, deployed);
  if (!load) return fail(load.error());
  out.chip_share = load->chip;
  out.power = facility::rack_power(f->rack, f->plant, *load);
  add_modules(*f, out);
  add_rows(*f, out);
  add_published(*f, out);
  add_fits(*f, out);
  check_envelope(*f, out);
  if (request.load == "training") add_swing(*f, out);
  Errors errors;
  add_cap(request, *f, *load, out, errors);
  out.heat = take(rack_heat(request.heat, *f, *load, out.warnings), errors);
  if (deployed && errors.empty()) add_clocks(*deployed, out);
  out.reliability =
      take(rack_reliability(request.reliability, *f, catalog, out.warnings, run), errors);
  out.interrupted = out.reliability.interrupted;
  if (errors.empty()) add_cost(request, *f, catalog, out, errors);
  if (!errors.empty()) return fail(std::move(errors));
  return out;
}

}  // namespace sn::api
