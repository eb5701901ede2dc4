// sn/kv/tier_store_test.cc
//
// A store below HBM: an LRU oracle, every policy under random use, memory of a block.

#include "sn/kv/tier_store.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <list>
#include <unordered_set>

#include "sn/base/random.h"
#include "sn/kv/paged_cache.h"

namespace sn::kv {
namespace {

/// The plainest LRU there is.
class Oracle {
 public:
  explicit Oracle(std::size_t capacity) : capacity_(capacity) {}
  bool touch(std::uint64_t key) {
    const auto at = std::find(order_.begin(), order_.end(), key);
    if (at == order_.end()) return false;
    order_.splice(order_.end(), order_, at);
    return true;
  }
  void insert(std::uint64_t key) {
    if (order_.size() == capacity_) order_.pop_front();
    order_.push_back(key);
  }
  [[nodiscard]] const std::list<std::uint64_t>& order() const { return order_; }

 private:
  std::size_t capacity_;
  std::list<std::uint64_t> order_;
};

TEST(TierStore, IsLruByTheOracle) {
  for (std::uint64_t round = 0; round < 20; ++round) {
    RandomStream random(7, round);
    const auto capacity = static_cast<std::int64_t>(1 + random.uniform() * 40.0);
    TierStore store({.blocks = capacity});
    Oracle oracle(static_cast<std::size_t>(capacity));
    std::vector<std::uint64_t> evicted;
    for (int i = 0; i < 2'000; ++i) {
      // Keys that collide in their low bits, to exercise probing and shifting back.
      const auto key = static_cast<std::uint64_t>(random.uniform() * 60.0) * 1024 + 5;
      const Nanos now{i * 1'000'000};
      const bool here = store.touch(key, now);
      ASSERT_EQ(here, oracle.touch(key));
      if (!here) {
        store.insert(key, now, evicted);
        oracle.insert(key);
      }
      ASSERT_EQ(store.blocks(), static_cast<std::int64_t>(oracle.order().size()));
    }
    for (const std::uint64_t key : oracle.order()) ASSERT_TRUE(store.contains(key));
    ASSERT_TRUE(store.consistent());
    ASSERT_EQ(store.counters().inserted, evicted.size() + static_cast<std::size_t>(store.blocks()));
  }
}

TEST(TierStore, KeepsItsBooksUnderEveryPolicy) {
  for (const Eviction policy : {Eviction::lru, Eviction::lfu, Eviction::s3_fifo, Eviction::ttl}) {
    TierStore store({.blocks = 50, .policy = policy, .ttl = {2'000'000'000}});
    std::unordered_set<std::uint64_t> here;
    RandomStream random(11, static_cast<std::uint64_t>(policy));
    std::vector<std::uint64_t> evicted;
    for (int i = 0; i < 5'000; ++i) {
      const Nanos now{i * 100'000'000ll};
      const auto key = static_cast<std::uint64_t>(random.uniform() * 200.0) + 1;
      ASSERT_EQ(store.contains(key), here.count(key) > 0);
      if (!store.touch(key, now)) {
        evicted.clear();
        store.insert(key, now, evicted);
        here.insert(key);
        for (const std::uint64_t gone : evicted) ASSERT_EQ(here.erase(gone), 1U);
      }
      if (i % 50 == 0) {
        store.expire(now);
        std::erase_if(here, [&](std::uint64_t k) { return !store.contains(k); });
        ASSERT_TRUE(store.consistent()) << to_string(policy) << " at " << i;
      }
      if (i == 2'500) {
        const std::int64_t before = store.blocks();
        const std::int64_t gone = store.lose(0, 1);
        ASSERT_EQ(gone, before);
        here.clear();
        ASSERT_EQ(store.blocks(), 0);
      }
    }
    ASSERT_LE(store.blocks(), 50);
    ASSERT_EQ(store.counters().expired > 0, policy == Eviction::ttl);
  }
}

TEST(TierStore, LosesOnePart) {
  std::vector<std::uint64_t> keys;
  chain_keys(std::vector<std::uint64_t>(8'000, 3), 1, keys);
  for (const Eviction policy : {Eviction::lru, Eviction::lfu, Eviction::s3_fifo, Eviction::ttl}) {
    TierStore store({.blocks = 10'000, .policy = policy});
    std::vector<std::uint64_t> evicted;
    for (const std::uint64_t key : keys) store.insert(key, {}, evicted);
    const std::int64_t gone = store.lose(1, 4);
    EXPECT_NEAR(static_cast<double>(gone), 2'000.0, 150.0);
    EXPECT_EQ(store.blocks(), 8'000 - gone);
    EXPECT_EQ(store.lose(1, 4), 0);
    EXPECT_TRUE(store.consistent());
    // What is left can still be evicted.
    for (std::uint64_t key = 1; key <= 10'000; ++key) store.insert(key << 20, {}, evicted);
    EXPECT_EQ(store.blocks(), 10'000);
    EXPECT_TRUE(store.consistent());
  }
}

TEST(TierStore, GrowsWithoutLosingAnything) {
  TierStore store({.blocks = 1'000'000});
  std::vector<std::uint64_t> keys;
  chain_keys(std::vector<std::uint64_t>(100'000, 3), 1, keys);
  std::vector<std::uint64_t> evicted;
  for (const std::uint64_t key : keys) store.insert(key, {}, evicted);
  EXPECT_TRUE(evicted.empty());
  EXPECT_TRUE(store.consistent());
  EXPECT_TRUE(std::all_of(keys.begin(), keys.end(),
                          [&](std::uint64_t key) { return store.contains(key); }));
}

}  // namespace
}  // namespace sn::kv
