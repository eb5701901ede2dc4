// sn/serving/load/stack_distance_test.cc
//
// Stack distances by hand, and against an LRU cache simulated block by block.

#include "sn/serving/load/stack_distance.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <list>

namespace sn::serving {
namespace {

using Blocks = std::vector<std::uint64_t>;

/// Distances of a whole trace.
struct PrefixDistances {
  std::vector<std::size_t> first;  // first block of each request; one more entry closes the last
  std::vector<std::uint32_t> needed;
  std::size_t distinct = 0;

  [[nodiscard]] std::size_t hits(std::size_t request, std::uint64_t capacity_blocks) const {
    const std::span<const std::uint32_t> all = needed;
    const std::size_t count = first[request + 1] - first[request];
    return hits_within(all.subspan(first[request], count), capacity_blocks);
  }
};

PrefixDistances prefix_distances(const std::vector<Blocks>& requests) {
  PrefixDistances out;
  StackDistances stack;
  for (const Blocks& blocks : requests) {
    out.first.push_back(out.needed.size());
    stack.touch(blocks, out.needed);
  }
  out.first.push_back(out.needed.size());
  out.distinct = stack.distinct();
  return out;
}

/// Leading hits of each request in an LRU cache that holds `capacity` blocks.
std::vector<std::size_t> simulate_lru(const std::vector<Blocks>& requests, std::size_t capacity) {
  std::list<std::uint64_t> cache;  // most recent first
  std::vector<std::size_t> hits;
  for (const Blocks& blocks : requests) {
    bool unbroken = true;
    std::size_t leading = 0;
    for (const std::uint64_t block : blocks) {
      const auto found = std::find(cache.begin(), cache.end(), block);
      unbroken = unbroken && found != cache.end();
      if (unbroken) ++leading;
      if (found != cache.end()) cache.erase(found);
      cache.push_front(block);
      if (cache.size() > capacity) cache.pop_back();
    }
    hits.push_back(leading);
  }
  return hits;
}

TEST(PrefixDistances, ByHand) {
  // a b | a b c | b: at its second access a has seen a, b since (2); b has seen b, a (2); c is new.
  // The last b has seen c, b (2).
  const auto d = prefix_distances({{1, 2}, {1, 2, 3}, {2}});
  EXPECT_EQ(d.first, (std::vector<std::size_t>{0, 2, 5, 6}));
  EXPECT_EQ(d.needed,
            (std::vector<std::uint32_t>{never_served, never_served, 2, 2, never_served, 2}));
  EXPECT_EQ(d.distinct, 3u);
  EXPECT_EQ(d.hits(1, 1), 0u);
  EXPECT_EQ(d.hits(1, 2), 2u);
  EXPECT_EQ(d.hits(1, 1'000'000'000'000), 2u);
}

TEST(PrefixDistances, AHoleStopsThePrefix) {
  // Block 9 was never seen: blocks 1 and 2 behind it are in the cache, yet cannot be used.
  const auto d = prefix_distances({{1, 2}, {9, 1, 2}, {1, 9}});
  EXPECT_EQ(d.hits(1, 100), 0u);
  // Third request: 1 was followed by 2 (distance 2); 9 by 1, 2 (distance 3).
  EXPECT_EQ(d.hits(2, 1), 0u);
  EXPECT_EQ(d.hits(2, 2), 1u);
  EXPECT_EQ(d.hits(2, 3), 2u);
}

TEST(PrefixDistances, ARequestCanOverrunTheCacheByItself) {
  // Three blocks asked again need a cache of three: the LRU order evicts the head first.
  const auto d = prefix_distances({{1, 2, 3}, {1, 2, 3}});
  EXPECT_EQ(d.hits(1, 2), 0u);
  EXPECT_EQ(d.hits(1, 3), 3u);
}

TEST(PrefixDistances, NothingIn) {
  EXPECT_EQ(prefix_distances({}).distinct, 0u);
  const auto d = prefix_distances({{}, {}});
  EXPECT_EQ(d.hits(1, 9), 0u);
  EXPECT_EQ(d.hits(1, 10), 0u);
}

TEST(PrefixDistances, ManyBlocksKeepTheirIdentity) {
  // 5 000 blocks twice, hashes alike in their low bits: the table grows and still finds them.
  Blocks blocks;
  for (std::uint64_t i = 0; i < 5'000; ++i) blocks.push_back(i << 40);
  const auto d = prefix_distances({blocks, blocks});
  EXPECT_EQ(d.distinct, 5'000u);
  EXPECT_EQ(d.hits(0, 5'000), 0u);
  EXPECT_EQ(d.hits(1, 4'999), 0u);
  EXPECT_EQ(d.hits(1, 5'000), 5'000u);
}

TEST(PrefixDistances, EqualsSimulatedLruAtEachCapacity) {
  EXPECT_TRUE(rc::check("Mattson equals LRU", [] {
    const auto block = rc::gen::inRange<std::uint64_t>(0, 12);
    const auto trace = *rc::gen::container<std::vector<Blocks>>(rc::gen::container<Blocks>(block));
    const auto d = prefix_distances(trace);
    for (std::size_t capacity = 1; capacity <= 14; ++capacity) {
      const auto expected = simulate_lru(trace, capacity);
      for (std::size_t i = 0; i < trace.size(); ++i) {
        RC_ASSERT(d.hits(i, capacity) == expected[i]);
      }
    }
  }));
}

TEST(PrefixDistances, EqualsSimulatedLruOnGrowingConversations) {
  // Turns of a few conversations: each request repeats its conversation and adds to it.
  EXPECT_TRUE(rc::check("conversations", [] {
    const auto turns = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 4));
    std::vector<Blocks> history(4);
    std::vector<Blocks> trace;
    std::uint64_t fresh = 0;
    for (const int turn : turns) {
      Blocks& blocks = history[static_cast<std::size_t>(turn)];
      const int added = *rc::gen::inRange(0, 3);
      for (int i = 0; i <= added; ++i) blocks.push_back(fresh++);
      trace.push_back(blocks);
    }
    const auto d = prefix_distances(trace);
    for (std::size_t capacity = 1; capacity <= fresh + 1; capacity += 1 + capacity / 4) {
      const auto expected = simulate_lru(trace, capacity);
      for (std::size_t i = 0; i < trace.size(); ++i) {
        RC_ASSERT(d.hits(i, capacity) == expected[i]);
      }
    }
  }));
}

}  // namespace
}  // namespace sn::serving
