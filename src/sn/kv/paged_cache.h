// sn/kv/paged_cache.h
//
// The KV memory of one attention rank: pages, some private to a running request, some shared as
// blocks of a prefix tree.
//
//   pages = free + private + pages of all cached blocks
//
// A request holds a path from the root: it pins the blocks that its prompt shares with the cache,
// allocates private pages for the rest, and when the rest is computed turns the pages of whole
// blocks into cached ones that it goes on holding. Released blocks stay until their pages are
// needed (eviction.h). Keys are chained (`chain_keys`), so that a block is cached only where all
// before it are, and the longest match is found by bisection.

#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sn/base/clock.h"
#include "sn/kv/block_index.h"
#include "sn/kv/eviction.h"

namespace sn::kv {

struct CacheConfig {
  std::int64_t pages = 0;
  Eviction policy = Eviction::lru;
  Nanos ttl = {};  // of Eviction::ttl

  friend bool operator==(const CacheConfig&, const CacheConfig&) = default;
};

/// Keys of the blocks with these hashes, in order: each depends on all before it and on `salt`
/// (a tenant, a copy of a trace). Appends to `keys`.
void chain_keys(std::span<const std::uint64_t> hashes, std::uint64_t salt,
                std::vector<std::uint64_t>& keys);

struct CacheCounters {
  std::uint64_t inserted = 0;  // blocks
  std::uint64_t evicted = 0;
  std::uint64_t expired = 0;

  friend bool operator==(const CacheCounters&, const CacheCounters&) = default;
};

class PagedCache {
 public:
  explicit PagedCache(const CacheConfig& config);
  PagedCache(const PagedCache&) = delete;
  PagedCache& operator=(const PagedCache&) = delete;

  /// How many of the leading `keys` are cached.
  [[nodiscard]] std::size_t match(std::span<const std::uint64_t> keys) const;

  /// Holds the leading `count` blocks (all cached); returns the deepest, `no_node` for none. With
  /// `tokens` and `pages`, adds up what they hold.
  [[nodiscard]] NodeId pin(std::span<const std::uint64_t> keys, std::size_t count,
                           std::int64_t* tokens = nullptr, std::int64_t* pages = nullptr);
  /// One more block below `leaf`, its pages out of the private ones. When somebody else cached it
  /// meanwhile, that one is held instead and `pages` become free. Returns the new deepest block.
  [[nodiscard]] NodeId extend(NodeId leaf, std::uint64_t key, std::uint32_t pages,
                              std::uint32_t tokens);
  /// Gives up the path that ends at `leaf`.
  void release(NodeId leaf, Nanos now);

  /// Takes private pages, evicting as needed; false (and nothing taken) when they cannot be had.
  /// Appends the keys of what it evicts to `evicted`, descendants before their ancestors.
  [[nodiscard]] bool allocate(std::int64_t pages, std::vector<std::uint64_t>* evicted = nullptr);
  void free(std::int64_t pages);
  /// Drops blocks that outlived their time (Eviction::ttl).
  void expire(Nanos now);
  /// Forgets every cached block: the memory is gone. Nothing may be pinned.
  void clear();

  [[nodiscard]] std::int64_t capacity() const { return config_.pages; }
  [[nodiscard]] std::int64_t free_pages() const { return free_; }
  /// Pages that can be had: free ones and those of blocks that nobody holds.
  [[nodiscard]] std::int64_t available() const { return free_ + idle_; }
  [[nodiscard]] std::int64_t private_pages() const { return private_; }
  [[nodiscard]] std::int64_t cached_pages() const { return cached_; }
  /// Pages that running requests hold, shared ones counted once.
  [[nodiscard]] std::int64_t held_pages() const { return private_ + cached_ - idle_; }
  [[nodiscard]] std::size_t blocks() const { return index_.size(); }
  [[nodiscard]] const CacheCounters& counters() const { return counters_; }
  /// Counts everything again; false when the books do not agree. For tests.
  [[nodiscard]] bool consistent() const;

 private:
  [[nodiscard]] NodeId new_node();
  void hold(NodeId id);
  void drop(NodeId id);

  CacheConfig config_;
  std::vector<Node> nodes_;
  std::vector<NodeId> unused_;
  BlockIndex index_;
  EvictionQueue<std::vector<Node>> queue_;
  std::int64_t free_ = 0;
  std::int64_t private_ = 0;
  std::int64_t cached_ = 0;
  std::int64_t idle_ = 0;  // of cached: nobody holds them
  CacheCounters counters_;
};

}  // namespace sn::kv
