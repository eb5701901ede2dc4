// sn/planner/search/join.h
//
// Joins prefill with decode shapes into plans. Internal to the planner.
//
// A prefill shape's capacity depends on its replicas (queue pooling, shared prefix cache), a decode
// shape's does not. For n instances of a decode shape, each carrying `each`, the best pool P(n) of
// any prefill shape that the domains hold beside them gives
//   rate(n) = min(n x each, P(n))
// P depends on the decode shape through its piece alone and falls with n, so it is tabulated once
// per piece and the best n is where the two cross: found by bisection, and exact.

#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "sn/planner/search/engine_runs.h"
#include "sn/planner/search/search.h"
#include "sn/planner/search/shapes.h"
#include "sn/twin/world.h"

namespace sn::planner {

class Joiner {
 public:
  /// `rates[i][n - 1]`: requests per second of n replicas of prefill shape i; empty for others.
  /// What they view must outlive the joiner.
  Joiner(const twin::World& world, const std::vector<Shape>& shapes,
         std::vector<std::span<const double>> rates);

  /// Best plan around a decode shape whose instance carries `each` requests per second; of equal
  /// ones (to 1e-9) that with the fewest decode instances. Its rate is 0 when there is none.
  [[nodiscard]] FoundPlan join(std::size_t decode, double each) const;

  /// Fewest GPUs that carry `target` with as few decode instances as can.
  [[nodiscard]] FoundPlan carry(std::size_t decode, double each, double target) const;

 private:
  struct Choice {
    double rate = 0.0;
    std::size_t shape = 0;
    std::int64_t replicas = 0;
    std::int64_t gpus = 0;
  };
  /// Prefill shapes that pack alike and go together with the same decode pools: the best choice of
  /// at most n replicas, at [n - 1].
  struct Group {
    Piece piece;
    PoolKind kind;
    std::vector<std::size_t> shapes;
    std::vector<Choice> best;
  };

  [[nodiscard]] static bool better(const Choice& a, const Choice& b);
  using DecodeKey = std::pair<Piece, PoolKind>;
  [[nodiscard]] DecodeKey key_of(std::size_t decode) const;
  /// P(n); without a rate where nothing fits beside n decode instances.
  [[nodiscard]] Choice beside(const DecodeKey& decode, std::int64_t n) const;
  struct Row {
    std::int64_t n = 0;
    Choice best;
  };
  [[nodiscard]] std::vector<Row> table(const DecodeKey& decode) const;
  [[nodiscard]] bool together(const Group& prefill, const PoolKind& decode) const;
  [[nodiscard]] serving::ServingPlan make(std::size_t decode, std::int64_t replicas,
                                          const Choice& prefill) const;

  const twin::World& world_;
  const std::vector<Shape>& shapes_;
  std::vector<std::span<const double>> rates_;
  std::vector<Group> groups_;
  std::map<DecodeKey, std::vector<Row>> tables_;  // P(n) at the `next_replicas`
};

/// A pool of `replicas` instances of `shape`, without a prefill pool beside it.
[[nodiscard]] serving::ServingPlan single(const Shape& shape, std::int64_t replicas);

}  // namespace sn::planner
