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
  const std::int64_t hit =
      static_cast<std::int64_t>(rank.cache.match(keys)) * deployment.spec.block_tokens;
  set_pending(r, *instance, std::max<std::int64_t>(1, r.prompt - std::max(hit, r.below)));
  auto& queue = rank.waiting[static_cast<std::size_t>(r.record.priority)];
  if (r.record.preempted > 0) {
    queue.push_front(slot);
  } else {
    queue.push_back(slot);
  }
  rank.blocked = false;
  ++rank.waiting_count;
  ++instance->waiting;
  if (deployment.tiers && deployment.spec.tiering.on_queue && loads_early(*instance, rank, r)) {
    const Admitted admitted = admit(*instance, rank, slot);
    if (admitted != Admitted::no) std::erase(queue, slot);
  }
  kick(*instance);
}

// --- When a prompt would be done -----------------------------------------------------------------

PromptPace EngineCore::pace_of(const llm::StepProgram& program, const DeploymentSpec& spec,
                               std::int64_t chunk) const {
  PromptPace pace;
  pace.chunk = std::max<std::int64_t>(1, chunk);
  if (spec.routing != Routing::completion_aware && !spec.tiering.any()) return pace;
  llm::StepEvaluator evaluator(program, 4);
  const auto eval = [&](double tokens, double before) {
    const double cap = spec.attention_cap;
    return evaluator.eval(
        {.prefill_tokens = tokens,
         .prefill_pairs = pairs_of(before, tokens, 0.0),
         .prefill_context = before + tokens,
         .prefill_pairs_capped = cap > 0.0 ? pairs_of(before, tokens, cap) : 0.0,
         .prefill_context_capped = cap > 0.0 ? std::min(before, cap) + tokens : 0.0});
  };
  const double c = d(pace.chunk);
  const llm::StepTime whole = eval(c, 0.0);
  const llm::StepTime part = eval(0.25 * c, 0.0);
  const llm::StepTime far = eval(c, 8.0 * c);
  pace.token = whole.interval.si() / c;
  pace.pair = std::max(0.0, (far.interval - whole.interval).si() / (8.0 * c * c));
  pace.through = std::max(0.0, (whole.latency - part.latency).si() / (0.75 * c));
  pace.latency = std::max(0.0, whole.latency.si() - pace.through * c);
  return pace;
}

void EngineCore::set_pending(Live& r, const Instance& instance, std::int64_t tokens) {
  Rank& rank = *instance.ranks[r.rank];
  const PromptPace& pace = instance.pace;
  const double p = d(tokens);
  const auto work = static_cast<std::int64_t>(work_of(pace, p, d(r.prompt) - p) * 1e9);
  rank.pending += tokens - r.pending;
  rank.work += work - r.work;
  r.pending = tokens;
  r.work = work;
}

double EngineCore::work_of(const PromptPace& pace, double tokens, double before) {
  // Its chunks read the keys before them: half of the square, less the chunks' own triangles.
  const double far = tokens * (before + 0.5 * std::max(0.0, tokens - d(pace.chunk)));
  return pace.token * tokens + pace.pair * far;
}

double EngineCore::completion(const Instance& instance, const Rank& rank, double tokens,
                              double prompt) const {
  const PromptPace& pace = instance.pace;
  Nanos enter = std::max(now_, instance.entry_free);
  if (instance.groups.size() > 1) {  // every micro-batch in flight: one has to come out first
    Nanos out = instance.groups.front().end;
    for (const Group& g : instance.groups) out = g.busy ? std::min(out, g.end) : now_;
    enter = std::max(enter, out);
  }
  const double work = d(rank.work) * 1e-9 + work_of(pace, tokens, prompt - tokens);
  const double last = std::min(d(pace.chunk), d(rank.pending) + tokens);  // of the last chunk
  const double wait = d(enter.count - now_.count) * 1e-9;
  const double stages = d(pool_of(instance).deployment.parallel.pp);
  const double keys = pace.pair * last * std::max(0.0, prompt - last) * (stages - 1.0);
  const double alone = wait + work - pace.token * last + pace.latency + pace.through * last + keys;
  return std::max(alone, d(instance.last_out.count - now_.count) * 1e-9 + work);
}

