// sn/serving/engine/kv_tiers.cc
//
// Places, writes and losses (see kv_tiers.h).

#include "sn/serving/engine/kv_tiers.h"

#include <algorithm>
#include <utility>

#include "sn/base/result.h"

namespace sn::serving {

namespace {

constexpr std::uint32_t shared_images = 0;

double d(std::size_t v) { return static_cast<double>(v); }
double d(std::int64_t v) { return static_cast<double>(v); }

bool limited(Bandwidth b) { return b.si() > 0.0; }

}  // namespace

KvTiers::KvTiers(const TieringSpec& spec, std::uint64_t deployment, kv::Eviction eviction,
                 Nanos ttl, fabric::TransferSession& transfers)
    : spec_(spec),
      write_tag_((deployment + 1) * tag_step),
      eviction_(eviction),
      ttl_(ttl),
      transfers_(&transfers),
      by_images_(spec.tiers.size()),
      counts_(spec.tiers.size()) {
  SN_ASSERT(spec.tiers.size() <= tiers_max);
  for (const TierSpec& t : spec.tiers) {
    SN_ASSERT(limited(t.image_write) || (t.shared && limited(t.pool_write)));
  }
}

std::uint32_t KvTiers::place_of(std::uint32_t tier, const std::vector<std::int64_t>& images) {
  const TierSpec& t = spec_.tiers[tier];
  const std::vector<std::int64_t> key =
      t.shared ? std::vector<std::int64_t>{shared_images} : images;
  const auto [at, fresh] =
      by_images_[tier].try_emplace(key, static_cast<std::uint32_t>(places_.size()));
  if (!fresh) return at->second;
  Place& place = places_.emplace_back();
  place.tier = tier;
  if (t.shared) shared_.push_back(at->second);
  const std::int64_t blocks =
      t.shared ? t.blocks : t.blocks * static_cast<std::int64_t>(key.size());
  place.store = std::make_unique<kv::TierStore>(kv::TierStoreConfig{
      .blocks = std::max<std::int64_t>(1, blocks), .policy = eviction_, .ttl = ttl_});
  if (limited(t.pool_read)) place.read.push_back(transfers_->add_link(t.pool_read));
  if (limited(t.pool_write)) place.write.push_back(transfers_->add_link(t.pool_write));
  return at->second;
}

RankTiers KvTiers::reach(const std::vector<std::int64_t>& images, std::span<const TierRate> rates,
                         std::optional<LinkId> port) {
  SN_ASSERT(rates.size() == spec_.tiers.size());
  RankTiers out(spec_.tiers.size());
  for (std::uint32_t tier = 0; tier < out.size(); ++tier) {
    const TierSpec& t = spec_.tiers[tier];
    TierReach& r = out[tier];
    r.place = place_of(tier, images);
    r.read.push_back(transfers_->add_link(rates[tier].read));
    r.write.push_back(transfers_->add_link(rates[tier].write));
    if (port && t.on_scale_up) {
      r.read.push_back(*port);
      r.write.push_back(*port);
    }
    if (limited(t.image_read)) {
      // Ranks on the same images share their ports, whatever place lies behind them.
      const auto [at, fresh] = ports_.try_emplace({tier, images}, std::pair<LinkId, LinkId>{});
      if (fresh) {
        at->second = {transfers_->add_link(t.image_read * d(images.size())),
                      transfers_->add_link(t.image_write * d(images.size()))};
      }
      r.read.push_back(at->second.first);
      r.write.push_back(at->second.second);
    }
    const Place& place = places_[r.place];
    r.read.insert(r.read.end(), place.read.begin(), place.read.end());
    r.write.insert(r.write.end(), place.write.begin(), place.write.end());
  }
  return out;
}

// --- Looking -------------------------------------------------------------------------------------

void KvTiers::find(const RankTiers& reach, std::span<const std::uint64_t> keys, std::size_t from,
                   Nanos now, std::vector<TierRun>& runs) {
  runs.clear();
  if (eviction_ == kv::Eviction::ttl) {
    for (const TierReach& r : reach) places_[r.place].store->expire(now);
  }
  for (std::size_t i = from; i < keys.size(); ++i) {
    const auto here = std::find_if(reach.begin(), reach.end(), [&](const TierReach& r) {
      const kv::TierStore& store = *places_[r.place].store;
      return store.blocks() > 0 && store.contains(keys[i]);
    });
    if (here == reach.end()) return;
    const auto tier = static_cast<std::uint32_t>(here - reach.begin());
    if (runs.empty() || runs.back().tier != tier) runs.push_back({.tier = tier});
    ++runs.back().blocks;
  }
}

std::size_t KvTiers::shared_match(std::span<const std::uint64_t> keys) const {
  std::size_t n = 0;
  const auto somewhere = [&](std::uint64_t key) {
    return std::any_of(shared_.begin(), shared_.end(), [&](std::uint32_t place) {
      const kv::TierStore& store = *places_[place].store;
      return store.blocks() > 0 && store.contains(key);
    });
  };
  while (n < keys.size() && somewhere(keys[n])) ++n;
  return n;
}

bool KvTiers::has_private() const {
  return shared_.size() < places_.size() &&
         std::any_of(
             places_.begin(), places_.end(),
             [&](const Place& p) { return !spec_.tiers[p.tier].shared && p.store->blocks() > 0; });
}

void KvTiers::touch(const RankTiers& reach, std::span<const std::uint64_t> keys, Nanos now) {
  for (const TierReach& r : reach) {
    kv::TierStore& store = *places_[r.place].store;
    if (store.blocks() == 0) continue;
    for (std::size_t i = keys.size(); i-- > 0;) store.touch(keys[i], now);
  }
}

// --- Writing -------------------------------------------------------------------------------------

std::int64_t KvTiers::write(const RankTiers& reach, std::uint32_t tier,
                            std::span<const std::uint64_t> keys, Bytes each, Nanos now) {
  return start_write(reach[tier].place, reach[tier].write, keys, each, now);
}

std::int64_t KvTiers::start_write(std::uint32_t number, std::span<const LinkId> path,
                                  std::span<const std::uint64_t> keys, Bytes each, Nanos now) {
  Place& place = places_[number];
  std::vector<std::uint64_t> fresh;
  fresh.reserve(keys.size());
  for (const std::uint64_t key : keys) {
    if (place.store->contains(key) || place.coming.find(key) != kv::no_node) continue;
    place.coming.insert(key, 0);
    fresh.push_back(key);
  }
  if (fresh.empty()) return 0;
  const auto n = static_cast<std::int64_t>(fresh.size());
  std::uint32_t at = static_cast<std::uint32_t>(writes_.size());
  if (unused_.empty()) {
    writes_.emplace_back();
  } else {
    at = unused_.back();
    unused_.pop_back();
  }
  const Bytes size = each * d(n);
  counts_[place.tier].written += size;
  const fabric::TransferSession::FlowId flow =
      transfers_->start(path, size, spec_.tiers[place.tier].write_latency, write_tag_ + at, now);
  writes_[at] = {.place = number, .keys = std::move(fresh), .each = each, .flow = flow};
  return n;
}

void KvTiers::written(std::uint64_t tag, Nanos now) {
  const auto at = static_cast<std::uint32_t>(tag - write_tag_);
  Write done = std::exchange(writes_[at], {});
  unused_.push_back(at);
  Place& place = places_[done.place];
  evicted_.clear();
  // The deepest first: an ancestor is never older.
  for (std::size_t i = done.keys.size(); i-- > 0;) {
    place.coming.erase(done.keys[i]);
    place.store->insert(done.keys[i], now, evicted_);
  }
  counts_[place.tier].inserted += done.keys.size();
  counts_[place.tier].evicted += evicted_.size();
  const std::uint32_t below = place.tier + 1;
  if (evicted_.empty() || below >= spec_.tiers.size()) return;
  // The lower place of the same images; what a shared tier evicts has no images, and goes on only
  // where the lower one is shared too.
  const auto& images = by_images_[place.tier];
  const auto own = std::find_if(images.begin(), images.end(),
                                [&](const auto& p) { return p.second == done.place; });
  if (!spec_.tiers[below].shared && spec_.tiers[place.tier].shared) return;
  const std::uint32_t next = place_of(below, own->first);
  std::vector<LinkId> path = places_[next].write;
  if (path.empty()) path.push_back(ports_.at({below, own->first}).second);
  const std::vector<std::uint64_t> keys = std::exchange(evicted_, {});
  start_write(next, path, keys, done.each, now);
}

// --- Losses --------------------------------------------------------------------------------------

void KvTiers::forget_writes(std::uint32_t place, Nanos now) {
  for (std::uint32_t i = 0; i < writes_.size(); ++i) {
    Write& w = writes_[i];
    if (w.flow == 0 || w.place != place) continue;
    transfers_->cancel(w.flow, now);
    for (const std::uint64_t key : w.keys) places_[place].coming.erase(key);
    w = {};
    unused_.push_back(i);
  }
}

std::int64_t KvTiers::lose(std::uint32_t tier, std::uint32_t part, std::uint32_t parts, Nanos now) {
  std::int64_t lost = 0;
  for (std::uint32_t i = 0; i < places_.size(); ++i) {
    if (places_[i].tier != tier) continue;
    forget_writes(i, now);
    lost += places_[i].store->lose(part, parts);
  }
  return lost;
}

void KvTiers::lose_process(const RankTiers& reach, Nanos now) {
  for (std::uint32_t tier = 0; tier < reach.size(); ++tier) {
    if (!spec_.tiers[tier].in_process || spec_.tiers[tier].shared) continue;
    forget_writes(reach[tier].place, now);
    places_[reach[tier].place].store->lose(0, 1);
  }
}

TierState KvTiers::state(std::uint32_t tier) const {
  TierState out = counts_[tier];
  for (const Place& p : places_) {
    if (p.tier != tier) continue;
    out.capacity += p.store->capacity();
    out.blocks += p.store->blocks();
    out.evicted += p.store->counters().expired;
  }
  return out;
}

bool KvTiers::consistent() const {
  std::vector<std::size_t> coming(places_.size(), 0);
  for (const Write& w : writes_) {
    if (w.flow != 0) coming[w.place] += w.keys.size();
  }
  for (std::size_t i = 0; i < places_.size(); ++i) {
    const Place& p = places_[i];
    if (!p.store->consistent() || p.coming.size() != coming[i]) return false;
  }
  return true;
}

}  // namespace sn::serving
