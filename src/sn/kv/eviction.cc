// sn/kv/eviction.cc
//
// The queues of each policy (see eviction.h).

#include "sn/kv/eviction.h"

#include <algorithm>

#include "sn/base/result.h"
#include "sn/kv/tier_store.h"

namespace sn::kv {

namespace {

constexpr std::array<std::string_view, 4> names = {"lru", "lfu", "s3-fifo", "ttl"};
constexpr std::uint8_t most_uses = 255;
constexpr std::uint8_t s3_uses = 3;

}  // namespace

std::string_view to_string(Eviction policy) { return names[static_cast<std::size_t>(policy)]; }

std::optional<Eviction> eviction_named(std::string_view name) {
  const auto at = std::find(names.begin(), names.end(), name);
  if (at == names.end()) return std::nullopt;
  return static_cast<Eviction>(at - names.begin());
}

template <class Nodes>
void EvictionQueue<Nodes>::push(std::size_t list, NodeId id) {
  List& l = lists_[list];
  auto& n = node(id);
  n.queue = static_cast<std::uint8_t>(list);
  n.prev = l.tail;
  n.next = no_node;
  (l.tail == no_node ? l.head : node(l.tail).next) = id;
  l.tail = id;
  ++l.size;
}

template <class Nodes>
void EvictionQueue<Nodes>::remove(NodeId id) {
  auto& n = node(id);
  if (n.queue == none) return;
  List& l = lists_[n.queue];
  (n.prev == no_node ? l.head : node(n.prev).next) = n.next;
  (n.next == no_node ? l.tail : node(n.next).prev) = n.prev;
  n.queue = none;
  --l.size;
}

template <class Nodes>
NodeId EvictionQueue<Nodes>::pop(std::size_t list) {
  const NodeId id = lists_[list].head;
  if (id != no_node) remove(id);
  return id;
}

template <class Nodes>
void EvictionQueue<Nodes>::on_insert(NodeId id) {
  auto& n = node(id);
  n.queue = none;
  n.uses = 1;
  if (policy_ != Eviction::s3_fifo) return;
  n.uses = 0;
  ++count_;
  const bool known = ghosts_.find(n.key) != no_node;
  if (known) ghosts_.erase(n.key);
  push(known ? main : small, id);
}

template <class Nodes>
void EvictionQueue<Nodes>::on_use(NodeId id) {
  auto& n = node(id);
  if (policy_ == Eviction::s3_fifo) {
    n.uses = static_cast<std::uint8_t>(std::min<int>(n.uses + 1, s3_uses));
    return;
  }
  remove(id);
  n.uses = static_cast<std::uint8_t>(std::min<int>(n.uses + 1, most_uses));
}

template <class Nodes>
void EvictionQueue<Nodes>::on_release(NodeId id, Nanos now) {
  node(id).set_released(now);
  if (policy_ == Eviction::s3_fifo) return back_to_main(id);
  push(policy_ == Eviction::lfu ? node(id).uses : small, id);
}

template <class Nodes>
void EvictionQueue<Nodes>::on_childless(NodeId id) {
  if (policy_ == Eviction::s3_fifo) back_to_main(id);
}

template <class Nodes>
void EvictionQueue<Nodes>::back_to_main(NodeId id) {
  const auto& n = node(id);
  if (n.queue == none && !n.held()) push(main, id);
}

template <class Nodes>
void EvictionQueue<Nodes>::forget(NodeId id) {
  remove(id);
  if (policy_ == Eviction::s3_fifo) --count_;
}

template <class Nodes>
NodeId EvictionQueue<Nodes>::victim() {
  switch (policy_) {
    case Eviction::lru:
    case Eviction::ttl:
      return pop(small);
    case Eviction::lfu:
      for (std::size_t uses = 1; uses < lists; ++uses) {
        if (lists_[uses].head != no_node) return pop(uses);
      }
      return no_node;
    case Eviction::s3_fifo:
      return victim_s3();
  }
  return no_node;
}

template <class Nodes>
NodeId EvictionQueue<Nodes>::victim_s3() {
  while (true) {
    const bool from_small = lists_[main].head == no_node ||
                            (lists_[small].head != no_node && 10 * lists_[small].size >= count_);
    const NodeId id = pop(from_small ? small : main);
    if (id == no_node) return no_node;
    auto& n = node(id);
    const bool held = n.held();
    if (!held && (from_small ? n.uses <= 1 : n.uses == 0)) {
      --count_;
      if (from_small) remember(n.key);
      return id;
    }
    if (!from_small && n.uses > 0) --n.uses;
    if (from_small) n.uses = 0;
    if (!held) push(main, id);
  }
}

template <class Nodes>
void EvictionQueue<Nodes>::remember(std::uint64_t key) {
  if (ghosts_.find(key) != no_node) return;
  ghosts_.insert(key, 0);
  ghost_order_.push_back(key);
  // As many as are cached, as in the paper; a key that came back has left the index already.
  while (ghost_order_.size() > count_ + 1) {
    if (ghosts_.find(ghost_order_.front()) != no_node) ghosts_.erase(ghost_order_.front());
    ghost_order_.pop_front();
  }
}

template <class Nodes>
NodeId EvictionQueue<Nodes>::expired(Nanos limit) {
  if (policy_ != Eviction::ttl && policy_ != Eviction::lru) return no_node;
  const NodeId id = lists_[small].head;
  if (id == no_node || !node(id).released_by(limit)) return no_node;
  return pop(small);
}

template class EvictionQueue<std::vector<Node>>;
template class EvictionQueue<TierNodes>;

}  // namespace sn::kv
