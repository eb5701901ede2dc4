// sn/fabric/flow/max_min.cc
//
// Filling of a part, and its growth until every flow has its bottleneck (see max_min.h).

#include "sn/fabric/flow/max_min.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "sn/base/result.h"

namespace sn::fabric {

namespace {

constexpr double slack = 1e-9;  // relative: what rounding may do to a sum

}  // namespace

MaxMin::Link MaxMin::add_link(double capacity) {
  SN_ASSERT(capacity > 0.0 && std::isfinite(capacity));
  links_.push_back({.capacity = capacity});
  crossing_.emplace_back();
  return static_cast<Link>(links_.size() - 1);
}

void MaxMin::set_capacity(Link link, double capacity) {
  SN_ASSERT(capacity > 0.0 && std::isfinite(capacity));
  LinkState& l = links_[link];
  if (l.capacity == capacity) return;
  l.capacity = capacity;
  if (!l.dirty) dirty_links_.push_back(link);
  l.dirty = true;
}

MaxMin::Class MaxMin::add_class(std::span<const Link> path, double weight) {
  SN_ASSERT(!path.empty() && weight > 0.0);
  classes_.push_back({.weight = weight,
                      .begin = static_cast<std::uint32_t>(paths_.size()),
                      .hops = static_cast<std::uint32_t>(path.size())});
  for (const Link l : path) {
    SN_ASSERT(l < links_.size());
    paths_.push_back(l);
    listed_.push_back(0);
  }
  return static_cast<Class>(classes_.size() - 1);
}

void MaxMin::add_members(Class c, std::int64_t change) {
  ClassState& s = classes_[c];
  s.members += change;
  SN_ASSERT(s.members >= 0);
  if (!s.dirty) dirty_.push_back(c);
  s.dirty = true;
}

void MaxMin::take_link(Link l) {
  if (links_[l].inside) return;
  links_[l].inside = true;
  part_links_.push_back(l);
}

void MaxMin::take(Class c) {
  ClassState& s = classes_[c];
  if (s.inside) return;
  s.inside = true;
  part_.push_back(c);
  if (s.counted > 0) --links_[s.bottleneck].held;
  for (const Link l : path(c)) {
    take_link(l);
    links_[l].load -= s.rate * static_cast<double>(s.counted);
  }
}

void MaxMin::prune(Link l) {
  LinkState& link = links_[l];
  Crossing& all = crossing_[l];
  if (2 * link.dead <= all.size()) return;
  std::erase_if(all, [&](Class c) {
    const ClassState& s = classes_[c];
    if (s.members > 0) return false;
    for (std::uint32_t i = s.begin; i < s.begin + s.hops; ++i) {
      if (paths_[i] == l) listed_[i] = 0;
    }
    return true;
  });
  link.dead = 0;
  if (all.empty()) link.load = 0.0;  // and what rounding left of it
}

/// A class that had no members has some.
void MaxMin::enlist(Class c) {
  const ClassState& s = classes_[c];
  for (std::uint32_t i = s.begin; i < s.begin + s.hops; ++i) {
    const Link l = paths_[i];
    if (listed_[i] != 0) {
      --links_[l].dead;
      continue;
    }
    listed_[i] = 1;
    crossing_[l].push_back(c);
  }
}

void MaxMin::freeze(Link l, double level) {
  for (const Class c : crossing_[l]) {
    ClassState& s = classes_[c];
    if (!s.inside || s.frozen) continue;
    s.frozen = true;
    s.rate = level * s.weight;
    s.bottleneck = l;
    const double weight = s.weight * static_cast<double>(s.members);
    for (const Link other : path(c)) {
      LinkState& o = links_[other];
      o.left = std::max(0.0, o.left - weight * level);
      // What is left of the weights by rounding is no flow.
      o.open = o.open - weight < 1e-9 * weight ? 0.0 : o.open - weight;
    }
  }
  links_[l].open = 0.0;
}

void MaxMin::fill() {
  heap_.clear();
  for (const Link l : part_links_) {
    links_[l].left = std::max(0.0, links_[l].capacity - links_[l].load);
    links_[l].open = 0.0;
  }
  for (const Class c : part_) {
    ClassState& s = classes_[c];
    s.frozen = false;
    const double w = s.weight * static_cast<double>(s.members);
    for (const Link l : path(c)) links_[l].open += w;
  }
  filled_ += part_.size();
  // Links that are full first, at one level: with like flows that is all there is to do.
  double least = INFINITY;
  for (const Link l : part_links_) {
    links_[l].live = links_[l].open > 0.0;
    if (links_[l].live) least = std::min(least, links_[l].left / links_[l].open);
  }
  for (const Link l : part_links_) {
    if (links_[l].open <= 0.0) continue;
    const double level = links_[l].left / links_[l].open;
    if (level <= least * (1.0 + 1e-12)) {
      freeze(l, least);
    } else {
      heap_.emplace_back(level, l);
    }
  }
  const std::greater<> later;
  std::make_heap(heap_.begin(), heap_.end(), later);
  while (!heap_.empty()) {
    std::pop_heap(heap_.begin(), heap_.end(), later);
    const auto [key, l] = heap_.back();
    const LinkState& link = links_[l];
    if (link.open <= 0.0) {
      heap_.pop_back();
      continue;
    }
    const double level = link.left / link.open;
    if (level > key * (1.0 + 1e-12)) {
      heap_.back() = {level, l};
      std::push_heap(heap_.begin(), heap_.end(), later);
      continue;
    }
    heap_.pop_back();
    freeze(l, level);
  }
}

void MaxMin::expand(std::vector<Class>& more) {
  more.clear();
  for (const Link l : part_links_) {
    const LinkState& link = links_[l];
    if (!link.live && link.held == 0 && link.load <= link.capacity * (1.0 + slack)) continue;
    double inner = 0.0;        // load of the part
    double lowest = INFINITY;  // level of what the part has its bottleneck at here
    double highest = 0.0;      // of the part
    for (const Class c : crossing_[l]) {
      const ClassState& s = classes_[c];
      if (!s.inside || s.members == 0) continue;
      inner += s.rate * static_cast<double>(s.members);
      highest = std::max(highest, level(s));
      if (s.bottleneck == l) lowest = std::min(lowest, level(s));
    }
    const double total = link.load + inner;
    const bool over = total > link.capacity * (1.0 + slack);
    const bool full = total >= link.capacity * (1.0 - slack);
    for (const Class c : crossing_[l]) {
      const ClassState& s = classes_[c];
      if (s.inside || s.counted == 0) continue;
      const double mine = level(s);
      // It holds what the part was refused, or its own bottleneck is none any more.
      const bool holds = over || mine > lowest * (1.0 + slack);
      const bool loose = s.bottleneck == l && (!full || highest > mine * (1.0 + slack));
      if (holds || loose) more.push_back(c);
    }
  }
}

void MaxMin::settle() {
  for (const Class c : part_) {
    ClassState& s = classes_[c];
    s.inside = false;
    s.counted = s.members;
    if (s.members == 0) {
      s.rate = 0.0;
      s.bottleneck = none;
    } else {
      ++links_[s.bottleneck].held;
    }
    for (const Link l : path(c)) links_[l].load += s.rate * static_cast<double>(s.members);
    if (s.rate != s.was) changed_.push_back(c);
  }
  for (const Link l : part_links_) links_[l].inside = false;
  part_.clear();
  part_links_.clear();
}

const std::vector<MaxMin::Class>& MaxMin::solve() {
  changed_.clear();
  shrunk_.clear();
  for (const Class c : dirty_) {
    ClassState& s = classes_[c];
    s.dirty = false;
    if (s.members == s.counted) continue;
    if (s.counted == 0) enlist(c);
    s.was = s.rate;
    take(c);
    if (s.members > 0) continue;
    for (const Link l : path(c)) {
      ++links_[l].dead;
      shrunk_.push_back(l);
    }
  }
  for (const Link l : dirty_links_) {
    links_[l].dirty = false;
    take_link(l);
  }
  dirty_.clear();
  dirty_links_.clear();
  if (part_links_.empty()) return changed_;
  for (const Link l : shrunk_) prune(l);
  for (;;) {
    fill();
    expand(more_);
    if (more_.empty()) break;
    for (const Class c : more_) {
      if (classes_[c].inside) continue;
      classes_[c].was = classes_[c].rate;
      take(c);
    }
  }
  settle();
  return changed_;
}

}  // namespace sn::fabric
