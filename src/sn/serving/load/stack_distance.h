// sn/serving/load/stack_distance.h
//
// LRU stack distances of prefix blocks: one pass gives the hits at every capacity.
//
// The distance of an access is the number of distinct blocks touched since the same block was last
// touched, itself included; an LRU cache of C blocks serves the access exactly when distance <= C
// (Mattson, Gecsei, Slutz, Traiger, IBM Systems Journal 9(2), 1970). A prefix cache cannot skip a
// hole, so block j of a request is served exactly when C >= needed(j):
//
//   needed(j) = max over i <= j of distance(i)
//
// Distances are counted with a Fenwick tree over access times (Bennett and Kruskal, IBM Journal of
// R&D 19(4), 1975): O(n log n) for n accesses, 4 bytes each. Blocks of a request are touched in
// order, served or not, and count among the blocks touched since for all that follow, in the same
// request too. Limit: fewer than 2^32 - 1 accesses in all.

#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <vector>

namespace sn::serving {

/// `needed` of a block that no capacity serves: it, or a block before it, was never seen before.
inline constexpr std::uint32_t never_served = std::numeric_limits<std::uint32_t>::max();

/// The stack of one trace, request after request.
class StackDistances {
 public:
  StackDistances();
  ~StackDistances();
  StackDistances(StackDistances&&) noexcept;
  StackDistances& operator=(StackDistances&&) noexcept;

  /// Touches the blocks of the next request; appends `needed` of each, which never falls.
  void touch(std::span<const std::uint64_t> blocks, std::vector<std::uint32_t>& needed);
  /// Different blocks so far: an infinite cache is any capacity of at least so many.
  [[nodiscard]] std::size_t distinct() const { return distinct_; }
  [[nodiscard]] std::size_t touched() const { return now_; }

 private:
  struct State;
  std::unique_ptr<State> state_;
  std::uint32_t now_ = 0;
  std::uint32_t distinct_ = 0;
};

/// Leading blocks of a request, by what each needs, that an LRU cache of `capacity_blocks` serves.
[[nodiscard]] std::size_t hits_within(std::span<const std::uint32_t> needed,
                                      std::uint64_t capacity_blocks);

}  // namespace sn::serving
