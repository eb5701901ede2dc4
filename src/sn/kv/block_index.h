// sn/kv/block_index.h
//
// Open-addressed map from a block key to the number of its node: linear probing, load at most 0.7,
// deletion by shifting back, so that no tombstones build up in a cache that evicts for ever.
//
// Keys are mixed by their maker (`chain_keys`): the low bits are used as they are. Key 0 is taken.

#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sn::kv {

using NodeId = std::uint32_t;
inline constexpr NodeId no_node = 0xFFFFFFFFu;

class BlockIndex {
 public:
  /// `no_node` when absent.
  [[nodiscard]] NodeId find(std::uint64_t key) const {
    if (slots_.empty()) return no_node;
    for (std::size_t at = key & mask();; at = (at + 1) & mask()) {
      if (slots_[at].node == no_node) return no_node;
      if (slots_[at].key == key) return slots_[at].node;
    }
  }
  /// `key` must be absent.
  void insert(std::uint64_t key, NodeId node);
  /// `key` must be present.
  void erase(std::uint64_t key);
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  struct Slot {
    std::uint64_t key = 0;
    NodeId node = no_node;
  };

  [[nodiscard]] std::size_t mask() const { return slots_.size() - 1; }
  void place(std::uint64_t key, NodeId node);
  void grow();

  std::vector<Slot> slots_;  // a power of two of them
  std::size_t size_ = 0;
};

}  // namespace sn::kv