/// What it costs to go there; any value of at least `least` when it is no less.
double EngineCore::cost_of(const Live& r, const Instance& instance, const Rank& rank, double below,
                           double least) const {
  const DeploymentSpec& spec = deployments_[instance.deployment].spec;
  const bool prefill_only = !pool_of(instance).decodes;
  const bool completes = spec.routing == Routing::completion_aware;
  if (spec.routing != Routing::prefix_aware && !completes) {
    return prefill_only ? d(rank.pending) : 4.0 * d(rank.waiting_count) + d(rank.running);
  }
  // Sequences that decode slow every step down; NVIDIA Dynamo's router adds their blocks alike.
  const double held = prefill_only ? 0.0 : d(rank.cache.held_pages() * spec.page_tokens);
  const double others =
      completes ? d(rank.work) * 1e-9 + held * instance.pace.token : d(rank.pending) + held;
  if (others >= least) return others;  // whatever is cached there
  const std::span<const std::uint64_t> keys(r.keys.data(),
                                            static_cast<std::size_t>(r.input_blocks));
  const double cached =
      std::max(d(static_cast<std::int64_t>(rank.cache.match(keys)) * spec.block_tokens), below);
  const double tokens = std::max(0.0, d(r.prompt) - cached);
  if (!completes) return others + tokens;
  return completion(instance, rank, tokens, d(r.prompt)) + held * instance.pace.token;
}

// --- Which rank ----------------------------------------------------------------------------------

std::uint32_t EngineCore::pool_for(const Live& r) const {
  const DeploymentSpec& spec = deployments_[r.record.deployment].spec;
  if (r.record.preempted == 0 || !spec.disaggregated()) return 0;
  return pages_for(spec, r.prompt) > spec.pools.front().kv_pages ? 1 : 0;
}

std::optional<std::uint32_t> EngineCore::next_up(const PoolData& pool, std::uint32_t& turn) const {
  for (std::uint32_t i = 0; i < pool.count; ++i) {
    const std::uint32_t at = turn++ % pool.count;
    if (instances_[pool.first + at].phase == Instance::Phase::up) return at;
  }
  return std::nullopt;
}

std::size_t EngineCore::frontend_of(std::uint64_t id, std::size_t frontends) const {
  return RandomStream::bits_at(spec_.seed ^ entity_key("frontends"), id, 0) % frontends;
}

std::optional<std::uint32_t> EngineCore::take_turns(Live& r) {
  DeploymentData& deployment = deployment_of(r);
  const std::size_t frontend =
      frontend_of(r.record.id, static_cast<std::size_t>(deployment.spec.frontends));
  const auto decode = next_up(deployment.pools.back(), deployment.pools.back().turns[frontend]);
  if (decode) r.bound = *decode;
  if (!deployment.spec.disaggregated()) return decode;
  PoolData& pool = deployment.pools[pool_for(r)];
  return next_up(pool, pool.turns[frontend]);
}

std::optional<std::pair<Instance*, std::uint32_t>> EngineCore::route(Live& r) {
  DeploymentData& deployment = deployment_of(r);
  PoolData& pool = deployment.pools[pool_for(r)];
  std::optional<std::uint32_t> only;
  if (deployment.spec.frontends > 0) {
    only = take_turns(r);
    if (!only) return std::nullopt;
  }
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
  r.below = tier_tokens(r);
  std::optional<std::pair<Instance*, std::uint32_t>> best;
  double least = std::numeric_limits<double>::infinity();
  for (std::uint32_t i = 0; i < places; ++i) {
    const auto place = at((start + i) % places);
    if (place.first->phase != Instance::Phase::up) continue;
    if (only && place.first != &instances_[pool.first + *only]) continue;
    const double cost =
        first ? 0.0
              : cost_of(r, *place.first, *place.first->ranks[place.second], d(r.below), least);
    if (cost >= least) continue;
    least = cost;
    best = place;
    if (first) break;
  }
  pool.turn = (pool.turn + 1) % places;
  return best;
}

