// sn/planner/search/price.cc
//
// Prices one shape with the steady-state models (see price.h).

#include "sn/planner/search/price.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "sn/collective/params.h"
#include "sn/kernel/measured.h"
#include "sn/planner/search/join.h"

namespace sn::planner {

namespace {

/// Largest ratio of a target's value to its limit, over targets of `metric`.
double miss_ratio(const serving::Slo& slo, serving::Metric metric,
                  const serving::Percentiles& value) {
  double worst = 0.0;
  for (const serving::SloTarget& t : slo) {
    if (t.metric != metric) continue;
    worst = std::max(worst, serving::value_at(value, t.quantile) / t.limit);
  }
  return worst;
}

double kv_needed(const twin::World& world, Role role) {
  const serving::Workload& w = world.load.workload;
  const double tokens = role == Role::prefill ? w.input_max : w.input_max + w.output_max;
  return llm::kv_tokens_held(world.machine.model, tokens);
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
  const auto carries = [&](double n) {
    serving::ServingModel model(inputs, single(shape, static_cast<std::int64_t>(n)));
    return model.knee(world.load.slo) >= target;
  };
  // Steps double, so that a target that nothing reaches is given up soon; then the last is halved.
  double below = std::ceil(target / most_each) - 1.0;
  double at = below + 1.0;
  for (double step = 1.0; at <= most && !carries(at); step *= 2.0) {
    below = at;
    if (at == most) return 0;
    at = std::min(at + step, most);
  }
  if (at > most) return 0;
  while (at - below > 1.0) {
    const double middle = std::floor(0.5 * (below + at));
    (carries(middle) ? at : below) = middle;
  }
  return static_cast<std::int64_t>(at);
}

/// By how much an idle decode or aggregated instance misses its worst target; for telling the
/// closest miss.
double idle_miss(const twin::World& world, const Shape& shape, serving::ServingModel& model) {
  const serving::DecodePoint idle =
      model.decode().at(std::min(model.decode().sequence_limit(), 1e-6));
  const serving::Percentiles t = model.decode().tpot(idle);
  const double tpot = miss_ratio(world.load.slo, serving::Metric::tpot, t);
  if (shape.role != Role::aggregated) return tpot;
  const serving::Percentiles first = serving::ttft_of(model.prefill_at(0.0, idle));
  return std::max(tpot, miss_ratio(world.load.slo, serving::Metric::ttft, first));
}

void price_decode(const twin::World& world, const Shape& shape, bool points, Capacity& out) {
  const std::int64_t replicas =
      shape.role == Role::decode ? 1 : most_replicas(world, shape.deployment.parallel);
  const serving::ServingInputs inputs = world.inputs();
  serving::ServingPlan plan = single(shape, replicas);
  serving::ServingModel model(inputs, plan);
  serving::DecodeModel& decode = model.decode();
  const double limit = decode.sequence_limit();
  if (limit <= 0.0) return;
  const double knee = model.decode_knee(world.load.slo);
  const auto rate = [&](double n) { return decode.requests_at(n) * static_cast<double>(replicas); };
  if (knee > 0.0) out.requests = rate(knee);
  const std::optional<double> target = world.load.target_rate();
  if (shape.role == Role::aggregated && target && knee > 0.0) {
    out.carrying =
        fewest_replicas(world, shape, *target, out.requests / static_cast<double>(replicas));
  }
  out.idle_miss = out.requests > 0.0 ? 0.0 : idle_miss(world, shape, model);
  if (!points) return;
  for (const double n : batch_grid(limit)) {
    const serving::DecodePoint p = decode.at(n);
    if (model.ttft_margin_at(p, world.load.slo) < 0.0) break;
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
                 .replicas = std::max<std::int64_t>(1, world.machine.gpus() / p.gpus() - 1)};
  const llm::MemoryBudget budget =
      memory_budget(world.machine.model, shape.deployment, world.machine.cluster.rack.chip,
                    world.machine.framework, static_cast<double>(shape.chunk));
  const llm::StepProgram program =
      compile(world.machine.model, shape.deployment, inputs.machine, world.machine.conditions);
  serving::PrefillModel model(program, world.load.workload, static_cast<double>(shape.chunk),
                              kv_transfer(inputs, plan),
                              tier_curve(inputs, plan.prefill, world.machine.gpus()));
  const std::int64_t most = std::min(most_replicas(world, p), world.machine.gpus() / p.gpus());
  std::int64_t next = 1;
  for (std::int64_t n = 1; n <= most; ++n) {
    if (n * p.gpus() >= world.machine.gpus() && n > 1) break;  // decode needs room
    if (n < next) {  // at least what a smaller pool's replicas carry each: queues only get shorter
      out.by_replicas.push_back(out.by_replicas.back() * static_cast<double>(n) /
                                static_cast<double>(n - 1));
      continue;
    }
    next = next_replicas(n);
    plan.prefill.replicas = n;
    const serving::PrefillService& service =
        model.service(coarse(world.load.workload, prefill_cache_tokens(budget, plan.prefill)));
    out.by_replicas.push_back(
        model.largest_rate(service, static_cast<double>(n * p.dp), world.load.slo));
  }
  out.requests = out.by_replicas.empty() ? 0.0 : out.by_replicas.back();
  if (out.requests > 0.0) out.idle_miss = 0.0;
  if (out.requests > 0.0) return;
  plan.prefill.replicas = 1;
  const serving::PrefillPoint idle = model.at(
      model.service(prefill_cache_tokens(budget, plan.prefill)), 0.0, static_cast<double>(p.dp));
  const serving::Percentiles t = serving::ttft_of(idle);
  out.idle_miss = miss_ratio(world.load.slo, serving::Metric::ttft, t);
}

}  // namespace

Capacity price(const twin::World& world, const Shape& shape, bool points) {
  Capacity out;
  const double tokens = shape.role == Role::prefill ? static_cast<double>(shape.chunk)
                                                    : serving::step_tokens(single(shape, 1).decode,
                                                                           world.machine.framework);
  const llm::MemoryBudget budget =
      memory_budget(world.machine.model, shape.deployment, world.machine.cluster.rack.chip,
                    world.machine.framework, tokens);
  const Bytes need = budget.kv_per_token * kv_needed(world, shape.role);
  out.fits = budget.kv() >= need;
  out.shortfall = (need - budget.kv()).si();
  if (!out.fits) return out;
  if (shape.role == Role::prefill) {
    price_prefill(world, shape, out);
  } else {
    price_decode(world, shape, points, out);
  }
  return out;
}

PriceMemo::Key PriceMemo::key_of(const twin::World& world, const Shape& shape, bool points) {
  const llm::Parallelism& p = shape.deployment.parallel;
  const std::int64_t domain = world.machine.cluster.rack.scale_up.domain;
  Key key{.shape = shape, .points = points};
  // A larger stage fills whole domains (llm::why_not).
  key.stage_per_domain = std::min(p.stage_ranks(), domain);
  key.wide = domain > collective::server_gpus;
  key.stages_far = p.spread || p.gpus() > domain;
  if (shape.role != Role::decode) key.replicas = most_replicas(world, p);
  if (shape.role == Role::prefill) {
    key.gpus = world.machine.gpus();
    key.pools_near = key.gpus <= domain;
  }
  return key;
}

PriceBasis basis_of(const twin::World& world) {
  const twin::Machine& m = world.machine;
  PriceBasis out{.cluster = m.cluster,
                 .kernels = m.kernels,
                 .collectives = m.collectives,
                 .framework = m.framework,
                 .traits = m.traits,
                 .model = m.model,
                 .conditions = m.conditions,
                 .kv_block = m.kv_block,
                 .kv = m.kv,
                 .workload = world.load.workload,
                 .slo = world.load.slo,
                 .target = world.load.target_rate()};
  out.cluster.racks = 1;
  out.cluster.left_over = 0;
  out.cluster.rack.gpus = 0;
  out.cluster.rack.name = out.cluster.rack.title = out.cluster.rack.chip.name = {};
  out.cluster.rack.scale_up.domain = 0;
  return out;
}

PriceMemo& PriceBook::of(const twin::World& world) {
  PriceBasis basis = basis_of(world);
  const std::lock_guard<std::mutex> lock(mutex_);
  std::shared_ptr<const kernel::MeasuredRatios>& measured = basis.kernels.measured;
  for (Entry& e : memos_) {
    const auto& known = e.basis.kernels.measured;  // each world read the tables for itself
    if (measured && known && *measured == *known) measured = known;
    if (e.basis == basis) return e.memo;
  }
  return memos_.emplace_back(std::move(basis)).memo;
}

std::size_t PriceMemo::Hash::operator()(const Key& key) const {
  const llm::Parallelism& p = key.shape.deployment.parallel;
  std::size_t hash = 0;
  for (const std::int64_t v :
       {static_cast<std::int64_t>(key.shape.role), p.tp, p.cp, p.dcp, p.dp, p.pp, p.ep,
        key.shape.chunk, key.shape.deployment.draft_tokens, key.shape.deployment.redundant,
        key.stage_per_domain, key.replicas, key.gpus}) {
    hash = hash * 1000003 + std::hash<std::int64_t>{}(v);
  }
  return hash;
}

std::shared_ptr<const Capacity> PriceMemo::price(const twin::World& world, const Shape& shape,
                                                 bool points) {
  const Key key = key_of(world, shape, points);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto at = prices_.find(key);
    if (at != prices_.end()) return at->second;
  }
  const auto priced = std::make_shared<const Capacity>(planner::price(world, shape, points));
  const std::lock_guard<std::mutex> lock(mutex_);
  return prices_.emplace(key, priced).first->second;
}

}  // namespace sn::planner
