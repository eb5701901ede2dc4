// sn/kv/block_index.cc
//
// Insertion, growth and deletion (see block_index.h).

#include "sn/kv/block_index.h"

#include <utility>

#include "sn/base/result.h"

namespace sn::kv {

void BlockIndex::place(std::uint64_t key, NodeId node) {
  std::size_t at = key & mask();
  while (slots_[at].node != no_node) at = (at + 1) & mask();
  slots_[at] = {key, node};
}

void BlockIndex::grow() {
  std::vector<Slot> old = std::exchange(slots_, {});
  slots_.resize(old.empty() ? 64 : 2 * old.size());
  for (const Slot& s : old) {
    if (s.node != no_node) place(s.key, s.node);
  }
}

void BlockIndex::insert(std::uint64_t key, NodeId node) {
  if (10 * (size_ + 1) > 7 * slots_.size()) grow();
  place(key, node);
  ++size_;
}

void BlockIndex::erase(std::uint64_t key) {
  SN_ASSERT(size_ > 0);
  std::size_t hole = key & mask();
  while (slots_[hole].key != key || slots_[hole].node == no_node) {
    SN_ASSERT(slots_[hole].node != no_node);
    hole = (hole + 1) & mask();
  }
  // Whatever follows without a gap moves up when its home does not lie between the hole and it.
  for (std::size_t at = (hole + 1) & mask(); slots_[at].node != no_node; at = (at + 1) & mask()) {
    const std::size_t home = slots_[at].key & mask();
    if (((at - home) & mask()) < ((at - hole) & mask())) continue;
    slots_[hole] = slots_[at];
    hole = at;
  }
  slots_[hole] = {};
  --size_;
}

}  // namespace sn::kv
