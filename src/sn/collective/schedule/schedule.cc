// sn/collective/schedule/schedule.cc
//
// The DAG and its makers (see schedule.h).

#include "sn/collective/schedule/schedule.h"

#include <algorithm>
#include <cmath>

#include "sn/base/random.h"

namespace sn::collective {

namespace {

using Id = Schedule::Id;
constexpr Id none = 0xffffffff;
constexpr std::uint32_t tree_chunks = 16;

std::uint32_t u32(std::int64_t n) { return static_cast<std::uint32_t>(n); }

std::int64_t share_of(Bytes size, std::int64_t parts) {
  return std::max<std::int64_t>(1, std::llround(size.si() / static_cast<double>(parts)));
}

/// `rounds` of a ring over `ranks`; `begin`: what each rank's first send waits for (or none).
/// Returns the last receptions by rank.
std::vector<Id> add_ring(Schedule& s, const std::vector<std::uint32_t>& ranks, std::int64_t bytes,
                         std::int64_t rounds, const std::vector<Id>& begin) {
  const std::size_t n = ranks.size();
  std::vector<Id> received = begin;
  for (std::int64_t r = 0; r < rounds; ++r) {
    std::vector<Id> now(n);
    for (std::size_t i = 0; i < n; ++i) {
      const Id id = s.add(ranks[i], ranks[(i + 1) % n], bytes);
      if (received[i] != none) s.order(received[i], id);
      now[(i + 1) % n] = id;
    }
    received = std::move(now);
  }
  return received;
}

/// Everybody to everybody, the nearest first; a meeting point at each rank when all is there.
std::vector<Id> add_direct(Schedule& s, const std::vector<std::uint32_t>& ranks, std::int64_t bytes,
                           const std::vector<Id>& begin) {
  const std::size_t n = ranks.size();
  std::vector<Id> met(n);
  std::vector<Id> sent;
  for (std::size_t k = 1; k < n; ++k) {
    for (std::size_t i = 0; i < n; ++i) {
      sent.push_back(s.add(ranks[i], ranks[(i + k) % n], bytes));
      if (begin[i] != none) s.order(begin[i], sent.back());
    }
  }
  for (std::size_t i = 0; i < n; ++i) {
    met[i] = s.add(ranks[i], ranks[i], 0);
    for (std::size_t k = 1; k < n; ++k) s.order(sent[(k - 1) * n + (i + n - k) % n], met[i]);
  }
  return met;
}

std::vector<std::uint32_t> counted(std::uint32_t first, std::uint32_t n, std::uint32_t step = 1) {
  std::vector<std::uint32_t> out(n);
  for (std::uint32_t i = 0; i < n; ++i) out[i] = first + i * step;
  return out;
}

void halving_doubling(Schedule& s, std::uint32_t n, Bytes size, bool reduce, bool gather) {
  std::vector<Id> received(n, none);
  const auto exchange = [&](std::uint32_t distance) {
    const std::int64_t bytes = share_of(size * distance, n);
    std::vector<Id> now(n);
    for (std::uint32_t i = 0; i < n; ++i) {
      const Id id = s.add(i, i ^ distance, bytes);
      if (received[i] != none) s.order(received[i], id);
      now[i ^ distance] = id;
    }
    received = std::move(now);
  };
  if (reduce) {
    for (std::uint32_t d = n / 2; d >= 1; d /= 2) exchange(d);
  }
  if (gather) {
    for (std::uint32_t d = 1; d < n; d *= 2) exchange(d);
  }
}

/// Parent in NCCL's binary tree of ranks 0 .. n-1 (ncclGetBtree): odd ranks are leaves, 0 the root.
std::int64_t parent_of(std::int64_t i, std::int64_t n) {
  if (i == 0) return -1;
  const std::int64_t bit = i & -i;
  const std::int64_t up = (i ^ bit) | (bit << 1);
  return up < n ? up : i ^ bit;
}

void add_tree(Schedule& s, std::int64_t n, bool second, std::int64_t chunk) {
  std::vector<std::int64_t> parent(static_cast<std::size_t>(n));
  constexpr std::int64_t root = 0;
  for (std::int64_t i = 0; i < n; ++i) parent[static_cast<std::size_t>(i)] = parent_of(i, n);
  // The second tree is mirrored, or shifted by one where that would leave leaves leaves.
  const auto rank = [&](std::int64_t i) {
    return u32(!second ? i : n % 2 == 0 ? n - 1 - i : (i + 1) % n);
  };
  std::vector<Id> before_up(static_cast<std::size_t>(n), none);
  std::vector<Id> before_down(static_cast<std::size_t>(n), none);
  for (std::uint32_t c = 0; c < tree_chunks; ++c) {
    std::vector<Id> up(static_cast<std::size_t>(n), none);
    std::vector<Id> down(static_cast<std::size_t>(n), none);
    for (std::int64_t i = 0; i < n; ++i) {
      const auto at = static_cast<std::size_t>(i);
      if (parent[at] >= 0) up[at] = s.add(rank(i), rank(parent[at]), chunk);
    }
    const Id top = s.add(rank(root), rank(root), 0);
    for (std::int64_t i = 0; i < n; ++i) {
      const auto at = static_cast<std::size_t>(i);
      if (parent[at] < 0) continue;
      const auto over = static_cast<std::size_t>(parent[at]);
      s.order(up[at], parent[at] == root ? top : up[over]);
      if (before_up[at] != none) s.order(before_up[at], up[at]);
      down[at] = s.add(rank(parent[at]), rank(i), chunk);
      if (before_down[at] != none) s.order(before_down[at], down[at]);
    }
    for (std::int64_t i = 0; i < n; ++i) {
      const auto at = static_cast<std::size_t>(i);
      if (parent[at] < 0) continue;
      const auto over = static_cast<std::size_t>(parent[at]);
      s.order(parent[at] == root ? top : down[over], down[at]);
    }
    before_up = up;
    before_down = down;
  }
}

void hierarchical(Schedule& s, Op op, std::uint32_t n, std::uint32_t m, Bytes size) {
  const std::uint32_t ranks = n * m;
  std::vector<Id> met(ranks, none);
  const auto inside = [&] {
    for (std::uint32_t d = 0; d < m && n > 1; ++d) {
      const std::vector<std::uint32_t> members = counted(d * n, n);
      const std::vector<Id> begin(met.begin() + d * n, met.begin() + (d + 1) * n);
      const std::vector<Id> done = add_direct(s, members, share_of(size, n), begin);
      std::copy(done.begin(), done.end(), met.begin() + d * n);
    }
  };
  const auto across = [&](std::int64_t passes) {
    for (std::uint32_t i = 0; i < n && m > 1; ++i) {
      const std::vector<std::uint32_t> members = counted(i, m, n);
      std::vector<Id> begin(m);
      for (std::uint32_t d = 0; d < m; ++d) begin[d] = met[d * n + i];
      const std::vector<Id> done =
          add_ring(s, members, share_of(size, std::int64_t{n} * m), passes * (m - 1), begin);
      for (std::uint32_t d = 0; d < m; ++d) met[d * n + i] = done[d];
    }
  };
  if (op != Op::all_gather) inside();
  across(op == Op::all_reduce ? 2 : 1);
  if (op != Op::reduce_scatter) inside();
}

/// A ring in each of which another GPU of every domain sends to the next domain, so that all
/// adapters work; one ring where there is one domain.
void long_rings(Schedule& s, Op op, Group g, Bytes size) {
  const std::uint32_t n = u32(g.per_domain);
  const std::uint32_t m = u32(g.domains());
  const std::uint32_t rings = m > 1 ? n : 1;
  for (std::uint32_t ring = 0; ring < rings; ++ring) {
    std::vector<std::uint32_t> order;
    for (std::uint32_t d = 0; d < m; ++d) {
      for (std::uint32_t i = 0; i < n; ++i) order.push_back(d * n + (ring + i) % n);
    }
    add_ring(s, order, share_of(size, g.ranks * rings),
             (op == Op::all_reduce ? 2 : 1) * (g.ranks - 1), std::vector<Id>(order.size(), none));
  }
}

Error refused(std::string message, std::string hint = {}) {
  return {.code = ErrorCode::infeasible,
          .message = std::move(message),
          .where = {},
          .hint = std::move(hint)};
}

/// Why a pattern cannot be; empty when it can.
std::string why_not(Pattern p, Op op, Group g) {
  const bool reduces = op == Op::all_reduce;
  const std::string name(to_string(p));
  if (op == Op::all_to_all && p != Pattern::direct) return name + " is no all-to-all";
  if ((p == Pattern::tree || p == Pattern::in_switch || p == Pattern::one_shot) && !reduces) {
    return name + " is of all-reduce alone";
  }
  if (p == Pattern::in_switch && g.domains() > 1) return "in-switch reduction ends at a domain";
  if (p == Pattern::halving_doubling && (g.ranks & (g.ranks - 1)) != 0) {
    return "halving-doubling needs a power of two ranks";
  }
  return {};
}

}  // namespace

std::string_view to_string(Pattern pattern) {
  static constexpr std::string_view names[] = {
      "ring", "direct", "one-shot", "halving-doubling", "tree", "hierarchical", "in-switch"};
  return names[static_cast<std::size_t>(pattern)];
}

Schedule::Id Schedule::add(std::uint32_t from, std::uint32_t to, std::int64_t bytes) {
  moves_.push_back({from, to, bytes});
  return static_cast<Id>(moves_.size() - 1);
}

void Schedule::finish() {
  first_.assign(moves_.size() + 1, 0);
  needs_.assign(moves_.size(), 0);
  for (const Edge& e : edges_) {
    ++first_[e.first + 1];
    ++needs_[e.then];
  }
  for (std::size_t i = 0; i < moves_.size(); ++i) first_[i + 1] += first_[i];
  next_.resize(edges_.size());
  std::vector<std::uint32_t> at(first_.begin(), first_.end() - 1);
  for (const Edge& e : edges_) next_[at[e.first]++] = e.then;
  edges_ = {};
}

double Schedule::bytes() const {
  double sum = 0.0;
  for (const Move& m : moves_) sum += static_cast<double>(m.bytes);
  return sum;
}

double moves_of(Pattern pattern, Op op, Group group) {
  const auto n = static_cast<double>(group.ranks);
  const auto inside = static_cast<double>(group.per_domain);
  const double passes = op == Op::all_reduce ? 2.0 : 1.0;
  switch (pattern) {
    case Pattern::ring:
      return passes * n * (n - 1.0) * (group.domains() > 1 ? inside : 1.0);
    case Pattern::direct:
      return passes * n * n;
    case Pattern::one_shot:
      return n * n;
    case Pattern::halving_doubling:
      return passes * n * std::log2(n);
    case Pattern::tree:
      return 4.0 * tree_chunks * n;
    case Pattern::hierarchical:
      return passes * n * (inside + n / inside);
    case Pattern::in_switch:
      return 1.0;
  }
  return 0.0;
}

Result<Schedule> make_schedule(Pattern pattern, Op op, Group group, Bytes size) {
  SN_ASSERT(group.ranks > 1 && group.ranks % group.per_domain == 0);
  if (std::string why = why_not(pattern, op, group); !why.empty()) return fail(refused(why));
  if (moves_of(pattern, op, group) > moves_max) {
    return fail({.code = ErrorCode::limit,
                 .message = std::string(to_string(pattern)) + " of " + std::to_string(group.ranks) +
                            " ranks has more than 20 million moves",
                 .where = {},
                 .hint = "fewer ranks, or --fidelity analytic"});
  }
  Schedule s(group.ranks);
  const std::uint32_t n = u32(group.ranks);
  const std::vector<Id> start(n, none);
  switch (pattern) {
    case Pattern::ring:
      long_rings(s, op, group, size);
      break;
    case Pattern::direct: {
      const std::vector<Id> met = add_direct(s, counted(0, n), share_of(size, n), start);
      if (op == Op::all_reduce) add_direct(s, counted(0, n), share_of(size, n), met);
      break;
    }
    case Pattern::one_shot:
      add_direct(s, counted(0, n), share_of(size, 1), start);
      break;
    case Pattern::halving_doubling:
      halving_doubling(s, n, size, op != Op::all_gather, op != Op::reduce_scatter);
      break;
    case Pattern::tree:
      add_tree(s, n, false, share_of(size, 2 * tree_chunks));
      add_tree(s, n, true, share_of(size, 2 * tree_chunks));
      break;
    case Pattern::hierarchical:
      hierarchical(s, op, u32(group.per_domain), u32(group.domains()), size);
      break;
    case Pattern::in_switch:
      s.add(0, Move::everyone, share_of(size, 1));
      break;
  }
  s.finish();
  return s;
}

Pattern pattern_of(std::string_view algorithm, Op op, Group group) {
  if (op == Op::all_to_all || algorithm == "direct" || algorithm == "two-shot") {
    return Pattern::direct;
  }
  if (algorithm == "one-shot") return Pattern::one_shot;
  if (algorithm == "tree") return Pattern::tree;
  if (algorithm == "in-switch") return Pattern::in_switch;
  if (group.domains() > 1 && algorithm != "ring") return Pattern::hierarchical;
  return Pattern::ring;
}

std::vector<std::vector<std::int64_t>> routed_bytes(std::int64_t ranks, const ExpertExchange& e,
                                                    double skew, std::uint64_t seed) {
  const auto n = static_cast<std::size_t>(ranks);
  std::vector<double> until(static_cast<std::size_t>(e.experts));
  double sum = 0.0;
  for (std::size_t i = 0; i < until.size(); ++i) {
    sum += std::pow(static_cast<double>(i + 1), -skew);
    until[i] = sum;
  }
  std::vector<std::vector<std::int64_t>> out(n, std::vector<std::int64_t>(n, 0));
  const auto bytes = static_cast<std::int64_t>(e.dispatch_bytes.si());
  std::vector<std::size_t> chosen;
  for (std::size_t r = 0; r < n; ++r) {
    RandomStream draws(seed, r);
    for (std::int64_t t = 0; t < static_cast<std::int64_t>(e.tokens); ++t) {
      chosen.clear();
      std::vector<bool> reached(n, false);
      while (static_cast<std::int64_t>(chosen.size()) < e.top_k) {
        const auto at = std::lower_bound(until.begin(), until.end(), draws.uniform() * sum);
        const auto expert = static_cast<std::size_t>(at - until.begin());
        if (std::find(chosen.begin(), chosen.end(), expert) != chosen.end()) continue;
        chosen.push_back(expert);
        const std::size_t to = expert % n;
        if (to != r && !reached[to]) out[r][to] += bytes;
        reached[to] = true;
      }
    }
  }
  return out;
}

Schedule make_exchange(const std::vector<std::vector<std::int64_t>>& bytes, double ratio) {
  const std::size_t n = bytes.size();
  Schedule s(static_cast<std::int64_t>(n));
  std::vector<Id> met(n);
  for (std::uint32_t i = 0; i < n; ++i) met[i] = s.add(i, i, 0);
  for (std::size_t k = 1; k < n; ++k) {
    for (std::size_t i = 0; i < n; ++i) {
      const std::size_t j = (i + k) % n;
      if (bytes[i][j] == 0) continue;
      const auto a = static_cast<std::uint32_t>(i);
      const auto b = static_cast<std::uint32_t>(j);
      s.order(s.add(a, b, bytes[i][j]), met[j]);
      const auto back = static_cast<std::int64_t>(static_cast<double>(bytes[i][j]) * ratio);
      if (back > 0) s.order(met[j], s.add(b, a, back));
    }
  }
  s.finish();
  return s;
}

}  // namespace sn::collective
