// sn/kv/tier_store.h
//
// The blocks of one place below HBM: a host's DRAM, a pool behind a switch, a drive, a remote
// store.
//
// A set of chained keys (`chain_keys`) with an eviction policy. Nothing is pinned: whoever reads a
// block copies it. Blocks are touched from the deepest up, so that under LRU, TTL and LFU an
// ancestor is never older than its descendants and what is here is closed under prefixes, except
// for what a policy (S3-FIFO) or a loss broke: a block whose ancestors are missing is of no use
// until they come back, and goes first where it is older.
//
// Memory: 24 bytes a block and 4 to 12 of index, so that 100 million blocks take under 4 GB.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "sn/base/clock.h"
#include "sn/kv/block_index.h"
#include "sn/kv/eviction.h"

namespace sn::kv {

/// A block of a store. Times are whole seconds: what a TTL of minutes needs.
struct TierNode {
  std::uint64_t key = 0;
  NodeId prev = no_node;
  NodeId next = no_node;
  std::uint32_t released_s = 0;
  std::uint8_t queue = 0;
  std::uint8_t uses = 0;

  [[nodiscard]] static bool held() { return false; }
  void set_released(Nanos now) {
    released_s = static_cast<std::uint32_t>(now.count / 1'000'000'000);
  }
  [[nodiscard]] bool released_by(Nanos limit) const {
    return static_cast<std::int64_t>(released_s) * 1'000'000'000 <= limit.count;
  }
};
static_assert(sizeof(TierNode) == 24);

/// Nodes in slabs, so that growing moves nothing and takes no more than one slab too much.
class TierNodes {
 public:
  [[nodiscard]] TierNode& operator[](NodeId id) { return (*slabs_[id / slab])[id % slab]; }
  [[nodiscard]] const TierNode& operator[](NodeId id) const {
    return (*slabs_[id / slab])[id % slab];
  }
  [[nodiscard]] NodeId size() const { return size_; }
  /// A new node at the end; its number.
  NodeId add();

 private:
  static constexpr std::size_t slab = std::size_t{1} << 12;
  std::vector<std::unique_ptr<std::array<TierNode, slab>>> slabs_;
  NodeId size_ = 0;
};

struct TierStoreConfig {
  std::int64_t blocks = 0;  // capacity; at least 1
  Eviction policy = Eviction::lru;
  Nanos ttl = {};  // of Eviction::ttl
};

struct TierStoreCounters {
  std::uint64_t inserted = 0;
  std::uint64_t evicted = 0;
  std::uint64_t expired = 0;

  friend bool operator==(const TierStoreCounters&, const TierStoreCounters&) = default;
};

class TierStore {
 public:
  explicit TierStore(const TierStoreConfig& config);
  TierStore(const TierStore&) = delete;
  TierStore& operator=(const TierStore&) = delete;

  [[nodiscard]] bool contains(std::uint64_t key) const { return find(key) != no_node; }
  /// `key` was read or written again. False when it is not here.
  bool touch(std::uint64_t key, Nanos now);
  /// Adds a block that must not be here (not looked up again); what had to go for it is appended to
  /// `evicted`.
  void insert(std::uint64_t key, Nanos now, std::vector<std::uint64_t>& evicted);
  /// Drops blocks that outlived their time (Eviction::ttl).
  void expire(Nanos now);
  /// One of `parts` of the place is lost, and the blocks that it held. Returns how many.
  std::int64_t lose(std::uint32_t part, std::uint32_t parts);

  [[nodiscard]] std::int64_t capacity() const { return config_.blocks; }
  [[nodiscard]] std::int64_t blocks() const { return count_; }
  [[nodiscard]] const TierStoreCounters& counters() const { return counters_; }
  /// Counts everything again; false when the books do not agree. For tests.
  [[nodiscard]] bool consistent() const;

 private:
  [[nodiscard]] NodeId find(std::uint64_t key) const;
  [[nodiscard]] std::size_t mask() const { return table_.size() - 1; }
  void place(NodeId id);
  void grow();
  void drop(NodeId id);

  TierStoreConfig config_;
  TierNodes nodes_;
  std::vector<NodeId> unused_;
  std::vector<NodeId> table_;  // open addressing, by the low bits of a key; a power of two
  EvictionQueue<TierNodes> queue_;
  std::int64_t count_ = 0;
  TierStoreCounters counters_;
};

}  // namespace sn::kv
