// sn/api/rack/compare.cc
//
// One datasheet and one plan a rack (see compare.h).

#include "sn/api/rack/compare.h"

#include <algorithm>
#include <cmath>

#include "sn/api/plan.h"
#include "sn/api/request_error.h"
#include "sn/planner/why_not.h"

namespace sn::api {

namespace {

constexpr std::size_t racks_most = 32;

/// Relative deviations of two independent factors, added as squares.
double both(double a, double b) { return std::sqrt(a * a + b * b); }

Spread times(double value, double below, double above) {
  return {value, value * std::max(0.0, 1.0 - below), value * (1.0 + above)};
}

/// Output tokens/s with the models' interval, and what cost makes of it.
Carried carried_by(const planner::Candidate& c, const facility::Running& running,
                   const std::optional<MoneyRange>& hour) {
  Carried out;
  out.deployment = planner::deployment_text(c.plan);
  out.evidence = std::string(to_string(c.evidence));
  out.gpus = c.plan.gpus();
  out.output = c.state.output_tokens;
  out.tpot = c.state.tpot.mean;
  const double each = c.state.output_per_gpu;
  const llm::Interval& i = c.intervals.output_per_gpu;
  // The interval is of the screened figure: its width is what is known.
  const double below = i.low > 0.0 && each > 0.0 ? std::max(0.0, 1.0 - i.low / each) : 0.0;
  const double above = i.high > 0.0 && each > 0.0 ? std::max(0.0, i.high / each - 1.0) : 0.0;
  out.per_gpu = times(each, below, above);
  const double kilowatts = running.input.si() * 1e-3;
  out.per_kw = times(kilowatts > 0.0 ? out.output / kilowatts : 0.0, below, above);
  if (!running.priced || !hour) return out;
  const double cheap = 1.0 - hour->low / hour->value;
  const double dear = hour->high / hour->value - 1.0;
  const double million = running.per_million_output.si();
  out.million =
      times(million, both(cheap, above / (1.0 + above)), both(dear, below / (1.0 - below)));
  out.per_dollar = {1e6 / million, 1e6 / std::max(1e-300, out.million.high),
                    out.million.low > 0.0 ? 1e6 / out.million.low : 0.0};
  return out;
}

FlopRate narrowest(const hw::PeakRates& p) {
  for (const FlopRate r : {p.fp4, p.fp8, p.int8}) {
    if (r > FlopRate{}) return r;
  }
  return p.bf16;
}

void add_sheet(const RackReport& r, const hw::Rack& rack, ComparedRack& out) {
  const auto n = static_cast<double>(r.gpus);
  out.title = r.title;
  out.chip = r.chip;
  out.gpus = r.gpus;
  out.input = r.power.input;
  out.feed = r.feed;
  out.assumed = r.power.input > Power{} ? r.assumed / r.power.input : 0.0;
  out.per_gpu = r.power.input / n;
  out.hbm = rack.chip.hbm_capacity * n;
  out.hbm_bandwidth = rack.chip.hbm_bandwidth * n;
  out.peak = narrowest(rack.chip.peak) * n;
  out.scale_up = rack.scale_up.link.bandwidth;
  out.domain = rack.scale_up.domain;
  out.job_every = r.reliability.job_every;
  out.up = r.reliability.pooled / n;
  if (r.cost) {
    out.capex = r.cost->cost.capex;
    out.gpu_hour = r.cost->gpu_hour;
  } else {
    out.reason = "no price of its chip";
  }
}

/// The best deployment on this rack, or why there is none.
void add_plan(const CompareRequest& request, const catalog::Catalog& catalog, const Run& run,
              ComparedRack& out, Errors& errors) {
  OpenRequest open_request{.file = {}};
  open_request.overrides = request.load;
  open_request.overrides.rack = out.rack;
  const Result<Opened> opened = open(open_request, catalog, run);
  if (!opened) {
    errors.insert(errors.end(), opened.error().begin(), opened.error().end());
    return;
  }
  const Result<planner::PlanReport> report =
      plan(*opened->world, {.top = 1, .screen = request.screen, .pareto = false}, run);
  const auto because = [&](const std::string& why) {
    out.reason += (out.reason.empty() ? "" : "; ") + why;
  };
  if (!report) return because(report.error().front().message);
  if (report->candidates.empty()) return because("the model does not fit");
  const planner::Candidate& best = report->candidates.front();
  if (!best.meets_slo) return because("no deployment meets the SLO");
  if (!best.running) return because("its plant does not fit the rack");
  out.carried = carried_by(best, *best.running, out.gpu_hour);
}

}  // namespace

Result<CompareReport> compare_racks(const CompareRequest& request, const catalog::Catalog& catalog,
                                    const Run& run) {
  CompareReport out;
  Errors errors;
  if (request.racks.empty() || request.racks.size() > racks_most) {
    return fail(request_error("subject", "which racks?", "1 to 32 of them: supernode catalog racks",
                              ErrorCode::missing));
  }
  out.model = request.load.model;
  for (const std::string& name : request.racks) {
    if (run.stopped()) break;
    RackRequest one;
    one.facility.subject = name;
    one.reliability.years = 0;
    one.cost.site = request.site;
    const Result<Facility> f = open_facility(one.facility, catalog);
    const Result<RackReport> r = f ? rack_report(one, catalog, run) : fail(f.error());
    if (!r) {
      errors.insert(errors.end(), r.error().begin(), r.error().end());
      continue;
    }
    ComparedRack row;
    row.rack = name;
    add_sheet(*r, f->rack, row);
    if (!request.load.model.empty() && errors.empty()) {
      add_plan(request, catalog, run, row, errors);
    }
    out.racks.push_back(std::move(row));
  }
  if (!errors.empty()) return fail(std::move(errors));
  out.interrupted = run.stopped();
  const twin::Overrides& o = request.load;
  for (const auto& [word, value] : {std::pair<const char*, const std::string&>{"in", o.input},
                                    {"out", o.output},
                                    {"trace", o.trace},
                                    {"TTFT", o.ttft},
                                    {"TPOT", o.tpot},
                                    {"end to end", o.e2e},
                                    {"rate", o.rate}}) {
    if (!value.empty()) out.asked += (out.asked.empty() ? "" : ", ") + (word + (" " + value));
  }
  return out;
}

}  // namespace sn::api
