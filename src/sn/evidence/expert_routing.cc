// sn/evidence/expert_routing.cc
//
// The collectors' two ways to spread tokens, and the busiest rank of each.

#include "sn/evidence/expert_routing.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "sn/base/random.h"

namespace sn::evidence {

namespace {

using Counts = std::vector<double>;  // assignments by expert

constexpr int draws = 5;
constexpr std::uint64_t routing_seed = 20251;

double d(std::int64_t v) { return static_cast<double>(v); }

Counts balanced(const Routing& r) {
  Counts counts(static_cast<std::size_t>(r.experts), 0.0);
  const std::int64_t stride = (r.experts + r.top_k - 1) / r.top_k;
  if (r.tokens > 16 * r.experts) {  // whole turns: every expert gets the same
    std::fill(counts.begin(), counts.end(), d(r.tokens * r.top_k) / d(r.experts));
    return counts;
  }
  for (std::int64_t i = 0; i < r.tokens; ++i) {
    const std::int64_t first = r.tokens >= stride ? i : i * stride / r.tokens;
    for (std::int64_t j = 0; j < r.top_k; ++j) {
      ++counts[static_cast<std::size_t>((first + j * stride) % r.experts)];
    }
  }
  return counts;
}

Counts drawn(const Routing& r, int draw) {
  const bool many = r.tokens * r.top_k > r.experts;
  const double low = many ? 1.0 : 0.01;
  const double high = many ? std::max(1.5, 0.8 * d(r.tokens)) : 2.0;
  const double power = 1.0 - r.exponent;
  const double from = std::pow(low, power);
  const double to = std::pow(high, power);
  RandomStream random(routing_seed, static_cast<std::uint64_t>(r.tokens * 1009 + r.experts * 17 +
                                                               r.top_k * 5 + draw));
  Counts share(static_cast<std::size_t>(r.experts));
  for (double& s : share) s = std::pow((to - from) * random.uniform() + from, 1.0 / power);
  const double sum = std::accumulate(share.begin(), share.end(), 0.0);
  const double target = d(r.tokens * r.top_k);
  for (double& s : share) s = std::round(s / sum * target);
  // Rounding is made good from the largest down, or from the smallest up.
  double missing = target - std::accumulate(share.begin(), share.end(), 0.0);
  std::vector<std::size_t> order(share.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return share[a] > share[b]; });
  for (std::size_t i = 0; missing > 0.0; ++i, missing -= 1.0) ++share[order[i % order.size()]];
  for (std::size_t i = 0, tried = 0; missing < 0.0 && tried < 4 * order.size(); ++i, ++tried) {
    double& s = share[order[order.size() - 1 - i % order.size()]];
    if (s <= 0.0) continue;
    s -= 1.0;
    missing += 1.0;
  }
  return share;
}

void add(kernel::ExpertLoad& load, const Counts& counts, const Routing& r) {
  const auto local = static_cast<std::size_t>(r.experts / r.ranks);
  std::size_t best = 0;
  double most = -1.0;
  for (std::size_t rank = 0; rank < static_cast<std::size_t>(r.ranks); ++rank) {
    const auto first = counts.begin() + static_cast<std::ptrdiff_t>(rank * local);
    const double sum = std::accumulate(first, first + static_cast<std::ptrdiff_t>(local), 0.0);
    if (r.exponent == 0.0 && rank > 0) break;  // the balanced case times the first rank
    if (sum > most) {
      most = sum;
      best = rank;
    }
  }
  for (std::size_t e = best * local; e < (best + 1) * local; ++e) {
    const double n = counts[e];
    if (n <= 0.0) continue;
    load.rows += n;
    load.active += 1.0;
    for (std::size_t t = 0; t < kernel::expert_tiles.size(); ++t) {
      load.tiles[t] += std::ceil(n / kernel::expert_tiles[t]);
    }
  }
}

}  // namespace

kernel::ExpertLoad busiest_rank(const Routing& routing) {
  kernel::ExpertLoad load;
  const int runs = routing.exponent == 0.0 ? 1 : draws;
  for (int i = 0; i < runs; ++i) {
    add(load, routing.exponent == 0.0 ? balanced(routing) : drawn(routing, i), routing);
  }
  load.rows /= runs;
  load.active /= runs;
  for (double& t : load.tiles) t /= runs;
  return load;
}

const kernel::ExpertLoad& RoutingCache::load(const Routing& routing) {
  const auto found = known_.find(routing);
  if (found != known_.end()) return found->second;
  return known_.emplace(routing, busiest_rank(routing)).first->second;
}

}  // namespace sn::evidence
