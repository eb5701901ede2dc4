// sn/planner/search.cc
//
// Evaluates shapes in parallel and joins prefill with decode shapes (see plan.h).
//
// A prefill shape's capacity depends on its replicas (queue pooling, shared prefix cache), a decode
// shape's does not. For each decode shape and replica count the GPUs that remain go to the best
// prefill pool that fits them:
//   rate = min(replicas x decode capacity, best prefill capacity on the remaining GPUs)

#include "sn/planner/search.h"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace sn::planner {

namespace {

constexpr std::size_t search_classes = 32;

/// A batch size of a decode or aggregated shape, for the Pareto front.
struct BatchPoint {
  double requests = 0.0;  // per instance
  double per_user = 0.0;
};

/// What one shape can do; filled by one task.
struct Capacity {
  bool fits = false;
  double shortfall = 0.0;       // bytes per GPU, when it does not fit
  double requests = 0.0;        // decode: per instance; aggregated: whole cluster
  double idle_miss = INFINITY;  // worst target over its limit at vanishing load; 0 when all are met
  std::int64_t carrying = 0;    // aggregated, fixed rate: fewest replicas that carry it
  std::vector<BatchPoint> batches;  // decode, aggregated
  std::vector<double> by_replicas;  // prefill: rate of 1, 2, ... replicas
};

serving::ServingPlan single(const Shape& s, std::int64_t replicas) {
  serving::ServingPlan plan;
  plan.decode = {.deployment = s.deployment, .replicas = replicas, .chunk = s.chunk};
  return plan;
}

/// Largest ratio of a target's value to its limit, over targets of `metric`.
double miss_ratio(const serving::Slo& slo, serving::Metric metric,
                  const serving::Percentiles& value, double mean) {
  double worst = 0.0;
  for (const serving::SloTarget& t : slo) {
    if (t.metric != metric) continue;
    const double v = t.quantile < 0.0    ? mean
                     : t.quantile <= 0.5 ? value.p50.si()
                     : t.quantile <= 0.9 ? value.p90.si()
                                         : value.p99.si();
    worst = std::max(worst, v / t.limit.si());
  }
  return worst;
}

double kv_needed(const twin::World& world, Role role) {
  const serving::Workload& w = world.workload;
  const double tokens = role == Role::prefill ? w.input_max : w.input_max + w.output_max;
  return llm::kv_tokens_held(world.model, tokens);
}

/// Batch sizes between one sequence and the limit, four per octave of rate of change.
std::vector<double> batch_grid(double limit) {
  std::vector<double> out;
  for (double n = 1.0; n < limit; n *= 1.5) out.push_back(n);
  out.push_back(limit);
  return out;
}

/// Fewest replicas of an aggregated shape that carry `target`, 0 when the cluster holds too few. A
/// replica of a small plan carries less than one of a large plan (`most_each`): queue and prefix
/// cache are shared by fewer.
std::int64_t fewest_replicas(const twin::World& world, const Shape& shape, double target,
                             double most_each) {
  const auto most = static_cast<double>(most_replicas(world, shape.deployment.parallel));
  const serving::ServingInputs inputs = world.inputs();
  for (double n = std::ceil(target / most_each); n <= most; n += 1.0) {
    const auto replicas = static_cast<std::int64_t>(n);
    serving::ServingModel model(inputs, single(shape, replicas));
    if (model.knee(world.slo) >= target) return replicas;
  }
  return 0;
}

/// By how much an idle decode or aggregated instance misses its worst target; for telling the
/// closest miss.
double idle_miss(const twin::World& world, const Shape& shape, serving::ServingModel& model) {
  const serving::DecodePoint idle =
      model.decode().at(std::min(model.decode().sequence_limit(), 1e-6));
  const serving::Percentiles t = model.decode().tpot(idle);
  const double tpot = miss_ratio(world.slo, serving::Metric::tpot, t, t.mean.si());
  if (shape.role != Role::aggregated) return tpot;
  const serving::Percentiles first = serving::ttft_of(model.prefill_at(0.0, idle));
  return std::max(tpot, miss_ratio(world.slo, serving::Metric::ttft, first, first.mean.si()));
}

void price_decode(const twin::World& world, const Shape& shape, Capacity& out) {
  const std::int64_t replicas =
      shape.role == Role::decode ? 1 : most_replicas(world, shape.deployment.parallel);
  const serving::ServingInputs inputs = world.inputs();
  serving::ServingPlan plan = single(shape, replicas);
  serving::ServingModel model(inputs, plan);
  serving::DecodeModel& decode = model.decode();
  const double limit = decode.sequence_limit();
  if (limit <= 0.0) return;
  const double knee = model.decode_knee(world.slo);
  const auto rate = [&](double n) { return decode.at(n).requests * static_cast<double>(replicas); };
  if (knee > 0.0) out.requests = rate(knee);
  const std::optional<double> target = world.target_rate();
  if (shape.role == Role::aggregated && target && knee > 0.0) {
    out.carrying =
        fewest_replicas(world, shape, *target, out.requests / static_cast<double>(replicas));
  }
  out.idle_miss = out.requests > 0.0 ? 0.0 : idle_miss(world, shape, model);
  for (const double n : batch_grid(limit)) {
    const serving::DecodePoint p = decode.at(n);
    if (!model.meets_ttft_at(p, world.slo)) break;
    out.batches.push_back(
        {p.requests * static_cast<double>(replicas), 1.0 / decode.tpot_mean(p).si()});
  }
}

/// Cache capacity rounded down to six steps a decade and cut where the workload's hit curve ends,
/// so that many replica counts share one evaluation. The plans that come out are evaluated again
/// with the exact capacity.
double coarse(const serving::Workload& workload, double tokens) {
  constexpr double steps = 6.0;
  if (workload.capacities.empty() || tokens < 1.0) return 0.0;
  if (tokens >= workload.capacities.back()) return workload.capacities.back();
  return std::pow(10.0, std::floor(std::log10(tokens) * steps) / steps);
}

void price_prefill(const twin::World& world, const Shape& shape, Capacity& out) {
  const serving::ServingInputs inputs = world.inputs();
  const llm::Parallelism& p = shape.deployment.parallel;
  serving::ServingPlan plan;
  plan.prefill = {.deployment = shape.deployment, .replicas = 1, .chunk = shape.chunk};
  plan.decode = {.deployment = shape.deployment,
                 .replicas = std::max<std::int64_t>(1, world.gpus() / p.gpus() - 1)};
  const llm::MemoryBudget budget =
      memory_budget(world.model, shape.deployment, world.cluster.rack.chip, world.framework,
                    static_cast<double>(shape.chunk));
  const llm::StepProgram program =
      compile(world.model, shape.deployment, inputs.machine, world.conditions);
  serving::PrefillModel model(program, world.workload, static_cast<double>(shape.chunk),
                              world.framework.frontend, kv_transfer(inputs, plan));
  const std::int64_t most = most_replicas(world, p);
  for (std::int64_t n = 1; n <= most; ++n) {
    if (n * p.gpus() >= world.gpus() && n > 1) break;  // decode needs room
    plan.prefill.replicas = n;
    const serving::PrefillService& service =
        model.service(coarse(world.workload, prefill_cache_tokens(budget, plan.prefill)));
    out.by_replicas.push_back(
        model.largest_rate(service, static_cast<double>(n * p.dp), world.slo));
  }
  out.requests = out.by_replicas.empty() ? 0.0 : out.by_replicas.back();
  if (out.requests > 0.0) out.idle_miss = 0.0;
  if (out.requests > 0.0) return;
  plan.prefill.replicas = 1;
  const serving::PrefillPoint idle = model.at(
      model.service(prefill_cache_tokens(budget, plan.prefill)), 0.0, static_cast<double>(p.dp));
  const serving::Percentiles t = serving::ttft_of(idle);
  out.idle_miss = miss_ratio(world.slo, serving::Metric::ttft, t, t.mean.si());
}

Capacity price(const twin::World& world, const Shape& shape) {
  Capacity out;
  const double tokens = shape.role == Role::prefill
                            ? static_cast<double>(shape.chunk)
                            : serving::step_tokens(single(shape, 1).decode, world.framework);
  const llm::MemoryBudget budget = memory_budget(world.model, shape.deployment,
                                                 world.cluster.rack.chip, world.framework, tokens);
  const Bytes need = budget.kv_per_token * kv_needed(world, shape.role);
  out.fits = budget.kv() >= need;
  out.shortfall = (need - budget.kv()).si();
  if (!out.fits) return out;
  if (shape.role == Role::prefill) {
    price_prefill(world, shape, out);
  } else {
    price_decode(world, shape, out);
  }
  return out;
}

/// The best prefill pool for every number of GPUs.
struct BestPrefill {
  struct Choice {
    double rate = 0.0;
    std::size_t shape = 0;
    std::int64_t replicas = 0;
  };
  std::vector<Choice> exactly;  // by GPUs used
  std::vector<Choice> within;   // by GPUs available

