// sn/sweep/point.cc
//
// Asks the question of a point (see point.h).

#include "sn/sweep/point.h"

#include <algorithm>
#include <utility>

#include "sn/api/open.h"
#include "sn/api/rack/rack.h"
#include "sn/api/simulate.h"
#include "sn/base/files/files.h"
#include "sn/planner/plan.h"
#include "sn/planner/search/price.h"
#include "sn/sweep/row_cells.h"
#include "sn/twin/scenario/scenario.h"
#include "sn/twin/simulate/simulate.h"

namespace sn::sweep {

namespace {

/// Bases of prices that are kept. Axes that leave prices alone (sizes) run through within one.
constexpr std::size_t bases_kept = 32;
/// Plans of the second round where the engine decides, as in `plan --vary`.
constexpr std::size_t race_second = 4;

std::string said(const Errors& errors) {
  if (errors.empty()) return "unknown";
  const Error& e = errors.front();
  return e.message + (e.hint.empty() ? "" : " (" + e.hint + ")");
}

Result<twin::World> world_of(const Node& scenario, const catalog::Catalog& catalog,
                             const std::string& directory) {
  return twin::resolve(scenario, catalog, FileLoader::disk(), directory);
}

planner::PlanOptions options_of(const Options& o, planner::PriceBook& book,
                                const twin::World& world) {
  planner::PlanOptions out{.top = o.rank, .screen = o.screen, .operating = false, .pareto = false};
  out.race.second = race_second;
  out.race.last = 1;
  out.prices = &book.of(world);
  return out;
}

void fill(PlanRow& row, const planner::PlanReport& report) {
  row.considered = report.considered;
  row.meet = report.meet;
  if (report.candidates.empty()) {
    row.state = PointState::missed;
    row.why = "no deployment";
    return;
  }
  const planner::Candidate& c = report.candidates.front();
  row.state = c.meets_slo ? PointState::met : PointState::missed;
  if (!c.meets_slo) {
    row.why = "no deployment meets " + serving::to_string(report.subject.slo) +
              "; the figures are of the closest";
  }
  row.plan_gpus = c.plan.gpus();
  row.deployment = twin::plan_text(c.plan);
  row.output_per_gpu = c.state.output_per_gpu;
  row.output = c.state.output_tokens;
  row.per_user = c.state.per_user;
  row.requests = c.state.requests;
  row.multiple = c.multiple;
  row.ttft_p90 = c.state.ttft.p90;
  row.tpot_p90 = c.state.tpot.p90;
  row.e2e = c.state.e2e_mean;
  row.joules = c.state.energy_per_token;
  row.hit_rate = c.state.hit_rate;
  row.limit = c.limit;
  row.evidence = std::string(to_string(c.evidence));
  row.played = c.played;
  if (!c.running) return;
  row.input = c.running->input;
  if (c.running->priced) row.per_mtoken = c.running->per_million_output;
}

void fill(SimulateRow& row, const twin::SimulationReport& r) {
  row.state = r.met() && r.growing == false ? PointState::met : PointState::missed;
  if (row.state == PointState::missed) {
    for (const twin::SloResult& t : r.targets) {
      if (!t.met && row.why.empty()) row.why = "misses " + serving::to_string(t.target);
    }
    if (row.why.empty()) row.why = "the queue grows to the end";
  }
  row.gpus = r.gpus;
  row.deployment = twin::plan_text(r.plan);
  row.multiple = r.multiple;
  row.requests = static_cast<std::int64_t>(r.requests);
  row.good = r.good;
  row.goodput = r.goodput;
  row.request_rate = r.request_rate;
  row.output = r.output_tokens;
  row.output_per_gpu = r.output_per_gpu;
  row.ttft_p50 = r.ttft.p50;
  row.ttft_p90 = r.ttft.p90;
  row.ttft_p99 = r.ttft.p99;
  row.tpot_p50 = r.tpot.p50;
  row.tpot_p90 = r.tpot.p90;
  row.tpot_p99 = r.tpot.p99;
  row.e2e_p90 = r.e2e.p90;
  row.joules = r.joules_per_token;
  row.hit_rate = r.hit_rate;
  row.preemptions = static_cast<std::int64_t>(r.preemptions);
  row.limit = to_string(r.limit);
}

}  // namespace

PointAsker::PointAsker(const Design& design, const catalog::Catalog& catalog)
    : design_(design), catalog_(catalog), book_(std::make_shared<planner::PriceBook>()) {}
PointAsker::~PointAsker() = default;

std::shared_ptr<planner::PriceBook> PointAsker::book() {
  const std::lock_guard lock(mutex_);
  if (book_->size() >= bases_kept) book_ = std::make_shared<planner::PriceBook>();
  return book_;
}

PlanRow PointAsker::plan(const Node& scenario, const std::string& directory, const Run& run) {
  PlanRow row;
  const Result<twin::World> world = world_of(scenario, catalog_, directory);
  if (!world) return row.why = said(world.error()), row;
  row.gpus = world->machine.gpus();
  const std::shared_ptr<planner::PriceBook> prices = book();
  const auto report = planner::plan(*world, options_of(design_.options, *prices, *world), run);
  if (!report) return row.why = said(report.error()), row;
  fill(row, *report);
  return row;
}

SimulateRow PointAsker::simulate(const Node& scenario, const std::string& directory,
                                 const Run& run) {
  SimulateRow row;
  Result<twin::World> world = world_of(scenario, catalog_, directory);
  if (!world) return row.why = said(world.error()), row;
  if (world->load.search.fixed.empty()) {
    const std::shared_ptr<planner::PriceBook> prices = book();
    const auto planned = planner::plan(*world, options_of(design_.options, *prices, *world), run);
    if (!planned) return row.why = said(planned.error()), row;
    const auto rank = static_cast<std::size_t>(design_.options.rank);
    if (planned->candidates.size() < rank) {
      return row.why = "there is no deployment " + std::to_string(rank), row;
    }
    world->load.search.fixed = {planned->candidates[rank - 1].plan};
  }
  api::SimulateRequest request;
  request.options.drawn = design_.options.requests;
  const Result<twin::SimulationResult> result = api::simulate(*world, request, run);
  if (!result) return row.why = said(result.error()), row;
  fill(row, result->report);
  return row;
}

RackRow PointAsker::rack(const Node& scenario, const std::string& directory, const Run& run) {
  RackRow row;
  api::RackRequest request;
  request.facility.scenario = scenario;
  request.facility.subject = directory;
  request.load = design_.options.load;
  request.reliability.years = design_.options.years;
  const Result<api::RackReport> r = api::rack_report(request, catalog_, run);
  if (!r) return row.why = said(r.error()), row;
  row.rack = r->rack;
  row.gpus = r->gpus;
  row.input = r->power.input;
  row.chips = r->power.chips;
  row.feed = r->feed;
  row.within = r->power.input <= r->feed;
  row.capacity = r->power.capacity;
  row.up = r->reliability.pooled;
  if (r->cost) row.gpu_hour = r->cost->gpu_hour.value;
  row.state = row.within ? PointState::met : PointState::missed;
  if (!row.within) row.why = r->warnings.empty() ? "above the feed" : said(r->warnings);
  return row;
}

std::optional<Row> PointAsker::ask(const Node& scenario, const std::string& directory,
                                   const Run& run) {
  Row out;
  switch (design_.question) {
    case Question::plan:
      out = cells_of(plan(scenario, directory, run));
      break;
    case Question::simulate:
      out = cells_of(simulate(scenario, directory, run));
      break;
    case Question::rack:
      out = cells_of(rack(scenario, directory, run));
      break;
  }
  if (run.stopped()) return std::nullopt;  // what was cut short is nobody's answer
  return out;
}

}  // namespace sn::sweep
