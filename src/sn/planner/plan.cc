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
#include "sn/planner/search.h"
#include "sn/planner/sensitivity.h"

namespace sn::planner {

namespace {

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
  s.model = w.model.name;
  s.machine = machine_text(w);
  s.workload = w.workload.origin;
  s.rate = rate_text(w.rate);
  s.slo = serving::to_string(w.slo);
  s.gpus = w.gpus();
  s.domain = w.cluster.rack.scale_up.domain;
  s.workload_rate = w.workload.rate.si();
  s.mean_input = serving::mean_input(w.workload);
  s.mean_output = serving::mean_output(w.workload);
  return s;
}

PoolReport pool_report(const serving::Pool& pool, const llm::MemoryBudget& budget) {
  const llm::Precision& p = pool.deployment.precision;
  PoolReport r;
  r.replicas = pool.replicas;
  r.gpus = pool.gpus();
  r.parallel = llm::to_string(pool.deployment.parallel);
  r.precision = fmt::format("{}/{}/{}", kernel::to_string(p.weights),
                            kernel::to_string(p.activations), kernel::to_string(p.kv));
  r.draft_tokens = pool.deployment.draft_tokens;
  r.chunk = pool.chunk;
  r.memory = {budget.usable,    budget.weights, budget.activations,
              budget.workspace, budget.kv(),    budget.kv_tokens()};
  return r;
}

/// GPU seconds of physical bound per output token: decode steps and prefill work.
double bound_gpu_seconds(serving::ServingModel& model, double requests) {
  const std::optional<serving::DecodePoint> point = model.decode_at(requests);
  if (!point) return 0.0;
  const auto per_token = [](const llm::StepTime& t, const llm::Parallelism& p, double tokens) {
    return t.bound_total().si() * d(p.stage_ranks()) / tokens;
  };
  const llm::Deployment& decode = model.plan().decode.deployment;
  const double tokens = point->sequences / d(decode.parallel.pp) * d(decode.parallel.dp) *
                        model.decode().program().tokens_per_step();
  double sum = point->pure_steps * per_token(point->step, decode.parallel, tokens);
  sum += (1.0 - point->pure_steps) * per_token(point->step_mixed, decode.parallel, tokens);
  if (!model.plan().disaggregated()) return sum;
  serving::PrefillModel& prefill = *model.prefill();
  const llm::StepTime work = prefill.mean_request_work(prefill.service(model.cache_capacity()));
  const llm::Parallelism& p = model.plan().prefill.deployment.parallel;
  return sum + per_token(work, p, d(p.dp)) / model.decode().moments().output;
}

Candidate candidate_of(const twin::World& world, const FoundPlan& found) {
  const serving::ServingInputs inputs = world.inputs();
  serving::ServingModel model(inputs, found.plan);
  const std::optional<double> target = world.target_rate();
  Candidate c;
  c.plan = found.plan;
  c.disaggregated = found.plan.disaggregated();
  // The search joins pools with a coarse cache capacity; the plan's own knee is what counts.
  const double knee = model.knee(world.slo);
  const double rate = target ? std::min(*target, std::max(knee, 0.0)) : knee;
  c.meets_slo = rate > 0.0 && (!target || knee >= *target);
  c.state = rate > 0.0 ? model.at(rate) : serving::idle_state(model);
  c.multiple = rate / world.workload.rate.si();
  // At the knee the whole machine is on trial, GPUs that a plan leaves unused included; a rate that
  // a plan carries is judged by the GPUs it takes, and by the whole machine where it falls short.
  const double gpus = d(target && c.meets_slo ? found.plan.gpus() : world.gpus());
  c.state.output_per_gpu = c.state.output_tokens / gpus;
  c.limit = model.knee_limit(world.slo);
  c.decode = pool_report(found.plan.decode, model.decode_budget());
  if (c.disaggregated) c.prefill = pool_report(found.plan.prefill, model.prefill_budget());
  c.decode.sequences = c.state.sequences;
  c.decode.batch = c.state.sequences * d(found.plan.decode.deployment.parallel.dp);
  const double bound = bound_gpu_seconds(model, rate);
  c.bound_per_gpu = bound > 0.0 ? 1.0 / bound : 0.0;
  c.evidence = evidence_of(world);
  return c;
}

/// Prefill shapes and chunk sizes are details of one decode deployment: its name for ranking.
std::string family_of(const serving::ServingPlan& plan) {
  const llm::Deployment& d0 = plan.decode.deployment;
  return fmt::format("{} {} {} {} {}", plan.disaggregated() ? "d" : "a",
                     llm::to_string(d0.parallel), d0.draft_tokens,
                     kernel::to_string(d0.precision.weights), kernel::to_string(d0.precision.kv));
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

/// Memory of one GPU of a shape, with activations for the largest step that it may run.
llm::MemoryBudget budget_of(const twin::World& world, const Shape& shape) {
  const serving::Pool pool{.deployment = shape.deployment, .chunk = shape.chunk};
  const double tokens =
      shape.role == Role::prefill ? d(shape.chunk) : serving::step_tokens(pool, world.framework);
  return memory_budget(world.model, shape.deployment, world.cluster.rack.chip, world.framework,
                       tokens);
}

Errors does_not_fit(const twin::World& world, const SearchResult& found) {
  const llm::MemoryBudget b = budget_of(world, found.closest);
  const hw::Chip& chip = world.cluster.rack.chip;
  const kernel::DataType type = found.closest.deployment.precision.weights;
  const double total =
      llm::count_parameters(world.model).total() * kernel::bytes_per_element(type).si();
  const double room = (b.usable - b.activations - b.workspace).si();
  Error e{.code = ErrorCode::infeasible, .message = {}, .where = {}, .hint = {}};
  e.message = fmt::format(
      "{} in {} does not fit {} x {} of {}: the closest deployment ({}) lacks {} per GPU "
      "(weights {}, activations {}, workspace {}; {} of {} usable, and one request of {:.0f} "
      "tokens must fit)",
      world.model.name, kernel::to_string(type), world.gpus(), chip.name, format(chip.hbm_capacity),
      llm::to_string(found.closest.deployment.parallel), format(found.least_shortfall),
      format(b.weights), format(b.activations), format(b.workspace), format(b.usable),
      format(chip.hbm_capacity), world.workload.input_max + world.workload.output_max);
  e.where.file = world.name;
  e.hint = fmt::format(
      "the weights alone take {}: at least {:.0f} such GPUs, or a narrower "
      "format of weights or KV cache, or chips with more memory",
      format(Bytes::from_si(total)), std::ceil(total / room));
  return {e};
}

/// Every shape fits by itself, yet no plan can be made of them.
Error no_plan(const twin::World& world) {
  return {.code = ErrorCode::infeasible,
          .message = fmt::format("no prefill and decode pools fit side by side into {} GPUs",
                                 world.gpus()),
          .where = {.file = world.name},
          .hint = "allow aggregated pools (search: {pools: both}), or give more GPUs"};
}

/// Deployments that the scenario lists: they must fit the ScaleUp domains and the memory.
Errors check_fixed(const twin::World& world) {
  Errors errors;
  const serving::Workload& w = world.workload;
  for (const serving::ServingPlan& plan : world.search.fixed) {
    if (!fits_domains(world, plan)) {
      errors.push_back(
          {.code = ErrorCode::infeasible,
           .message = fmt::format(
               "the listed deployments ({} GPUs) do not fit into {} ScaleUp domains "
               "of {} GPUs",
               point_label(plan), world.cluster.domains(), world.cluster.rack.scale_up.domain),
           .where = {.file = world.name},
           .hint = "an instance no larger than a domain stays inside one: use fewer "
                   "replicas, or sizes that divide the domain"});
    }
    for (const serving::Pool& pool : {plan.prefill, plan.decode}) {
      if (pool.replicas == 0) continue;
      const bool prefill_only = plan.disaggregated() && pool.chunk > 0;
      SearchResult found;
      found.closest = {prefill_only ? Role::prefill : Role::aggregated, pool.deployment,
                       pool.chunk};
      const llm::MemoryBudget b = budget_of(world, found.closest);
      const double tokens = w.input_max + (prefill_only ? 0.0 : w.output_max);
      const double longest = llm::kv_tokens_held(world.model, tokens);
      found.least_shortfall = b.kv_per_token * longest - b.kv();
      if (found.least_shortfall > Bytes{}) errors.push_back(does_not_fit(world, found).front());
    }
  }
  return errors;
}

void add_explanation(const twin::World& world, PlanReport& report) {
  const Candidate& best = report.candidates.front();
  report.explanation = explain(world, best.plan, best.state.requests);
  for (const Elasticity& e : report.explanation->elasticities) {
    ++report.inputs;
    if (e.evidence == Evidence::assumption) ++report.inputs_assumed;
  }
}

Result<PlanReport> run(const twin::World& world, const PlanOptions& options) {
  PlanReport report;
  report.subject = subject_of(world);
  report.warnings = world.warnings;
  SearchResult found;
  if (world.search.fixed.empty()) {
    found = search(world, options.pareto, options.prices);
    if (found.fit == 0) return fail(does_not_fit(world, found));
  } else {
    const Errors impossible = check_fixed(world);
    if (!impossible.empty()) return fail(impossible);
    for (const serving::ServingPlan& plan : world.search.fixed) found.plans.push_back({plan, 0.0});
    found.considered = static_cast<std::int64_t>(found.plans.size());
    found.fit = found.considered;
  }
  report.considered = found.considered;
  report.fit = found.fit;
  report.meet = found.meet;
  const bool missed = found.plans.empty();
  const std::vector<FoundPlan> plans =
      shortlist(missed ? found.misses : found.plans, world.target_rate().has_value() && !missed,
                static_cast<std::size_t>(4 * options.top));
  if (plans.empty()) return fail(no_plan(world));
  std::vector<Candidate> all(plans.size());
  tbb::parallel_for(std::size_t{0}, plans.size(),
                    [&](std::size_t i) { all[i] = candidate_of(world, plans[i]); });
  report.candidates = ranked(std::move(all), options.top);
  for (const Candidate& c : report.candidates) {
    if (!options.pareto || !c.meets_slo || world.target_rate())
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
  const hw::Cluster& c = world.cluster;
  const hw::ScaleUp& up = c.rack.scale_up;
  const std::string part = world.gpu_limit > 0 ? fmt::format("{} of ", world.gpu_limit) : "";
  return fmt::format("{}{} x {} in {} {}, ScaleUp {} per direction, domain {}", part, c.gpus(),
                     c.rack.chip.name, c.racks, c.rack.name, format(up.link.bandwidth), up.domain);
}

Result<PlanReport> plan(const twin::World& world, const PlanOptions& options) {
  if (!world.measurements.empty() && world.kernels.measured == nullptr) {
    return fail(Error{.code = ErrorCode::missing,
                      .message = "'kernels: measured' is planned one scenario at a time",
                      .where = {.file = world.name},
                      .hint = "leave out --vary and tenants, or 'kernels: measured'"});
  }
  if (options.threads <= 0) return run(world, options);
  const tbb::global_control control(tbb::global_control::max_allowed_parallelism,
                                    static_cast<std::size_t>(options.threads));
  return run(world, options);
}

}  // namespace sn::planner
