// sn/kv/eviction.h
//
// Which cached block goes first when pages run out.
//
//   lru      least recently released
//   ttl      lru, and nothing stays longer than `ttl` after its last use
//   lfu      least frequently used, then least recently released; counts stop at 255
//   s3_fifo  a small queue of a tenth for newcomers, a main queue, and a list of lately evicted
//            keys that come straight back to main (Yang et al., SOSP'23)
//
// A request pins a path of the prefix tree and releases it from the deepest block up, so that an
// ancestor is never older nor less used than its descendants: LRU and LFU find a leaf at their
// head. S3-FIFO's queues keep their order on use, so that it may meet a pinned or inner block. It
// treats that as used, and lays it aside: it joins main again when it becomes an idle leaf. So an
// idle leaf is always in a queue. Every operation is O(1), S3-FIFO's choice amortised.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>
#include <vector>

#include "sn/base/clock.h"
#include "sn/kv/block_index.h"

namespace sn::kv {

enum class Eviction { lru, lfu, s3_fifo, ttl };
[[nodiscard]] std::string_view to_string(Eviction policy);
/// The policy of that name ("lru", "lfu", "s3-fifo", "ttl").
[[nodiscard]] std::optional<Eviction> eviction_named(std::string_view name);

/// A block of HBM. `prev`, `next`, `queue` and `uses` belong to the policy.
struct Node {
  std::uint64_t key = 0;
  NodeId parent = no_node;
  std::uint32_t refs = 0;      // requests that hold it
  std::uint32_t children = 0;  // cached blocks that follow it
  std::uint32_t pages = 0;
  std::uint32_t tokens = 0;
  NodeId prev = no_node;
  NodeId next = no_node;
  std::uint8_t queue = 0;
  std::uint8_t uses = 0;
  Nanos released = {};

  /// Cannot go: a request or a block below it needs it.
  [[nodiscard]] bool held() const { return refs > 0 || children > 0; }
  void set_released(Nanos now) { released = now; }
  [[nodiscard]] bool released_by(Nanos limit) const { return released <= limit; }
};

/// `Nodes` gives a node by its number; a node has the policy's fields and the last three functions
/// of `Node` (`TierNode` is another).
template <class Nodes>
class EvictionQueue {
 public:
  EvictionQueue(Eviction policy, Nodes& nodes) : policy_(policy), nodes_(&nodes) {}

  /// A new node, pinned.
  void on_insert(NodeId id);
  /// A cached node is used again: pinned once more.
  void on_use(NodeId id);
  /// Its last reference is gone.
  void on_release(NodeId id, Nanos now);
  /// The last block below it is gone.
  void on_childless(NodeId id);
  /// It is gone for another reason.
  void forget(NodeId id);
  /// The node to evict, taken out of the queues; `no_node` when all are pinned.
  [[nodiscard]] NodeId victim();
  /// The oldest node released at or before `limit` (lru and ttl), taken out; else `no_node`.
  [[nodiscard]] NodeId expired(Nanos limit);

 private:
  struct List {
    NodeId head = no_node;
    NodeId tail = no_node;
    std::size_t size = 0;
  };
  static constexpr std::size_t lists = 256;
  static constexpr std::uint8_t none = 0;  // value of Node::queue: in no list
  static constexpr std::size_t small = 1;
  static constexpr std::size_t main = 2;

  [[nodiscard]] auto& node(NodeId id) { return (*nodes_)[id]; }
  void push(std::size_t list, NodeId id);
  void remove(NodeId id);
  [[nodiscard]] NodeId pop(std::size_t list);
  [[nodiscard]] NodeId victim_s3();
  void back_to_main(NodeId id);
  void remember(std::uint64_t key);

  Eviction policy_;
  Nodes* nodes_;
  std::array<List, lists> lists_ = {};
  std::size_t count_ = 0;  // s3_fifo: nodes, in a queue or aside
  BlockIndex ghosts_;
  std::deque<std::uint64_t> ghost_order_;
};

}  // namespace sn::kv
