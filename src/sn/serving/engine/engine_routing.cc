// sn/serving/engine/engine_routing.cc
//
// Which rank takes a request, and how its KV cache gets from a prefill to a decode rank.
//
// Layer-wise hand-over: a layer's cache travels while the next ones are computed, so that of `size`
// bytes over L layers, sent at bandwidth b beside a prefill of T, there remain at its end
//   max(size / L, size - b T (1 - 1 / L))
// which then share the links with other hand-overs. The hidden part is taken as uncontended.

#include <algorithm>
#include <limits>

#include "sn/base/random.h"
#include "sn/serving/engine/engine_core.h"

namespace sn::serving {

namespace {

double d(std::int64_t v) { return static_cast<double>(v); }

}  // namespace

void EngineCore::enqueue(Slot slot) {
  Live& r = live_[slot];
  DeploymentData& deployment = deployment_of(r);
  const auto place = route(r);
  if (!place) {
    if (hope(deployment, pool_for(r))) {
      deployment.homeless.emplace_back(slot, r.life);
    } else {
      finish(slot, Ending::failed);
    }
    return;
  }
  auto& [instance, number] = *place;
  Rank& rank = *instance->ranks[number];
  r.state = Live::State::waiting;
  r.pool = instance->pool;
  r.instance = instance->number;
  r.rank = number;
  if (r.record.queued.count == 0) r.record.queued = now_;
  const std::span<const std::uint64_t> keys(r.keys.data(),
                                            static_cast<std::size_t>(r.input_blocks));
  const auto hit = static_cast<std::int64_t>(rank.cache.match(keys));
  r.pending = std::max<std::int64_t>(1, r.prompt - hit * deployment.spec.block_tokens);
  rank.pending += r.pending;
  auto& queue = rank.waiting[static_cast<std::size_t>(r.record.priority)];
  if (r.record.preempted > 0) {
    queue.push_front(slot);
  } else {
    queue.push_back(slot);
  }
  rank.blocked = false;
  ++rank.waiting_count;
  ++instance->waiting;
  kick(*instance);
}

double EngineCore::cost_of(const Live& r, const Instance& instance, const Rank& rank) const {
  const DeploymentSpec& spec = deployments_[instance.deployment].spec;
  const bool prefill_only = !pool_of(instance).decodes;
  if (spec.routing != Routing::prefix_aware) {
    return prefill_only ? d(rank.pending) : 4.0 * d(rank.waiting_count) + d(rank.running);
  }
  const std::span<const std::uint64_t> keys(r.keys.data(),
                                            static_cast<std::size_t>(r.input_blocks));
  const double cached = d(static_cast<std::int64_t>(rank.cache.match(keys)) * spec.block_tokens);
  const double work = d(rank.pending) + std::max(0.0, d(r.prompt) - cached);
  if (prefill_only) return work;
  // Sequences that decode slow every step down; NVIDIA Dynamo's router adds their blocks alike.
  return work + d(rank.cache.held_pages() * spec.page_tokens);
}

std::uint32_t EngineCore::pool_for(const Live& r) const {
  const DeploymentSpec& spec = deployments_[r.record.deployment].spec;
  if (r.record.preempted == 0 || !spec.disaggregated()) return 0;
  return pages_for(spec, r.prompt) > spec.pools.front().kv_pages ? 1 : 0;
}

std::optional<std::pair<Instance*, std::uint32_t>> EngineCore::route(const Live& r) {
  DeploymentData& deployment = deployment_of(r);
  PoolData& pool = deployment.pools[pool_for(r)];
  const auto ranks = static_cast<std::uint32_t>(pool.spec.deployment.parallel.dp);
  const std::uint32_t places = pool.count * ranks;
  const auto at = [&](std::uint32_t place) {
    return std::pair{&instances_[pool.first + place % pool.count], place / pool.count};
  };
  std::uint32_t start = pool.turn;
  const Routing routing = deployment.spec.routing;
  bool first = routing == Routing::round_robin;
  if (routing == Routing::session_sticky) {
    const std::uint64_t key = r.session != 0 ? r.session : r.keys.empty() ? 0 : r.keys.front();
    if (key != 0) {
      start = static_cast<std::uint32_t>(RandomStream::bits_at(0, key, 0) % places);
      first = true;
    }
  }
  std::optional<std::pair<Instance*, std::uint32_t>> best;
  double least = std::numeric_limits<double>::infinity();
  for (std::uint32_t i = 0; i < places; ++i) {
    const auto place = at((start + i) % places);
    if (place.first->phase != Instance::Phase::up) continue;
    const double cost = first ? 0.0 : cost_of(r, *place.first, *place.first->ranks[place.second]);
    if (cost >= least) continue;
    least = cost;
    best = place;
    if (first) break;
  }
  pool.turn = (pool.turn + 1) % places;
  return best;
}

void EngineCore::hand_over(Slot slot) {
  Live& r = live_[slot];
  r.state = Live::State::handover;
  DeploymentData& d = deployment_of(r);
  ++d.handing;
  if (!hope(d, 1)) return finish(slot, Ending::failed);
  if (d.handing > 1 || !place_decode(slot)) d.handover.emplace_back(slot, r.stay);
}

bool EngineCore::place_decode(Slot slot) {
  Live& r = live_[slot];
  DeploymentData& deployment = deployment_of(r);
  const PoolData& pool = deployment.pools.back();
  const std::int64_t pages = pages_to_admit(r, pool.spec, r.prompt + 1);
  const auto reserve =
      static_cast<std::int64_t>(deployment.spec.decode_headroom * d(pool.spec.kv_pages));
  Instance* best = nullptr;
  std::uint32_t best_rank = 0;
  std::int64_t fewest = pool.spec.batching.sequences;
  for (std::uint32_t i = pool.first; i < pool.first + pool.count; ++i) {
    Instance& instance = instances_[i];
    if (instance.phase != Instance::Phase::up) continue;
    for (std::uint32_t k = 0; k < instance.ranks.size(); ++k) {
      const Rank& rank = *instance.ranks[k];
      if (rank.running >= fewest) continue;
      if (rank.waiting_count > 0) continue;  // whose prompts are computed here again go first
      const bool alone = rank.running == 0;  // what fits at all fits an empty rank
      if (rank.cache.available() < pages + (alone ? 0 : reserve)) continue;
      fewest = rank.running;
      best = &instance;
      best_rank = k;
    }
  }
  if (best == nullptr) return false;
  Rank& to = *best->ranks[best_rank];
  const bool taken = to.cache.allocate(pages);
  SN_ASSERT(taken);
  ++to.running;
  r.to_pages = pages;
  --deployment.handing;
  start_transfer(slot, *best, best_rank);
  return true;
}

void EngineCore::start_transfer(Slot slot, Instance& to, std::uint32_t rank) {
  Live& r = live_[slot];
  const DeploymentSpec& spec = deployment_of(r).spec;
  r.state = Live::State::moving;
  r.to_instance = to.number;
  r.to_rank = rank;
  const double size = spec.kv_bytes_per_token.si() * d(r.prompt);
  const double bandwidth =
      std::min(pool_of(instance_of(r)).kv_bandwidth.si(), pool_of(to).kv_bandwidth.si());
  const double prefill = d(now_.count - r.prefill_begin.count) * 1e-9;
  const double layers = spec.transfer_layers;
  const double left = std::max(size / layers, size - bandwidth * prefill * (1.0 - 1.0 / layers));
  const std::array path = {instance_of(r).ranks[r.rank]->link, to.ranks[rank]->link};
  r.flow = transfers_.start(path, Bytes::from_si(left), spec.transfer_start + spec.transfer_latency,
                            slot, now_);
  r.record.last_token = now_;  // for the observer: when the exposed part began
  post_transfer();
}

void EngineCore::post_transfer() {
  const auto next = transfers_.next_wakeup();
  if (!next || (transfer_due_ && *transfer_due_ <= *next)) return;
  transfer_due_ = next;
  post(*next, Event::Kind::transfer, 0, 0, 0);
}

void EngineCore::transfers_due() {
  if (transfer_due_ != now_) return;  // an earlier one took its place
  transfer_due_.reset();
  delivered_.clear();
  transfers_.advance(now_, delivered_);
  for (const auto& done : delivered_) {
    const auto slot = static_cast<Slot>(done.tag);
    Live& r = live_[slot];
    SN_ASSERT(r.state == Live::State::moving && r.flow == done.flow);
    DeploymentData& deployment = deployment_of(r);
    observer_->on_transfer(r.record, r.record.last_token, now_,
                           deployment.spec.kv_bytes_per_token * d(r.prompt));
    Instance& from = instance_of(r);
    give_back(r);
    unlink_running(*from.ranks[r.rank], slot);
    kick(from);
    Instance& to = instances_[deployment.first + r.to_instance];
    r.pool = to.pool;
    r.instance = r.to_instance;
    r.rank = r.to_rank;
    r.pages = std::exchange(r.to_pages, 0);
    --to.ranks[r.rank]->running;  // link_running counts it again
    link_running(*to.ranks[r.rank], slot);
    token_after_prefill(slot);
  }
  post_transfer();
}

void EngineCore::retry_handover(DeploymentData& d) {
  while (!d.handover.empty()) {
    const auto [slot, stay] = d.handover.front();
    if (live_[slot].stay == stay && live_[slot].state == Live::State::handover &&
        !place_decode(slot)) {
      return;
    }
    d.handover.pop_front();
  }
}

}  // namespace sn::serving
