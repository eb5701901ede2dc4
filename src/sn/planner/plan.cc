// sn/planner/plan.cc
//
// From the search's plans to a ranked, explained report (see plan.h).

#include "sn/planner/plan.h"

#include <fmt/format.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

#include "sn/base/units.h"
#include "sn/planner/search/evaluate.h"
#include "sn/planner/search/feasible.h"
#include "sn/planner/search/search.h"
#include "sn/planner/tradeoff.h"

namespace sn::planner {

namespace {

constexpr std::size_t filter_most = 1000;  // plans evaluated where a filter may drop the best

double d(std::int64_t v) { return static_cast<double>(v); }

std::string rate_text(const twin::RateSpec& rate) {
  switch (rate.kind) {
    case twin::RateSpec::Kind::knee:
      return "knee";
    case twin::RateSpec::Kind::multiple:
      return format_number(rate.value) + "x";
    case twin::RateSpec::Kind::absolute:
      return format_number(rate.value) + " req/s";
  }
  return "knee";
}

PlanSubject subject_of(const twin::World& w) {
  PlanSubject s;
  s.name = w.name;
  s.model = w.machine.model.name;
  s.machine = machine_text(w);
  s.workload = w.load.workload.origin;
  s.rate = rate_text(w.load.rate);
  s.slo = serving::to_string(w.load.slo);
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

/// The plans worth a full evaluation: the best of each family by the search's own rate per GPU,
/// `most` of them.
std::vector<FoundPlan> shortlist(std::vector<FoundPlan> plans, bool fixed_rate, std::size_t most) {
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

void add_explanation(const twin::World& world, PlanReport& report) {
  const Candidate& best = report.candidates.front();
  report.explanation = explain(world, best.plan, best.state.requests);
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

Result<PlanReport> run(const twin::World& world, const PlanOptions& options) {
  PlanReport report;
  report.subject = subject_of(world);
  report.warnings = world.warnings;
  SearchResult found;
  if (world.load.search.fixed.empty()) {
    found = search(world, options.pareto, options.prices, options.filters);
    if (found.considered == 0) return fail(none_admitted(options.filters));
    if (found.fit == 0) return fail(does_not_fit(world, found));
  } else {
    for (const serving::ServingPlan& plan : world.load.search.fixed) {
      const Errors impossible = check_fits(world, plan);
      if (!impossible.empty()) return fail(impossible);
      found.plans.push_back({plan, 0.0});
    }
    found.considered = static_cast<std::int64_t>(found.plans.size());
    found.fit = found.considered;
  }
  report.considered = found.considered;
  report.fit = found.fit;
  report.meet = found.meet;
  const bool missed = found.plans.empty();
  const bool filtered = !options.filters.empty() && !missed;
  const std::vector<FoundPlan> plans = shortlist(
      missed ? found.misses : found.plans, world.load.target_rate().has_value() && !missed,
      filtered ? filter_most : static_cast<std::size_t>(4 * options.top));
  if (plans.empty()) {
    return fail(options.filters.empty() ? no_plan(world) : none_admitted(options.filters));
  }
  std::vector<Candidate> all(plans.size());
  tbb::parallel_for(std::size_t{0}, plans.size(),
                    [&](std::size_t i) { all[i] = candidate_of(world, plans[i]); });
  if (filtered) {
    for (const Condition& c : options.filters) {
      report.filters.push_back(c.text);
      const std::vector<Candidate> before = all;
      std::erase_if(all, [&](const Candidate& candidate) { return !holds(c, candidate); });
      if (all.empty()) return fail(none_passes(c, before));
    }
  }
  report.candidates = ranked(std::move(all), options.top);
  for (const Candidate& c : report.candidates) {
    if (!options.pareto || !c.meets_slo || world.load.target_rate())
      continue;  // points are of the whole machine
    found.points.push_back({.per_user = c.state.per_user,
                            .per_gpu = c.state.output_per_gpu,
                            .front = false,
                            .disaggregated = c.disaggregated,
                            .label = point_label(c.plan)});
  }
  mark_front(found.points);
  report.pareto = thinned(std::move(found.points));
  const bool any = !report.candidates.empty() && report.candidates.front().meets_slo;
  if (!any) report.meet = 0;
  if (any && report.meet == 0) report.meet = 1;
  if (options.explain && any) add_explanation(world, report);
  if (options.pair && any) report.tradeoff = tradeoff(world, report.candidates, *options.pair);
  return report;
}

}  // namespace

std::string_view to_string(Evidence evidence) {
  switch (evidence) {
    case Evidence::published:
      return "published";
    case Evidence::calibrated:
      return "calibrated";
    case Evidence::interpolated:
      return "interpolated";
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

Result<PlanReport> plan(const twin::World& world, const PlanOptions& options) {
  if (options.threads <= 0) return run(world, options);
  const tbb::global_control control(tbb::global_control::max_allowed_parallelism,
                                    static_cast<std::size_t>(options.threads));
  return run(world, options);
}

}  // namespace sn::planner