  BestPrefill(const std::vector<Shape>& shapes, const std::vector<Capacity>& caps,
              std::int64_t gpus)
      : exactly(static_cast<std::size_t>(gpus) + 1), within(exactly.size()) {
    for (std::size_t i = 0; i < shapes.size(); ++i) {
      for (std::size_t n = 0; n < caps[i].by_replicas.size(); ++n) {
        const auto replicas = static_cast<std::int64_t>(n) + 1;
        const auto used = static_cast<std::size_t>(replicas * shapes[i].deployment.parallel.gpus());
        if (used >= exactly.size() || caps[i].by_replicas[n] <= exactly[used].rate) continue;
        exactly[used] = {caps[i].by_replicas[n], i, replicas};
      }
    }
    for (std::size_t g = 1; g < within.size(); ++g) {
      within[g] = exactly[g].rate > within[g - 1].rate ? exactly[g] : within[g - 1];
    }
  }
};

class Joiner {
 public:
  Joiner(const twin::World& world, const std::vector<Shape>& shapes,
         const std::vector<Capacity>& caps)
      : world_(world), shapes_(shapes), caps_(caps), best_(shapes, caps, world.gpus()) {}

  /// Best plan around one decode shape whose instance carries `each` requests per second.
  [[nodiscard]] FoundPlan join(std::size_t decode, double each) const {
    FoundPlan out;
    const std::int64_t gpus = world_.gpus();
    const std::int64_t size = shapes_[decode].deployment.parallel.gpus();
    for (std::int64_t n = 1; n * size < gpus && each > 0.0; ++n) {
      const BestPrefill::Choice& c = best_.within[static_cast<std::size_t>(gpus - n * size)];
      const double rate = std::min(c.rate, each * static_cast<double>(n));
      if (rate <= out.requests * (1.0 + 1e-9)) continue;
      const serving::ServingPlan plan = make(decode, n, c);
      if (fits_domains(world_, plan)) out = {plan, rate};
    }
    return out;
  }

