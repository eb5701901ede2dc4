// sn/measured/expert_routing.cc
//
// The collectors' ways to spread tokens, the gate, and the rank that is timed.

#include "sn/measured/expert_routing.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <span>
#include <vector>

#include "sn/base/random.h"

namespace sn::measured {

namespace {

using Counts = std::vector<std::int64_t>;  // assignments by expert

constexpr int draws = 5;
constexpr std::uint64_t routing_seed = 20251;
constexpr std::int64_t groups = 8;
constexpr std::int64_t groups_chosen = 4;

double d(std::int64_t v) { return static_cast<double>(v); }
std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

/// Tokens that choose the same experts.
struct Alike {
  std::int64_t tokens = 0;
  std::vector<std::int64_t> experts;
};

std::vector<Alike> balanced(const Routing& r) {
  const std::int64_t stride = (r.experts + r.top_k - 1) / r.top_k;
  const std::int64_t kinds = std::min(r.tokens, r.experts);
  std::vector<Alike> out;
  for (std::int64_t i = 0; i < kinds; ++i) {
    const std::int64_t first = r.tokens >= stride ? i : i * stride / r.tokens;
    Alike a{.tokens = r.tokens / kinds + (i < r.tokens % kinds ? 1 : 0), .experts = {}};
    for (std::int64_t j = 0; j < r.top_k; ++j) {
      a.experts.push_back((first + j * stride) % r.experts);
    }
    out.push_back(std::move(a));
  }
  return out;
}

/// The largest k in [0, most] whose `total(k)`, which never falls, is at most `units`.
template <class Total>
std::int64_t level_within(std::int64_t most, std::int64_t units, Total total) {
  std::int64_t low = 0;
  while (low < most) {
    const std::int64_t middle = low + (most - low + 1) / 2;
    if (total(middle) <= units) {
      low = middle;
    } else {
      most = middle - 1;
    }
  }
  return low;
}

/// Adds `units`, one by one to the first of the least loaded experts: they rise to one level, and
/// what is left goes to the first of those that stand there. None rises above `most`.
void raise(std::span<std::int64_t> experts, std::int64_t units, std::int64_t most) {
  const auto total = [&](std::int64_t level) {
    std::int64_t sum = 0;
    for (const std::int64_t n : experts) sum += std::max<std::int64_t>(0, level - n);
    return sum;
  };
  const std::int64_t level = level_within(most, units, total);
  units -= total(level);
  for (std::int64_t& n : experts) n = std::max(n, level);
  for (std::int64_t& n : experts) {
    if (units == 0 || level == most) return;
    if (n != level) continue;
    ++n;
    --units;
  }
}

/// Adds `units` assignments, or takes them away when negative, one rank after the other: each time
/// to its least loaded expert below `most`, or from its most loaded one.
void adjust(Counts& counts, std::int64_t ranks, std::int64_t units, std::int64_t most) {
  // Taking from the most loaded is adding to the least loaded of what is missing to `most`.
  const bool taking = units < 0;
  const auto mirror = [&] {
    for (std::int64_t& n : counts) n = most - n;
  };
  if (taking) mirror();
  units = std::abs(units);
  const std::size_t local = counts.size() / at(ranks);
  std::vector<std::int64_t> room;
  for (std::size_t rank = 0; rank < at(ranks); ++rank) {
    const auto first = counts.begin() + static_cast<std::ptrdiff_t>(rank * local);
    room.push_back(
        std::accumulate(first, first + static_cast<std::ptrdiff_t>(local), std::int64_t{0},
                        [&](std::int64_t sum, std::int64_t n) { return sum + most - n; }));
  }
  const auto given = [&](std::int64_t rounds) {
    std::int64_t sum = 0;
    for (const std::int64_t r : room) sum += std::min(r, rounds);
    return sum;
  };
  const std::int64_t rounds =
      level_within(*std::max_element(room.begin(), room.end()), units, given);
  std::int64_t left = units - given(rounds);
  for (std::size_t rank = 0; rank < at(ranks); ++rank) {
    const bool one_more = left > 0 && room[rank] > rounds;
    if (one_more) --left;
    raise(std::span(counts).subspan(rank * local, local),
          std::min(room[rank], rounds) + (one_more ? 1 : 0), most);
  }
  if (taking) mirror();
}

/// Experts by falling count.
std::vector<std::size_t> by_count(const Counts& counts) {
  std::vector<std::size_t> order(counts.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return counts[a] > counts[b]; });
  return order;
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
  std::vector<double> share(at(r.experts));
  for (double& s : share) s = std::pow((to - from) * random.uniform() + from, 1.0 / power);
  const double sum = std::accumulate(share.begin(), share.end(), 0.0);
  const std::int64_t target = r.tokens * r.top_k;
  Counts counts(share.size());
  std::int64_t over = 0;
  for (std::size_t e = 0; e < share.size(); ++e) {
    const std::int64_t n = std::llround(share[e] / sum * d(target));
    counts[e] = std::min(n, r.tokens);
    over += n - counts[e];
  }
  adjust(counts, r.ranks, over, r.tokens);
  const std::int64_t sum_now = std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
  adjust(counts, r.ranks, target - sum_now, r.tokens);
  return counts;
}

/// The rank with the most assignments becomes the first.
void busiest_first(Counts& counts, std::int64_t ranks) {
  const auto local = static_cast<std::ptrdiff_t>(counts.size()) / ranks;
  std::ptrdiff_t best = 0;
  std::int64_t most = -1;
  for (std::ptrdiff_t rank = 0; rank < ranks; ++rank) {
    const auto first = counts.begin() + rank * local;
    const std::int64_t sum = std::accumulate(first, first + local, std::int64_t{0});
    if (sum > most) {
      most = sum;
      best = rank;
    }
  }
  if (best > 0) {
    std::swap_ranges(counts.begin(), counts.begin() + local, counts.begin() + best * local);
  }
}

/// Tokens from counts: experts by falling count fill the first choices of all tokens, then the
/// second ones, and so on.
std::vector<Alike> tokens_of(const Counts& counts, const Routing& r) {
  const std::vector<std::size_t> order = by_count(counts);
  std::vector<std::int64_t> end(order.size());  // of each expert's run
  std::vector<std::int64_t> cuts = {0, r.tokens};
  std::int64_t position = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    position += counts[order[i]];
    end[i] = position;
    cuts.push_back(position % r.tokens);
  }
  std::sort(cuts.begin(), cuts.end());
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
  std::vector<Alike> out;
  for (std::size_t c = 0; c + 1 < cuts.size(); ++c) {
    Alike a{.tokens = cuts[c + 1] - cuts[c], .experts = {}};
    for (std::int64_t j = 0; j < r.top_k; ++j) {
      const auto run = std::upper_bound(end.begin(), end.end(), j * r.tokens + cuts[c]);
      if (run == end.end()) break;
      a.experts.push_back(static_cast<std::int64_t>(order[at(run - end.begin())]));
    }
    out.push_back(std::move(a));
  }
  return out;
}

