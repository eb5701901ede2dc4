// sn/kv/paged_cache.cc
//
// Books of pages and blocks (see paged_cache.h).

#include "sn/kv/paged_cache.h"

#include <algorithm>

#include "sn/base/result.h"

namespace sn::kv {

void chain_keys(std::span<const std::uint64_t> hashes, std::uint64_t salt,
                std::vector<std::uint64_t>& keys) {
  std::uint64_t chain = salt;
  for (const std::uint64_t hash : hashes) {
    // The finaliser of SplitMix64 over both.
    std::uint64_t x = (chain ^ (hash + 0x9E3779B97F4A7C15ull)) * 0xBF58476D1CE4E5B9ull;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
    chain = x ^ (x >> 31);
    keys.push_back(chain);
  }
}

PagedCache::PagedCache(const CacheConfig& config)
    : config_(config), queue_(config.policy, nodes_), free_(config.pages) {
  SN_ASSERT(config.pages >= 0);
}

std::size_t PagedCache::match(std::span<const std::uint64_t> keys) const {
  std::size_t lo = 0;  // cached
  std::size_t hi = keys.size();
  if (hi == 0 || index_.find(keys.front()) == no_node) return 0;
  lo = 1;
  while (lo < hi) {
    const std::size_t middle = lo + (hi - lo + 1) / 2;
    if (index_.find(keys[middle - 1]) != no_node) {
      lo = middle;
    } else {
      hi = middle - 1;
    }
  }
  return lo;
}

void PagedCache::hold(NodeId id) {
  Node& n = nodes_[id];
  if (n.refs == 0) idle_ -= n.pages;
  ++n.refs;
  queue_.on_use(id);
}

NodeId PagedCache::pin(std::span<const std::uint64_t> keys, std::size_t count, std::int64_t* tokens,
                       std::int64_t* pages) {
  NodeId leaf = no_node;
  for (std::size_t i = 0; i < count; ++i) {
    leaf = index_.find(keys[i]);
    SN_ASSERT(leaf != no_node);
    hold(leaf);
    if (tokens != nullptr) *tokens += nodes_[leaf].tokens;
    if (pages != nullptr) *pages += nodes_[leaf].pages;
  }
  return leaf;
}

NodeId PagedCache::new_node() {
  if (unused_.empty()) {
    nodes_.emplace_back();
    return static_cast<NodeId>(nodes_.size() - 1);
  }
  const NodeId id = unused_.back();
  unused_.pop_back();
  nodes_[id] = {};
  return id;
}

NodeId PagedCache::extend(NodeId leaf, std::uint64_t key, std::uint32_t pages,
                          std::uint32_t tokens) {
  SN_ASSERT(private_ >= pages);
  private_ -= pages;
  const NodeId known = index_.find(key);
  if (known != no_node) {
    free_ += pages;
    hold(known);
    return known;
  }
  const NodeId id = new_node();
  Node& n = nodes_[id];
  n.key = key;
  n.parent = leaf;
  n.refs = 1;
  n.pages = pages;
  n.tokens = tokens;
  if (leaf != no_node) ++nodes_[leaf].children;
  cached_ += pages;
  index_.insert(key, id);
  queue_.on_insert(id);
  ++counters_.inserted;
  return id;
}

void PagedCache::release(NodeId leaf, Nanos now) {
  for (NodeId id = leaf; id != no_node; id = nodes_[id].parent) {
    Node& n = nodes_[id];
    SN_ASSERT(n.refs > 0);
    if (--n.refs > 0) continue;
    idle_ += n.pages;
    queue_.on_release(id, now);
  }
}

void PagedCache::drop(NodeId id) {
  Node& n = nodes_[id];
  SN_ASSERT(n.refs == 0 && n.children == 0);
  if (n.parent != no_node && --nodes_[n.parent].children == 0) queue_.on_childless(n.parent);
  free_ += n.pages;
  idle_ -= n.pages;
  cached_ -= n.pages;
  index_.erase(n.key);
  unused_.push_back(id);
}

bool PagedCache::allocate(std::int64_t pages, std::vector<std::uint64_t>* evicted) {
  SN_ASSERT(pages >= 0);
  if (pages > available()) return false;
  while (free_ < pages) {
    const NodeId id = queue_.victim();
    SN_ASSERT(id != no_node);  // below an idle block there is an idle leaf
    if (evicted != nullptr) evicted->push_back(nodes_[id].key);
    drop(id);
    ++counters_.evicted;
  }
  free_ -= pages;
  private_ += pages;
  return true;
}

void PagedCache::free(std::int64_t pages) {
  SN_ASSERT(pages >= 0 && pages <= private_);
  private_ -= pages;
  free_ += pages;
}

void PagedCache::expire(Nanos now) {
  if (config_.policy != Eviction::ttl) return;
  for (NodeId id = queue_.expired({now.count - config_.ttl.count}); id != no_node;
       id = queue_.expired({now.count - config_.ttl.count})) {
    drop(id);
    ++counters_.expired;
  }
}

void PagedCache::clear() {
  SN_ASSERT(idle_ == cached_);
  for (NodeId id = queue_.victim(); id != no_node; id = queue_.victim()) drop(id);
  SN_ASSERT(cached_ == 0);
}

bool PagedCache::consistent() const {
  std::int64_t cached = 0;
  std::int64_t idle = 0;
  std::size_t blocks = 0;
  std::vector<std::uint32_t> children(nodes_.size(), 0);
  std::vector<bool> live(nodes_.size(), true);
  for (const NodeId id : unused_) live[id] = false;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (!live[i]) continue;
    const Node& n = nodes_[i];
    ++blocks;
    cached += n.pages;
    if (n.refs == 0) idle += n.pages;
    if (index_.find(n.key) != i) return false;
    if (n.parent == no_node) continue;
    if (!live[n.parent] || nodes_[n.parent].refs < n.refs) return false;
    ++children[n.parent];
  }
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (live[i] && children[i] != nodes_[i].children) return false;
  }
  return cached == cached_ && idle == idle_ && blocks == index_.size() && free_ >= 0 &&
         private_ >= 0 && free_ + private_ + cached_ == config_.pages;
}

}  // namespace sn::kv