  /// Fewest GPUs that carry `target`.
  [[nodiscard]] FoundPlan carry(std::size_t decode, double each, double target) const {
    const std::int64_t gpus = world_.gpus();
    const double needed = each > 0.0 ? std::ceil(target / each) : INFINITY;
    if (needed > static_cast<double>(gpus)) return {};
    const auto n = static_cast<std::int64_t>(needed);
    const std::int64_t used = n * shapes_[decode].deployment.parallel.gpus();
    for (std::int64_t g = 1; g + used <= gpus; ++g) {
      const BestPrefill::Choice& c = best_.exactly[static_cast<std::size_t>(g)];
      if (c.rate < target) continue;
      const serving::ServingPlan plan = make(decode, n, c);
      if (fits_domains(world_, plan)) return {plan, target};
    }
    return {};
  }

 private:
  [[nodiscard]] serving::ServingPlan make(std::size_t decode, std::int64_t replicas,
                                          const BestPrefill::Choice& c) const {
    serving::ServingPlan plan = single(shapes_[decode], replicas);
    plan.prefill = {.deployment = shapes_[c.shape].deployment,
                    .replicas = c.replicas,
                    .chunk = shapes_[c.shape].chunk};
    return plan;
  }

  const twin::World& world_;
  const std::vector<Shape>& shapes_;
  const std::vector<Capacity>& caps_;
  BestPrefill best_;
};

void add_points(const twin::World& world, const Shape& shape, std::size_t index,
                const Capacity& cap, const Joiner& joiner, SearchResult& out) {
  const auto gpus = static_cast<double>(world.gpus());
  const double output = serving::mean_output(world.workload);
  for (const BatchPoint& b : cap.batches) {
    ParetoPoint p;
    p.per_user = b.per_user;
    if (shape.role == Role::aggregated) {
      p.per_gpu = b.requests * output / gpus;
      p.label = point_label(single(shape, most_replicas(world, shape.deployment.parallel)));
    } else {
      const FoundPlan found = joiner.join(index, b.requests);
      if (found.requests <= 0.0) continue;
      p.per_gpu = found.requests * output / gpus;
      p.disaggregated = true;
      p.label = point_label(found.plan);
    }
    out.points.push_back(std::move(p));
  }
}

FoundPlan aggregated_plan(const twin::World& world, const Shape& shape, const Capacity& cap) {
  const std::optional<double> target = world.target_rate();
  if (!target) {
    return {single(shape, most_replicas(world, shape.deployment.parallel)), cap.requests};
  }
  return cap.carrying > 0 ? FoundPlan{single(shape, cap.carrying), *target} : FoundPlan{};
}

/// The most that a shape carries on the whole cluster: the closest miss of a rate beyond all of
/// them.
FoundPlan knee_plan(const twin::World& world, const Shape& shape, std::size_t index,
                    const Capacity& cap, const Joiner& joiner) {
  if (shape.role == Role::decode) return joiner.join(index, cap.requests);
  return {single(shape, most_replicas(world, shape.deployment.parallel)), cap.requests};
}

/// Nearer to the SLO; among those that meet it, the one that carries more.
bool closer(const Capacity& a, const Capacity& b) {
  return a.idle_miss != b.idle_miss ? a.idle_miss < b.idle_miss : a.requests > b.requests;
}

/// When nobody meets the SLO: the shapes nearest to it, alone and joined.
void add_misses(const twin::World& world, const std::vector<Shape>& shapes,
                const std::vector<Capacity>& caps, SearchResult& out) {
  std::map<Role, std::size_t> best;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    if (!caps[i].fits) continue;
    const auto at = best.find(shapes[i].role);
    if (at == best.end() || closer(caps[i], caps[at->second])) {
      best[shapes[i].role] = i;
    }
  }
  const auto aggregated = best.find(Role::aggregated);
  if (aggregated != best.end()) {
    out.misses.push_back({single(shapes[aggregated->second], 1), 0.0});
  }
  const auto prefill = best.find(Role::prefill);
  const auto decode = best.find(Role::decode);
  if (prefill == best.end() || decode == best.end()) return;
  serving::ServingPlan plan = single(shapes[decode->second], 1);
  plan.prefill = {.deployment = shapes[prefill->second].deployment,
                  .replicas = 1,
                  .chunk = shapes[prefill->second].chunk};
  if (fits_domains(world, plan)) out.misses.push_back({plan, 0.0});
}

}  // namespace

