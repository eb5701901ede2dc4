// sn/planner/search/join.cc
//
// Tables of the best prefill pool beside a decode pool (see join.h).

#include "sn/planner/search/join.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

namespace sn::planner {

serving::ServingPlan single(const Shape& shape, std::int64_t replicas) {
  serving::ServingPlan plan;
  plan.decode = {.deployment = shape.deployment, .replicas = replicas, .chunk = shape.chunk};
  return plan;
}

/// By rate, then fewer GPUs, then the earlier shape.
bool Joiner::better(const Choice& a, const Choice& b) {
  if (a.rate != b.rate) return a.rate > b.rate;
  if (a.gpus != b.gpus) return a.gpus < b.gpus;
  return a.shape < b.shape;
}

Joiner::Joiner(const twin::World& world, const std::vector<Shape>& shapes,
               std::vector<std::span<const double>> rates)
    : world_(world), shapes_(shapes), rates_(std::move(rates)) {
  std::map<std::pair<Piece, PoolKind>, Group> groups;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    const std::span<const double> rate = rates_[i];
    if (rate.empty()) continue;
    const llm::Parallelism& p = shapes[i].deployment.parallel;
    const Piece piece = piece_of(world, p);
    const PoolKind kind = kind_of(shapes[i].deployment);
    Group& group = groups[{piece, kind}];
    group.piece = piece;
    group.kind = kind;
    group.shapes.push_back(i);
    if (group.best.size() < rate.size()) group.best.resize(rate.size());
    for (std::size_t n = 0; n < rate.size(); ++n) {
      const auto replicas = static_cast<std::int64_t>(n) + 1;
      const Choice c{rate[n], i, replicas, replicas * p.gpus()};
      if (c.rate > 0.0 && better(c, group.best[n])) group.best[n] = c;
    }
  }
  for (auto& [key, group] : groups) {
    for (std::size_t n = 1; n < group.best.size(); ++n) {
      if (better(group.best[n - 1], group.best[n])) group.best[n] = group.best[n - 1];
    }
    groups_.push_back(std::move(group));
  }
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    if (shapes[i].role != Role::decode) continue;
    const DecodeKey key = key_of(i);
    if (tables_.find(key) == tables_.end()) tables_.emplace(key, table(key));
  }
}

Joiner::DecodeKey Joiner::key_of(std::size_t decode) const {
  const llm::Deployment& d = shapes_[decode].deployment;
  return {piece_of(world_, d.parallel), kind_of(d)};
}

bool Joiner::together(const Group& prefill, const PoolKind& decode) const {
  return cannot_join(world_.machine.framework, prefill.kind, decode).empty();
}

Joiner::Choice Joiner::beside(const DecodeKey& decode, std::int64_t n) const {
  Choice best;
  for (const Group& g : groups_) {
    if (!together(g, decode.second)) continue;
    const auto most = std::min(most_beside(world_, decode.first, n, g.piece),
                               static_cast<std::int64_t>(g.best.size()));
    if (most < 1) continue;
    const Choice& c = g.best[static_cast<std::size_t>(most - 1)];
    if (c.rate > 0.0 && better(c, best)) best = c;
  }
  return best;
}

std::vector<Joiner::Row> Joiner::table(const DecodeKey& decode) const {
  std::vector<Row> out;
  for (std::int64_t n = 1;; n = next_replicas(n)) {
    const Choice best = beside(decode, n);
    if (best.rate <= 0.0) return out;
    out.push_back({n, best});
  }
}

serving::ServingPlan Joiner::make(std::size_t decode, std::int64_t replicas,
                                  const Choice& prefill) const {
  serving::ServingPlan plan = single(shapes_[decode], replicas);
  const Shape& shape = shapes_[prefill.shape];
  plan.prefill = {
      .deployment = shape.deployment, .replicas = prefill.replicas, .chunk = shape.chunk};
  return plan;
}

FoundPlan Joiner::join(std::size_t decode, double each) const {
  const DecodeKey key = key_of(decode);
  const std::vector<Row>& rows = tables_.at(key);
  if (rows.empty() || each <= 0.0) return {};
  // The first n whose decode pool carries all that its prefill pool does, and the one before.
  const auto enough = [&](const Row& r) {
    return r.best.rate <= 0.0 || each * static_cast<double>(r.n) >= r.best.rate;
  };
  const auto at =
      std::partition_point(rows.begin(), rows.end(), [&](const Row& r) { return !enough(r); });
  Row before = at == rows.begin() ? Row{} : *std::prev(at);
  Row first = at == rows.end() ? Row{.n = next_replicas(rows.back().n), .best = {}} : *at;
  while (first.n - before.n > 1) {
    const std::int64_t middle = before.n + (first.n - before.n) / 2;
    const Row row{middle, beside(key, middle)};
    (enough(row) ? first : before) = row;
  }
  FoundPlan out;
  for (const Row& r : {before, first}) {
    const double rate = std::min(r.best.rate, each * static_cast<double>(r.n));
    if (rate > out.requests * (1.0 + 1e-9)) out = {make(decode, r.n, r.best), rate};
  }
  return out;
}

FoundPlan Joiner::carry(std::size_t decode, double each, double target) const {
  const double needed = each > 0.0 ? std::ceil(target / each) : INFINITY;
  if (needed > static_cast<double>(world_.machine.gpus())) return {};
  const auto n = static_cast<std::int64_t>(needed);
  const auto [piece, kind] = key_of(decode);
  Choice fewest;
  for (const Group& g : groups_) {
    if (!together(g, kind)) continue;
    const std::int64_t most = most_beside(world_, piece, n, g.piece);
    for (const std::size_t i : g.shapes) {
      const std::span<const double> rate = rates_[i];
      for (std::int64_t m = 1; m <= most && m <= static_cast<std::int64_t>(rate.size()); ++m) {
        const double r = rate[static_cast<std::size_t>(m - 1)];
        if (r < target) continue;
        const Choice c{r, i, m, m * shapes_[i].deployment.parallel.gpus()};
        const bool less = fewest.replicas == 0 || c.gpus < fewest.gpus;
        if (less || (c.gpus == fewest.gpus && better(c, fewest))) fewest = c;
        break;
      }
    }
  }
  if (fewest.replicas == 0) return {};
  return {make(decode, n, fewest), target};
}

}  // namespace sn::planner
