// sn/planner/search/search.cc
//
// Evaluates shapes in parallel and joins prefill with decode shapes (see plan.h and join.h).

#include "sn/planner/search/search.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <memory>
#include <span>

#include "sn/planner/metric.h"
#include "sn/planner/search/join.h"
#include "sn/planner/search/price.h"

namespace sn::planner {

namespace {

constexpr std::size_t search_classes = 32;

using Capacities = std::vector<std::shared_ptr<const Capacity>>;

void add_points(const twin::World& world, const Shape& shape, std::size_t index,
                const Capacity& cap, const Joiner& joiner, SearchResult& out) {
  const auto gpus = static_cast<double>(world.machine.gpus());
  const double output = serving::mean_output(world.load.workload);
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
  const std::optional<double> target = world.load.target_rate();
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
void add_misses(const twin::World& world, const std::vector<Shape>& shapes, const Capacities& caps,
                SearchResult& out) {
  std::map<Role, std::size_t> best;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    if (!caps[i]->fits) continue;
    const auto at = best.find(shapes[i].role);
    if (at == best.end() || closer(*caps[i], *caps[at->second])) {
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

/// Prefill shapes that serve less than this share of the best one's rate per GPU are left alone.
constexpr double worth_joining = 0.25;

double rate_per_gpu(const Shape& shape, std::span<const double> rates) {
  double best = 0.0;
  for (std::size_t n = 0; n < rates.size(); ++n) {
    best = std::max(best, rates[n] / static_cast<double>(n + 1));
  }
  return best / static_cast<double>(shape.deployment.parallel.gpus());
}

/// The best plans around one prefill shape, of different decode cuts.
std::vector<FoundPlan> plans_around(const twin::World& world, const std::vector<Shape>& shapes,
                                    const Capacities& caps, std::size_t prefill) {
  constexpr std::size_t most = 2;
  std::vector<std::span<const double>> rates(shapes.size());
  rates[prefill] = caps[prefill]->by_replicas;
  const Joiner joiner(world, shapes, std::move(rates));
  const std::optional<double> target = world.load.target_rate();
  std::vector<FoundPlan> out;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    if (shapes[i].role != Role::decode || caps[i]->requests <= 0.0) continue;
    FoundPlan found =
        target ? joiner.carry(i, caps[i]->requests, *target) : joiner.join(i, caps[i]->requests);
    if (found.requests > 0.0) out.push_back(std::move(found));
  }
  const auto value = [&](const FoundPlan& p) {
    return target ? -static_cast<double>(p.plan.gpus()) : p.requests;
  };
  std::stable_sort(out.begin(), out.end(),
                   [&](const FoundPlan& a, const FoundPlan& b) { return value(a) > value(b); });
  if (out.size() > most) out.resize(most);
  return out;
}

/// What the best-joined plans hide: they share the prefill pool that the formulas like best.
void add_around(const twin::World& world, const std::vector<Shape>& shapes, const Capacities& caps,
                const Run& run, SearchResult& out) {
  std::vector<std::size_t> prefill;
  double best = 0.0;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    if (caps[i]->by_replicas.empty()) continue;
    prefill.push_back(i);
    best = std::max(best, rate_per_gpu(shapes[i], caps[i]->by_replicas));
  }
  std::erase_if(prefill, [&](std::size_t i) {
    return rate_per_gpu(shapes[i], caps[i]->by_replicas) < worth_joining * best;
  });
  std::vector<std::vector<FoundPlan>> found(prefill.size());
  run.for_each(prefill.size(),
               [&](std::size_t i) { found[i] = plans_around(world, shapes, caps, prefill[i]); });
  for (auto& plans : found) {
    std::move(plans.begin(), plans.end(), std::back_inserter(out.around));
  }
}

/// Whether a shape may be part of a plan that meets `c`, as far as the shape tells.
bool admits(const Condition& c, const Shape& shape) {
  const bool prefill = shape.role == Role::prefill;
  const MetricScope scope = c.metric->scope;
  const bool told = scope == MetricScope::pools ||
                    (scope == MetricScope::prefill_cut && shape.role != Role::decode) ||
                    (scope == MetricScope::decode_cut && !prefill) ||
                    (scope == MetricScope::both_cuts);
  if (!told) return true;
  Candidate alone;
  alone.disaggregated = shape.role != Role::aggregated;
  const serving::Pool pool{.deployment = shape.deployment, .replicas = 1, .chunk = shape.chunk};
  alone.plan.decode = pool;
  if (alone.disaggregated) alone.plan.prefill = pool;
  return holds(c, alone);
}

/// Leaves out the shapes that a stop left without a price.
void keep_priced(std::vector<Shape>& shapes, Capacities& caps) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    if (caps[i] == nullptr) continue;
    if (kept != i) {
      shapes[kept] = shapes[i];
      caps[kept] = caps[i];
    }
    ++kept;
  }
  shapes.resize(kept);
  caps.resize(kept);
}

}  // namespace

std::string point_label(const serving::ServingPlan& plan) {
  const std::string pools = plan.disaggregated()
                                ? std::to_string(plan.prefill.gpus()) + " prefill + " +
                                      std::to_string(plan.decode.gpus()) + " decode"
                                : std::to_string(plan.gpus()) + " aggregated";
  return pools + ", " + llm::cut_text(plan.decode.deployment);
}

SearchResult search(const twin::World& world, bool points, PriceMemo* prices,
                    const std::vector<Condition>& filters, const Run& run) {
  SearchResult out;
  std::vector<Shape> all = shapes(world);
  std::erase_if(all, [&](const Shape& s) {
    return std::any_of(filters.begin(), filters.end(),
                       [&](const Condition& c) { return !admits(c, s); });
  });
  if (all.empty()) return out;
  Capacities caps(all.size());
  // Shapes are ranked on a coarser workload; what comes out is evaluated again on the full one. A
  // fixed rate leaves no such slack: its plans must carry it.
  twin::World quick = world;
  if (!world.load.target_rate())
    quick.load.workload = serving::coarsened(world.load.workload, search_classes);
  PriceMemo own;
  PriceMemo& memo = prices != nullptr ? *prices : own;
  run.for_each(all.size(), [&](std::size_t i) { caps[i] = memo.price(quick, all[i], points); });
  keep_priced(all, caps);
  std::vector<std::span<const double>> rates;
  for (const auto& cap : caps) rates.emplace_back(cap->by_replicas);
  out.considered = static_cast<std::int64_t>(all.size());
  const Joiner joiner(world, all, std::move(rates));
  const std::optional<double> target = world.load.target_rate();
  double least = INFINITY;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Capacity& cap = *caps[i];
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
  if (!out.plans.empty()) {
    out.misses.clear();
    add_around(world, all, caps, run, out);
  }
  if (out.plans.empty() && out.misses.empty()) add_misses(world, all, caps, out);
  return out;
}

}  // namespace sn::planner