std::string point_label(const serving::ServingPlan& plan) {
  const std::string pools = plan.disaggregated()
                                ? std::to_string(plan.prefill.gpus()) + " prefill + " +
                                      std::to_string(plan.decode.gpus()) + " decode"
                                : std::to_string(plan.gpus()) + " aggregated";
  return pools + ", " + llm::to_string(plan.decode.deployment.parallel);
}

SearchResult search(const twin::World& world) {
  SearchResult out;
  const std::vector<Shape> all = shapes(world);
  std::vector<Capacity> caps(all.size());
  // Shapes are ranked on a coarser workload; what comes out is evaluated again on the full one. A
  // fixed rate leaves no such slack: its plans must carry it.
  twin::World quick = world;
  if (!world.target_rate()) quick.workload = serving::coarsened(world.workload, search_classes);
  tbb::parallel_for(std::size_t{0}, all.size(),
                    [&](std::size_t i) { caps[i] = price(quick, all[i]); });
  out.considered = static_cast<std::int64_t>(all.size());
  const Joiner joiner(world, all, caps);
  const std::optional<double> target = world.target_rate();
  double least = INFINITY;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Capacity& cap = caps[i];
    if (!cap.fits) {
      if (cap.shortfall < least) {
        least = cap.shortfall;
        out.closest = all[i];
        out.least_shortfall = Bytes::from_si(least);
      }
      continue;
    }
    ++out.fit;
    if (cap.requests > 0.0) ++out.meet;
    if (all[i].role == Role::prefill) continue;
    add_points(world, all[i], i, cap, joiner, out);
    if (cap.requests <= 0.0) continue;
    FoundPlan found;
    if (all[i].role == Role::aggregated) {
      found = aggregated_plan(world, all[i], cap);
    } else {
      found = target ? joiner.carry(i, cap.requests, *target) : joiner.join(i, cap.requests);
    }
    if (found.requests > 0.0) {
      out.plans.push_back(std::move(found));
    } else if (target) {
      FoundPlan most = knee_plan(world, all[i], i, cap, joiner);
      if (most.requests > 0.0) out.misses.push_back(std::move(most));
    }
  }
  if (!out.plans.empty()) out.misses.clear();
  if (out.plans.empty() && out.misses.empty()) add_misses(world, all, caps, out);
  return out;
}

}  // namespace sn::planner