bool EngineCore::fetch(Slot slot) {
  Live& r = live_[slot];
  const DeploymentData& d = deployment_of(r);
  const Bytes size = read_before(d, r);
  if (d.storage.empty() || size.si() <= 0.0 || r.record.fetched.count > 0) return false;
  const std::array path = {d.storage[static_cast<std::size_t>(r.record.id) % d.storage.size()]};
  r.flow = transfers_.start(path, size, d.spec.storage_latency, slot, now_);
  post_transfer();
  return true;
}

void EngineCore::hand_over(Slot slot) {
  Live& r = live_[slot];
  r.state = Live::State::handover;
  DeploymentData& d = deployment_of(r);
  ++d.handing;
  if (!hope(d, 1)) return finish(slot, Ending::failed);
  auto& queue = handover_of(r);
  const auto ended = [&](const auto& entry) {
    const Live& other = live_[entry.first];
    return other.stay != entry.second || other.state != Live::State::handover;
  };
  while (!queue.empty() && ended(queue.front())) queue.pop_front();
  if (!queue.empty() || !place_decode(slot)) queue.emplace_back(slot, r.stay);
}

std::deque<std::pair<Slot, std::uint32_t>>& EngineCore::handover_of(const Live& r) {
  auto& queues = deployment_of(r).handover;
  return queues[r.bound < queues.size() ? r.bound : 0];
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
  const bool bound =
      r.bound < pool.count && instances_[pool.first + r.bound].phase == Instance::Phase::up;
  for (std::uint32_t i = pool.first; i < pool.first + pool.count; ++i) {
    Instance& instance = instances_[i];
    if (instance.phase != Instance::Phase::up || (bound && i != pool.first + r.bound)) continue;
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
  const std::array path = {instance_of(r).ranks[r.rank]->link, to.ranks[rank]->link};
  const double alone =
      std::min(pool_of(instance_of(r)).kv_bandwidth.si(), pool_of(to).kv_bandwidth.si());
  const double bandwidth =
      spec_.contended ? std::min(alone, transfers_.fair_rate(path).si()) : alone;
  const double prefill = d(now_.count - r.prefill_begin.count) * 1e-9;
  const double layers = spec.transfer_layers;
  const double left = std::max(size / layers, size - bandwidth * prefill * (1.0 - 1.0 / layers));
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
  // A delivery may take another's flow down: what is left is looked at as it stands.
  for (const auto& done : delivered_) {
    if (done.tag >= start_tag) {
      weights_there(static_cast<std::uint32_t>(done.tag - start_tag));
      continue;
    }
    if (KvTiers::is_write(done.tag)) {
      write_done(done.tag);
      continue;
    }
    const auto slot = static_cast<Slot>(done.tag);
    Live& r = live_[slot];
    if (!r.loads.empty()) {
      loaded(slot, done.flow);
      continue;
    }
    SN_ASSERT(r.flow == done.flow);
    if (r.state == Live::State::arriving) {
      r.flow = 0;
      r.record.fetched = now_;
      enqueue(slot);
      continue;
    }
    SN_ASSERT(r.state == Live::State::moving);
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
  for (auto& queue : d.handover) {
    while (!queue.empty()) {
      const auto [slot, stay] = queue.front();
      if (live_[slot].stay == stay && live_[slot].state == Live::State::handover &&
          !place_decode(slot)) {
        break;
      }
      queue.pop_front();
    }
  }
}

}  // namespace sn::serving
