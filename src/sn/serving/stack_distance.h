// sn/serving/stack_distance.h
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
// R&D 19(4), 1975): O(n log n) for n accesses. Blocks of a request are touched in order, served or
// not, and count among the blocks touched since for all that follow, in the same request too.
// Limit: fewer than 2^32 - 1 accesses in all.

#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "sn/serving/workload.h"

namespace sn::serving {

/// `needed` of a block that no capacity serves: it, or a block before it, was never seen before.
inline constexpr std::uint32_t never_served = std::numeric_limits<std::uint32_t>::max();

struct PrefixDistances {
  std::vector<std::size_t> first;     // first block of each request; one more entry closes the last
  std::vector<std::uint32_t> needed;  // blocks of capacity; never falls within one request
  std::size_t distinct = 0;           // different blocks in all

  /// The part of `needed` that belongs to one request.
  [[nodiscard]] std::span<const std::uint32_t> of(std::size_t request) const;
  /// Leading blocks of one request that an LRU cache of `capacity_blocks` serves.
  [[nodiscard]] std::size_t hits(std::size_t request, std::uint64_t capacity_blocks) const;
};

/// Distances for all blocks of `requests`, in their order. An infinite cache is any capacity of at
/// least `distinct` blocks.
[[nodiscard]] PrefixDistances prefix_distances(const std::vector<Request>& requests);

}  // namespace sn::serving