/// What a gate that chooses groups first makes of a token's experts (in place).
void regate(std::vector<std::int64_t>& chosen, const Routing& r) {
  const std::int64_t size = r.experts / groups;
  std::vector<bool> wanted(at(r.experts), false);
  std::array<std::int64_t, groups> score = {};
  for (const std::int64_t e : chosen) {
    wanted[at(e)] = true;
    std::int64_t& s = score[at(e / size)];
    s = std::min<std::int64_t>(2, s + 1);  // the sum of the two best
  }
  std::array<std::int64_t, groups> order = {};
  std::iota(order.begin(), order.end(), std::int64_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::int64_t a, std::int64_t b) { return score[at(a)] > score[at(b)]; });
  std::sort(order.begin(), order.begin() + groups_chosen);
  const std::size_t want = chosen.size();
  chosen.clear();
  for (const bool pass : {true, false}) {  // wanted experts, then the first of the others
    for (std::int64_t g = 0; g < groups_chosen; ++g) {
      const std::int64_t first = order[at(g)] * size;
      for (std::int64_t e = first; e < first + size && chosen.size() < want; ++e) {
        if (wanted[at(e)] == pass) chosen.push_back(e);
      }
    }
  }
}

void add(kernel::ExpertLoad& load, std::int64_t n) {
  if (n <= 0) return;
  load.rows += d(n);
  load.active += 1.0;
  for (std::size_t t = 0; t < kernel::expert_tiles.size(); ++t) {
    load.tiles[t] += std::ceil(d(n) / kernel::expert_tiles[t]);
  }
}

Counts counts_of(const std::vector<Alike>& tokens, const Routing& r) {
  Counts counts(at(r.experts), 0);
  for (Alike a : tokens) {
    if (r.grouped && r.experts == groups) {  // no two experts to sum: the kernel falls back on 0
      std::fill(a.experts.begin(), a.experts.end(), std::int64_t{0});
    } else if (r.grouped && r.experts % groups == 0) {
      regate(a.experts, r);
    }
    for (const std::int64_t e : a.experts) counts[at(e)] += a.tokens;
  }
  return counts;
}

kernel::ExpertLoad uniform(const Routing& r) {
  kernel::ExpertLoad load;
  const std::int64_t local = r.experts / r.ranks;
  const std::int64_t mean = r.tokens * r.top_k / r.experts;
  // Fewer assignments than experts: the collector, itself two ranks, gives one token to each of
  // the first ones.
  const std::int64_t some = std::min(local, std::max<std::int64_t>(1, r.tokens * r.top_k / 2));
  for (std::int64_t e = 0; e < (mean > 0 ? local : some); ++e) {
    add(load, std::max<std::int64_t>(mean, 1));
  }
  return load;
}

}  // namespace

kernel::ExpertLoad measured_rank(const Routing& routing) {
  if (routing.spread == Spread::uniform) return uniform(routing);
  kernel::ExpertLoad load;
  const auto local = static_cast<std::ptrdiff_t>(routing.experts / routing.ranks);
  const int runs = routing.spread == Spread::balanced ? 1 : draws;
  for (int i = 0; i < runs; ++i) {
    Counts counts;
    if (routing.spread == Spread::balanced) {
      counts = counts_of(balanced(routing), routing);
    } else {
      counts = drawn(routing, i);
      busiest_first(counts, routing.ranks);
      if (routing.grouped) counts = counts_of(tokens_of(counts, routing), routing);
    }
    for (auto n = counts.begin(); n != counts.begin() + local; ++n) add(load, *n);
  }
  load.rows /= runs;
  load.active /= runs;
  for (double& t : load.tiles) t /= runs;
  return load;
}

const kernel::ExpertLoad& RoutingCache::load(const Routing& routing) {
  const auto found = known_.find(routing);
  if (found != known_.end()) return found->second;
  return known_.emplace(routing, measured_rank(routing)).first->second;
}

}  // namespace sn::measured
