// sn/kv/tier_store.cc
//
// Index and books of a store (see tier_store.h).

#include "sn/kv/tier_store.h"

#include <utility>

#include "sn/base/result.h"

namespace sn::kv {

namespace {

constexpr std::size_t table_least = 1024;

}  // namespace

NodeId TierNodes::add() {
  if (size_ % slab == 0) slabs_.push_back(std::make_unique<std::array<TierNode, slab>>());
  return size_++;
}

TierStore::TierStore(const TierStoreConfig& config)
    : config_(config), table_(table_least, no_node), queue_(config.policy, nodes_) {
  SN_ASSERT(config.blocks >= 1);
}

NodeId TierStore::find(std::uint64_t key) const {
  for (std::size_t at = key & mask();; at = (at + 1) & mask()) {
    const NodeId id = table_[at];
    if (id == no_node || nodes_[id].key == key) return id;
  }
}

void TierStore::place(NodeId id) {
  std::size_t at = nodes_[id].key & mask();
  while (table_[at] != no_node) at = (at + 1) & mask();
  table_[at] = id;
}

void TierStore::grow() {
  const std::vector<NodeId> old =
      std::exchange(table_, std::vector<NodeId>(2 * table_.size(), no_node));
  for (const NodeId id : old) {
    if (id != no_node) place(id);
  }
}

void TierStore::drop(NodeId id) {
  std::size_t hole = nodes_[id].key & mask();
  while (table_[hole] != id) hole = (hole + 1) & mask();
  // Shift back whatever probed past the hole (as in BlockIndex).
  for (std::size_t at = (hole + 1) & mask(); table_[at] != no_node; at = (at + 1) & mask()) {
    const std::size_t home = nodes_[table_[at]].key & mask();
    if (((at - home) & mask()) < ((at - hole) & mask())) continue;
    table_[hole] = table_[at];
    hole = at;
  }
  table_[hole] = no_node;
  unused_.push_back(id);
  --count_;
}

bool TierStore::touch(std::uint64_t key, Nanos now) {
  const NodeId id = find(key);
  if (id == no_node) return false;
  queue_.on_use(id);
  queue_.on_release(id, now);
  return true;
}

void TierStore::insert(std::uint64_t key, Nanos now, std::vector<std::uint64_t>& evicted) {
  while (count_ >= config_.blocks) {
    const NodeId victim = queue_.victim();
    SN_ASSERT(victim != no_node);
    evicted.push_back(nodes_[victim].key);
    drop(victim);
    ++counters_.evicted;
  }
  if (10 * (static_cast<std::size_t>(count_) + 1) > 7 * table_.size()) grow();
  NodeId id = no_node;
  if (unused_.empty()) {
    id = nodes_.add();
  } else {
    id = unused_.back();
    unused_.pop_back();
    nodes_[id] = {};
  }
  nodes_[id].key = key;
  place(id);
  ++count_;
  ++counters_.inserted;
  queue_.on_insert(id);
  queue_.on_release(id, now);
}

void TierStore::expire(Nanos now) {
  if (config_.policy != Eviction::ttl) return;
  const Nanos limit{now.count - config_.ttl.count};
  for (NodeId id = queue_.expired(limit); id != no_node; id = queue_.expired(limit)) {
    drop(id);
    ++counters_.expired;
  }
}

std::int64_t TierStore::lose(std::uint32_t part, std::uint32_t parts) {
  std::vector<NodeId> gone;
  for (const NodeId id : table_) {
    // By the high bits: the low ones are where it stands in the table.
    if (id != no_node && (nodes_[id].key >> 32) % parts == part) gone.push_back(id);
  }
  for (const NodeId id : gone) {
    queue_.forget(id);
    drop(id);
  }
  return static_cast<std::int64_t>(gone.size());
}

bool TierStore::consistent() const {
  std::int64_t blocks = 0;
  for (const NodeId id : table_) {
    if (id == no_node) continue;
    ++blocks;
    if (find(nodes_[id].key) != id || nodes_[id].queue == 0) return false;
  }
  return blocks == count_ && count_ <= config_.blocks &&
         static_cast<std::int64_t>(nodes_.size()) ==
             count_ + static_cast<std::int64_t>(unused_.size());
}

}  // namespace sn::kv
