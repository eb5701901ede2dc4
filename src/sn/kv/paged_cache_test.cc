// sn/kv/paged_cache_test.cc

#include "sn/kv/paged_cache.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <set>

namespace sn::kv {
namespace {

std::vector<std::uint64_t> keys_of(std::vector<std::uint64_t> hashes) {
  std::vector<std::uint64_t> keys;
  chain_keys(hashes, 0, keys);
  return keys;
}

/// What a request does that finds no page missing: pin, allocate, insert. One page a block.
NodeId serve(PagedCache& cache, const std::vector<std::uint64_t>& keys) {
  const std::size_t hit = cache.match(keys);
  NodeId leaf = cache.pin(keys, hit);
  EXPECT_TRUE(cache.allocate(static_cast<std::int64_t>(keys.size() - hit)));
  for (std::size_t i = hit; i < keys.size(); ++i) leaf = cache.extend(leaf, keys[i], 1, 64);
  return leaf;
}

TEST(ChainKeys, DependOnAllBlocksBeforeAndOnTheSalt) {
  const auto ab = keys_of({1, 2});
  const auto cb = keys_of({3, 2});
  EXPECT_NE(ab[1], cb[1]);
  std::vector<std::uint64_t> other;
  chain_keys(std::vector<std::uint64_t>{1, 2}, 7, other);
  EXPECT_NE(ab[0], other[0]);
}

TEST(PagedCache, SharesAPrefixAndCountsItsPagesOnce) {
  PagedCache cache({.pages = 10});
  const auto a = keys_of({1, 2, 3, 4});
  const auto b = keys_of({1, 2, 9});
  const NodeId first = serve(cache, a);
  EXPECT_EQ(cache.match(b), 2u);
  std::int64_t tokens = 0;
  const NodeId shared = cache.pin(b, 2, &tokens);
  EXPECT_EQ(tokens, 128);
  EXPECT_EQ(cache.held_pages(), 4);
  cache.release(first, Nanos{1});
  EXPECT_EQ(cache.held_pages(), 2);
  EXPECT_EQ(cache.available(), 8);
  cache.release(shared, Nanos{2});
  EXPECT_EQ(cache.available(), 10);
  EXPECT_TRUE(cache.consistent());
}

TEST(PagedCache, RefusesWhatDoesNotFitAndTakesNothing) {
  PagedCache cache({.pages = 4});
  static_cast<void>(serve(cache, keys_of({1, 2, 3})));  // held
  EXPECT_FALSE(cache.allocate(2));
  EXPECT_EQ(cache.free_pages(), 1);
  EXPECT_TRUE(cache.allocate(1));
}

TEST(PagedCache, ABlockCachedMeanwhileIsHeldOnce) {
  PagedCache cache({.pages = 10});
  const auto a = keys_of({1, 2});
  ASSERT_TRUE(cache.allocate(2));  // both compute the same prompt at once
  ASSERT_TRUE(cache.allocate(2));
  NodeId x = cache.extend(no_node, a[0], 1, 64);
  NodeId y = cache.extend(no_node, a[0], 1, 64);
  x = cache.extend(x, a[1], 1, 64);
  y = cache.extend(y, a[1], 1, 64);
  EXPECT_EQ(x, y);
  EXPECT_EQ(cache.cached_pages(), 2);
  EXPECT_EQ(cache.free_pages(), 8);
  cache.release(x, Nanos{});
  cache.release(y, Nanos{});
  EXPECT_TRUE(cache.consistent());
}

TEST(Eviction, LruDropsTheOldestLeafFirst) {
  PagedCache cache({.pages = 4});
  const auto a = keys_of({1, 2});
  const auto b = keys_of({5, 6});
  cache.release(serve(cache, a), Nanos{1});
  cache.release(serve(cache, b), Nanos{2});
  cache.release(serve(cache, a), Nanos{3});  // a is the younger now
  ASSERT_TRUE(cache.allocate(1));
  EXPECT_EQ(cache.match(b), 1u);  // the deep block of b went, its root stays
  EXPECT_EQ(cache.match(a), 2u);
}

TEST(Eviction, LfuKeepsWhatIsUsedOften) {
  PagedCache cache({.pages = 2, .policy = Eviction::lfu});
  const auto often = keys_of({1});
  const auto once = keys_of({2});
  for (std::int64_t t = 0; t < 3; ++t) cache.release(serve(cache, often), Nanos{t});
  cache.release(serve(cache, once), Nanos{9});
  ASSERT_TRUE(cache.allocate(1));
  EXPECT_EQ(cache.match(often), 1u);
  EXPECT_EQ(cache.match(once), 0u);
}

TEST(Eviction, TtlDropsWhatIsTooOld) {
  PagedCache cache({.pages = 8, .policy = Eviction::ttl, .ttl = Nanos{10}});
  const auto a = keys_of({1, 2});
  cache.release(serve(cache, a), Nanos{5});
  cache.expire(Nanos{14});
  EXPECT_EQ(cache.match(a), 2u);
  cache.expire(Nanos{15});
  EXPECT_EQ(cache.match(a), 0u);
  EXPECT_EQ(cache.counters().expired, 2u);
}

/// One-hit wonders pass through S3-FIFO's small queue; a reused block stays. LRU loses it.
TEST(Eviction, S3FifoResistsAScan) {
  for (const auto& [policy, kept] :
       {std::pair{Eviction::s3_fifo, 1u}, std::pair{Eviction::lru, 0u}}) {
    PagedCache cache({.pages = 20, .policy = policy});
    const auto hot = keys_of({1000});
    for (std::int64_t t = 0; t < 3; ++t) cache.release(serve(cache, hot), Nanos{t});
    for (std::uint64_t i = 0; i < 60; ++i) {
      cache.release(serve(cache, keys_of({i})), Nanos{static_cast<std::int64_t>(10 + i)});
    }
    EXPECT_EQ(cache.match(hot), kept) << to_string(policy);
  }
}

TEST(Eviction, S3FifoFindsTheOneIdleNewcomerBesideAMainQueueThatIsHeld) {
  constexpr std::uint64_t many = 40;
  PagedCache cache({.pages = many + 1, .policy = Eviction::s3_fifo});
  std::vector<NodeId> held;
  for (std::uint64_t i = 0; i < many; ++i) held.push_back(serve(cache, keys_of({i})));
  // Looking for a victim moves all that are held to main.
  cache.release(serve(cache, keys_of({1000})), Nanos{1});
  ASSERT_TRUE(cache.allocate(1));
  cache.free(1);
  // One newcomer of 41: below the tenth that the small queue is kept at.
  cache.release(serve(cache, keys_of({2000})), Nanos{2});
  ASSERT_EQ(cache.available(), 1);
  EXPECT_TRUE(cache.allocate(1));
  EXPECT_EQ(cache.match(keys_of({2000})), 0u);
  EXPECT_TRUE(cache.consistent());
  cache.free(1);
  for (const NodeId leaf : held) cache.release(leaf, Nanos{3});
  cache.clear();
}

TEST(Eviction, HasANameForEachPolicy) {
  for (const auto p : {Eviction::lru, Eviction::lfu, Eviction::s3_fifo, Eviction::ttl}) {
    EXPECT_EQ(eviction_named(to_string(p)), p);
  }
  EXPECT_FALSE(eviction_named("fifo"));
}

/// A slow LRU over leaves, to hold the fast one to.
class SlowLru {
 public:
  explicit SlowLru(std::size_t pages) : pages_(pages) {}
  void use(const std::vector<std::uint64_t>& keys) {
    for (std::size_t i = keys.size(); i-- > 0;) last_[keys[i]] = ++clock_;  // deepest is oldest
    while (last_.size() > pages_) {
      last_.erase(std::min_element(last_.begin(), last_.end(), [](const auto& a, const auto& b) {
        return a.second < b.second;
      }));
    }
  }
  [[nodiscard]] bool has(std::uint64_t key) const { return last_.contains(key); }

