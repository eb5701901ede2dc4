// sn/serving/engine/engine_lifecycle.cc
//
// Instances that fail, drain, start and slow down.

#include <algorithm>
#include <utility>

#include "sn/serving/engine/engine_core.h"

namespace sn::serving {

std::int64_t EngineCore::requeue_all(Instance& instance) {
  std::vector<Slot> slots;
  for (std::size_t i = 0; i < live_.size(); ++i) {
    const Live& r = live_[i];
    using State = Live::State;
    if (r.state == State::unused || r.state == State::arriving) continue;
    if (r.record.deployment != instance.deployment) continue;
    const bool here = r.instance == instance.number;
    const bool coming = r.state == State::moving && r.to_instance == instance.number;
    if (here || coming) slots.push_back(static_cast<Slot>(i));
  }
  // The oldest last, since each goes to the front of its queue.
  std::sort(slots.begin(), slots.end(),
            [&](Slot a, Slot b) { return live_[a].record.id > live_[b].record.id; });
  for (const Slot slot : slots) {
    if (!spec_.requeue_on_failure) {
      finish(slot, Ending::failed);
      continue;
    }
    leave(slot);
    to_front(slot);
  }
  return static_cast<std::int64_t>(slots.size());
}

bool EngineCore::hope(const DeploymentData& d, std::uint32_t pool) const {
  if (spec_.wait_for_start) return true;
  const PoolData& p = d.pools[pool];
  const auto begin = instances_.begin() + p.first;
  return std::any_of(begin, begin + p.count, [](const Instance& i) {
    return i.phase == Instance::Phase::up || i.phase == Instance::Phase::starting;
  });
}

void EngineCore::rehome(DeploymentData& d) {
  for (const auto homeless = std::exchange(d.homeless, {}); const auto& [slot, life] : homeless) {
    if (live_[slot].life == life && live_[slot].state == Live::State::arriving) enqueue(slot);
  }
}

void EngineCore::give_up(DeploymentData& d) {
  rehome(d);
  const auto last = static_cast<std::uint32_t>(d.pools.size() - 1);
  if (hope(d, last)) return;
  for (auto& queue : d.handover) {
    for (const auto handover = std::exchange(queue, {}); const auto& [slot, stay] : handover) {
      const Live& r = live_[slot];
      if (r.stay == stay && r.state == Live::State::handover) finish(slot, Ending::failed);
    }
  }
}

std::int64_t EngineCore::fail(std::uint32_t deployment, std::uint32_t number, Nanos now) {
  SN_ASSERT(number < deployments_[deployment].count);
  catch_up(now);
  Instance& instance = instances_[deployments_[deployment].first + number];
  if (instance.phase == Instance::Phase::down) return 0;
  instance.phase = Instance::Phase::down;
  const std::int64_t met = requeue_all(instance);
  ++instance.life;
  instance.kicked = false;
  instance.entry_free = now;
  hold_ports(instance, nullptr);
  if (instance.weights != 0) transfers_.cancel(std::exchange(instance.weights, 0), now);
  for (auto& rank : instance.ranks) {
    SN_ASSERT(rank->running == 0 && rank->waiting_count == 0);
    rank->cache.clear();
    if (DeploymentData& d = deployments_[deployment]; d.tiers)
      d.tiers->lose_process(rank->tiers, now);
    rank->blocked = false;
  }
  for (Group& g : instance.groups) {
    SN_ASSERT(g.sequences == 0);
    g.busy = false;
    g.decodes = false;
    g.items.clear();
    g.ahead.clear();
    g.has_ahead = false;
    g.fresh.clear();
  }
  give_up(deployments_[deployment]);
  return met;
}

void EngineCore::drain(std::uint32_t deployment, std::uint32_t number, Nanos now) {
  SN_ASSERT(number < deployments_[deployment].count);
  catch_up(now);
  Instance& instance = instances_[deployments_[deployment].first + number];
  if (instance.phase != Instance::Phase::up) return;
  instance.phase = Instance::Phase::draining;
  give_up(deployments_[deployment]);
}

void EngineCore::start(std::uint32_t deployment, std::uint32_t number, Nanos now) {
  SN_ASSERT(number < deployments_[deployment].count);
  catch_up(now);
  Instance& instance = instances_[deployments_[deployment].first + number];
  if (instance.phase == Instance::Phase::draining) {
    instance.phase = Instance::Phase::up;
    rehome(deployments_[deployment]);
    retry_handover(deployments_[deployment]);
  }
  if (instance.phase != Instance::Phase::down) return;
  instance.phase = Instance::Phase::starting;
  instance.warm = false;
  if (fetch_weights(instance)) return;
  post({now.count + to_nanos(pool_of(instance).start_time)->count}, Event::Kind::started,
       index_of(instance), 0, instance.life);
}

void EngineCore::comes_up(Instance& instance) {
  instance.phase = Instance::Phase::up;
  DeploymentData& d = deployments_[instance.deployment];
  rehome(d);
  retry_handover(d);
}

void EngineCore::set_conditions(std::uint32_t deployment, std::uint32_t number,
                                const hw::Conditions& conditions, Nanos now) {
  SN_ASSERT(number < deployments_[deployment].count);
  catch_up(now);
  Instance& instance = instances_[deployments_[deployment].first + number];
  if (!conditions.alive) {
    fail(deployment, number, now);
    return;
  }
  if (instance.conditions == conditions) return;
  instance.conditions = conditions;
  instance.program = pool_of(instance).compile(conditions);
  const PoolData& pool = deployments_[instance.deployment].pools[instance.pool];
  instance.evaluator =
      std::make_unique<llm::StepEvaluator>(*instance.program, evaluator_slots(pool.count));
  instance.pace = pace_of(*instance.program, deployments_[deployment].spec, instance.pace.chunk);
  instance.beside = {};
  instance.beside_programs = {};
}

}  // namespace sn::serving
