// sn/planner/plan.cc
//
// From the search's plans to a ranked, explained report (see plan.h).

#include "sn/planner/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

#include "sn/base/units/units.h"
#include "sn/planner/search/engine_runs.h"
#include "sn/planner/search/evaluate.h"
#include "sn/planner/search/feasible.h"
#include "sn/planner/search/search.h"
#include "sn/planner/shortlist/shortlist.h"
#include "sn/planner/shortlist/standing.h"
#include "sn/planner/tradeoff.h"

namespace sn::planner {

namespace {

constexpr std::size_t filter_most = 1000;  // plans evaluated where a filter may drop the best

double d(std::int64_t v) { return static_cast<double>(v); }

PlanSubject subject_of(const twin::World& w) {
  PlanSubject s;
  s.name = w.name;
  s.model = w.machine.model.name;
  s.machine = machine_text(w);
  s.workload = w.load.workload.origin;
  s.rate = w.load.rate;
  s.slo = w.load.slo;
  s.gpus = w.machine.gpus();
  s.domain = w.machine.cluster.rack.scale_up.domain;
  s.workload_rate = w.load.workload.rate.si();
  s.mean_input = serving::mean_input(w.load.workload);
  s.mean_output = serving::mean_output(w.load.workload);
  return s;
}

/// Prefill shapes and chunk sizes are details of one decode deployment: its name for ranking.
std::string family_of(const serving::ServingPlan& plan) {
  const llm::Deployment& d0 = plan.decode.deployment;
  return fmt::format("{} {} {} {} {}", plan.disaggregated() ? "d" : "a", llm::cut_text(d0),
                     d0.draft_tokens, kernel::to_string(d0.precision.weights),
                     kernel::to_string(d0.precision.kv));
}

/// The plans worth a full evaluation by formulas: the best of each family by the search's own rate
/// per GPU, `most` of them.
std::vector<FoundPlan> best_of_families(std::vector<FoundPlan> plans, bool fixed_rate,
                                        std::size_t most) {
  const auto value = [&](const FoundPlan& p) {
    return fixed_rate ? p.requests / d(p.plan.gpus()) : p.requests;
  };
  std::stable_sort(plans.begin(), plans.end(),
                   [&](const FoundPlan& a, const FoundPlan& b) { return value(a) > value(b); });
  std::set<std::string> seen;
  std::vector<FoundPlan> out;
  for (FoundPlan& p : plans) {
    if (out.size() == most) break;
    if (seen.insert(family_of(p.plan)).second) out.push_back(std::move(p));
  }
  return out;
}

/// By output per GPU in steps of 0.1 %; among equals the one that serves each user faster.
std::vector<Candidate> ranked(std::vector<Candidate> all, int top) {
  const auto throughput = [](const Candidate& c) {
    return std::floor(1000.0 * std::log(std::max(1e-9, c.state.output_per_gpu)));
  };
  std::stable_sort(all.begin(), all.end(), [&](const Candidate& a, const Candidate& b) {
    if (a.meets_slo != b.meets_slo) return a.meets_slo;
    if (throughput(a) != throughput(b)) return throughput(a) > throughput(b);
    return a.state.per_user > b.state.per_user;
  });
  if (all.size() > static_cast<std::size_t>(top)) all.resize(static_cast<std::size_t>(top));
  for (std::size_t i = 0; i < all.size(); ++i) all[i].rank = static_cast<int>(i) + 1;
  return all;
}

/// Sorts by tokens/s per user and marks the points that no other dominates.
void mark_front(std::vector<ParetoPoint>& points) {
  std::stable_sort(points.begin(), points.end(), [](const ParetoPoint& a, const ParetoPoint& b) {
    return a.per_user != b.per_user ? a.per_user < b.per_user : a.per_gpu < b.per_gpu;
  });
  double best = 0.0;
  for (auto p = points.rbegin(); p != points.rend(); ++p) {
    p->front = p->per_gpu > best;
    best = std::max(best, p->per_gpu);
  }
}

/// Keeps the front, and of the other points one per cell of 15 % x 15 %: what a chart can show.
std::vector<ParetoPoint> thinned(std::vector<ParetoPoint> points) {
  std::set<std::tuple<double, double, bool>> seen;
  const auto cell = [](double v) { return std::floor(std::log(std::max(1e-12, v)) / 0.15); };
  std::erase_if(points, [&](const ParetoPoint& p) {
    return !seen.insert({cell(p.per_user), cell(p.per_gpu), p.disaggregated}).second && !p.front;
  });
  return points;
}

void add_explanation(const twin::World& world, const Run& run, PlanReport& report) {
  const Candidate& best = report.candidates.front();
  report.explanation = explain(world, best.plan, billed_rate(world, best), run);
  for (const Elasticity& e : report.explanation->elasticities) {
    ++report.inputs;
    if (e.evidence == Evidence::assumption) ++report.inputs_assumed;
  }
}

/// Conditions on shapes that no shape meets.
Error none_admitted(const std::vector<Condition>& filters) {
  std::string all;
  for (const Condition& c : filters) all += (all.empty() ? "" : ", ") + c.text;
  return {.code = ErrorCode::infeasible,
          .message = "the search has no deployment with " + shown(all),
          .where = {.file = "--filter"},
          .hint = "leave one out, or list the deployment in the scenario (deployments: [...])"};
}

/// `before` are the deployments that met all conditions before `c`.
Error none_passes(const Condition& c, const std::vector<Candidate>& before) {
  Error e{.code = ErrorCode::infeasible, .message = {}, .where = {.file = "--filter"}, .hint = {}};
  e.message = fmt::format("of {} deployments none has {}", before.size(), shown(c.text));
  if (c.metric->value == nullptr || before.empty()) return e;
  double nearest = c.metric->value(before.front());
  for (const Candidate& candidate : before) {
    const double v = c.metric->value(candidate);
    if (std::abs(v - c.limit) < std::abs(nearest - c.limit)) nearest = v;
  }
  e.hint = "the nearest has " + metric_text(*c.metric, nearest);
  return e;
}

/// What the search finds, or the scenario's own deployments.
Result<SearchResult> find(const twin::World& world, const PlanOptions& options, const Run& run) {
  if (world.load.search.fixed.empty()) {
    SearchResult found = search(world, options.pareto, options.prices, options.filters, run);
    if (run.stopped() && found.plans.empty()) return fail(interrupted("the plan"));
    if (found.considered == 0) return fail(none_admitted(options.filters));
    if (found.fit == 0) return fail(does_not_fit(world, found));
    return found;
  }
  SearchResult found;
  for (const serving::ServingPlan& plan : world.load.search.fixed) {
    const Errors impossible = check_fits(world, plan);
    if (!impossible.empty()) return fail(impossible);
    found.plans.push_back({plan, 0.0});
  }
  found.considered = static_cast<std::int64_t>(found.plans.size());
  found.fit = found.considered;
  return found;
}

/// Candidates that hold every filter; an error when one leaves none.
Result<std::vector<Candidate>> passing(const PlanOptions& options, std::vector<Candidate> all) {
  for (const Condition& c : options.filters) {
    const std::vector<Candidate> before = all;
    std::erase_if(all, [&](const Candidate& candidate) { return !holds(c, candidate); });
    if (all.empty()) return fail(none_passes(c, before));
  }
  return all;
}

/// The plans evaluated: of a run that was stopped those it came to, at least the first.
std::vector<Candidate> candidates_of(const twin::World& world, const std::vector<FoundPlan>& plans,
                                     const Run& run) {
  std::vector<std::optional<Candidate>> slots(plans.size());
  run.for_each(plans.size(), [&](std::size_t i) { slots[i] = candidate_of(world, plans[i]); });
  std::vector<Candidate> out;
  for (std::optional<Candidate>& c : slots) {
    if (c) out.push_back(*std::move(c));
  }
  if (out.empty()) out.push_back(candidate_of(world, plans.front()));
  return out;
}

/// Rows by formulas: the best of each family, those that pass the filters.
Result<std::vector<Candidate>> screened_rows(const twin::World& world, const SearchResult& found,
                                             const PlanOptions& options, const Run& run) {
  const bool missed = found.plans.empty();
  const bool filtered = !options.filters.empty() && !missed;
  const std::vector<FoundPlan> plans = best_of_families(
      missed ? found.misses : found.plans, world.load.target_rate().has_value() && !missed,
      filtered ? filter_most : static_cast<std::size_t>(4 * options.top));
  if (plans.empty()) {
    return fail(options.filters.empty() ? no_plan(world) : none_admitted(options.filters));
  }
  std::vector<Candidate> all = candidates_of(world, plans, run);
  if (filtered) {
    Result<std::vector<Candidate>> passed = passing(options, std::move(all));
    if (!passed) return passed;
    all = *std::move(passed);
  }
  return ranked(std::move(all), options.top);
}

/// What the engine may play: of a filtered search, plans whose formulas pass too.
std::vector<FoundPlan> playable(const twin::World& world, const SearchResult& found,
                                const PlanOptions& options, const Run& run) {
  std::vector<FoundPlan> all = found.plans;
  all.insert(all.end(), found.around.begin(), found.around.end());
  const bool fixed_rate = world.load.target_rate().has_value();
  if (options.filters.empty()) return shortlist(std::move(all), fixed_rate);
  all = shortlist(std::move(all), fixed_rate, filter_most);
  std::vector<char> keep(all.size(), 0);
  run.for_each(all.size(), [&](std::size_t i) {
    const Candidate c = candidate_of(world, all[i]);
    keep[i] = std::all_of(options.filters.begin(), options.filters.end(),
                          [&](const Condition& f) { return holds(f, c); });
  });
  std::vector<FoundPlan> out;
  for (std::size_t i = 0; i < all.size() && out.size() < shortlist_most; ++i) {
    if (keep[i] != 0) out.push_back(std::move(all[i]));
  }
  return out;
}

/// The scenario's own deployments on the whole load: nothing about them is the planner's to change.
Result<std::vector<Played>> as_listed(const twin::World& world, const PlanOptions& options,
                                      const std::vector<FoundPlan>& plans, const Run& run) {
  std::vector<Played> out;
  for (const FoundPlan& p : plans) {
    Result<Played> one =
        play(world, p, 0.0, whole_options(world, options.race.simulation), run.quiet());
    if (!one) return fail(one.error());
    one->whole = true;
    out.push_back(*std::move(one));
  }
  return out;
}

/// Rows that the engine played, in order, numbered, with their places.
Result<std::vector<Candidate>> played_rows(const twin::World& world, const PlanOptions& options,
                                           const std::vector<FoundPlan>& plans, const Run& run) {
  const Result<std::vector<Played>> played = world.load.search.fixed.empty()
                                                 ? race(world, plans, options.race, run)
                                                 : as_listed(world, options, plans, run);
  if (!played) return fail(played.error());
  std::vector<Candidate> rows(played->size());
  const auto fill = [&](std::size_t i) { rows[i] = played_candidate(world, (*played)[i]); };
  if (!run.for_each(rows.size(), fill)) return fail(interrupted("the engine's choice"));
  std::vector<std::vector<double>> knees;
  for (const Played& p : *played) knees.push_back(p.knees);
  give_places(world, knees, rows);
  if (options.filters.empty() || rows.empty()) return rows;
  Result<std::vector<Candidate>> passed = passing(options, std::move(rows));
  if (!passed) return passed;
  for (std::size_t i = 0; i < passed->size(); ++i) (*passed)[i].rank = static_cast<int>(i) + 1;
  return passed;
}

/// Rows of formulas behind those of the engine, as many as were asked for.
void append_screened(std::vector<Candidate> screened, int top, std::vector<Candidate>& rows) {
  const auto most = static_cast<std::size_t>(top);
  for (Candidate& c : screened) {
    if (rows.size() >= most) break;
    const auto same = [&](const Candidate& row) { return row.plan == c.plan; };
    if (std::any_of(rows.begin(), rows.end(), same)) continue;
    c.rank = static_cast<int>(rows.size()) + 1;
    c.place = c.rank;
    rows.push_back(std::move(c));
  }
  if (rows.size() > most) rows.resize(most);
}

/// The report's rows: the engine's, then the formulas'.
Result<std::vector<Candidate>> rows_of(const twin::World& world, const SearchResult& found,
                                       const PlanOptions& options, const Run& run,
                                       PlanReport& report) {
  Result<std::vector<Candidate>> screened = screened_rows(world, found, options, run);
  const bool screen = options.screen || found.plans.empty() || run.stopped();
  if (!screened || screen) {
    report.screened = screen;
    return screened;
  }
  const std::vector<FoundPlan> plans = playable(world, found, options, run);
  report.shortlisted = static_cast<std::int64_t>(plans.size());
  Result<std::vector<Candidate>> rows = played_rows(world, options, plans, run);
  if (!rows && run.stopped()) {  // what the formulas said stands
    report.screened = true;
    return screened;
  }
  if (!rows) return rows;
  append_screened(*std::move(screened), options.top, *rows);
  Candidate& best = rows->front();
  if (best.meets_slo && options.operating) {
    Result<OperatingLoad> load = operating_load(world, best, options.race.simulation, run);
    if (!load && !run.stopped()) return fail(load.error());
    if (load) best.operating = *std::move(load);
  }
  return rows;
}

void add_front(const twin::World& world, const PlanOptions& options, SearchResult& found,
               PlanReport& report) {
  for (const Candidate& c : report.candidates) {
    // Points are of the whole machine.
    if (!options.pareto || !c.meets_slo || world.load.target_rate()) continue;
    found.points.push_back({.per_user = c.state.per_user,
                            .per_gpu = c.state.output_per_gpu,
                            .front = false,
                            .disaggregated = c.disaggregated,
                            .label = point_label(c.plan)});
  }
  mark_front(found.points);
  report.pareto = thinned(std::move(found.points));
}

}  // namespace

namespace {

std::string tiers_text(const serving::KvTiering& kv) {
  std::string out = "hbm";
  for (const serving::KvTier& t : kv.tiers) {
    out += " + " + format(t.share) + " " + std::string(serving::to_string(t.kind));
  }
  return out;
}

TierDepth depth_of(const twin::World& world, const PlanReport& report) {
  TierDepth out;
  out.tiers = static_cast<std::int64_t>(world.machine.kv.tiers.size()) + 1;
  out.text = tiers_text(world.machine.kv);
  if (report.candidates.empty()) return out;
  const Candidate& best = report.candidates.front();
  out.plan = twin::plan_text(best.plan);
  out.gpus = best.plan.gpus();
  out.multiple = best.multiple;
  out.output_per_gpu = best.state.output_per_gpu;
  out.hit_rate = best.state.hit_rate;
  out.ttft_p90 = best.state.ttft.p90;
  out.limit = best.limit;
  out.meets_slo = best.meets_slo;
  out.played = best.played > 0;
  return out;
}

/// A plan for each depth of tiers that is asked for; the best of them with all their figures.
Result<PlanReport> plan_depths(const twin::World& asked, const PlanOptions& options,
                               const Run& run) {
  std::vector<TierDepth> depths;
  std::optional<PlanReport> best;
  for (const std::int64_t depth : asked.load.search.kv_depths) {
    twin::World world = twin::with_tiers(asked, depth);
    world.load.search.kv_depths = {};
    Result<PlanReport> report = plan(world, options, run.within("tiers " + std::to_string(depth)));
    if (!report) return report;
    depths.push_back(depth_of(world, *report));
    const auto before = [](const PlanReport& r) {
      const bool any = !r.candidates.empty();
      return std::pair{any && r.candidates.front().meets_slo,
                       any ? r.candidates.front().state.output_per_gpu : 0.0};
    };
    if (!best || before(*report) > before(*best)) best = *std::move(report);
    if (run.stopped()) break;
  }
  best->depths = std::move(depths);
  return *std::move(best);
}

}  // namespace

Result<PlanReport> plan(const twin::World& asked, const PlanOptions& options, const Run& run) {
  if (!asked.faults.empty()) {
    twin::World healthy = asked;  // plans are of a whole machine
    healthy.faults = {};
    return plan(healthy, options, run);
  }
  if (!asked.load.search.kv_depths.empty()) return plan_depths(asked, options, run);
  const twin::World& world = asked;
  PlanReport report;
  report.subject = subject_of(world);
  report.warnings = world.warnings;
  const bool limited =
      std::any_of(world.load.slo.begin(), world.load.slo.end(),
                  [](const serving::SloTarget& t) { return t.metric == serving::Metric::e2e; });
  for (const serving::ServingPlan& listed : world.load.search.fixed) {
    const std::string refused = cannot_run(world.machine.framework, world.machine.model, listed);
    if (refused.empty()) continue;
    report.warnings.push_back(
        {.code = ErrorCode::infeasible,
         .message = world.machine.framework.name + " cannot run the listed deployment: " + refused,
         .where = {.file = world.name},
         .hint = "planned as if it did; supernode catalog show frameworks/" +
                 world.machine.framework.name});
  }
  if (limited && options.screen) {
    report.warnings.push_back({.code = ErrorCode::limit,
                               .message = "closed forms know no end-to-end latency: the limit on "
                                          "it is not held here",
                               .where = {.file = world.name},
                               .hint = "leave out --screen: the engine holds it"});
  }
  Result<SearchResult> found = find(world, options, run);
  if (!found) return fail(found.error());
  report.considered = found->considered;
  report.fit = found->fit;
  report.meet = found->meet;
  if (!found->plans.empty()) {
    for (const Condition& c : options.filters) report.filters.push_back(c.text);
  }
  Result<std::vector<Candidate>> rows = rows_of(world, *found, options, run, report);
  if (!rows) return fail(rows.error());
  report.candidates = *std::move(rows);
  add_front(world, options, *found, report);
  const bool any = !report.candidates.empty() && report.candidates.front().meets_slo;
  if (!any) report.meet = 0;
  if (any && report.meet == 0) report.meet = 1;
  if (options.explain && any && !run.stopped()) add_explanation(world, run, report);
  if (options.pair && any) report.tradeoff = tradeoff(world, report.candidates, *options.pair, run);
  report.interrupted = run.stopped();
  return report;
}

std::string_view to_string(Evidence evidence) {
  switch (evidence) {
    case Evidence::published:
      return "published";
    case Evidence::calibrated:
      return "calibrated";
    case Evidence::interpolated:
      return "interpolated";
    case Evidence::other_generation:
      return "other generation";
    case Evidence::family_default:
      return "family default";
    case Evidence::assumption:
      return "assumption";
  }
  return "assumption";
}

std::string machine_text(const twin::World& world) {
  const hw::Cluster& c = world.machine.cluster;
  const hw::ScaleUp& up = c.rack.scale_up;
  const std::string part =
      world.machine.gpu_limit > 0 ? fmt::format("{} of ", world.machine.gpu_limit) : "";
  return fmt::format("{}{} x {} in {} {}, ScaleUp {} per direction, domain {}", part, c.gpus(),
                     c.rack.chip.name, c.racks, c.rack.name, format(up.link.bandwidth), up.domain);
}

double billed_rate(const twin::World& world, const Candidate& c) {
  constexpr double steady = 0.95;
  const double most = steady * c.screened * world.load.workload.rate.si();
  const double rate = c.operating ? c.operating->requests : c.state.requests;
  return c.played > 0 ? std::min(rate, most) : rate;
}

}  // namespace sn::planner