 private:
  std::size_t pages_;
  std::uint64_t clock_ = 0;
  std::map<std::uint64_t, std::uint64_t> last_;
};

RC_GTEST_PROP(PagedCache, LruAgreesWithASlowOne, ()) {
  const auto pages = static_cast<std::size_t>(*rc::gen::inRange(4, 24));
  PagedCache cache({.pages = static_cast<std::int64_t>(pages)});
  SlowLru slow(pages);
  std::set<std::uint64_t> seen;
  const int requests = *rc::gen::inRange(1, 60);
  for (int t = 0; t < requests; ++t) {
    const auto hashes =
        *rc::gen::resize(4, rc::gen::container<std::vector<std::uint64_t>>(rc::gen::inRange(0, 3)));
    const auto keys = keys_of(hashes);
    if (keys.empty()) continue;
    seen.insert(keys.begin(), keys.end());
    cache.release(serve(cache, keys), Nanos{t});
    slow.use(keys);
    for (const std::uint64_t key : seen) {
      const std::vector<std::uint64_t> one = {key};
      RC_ASSERT((cache.match(one) == 1u) == slow.has(key));
    }
    RC_ASSERT(cache.consistent());
  }
}

RC_GTEST_PROP(PagedCache, BooksAgreeWhateverHappens, ()) {
  const auto policy =
      *rc::gen::element(Eviction::lru, Eviction::lfu, Eviction::s3_fifo, Eviction::ttl);
  PagedCache cache({.pages = *rc::gen::inRange(1, 30), .policy = policy, .ttl = Nanos{7}});
  std::vector<NodeId> held;
  std::int64_t owned = 0;
  const int steps = *rc::gen::inRange(1, 120);
  for (std::int64_t t = 0; t < steps; ++t) {
    const int what = *rc::gen::inRange(0, 5);
    if (what <= 1) {
      const auto keys = keys_of(*rc::gen::resize(
          6, rc::gen::container<std::vector<std::uint64_t>>(rc::gen::inRange(0, 4))));
      const std::size_t hit = cache.match(keys);
      NodeId leaf = cache.pin(keys, hit);
      if (cache.allocate(static_cast<std::int64_t>(keys.size() - hit))) {
        for (std::size_t i = hit; i < keys.size(); ++i) leaf = cache.extend(leaf, keys[i], 1, 4);
      }
      if (leaf != no_node) held.push_back(leaf);
    } else if (what == 2 && !held.empty()) {
      const auto i =
          static_cast<std::size_t>(*rc::gen::inRange<int>(0, static_cast<int>(held.size())));
      cache.release(held[i], Nanos{t});
      held.erase(held.begin() + static_cast<std::ptrdiff_t>(i));
    } else if (what == 3 && cache.allocate(1)) {
      ++owned;
    } else if (what == 4 && owned > 0) {
      cache.free(1);
      --owned;
    }
    cache.expire(Nanos{t});
    RC_ASSERT(cache.consistent());
    RC_ASSERT(cache.private_pages() == owned);
  }
  for (const NodeId leaf : held) cache.release(leaf, Nanos{steps});
  cache.free(owned);
  RC_ASSERT(cache.available() == cache.capacity());
  cache.clear();
  RC_ASSERT(cache.free_pages() == cache.capacity());
}

}  // namespace
}  // namespace sn::kv
