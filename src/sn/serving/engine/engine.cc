// sn/serving/engine/engine.cc
//
// Requests in and out, the event queue, the books (see engine.h, engine_core.h).

#include "sn/serving/engine/engine.h"

#include <algorithm>
#include <utility>

#include "sn/serving/engine/engine_core.h"

namespace sn::serving {

namespace {

constexpr std::array<std::string_view, 5> routing_names = {
    "round-robin", "least-loaded", "prefix-aware", "session-sticky", "completion-aware"};
constexpr std::array<std::string_view, ending_count> ending_names = {
    "finished", "too long", "queue full", "timed out", "cancelled", "failed"};

}  // namespace

std::string_view to_string(Routing routing) {
  return routing_names[static_cast<std::size_t>(routing)];
}

std::string_view to_string(Ending ending) { return ending_names[static_cast<std::size_t>(ending)]; }

// --- The core ------------------------------------------------------------------------------------

EngineCore::EngineCore(EngineSpec spec, EngineObserver* observer)
    : spec_(std::move(spec)), observer_(observer != nullptr ? observer : &nobody_) {
  for (const DeploymentSpec& d : spec_.deployments) {
    SN_ASSERT(d.pools.size() == 1 || d.pools.size() == 2);
    deployments_.push_back({});
    DeploymentData& data = deployments_.back();
    data.spec = d;
    data.first = static_cast<std::uint32_t>(instances_.size());
    for (const PoolSpec& pool : d.pools) make_pool(data, pool);
    data.handover.resize(d.frontends > 0 ? static_cast<std::size_t>(d.pools.back().instances) : 1);
    data.count = static_cast<std::uint32_t>(instances_.size()) - data.first;
    make_links(data);
    make_tiers(data);
  }
}

void EngineCore::make_pool(DeploymentData& deployment, const PoolSpec& pool) {
  PoolData data{.spec = pool, .first = static_cast<std::uint32_t>(instances_.size())};
  data.count = static_cast<std::uint32_t>(pool.instances);
  const std::shared_ptr<const llm::StepProgram> program = pool.compile({});
  const std::int64_t chunk =
      pool.batching.tokens > 0 ? pool.batching.tokens : deployment.spec.pools[0].batching.tokens;
  const PromptPace pace = pace_of(*program, deployment.spec, chunk);
  for (std::int64_t i = 0; i < pool.instances; ++i) {
    Instance& instance = instances_.emplace_back();
    instance.deployment = static_cast<std::uint32_t>(deployments_.size() - 1);
    instance.pool = static_cast<std::uint32_t>(deployment.pools.size());
    instance.number = static_cast<std::uint32_t>(instances_.size()) - 1 - deployment.first;
    if (i >= pool.instances - pool.initially_down) instance.phase = Instance::Phase::down;
    instance.warm = pool.warm;
    instance.program = program;
    instance.evaluator = std::make_unique<llm::StepEvaluator>(
        *program, evaluator_slots(static_cast<std::size_t>(pool.instances)));
    instance.pace = pace;
    const llm::Parallelism& p = pool.deployment.parallel;
    for (std::int64_t r = 0; r < p.dp; ++r) {
      instance.ranks.push_back(std::make_unique<Rank>(
          kv::CacheConfig{.pages = pool.kv_pages, .policy = spec_.eviction, .ttl = spec_.ttl}));
      if (deployment.spec.disaggregated()) {
        instance.ranks.back()->link = transfers_.add_link(pool.kv_bandwidth);
      }
    }
    instance.groups.resize(static_cast<std::size_t>(p.pp > 1 ? p.pp + pool.batches_ahead : 1));
    for (Group& g : instance.groups) {
      g.sums.resize(static_cast<std::size_t>(p.dp));
      g.page_marks.resize(ring_steps);
    }
  }
  data.turns.resize(static_cast<std::size_t>(deployment.spec.frontends), 0);
  for (std::int64_t i = 0; i < deployment.spec.turns_taken && !data.turns.empty(); ++i) {
    ++data.turns[frontend_of(~static_cast<std::uint64_t>(i), data.turns.size())];
  }
  deployment.pools.push_back(std::move(data));
}

void EngineCore::post(Nanos at, Event::Kind kind, std::uint32_t a, std::uint32_t b,
                      std::uint32_t life) {
  events_.push({.at = at, .sequence = sequence_++, .kind = kind, .a = a, .b = b, .life = life});
}

Slot EngineCore::new_slot() {
  if (unused_.empty()) {
    live_.emplace_back();
    return static_cast<Slot>(live_.size() - 1);
  }
  const Slot slot = unused_.back();
  unused_.pop_back();
  Live& old = live_[slot];
  Live fresh;
  fresh.life = old.life;
  fresh.stay = old.stay;
  fresh.keys = std::move(old.keys);
  fresh.keys.clear();
  old = std::move(fresh);
  return slot;
}

bool EngineCore::never_fits(const DeploymentData& d, const Request& request) const {
  const std::int64_t all = request.input_tokens + std::max<std::int64_t>(1, request.output_tokens);
  if (d.spec.max_context > 0 && all > d.spec.max_context) return true;
  for (const PoolSpec& pool : d.spec.pools) {
    // The last token is never stored.
    const std::int64_t tokens = pool.decodes ? all - 1 : request.input_tokens;
    if (pages_for(d.spec, tokens) > pool.kv_pages) return true;
  }
  return false;
}

std::uint64_t EngineCore::submit(const Request& request, Nanos now) {
  SN_ASSERT(request.deployment < deployments_.size());
  catch_up(now);
  DeploymentData& d = deployments_[request.deployment];
  const Slot slot = new_slot();
  Live& r = live_[slot];
  r.state = Live::State::arriving;
  r.record.id = submitted_++;
  r.record.deployment = request.deployment;
  r.record.priority = std::clamp(request.priority, 0, priorities - 1);
  r.record.arrival = now;
  r.record.input = std::max<std::int64_t>(1, request.input_tokens);
  r.record.output = std::max<std::int64_t>(1, request.output_tokens);
  r.session = request.session;
  r.prompt = r.record.input;
  r.timeout = request.timeout.count;
  const std::int64_t whole = r.record.input / d.spec.block_tokens;
  const auto given = static_cast<std::int64_t>(request.blocks.size());
  const std::int64_t touched = (r.record.input + d.spec.block_tokens - 1) / d.spec.block_tokens;
  r.input_blocks = given <= touched ? given : whole;
  r.record.blocks = r.input_blocks;
  kv::chain_keys(request.blocks, request.deployment, r.keys);
  ++alive_;
  ++d.waiting;
  const std::uint64_t id = r.record.id;
  if (never_fits(d, request)) {
    finish(slot, Ending::too_long);
  } else if (d.waiting > d.spec.queue_limit) {
    finish(slot, Ending::queue_full);
  } else {
    const Time before =
        d.spec.frontend + d.spec.frontend_token * static_cast<double>(r.record.input);
    post({now.count + to_nanos(before)->count}, Event::Kind::enqueue, slot, 0, r.life);
    if (r.timeout > 0) {
      post({now.count + r.timeout}, Event::Kind::timeout, slot, 0, r.life);
    }
  }
  return id;
}

bool EngineCore::cancel(std::uint64_t id, Nanos now) {
  catch_up(now);
  for (std::size_t i = 0; i < live_.size(); ++i) {
    if (live_[i].state == Live::State::unused || live_[i].record.id != id) continue;
    finish(static_cast<Slot>(i), Ending::cancelled);
    return true;
  }
  return false;
}

void EngineCore::finish(Slot slot, Ending ending) {
  leave(slot);
  Live& r = live_[slot];
  r.record.ending = ending;
  r.record.end = now_;
  r.record.tokens = r.produced;
  r.record.instance = r.instance;
  observer_->on_end(r.record);
  r.state = Live::State::unused;
  ++r.life;
  --alive_;
  unused_.push_back(slot);
}

void EngineCore::leave(Slot slot) {
  Live& r = live_[slot];
  DeploymentData& d = deployment_of(r);
  using State = Live::State;
  switch (r.state) {
    case State::unused:
      return;
    case State::arriving:
      --d.waiting;
      if (r.flow == 0) return;
      transfers_.cancel(std::exchange(r.flow, 0), now_);
      post_transfer();
      return;
    case State::waiting: {
      Instance& instance = instance_of(r);
      Rank& rank = *instance.ranks[r.rank];
      auto& queue = rank.waiting[static_cast<std::size_t>(r.record.priority)];
      queue.erase(std::find(queue.begin(), queue.end(), slot));
      --rank.waiting_count;
      --instance.waiting;
      --d.waiting;
      set_pending(r, instance, 0);
      rank.blocked = false;
      break;
    }
    case State::loading:
      cancel_loads(r);
      set_pending(r, instance_of(r), 0);
      give_back(r);
      unlink_running(*instance_of(r).ranks[r.rank], slot);
      break;
    case State::prefilling: {
      Instance& instance = instance_of(r);
      Rank& rank = *instance.ranks[r.rank];
      cancel_loads(r);
      std::erase(rank.prefilling, slot);
      --instance.prefilling;
      set_pending(r, instance, 0);
      give_back(r);
      unlink_running(rank, slot);
      break;
    }
    case State::moving: {
      transfers_.cancel(r.flow, now_);
      post_transfer();
      Instance& there = instances_[d.first + r.to_instance];
      Rank& to = *there.ranks[r.to_rank];
      to.cache.free(r.to_pages);
      --to.running;
      to.blocked = false;
      if (there.waiting > 0) kick(there);
      give_back(r);
      unlink_running(*instance_of(r).ranks[r.rank], slot);
      break;
    }
    case State::handover:
      --d.handing;
      give_back(r);
      unlink_running(*instance_of(r).ranks[r.rank], slot);
      break;
    case State::decoding:
      part(r, slot);
      give_back(r);
      unlink_running(*instance_of(r).ranks[r.rank], slot);
      break;
  }
  ++r.stay;
  kick(instance_of(r));
  if (d.handing > 0) retry_handover(d);
}

std::optional<Nanos> EngineCore::next_wakeup() const {
  if (events_.empty()) return std::nullopt;
  return events_.top().at;
}

void EngineCore::catch_up(Nanos now) {
  SN_ASSERT(now >= now_);
  if (!events_.empty() && events_.top().at < now) advance(now);
  now_ = now;
}

void EngineCore::advance(Nanos now) {
  SN_ASSERT(now >= now_);
  limit_ = now;
  while (!events_.empty() && events_.top().at <= now) {
    const Event event = events_.top();
    events_.pop();
    SN_ASSERT(event.at >= now_);
    now_ = event.at;
    handle(event);
  }
  now_ = std::max(now_, now);
}

void EngineCore::handle(const Event& event) {
  switch (event.kind) {
    case Event::Kind::enqueue:
      if (live_[event.a].life == event.life && live_[event.a].state == Live::State::arriving) {
        if (!fetch(event.a)) enqueue(event.a);
      }
      return;
    case Event::Kind::timeout:
      if (live_[event.a].life == event.life && live_[event.a].state != Live::State::unused) {
        finish(event.a, Ending::timed_out);
      }
      return;
    case Event::Kind::step_end:
      if (instances_[event.a].life != event.life) return;
      end_step(instances_[event.a], event.b);
      run(instances_[event.a], event.b);
      return;
    case Event::Kind::kick: {
      Instance& instance = instances_[event.a];
      if (instance.life != event.life) return;
      instance.kicked = false;
      for (std::uint32_t g = 0; g < instance.groups.size(); ++g) {
        if (!instance.groups[g].busy) run(instance, g);
      }
      return;
    }
    case Event::Kind::transfer:
      transfers_due();
      return;
    case Event::Kind::started:
      if (instances_[event.a].life == event.life) comes_up(instances_[event.a]);
      return;
  }
}

PoolState EngineCore::state(std::uint32_t deployment, std::uint32_t pool) const {
  const DeploymentData& d = deployments_[deployment];
  const PoolData& p = d.pools[pool];
  PoolState s;
  for (std::uint32_t i = p.first; i < p.first + p.count; ++i) {
    const Instance& instance = instances_[i];
    s.up += instance.phase == Instance::Phase::up ? 1 : 0;
    s.waiting += instance.waiting;
    s.prefilling += instance.prefilling;
    for (const Group& g : instance.groups) s.decoding += g.sequences;
    for (const auto& rank : instance.ranks) {
      s.pages += rank->cache.capacity();
      s.held += rank->cache.held_pages();
      s.cached += rank->cache.cached_pages();
    }
  }
  if (pool == 0) {
    for (const Live& r : live_) s.moving += r.state == Live::State::moving ? 1 : 0;
  }
  return s;
}

AliveCounts EngineCore::alive_by_state(std::uint32_t deployment) const {
  AliveCounts out;
  using State = Live::State;
  for (const Live& r : live_) {
    if (r.record.deployment != deployment) continue;
    switch (r.state) {
      case State::unused:
        break;
      case State::arriving:
        ++out.front_end;
        break;
      case State::waiting:
        ++out.waiting;
        break;
      case State::loading:
        ++out.loading;
        break;
      case State::prefilling:
        ++out.prefilling;
        break;
      case State::handover:
        ++out.handover;
        break;
      case State::moving:
        ++out.moving;
        break;
      case State::decoding:
        ++out.decoding;
        break;
    }
  }
  for (const auto& [slot, life] : deployments_[deployment].homeless) {
    if (live_[slot].life == life && live_[slot].state == State::arriving) ++out.homeless;
  }
  out.front_end -= out.homeless;
  return out;
}

bool EngineCore::consistent() const {
  std::int64_t alive = 0;
  std::vector<std::vector<std::int64_t>> pages(instances_.size());
  std::vector<std::int64_t> decoding(instances_.size(), 0);
  for (std::size_t i = 0; i < instances_.size(); ++i) pages[i].resize(instances_[i].ranks.size());
  for (const Live& r : live_) {
    if (r.state == Live::State::unused) continue;
    ++alive;
    const std::uint32_t first = deployments_[r.record.deployment].first;
    pages[first + r.instance][r.rank] += r.pages;
    if (r.state == Live::State::decoding) ++decoding[first + r.instance];
    if (r.state == Live::State::moving) pages[first + r.to_instance][r.to_rank] += r.to_pages;
  }
  if (alive != alive_) return false;
  for (const DeploymentData& d : deployments_) {
    if (d.tiers && !d.tiers->consistent()) return false;
  }
  for (std::size_t i = 0; i < instances_.size(); ++i) {
    std::int64_t sequences = 0;
    for (const Group& g : instances_[i].groups) {
      sequences += g.sequences;
      std::int64_t sum = 0;
      for (const ContextSum& s : g.sums) sum += s.sequences;
      if (sum != g.sequences) return false;
    }
    if (sequences != decoding[i]) return false;
    for (std::size_t r = 0; r < instances_[i].ranks.size(); ++r) {
      const kv::PagedCache& cache = instances_[i].ranks[r]->cache;
      if (!cache.consistent() || cache.private_pages() != pages[i][r]) return false;
    }
  }
  return true;
}

// --- The public face -----------------------------------------------------------------------------

ServingEngine::ServingEngine(EngineSpec spec, EngineObserver* observer)
    : core_(std::make_unique<EngineCore>(std::move(spec), observer)) {}
ServingEngine::~ServingEngine() = default;

std::uint64_t ServingEngine::submit(const Request& request, Nanos now) {
  return core_->submit(request, now);
}
bool ServingEngine::cancel(std::uint64_t id, Nanos now) { return core_->cancel(id, now); }
std::optional<Nanos> ServingEngine::next_wakeup() const { return core_->next_wakeup(); }
void ServingEngine::advance(Nanos now) { core_->advance(now); }
std::int64_t ServingEngine::fail(std::uint32_t deployment, std::uint32_t instance, Nanos now) {
  return core_->fail(deployment, instance, now);
}
void ServingEngine::drain(std::uint32_t deployment, std::uint32_t instance, Nanos now) {
  core_->drain(deployment, instance, now);
}
void ServingEngine::start(std::uint32_t deployment, std::uint32_t instance, Nanos now) {
  core_->start(deployment, instance, now);
}
void ServingEngine::set_conditions(std::uint32_t deployment, std::uint32_t instance,
                                   const hw::Conditions& conditions, Nanos now) {
  core_->set_conditions(deployment, instance, conditions, now);
}
std::int64_t ServingEngine::alive() const { return core_->alive(); }
PoolState ServingEngine::state(std::uint32_t deployment, std::uint32_t pool) const {
  return core_->state(deployment, pool);
}
std::int64_t ServingEngine::lose_tier(std::uint32_t deployment, std::uint32_t tier,
                                      std::uint32_t part, std::uint32_t parts, Nanos now) {
  return core_->lose_tier(deployment, tier, part, parts, now);
}
std::vector<LinkState> ServingEngine::links() const { return core_->links(); }
TierState ServingEngine::tier_state(std::uint32_t deployment, std::uint32_t tier) const {
  return core_->tier_state(deployment, tier);
}
AliveCounts ServingEngine::alive_by_state(std::uint32_t deployment) const {
  return core_->alive_by_state(deployment);
}
std::uint32_t ServingEngine::instances(std::uint32_t deployment) const {
  return core_->instances(deployment);
}
bool ServingEngine::consistent() const { return core_->consistent(); }

}  // namespace sn::serving
