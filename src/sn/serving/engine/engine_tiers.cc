// sn/serving/engine/engine_tiers.cc
//
// Requests and the tiers below HBM (kv_tiers.h): what is loaded instead of computed, and saved.
//
// Of the blocks that follow what HBM has, as many are loaded as make the prompt ready first by
// estimate: of n blocks, b(t) of them in tier t,
//   load(n)  = max over t of (latency(t) + b(t) x bytes / fair share of its links)
//   ready(n) = max(load(n), wait) + work(rest of the prompt)
//              max(load(n), wait + work(rest)) where layers overlap
// with `wait`, the work that the rank has for others; nothing is loaded when computing all is no
// slower. Without the wait a busy rank whose loads slow each other down would compute more and
// more, and never recover. With overlap by layers the first step
// begins when what cannot be hidden behind it is there, and ends no earlier than the rest:
//   later = min(size (1 - 1 / L), rate x work(first chunk) (1 - 1 / L))

#include <algorithm>
#include <limits>
#include <utility>

#include "sn/serving/engine/engine_core.h"

namespace sn::serving {

namespace {

double d(std::int64_t v) { return static_cast<double>(v); }

/// OS images that hold GPUs of rank `rank` of an instance whose first GPU is `first`.
std::vector<std::int64_t> images_of(const llm::Parallelism& p, std::int64_t first,
                                    std::int64_t rank, std::int64_t per_image) {
  std::vector<std::int64_t> out;
  const std::int64_t cut = p.tp * p.cp;
  for (std::int64_t stage = 0; stage < p.pp; ++stage) {
    const std::int64_t begin = first + stage * p.stage_ranks() + rank * cut;
    for (std::int64_t i = begin / per_image; i <= (begin + cut - 1) / per_image; ++i) {
      if (out.empty() || out.back() < i) out.push_back(i);
    }
  }
  return out;
}

}  // namespace

void EngineCore::make_tiers(DeploymentData& deployment) {
  const DeploymentSpec& spec = deployment.spec;
  if (!spec.tiering.any()) return;
  const auto number = static_cast<std::uint64_t>(&deployment - deployments_.data());
  deployment.tiers =
      std::make_unique<KvTiers>(spec.tiering, number, spec_.eviction, spec_.ttl, transfers_);
  std::int64_t gpu = 0;
  for (const DeploymentData& before : deployments_) {
    if (&before == &deployment) break;
    for (const PoolData& pool : before.pools) {
      gpu += pool.spec.instances * pool.spec.deployment.parallel.gpus();
    }
  }
  for (const PoolData& pool : deployment.pools) {
    const llm::Parallelism& p = pool.spec.deployment.parallel;
    for (std::uint32_t i = pool.first; i < pool.first + pool.count; ++i, gpu += p.gpus()) {
      for (std::int64_t r = 0; r < p.dp; ++r) {
        instances_[i].ranks[static_cast<std::size_t>(r)]->tiers = deployment.tiers->reach(
            images_of(p, gpu, r, spec.tiering.gpus_per_image), pool.spec.tier_rates,
            instances_[i].ranks[static_cast<std::size_t>(r)]->port);
      }
    }
  }
}

Bytes EngineCore::saved_bytes(const PoolSpec& pool, const DeploymentSpec& spec) {
  return pool.save_per_token * (d(spec.block_tokens) * (1.0 - spec.windowed_share));
}

std::int64_t EngineCore::tier_tokens(const Live& r) const {
  const DeploymentData& deployment = deployments_[r.record.deployment];
  if (!deployment.tiers) return 0;
  const std::span<const std::uint64_t> keys(r.keys.data(),
                                            static_cast<std::size_t>(r.input_blocks));
  const auto blocks = static_cast<std::int64_t>(deployment.tiers->shared_match(keys));
  return std::min(r.prompt - 1, blocks * deployment.spec.block_tokens);
}

// --- Loads ---------------------------------------------------------------------------------------

EngineCore::LoadChoice EngineCore::choose_load(const Instance& instance, const Rank& rank,
                                               const Live& r, std::span<const std::uint64_t> keys,
                                               std::size_t hit) {
  const DeploymentData& deployment = deployments_[r.record.deployment];
  const DeploymentSpec& spec = deployment.spec;
  LoadChoice choice;
  deployment.tiers->find(rank.tiers, keys, hit, now_, runs_);
  if (runs_.empty()) return choice;
  const PromptPace& pace = instance.pace;
  const std::int64_t base = std::min(static_cast<std::int64_t>(hit) * spec.block_tokens,
                                     r.prompt - 1);  // tokens that HBM has
  const double per_token = pool_of(instance).load_per_token.si() * (1.0 - spec.windowed_share);
  // A load goes on while others' prompts are computed; computing waits for them.
  const double wait = std::max(0.0, d(rank.work - r.work) * 1e-9);
  double least = wait + work_of(pace, d(r.prompt - base), d(base));
  std::array<std::int64_t, tiers_max> tokens = {};
  std::int64_t all = 0;
  std::int64_t blocks = 0;
  for (const TierRun& run : runs_) {
    const std::int64_t before = std::min(base + all, r.prompt);
    blocks += run.blocks;
    const std::int64_t end =
        std::min((static_cast<std::int64_t>(hit) + blocks) * spec.block_tokens, r.prompt);
    tokens[run.tier] += end - before;
    all = end - base;
    double time = 0.0;
    for (std::uint32_t t = 0; t < deployment.tiers->tiers(); ++t) {
      if (tokens[t] == 0) continue;
      const double rate = transfers_.fair_rate(rank.tiers[t].read).si();
      time =
          std::max(time, spec.tiering.tiers[t].read_latency.si() + d(tokens[t]) * per_token / rate);
    }
    const double left = d(r.prompt - std::min(base + all, r.prompt - 1));
    const double work = work_of(pace, left, d(r.prompt) - left);
    const double ready =
        spec.tiering.layers > 1.0 ? std::max(time, wait + work) : std::max(time, wait) + work;
    if (ready >= least && !spec.tiering.always) continue;
    least = ready;
    choice.blocks = blocks;
    choice.tokens = all;
    choice.by_tier = tokens;
  }
  return choice;
}

bool EngineCore::loads_early(const Instance& instance, const Rank& rank, const Live& r) {
  const PoolSpec& pool = pool_of(instance);
  if (pool.decodes && rank.running >= pool.batching.sequences) return false;
  const std::span<const std::uint64_t> keys(r.keys.data(),
                                            static_cast<std::size_t>(r.input_blocks));
  const DeploymentData& deployment = deployments_[r.record.deployment];
  const std::size_t hit = rank.cache.match(keys);
  const bool below = r.below > static_cast<std::int64_t>(hit) * deployment.spec.block_tokens;
  if (!below && !deployment.tiers->has_private()) return false;
  return choose_load(instance, rank, r, keys, hit).blocks > 0;
}

bool EngineCore::begin_load(const Instance& instance, const Rank& rank, Live& r,
                            std::span<const std::uint64_t> keys, Slot slot) {
  DeploymentData& deployment = deployment_of(r);
  const DeploymentSpec& spec = deployment.spec;
  const auto hit = static_cast<std::size_t>(r.node_blocks);
  const LoadChoice choice = choose_load(instance, rank, r, keys, hit);
  KvTiers& tiers = *deployment.tiers;
  tiers.count(0).looked += keys.size() - hit;
  std::int64_t left = choice.blocks;
  for (const TierRun& run : runs_) {
    const std::int64_t taken = std::min(left, run.blocks);
    left -= taken;
    tiers.count(run.tier).hits += static_cast<std::uint64_t>(taken);
    tiers.count(run.tier).passed += static_cast<std::uint64_t>(run.blocks - taken);
  }
  tiers.touch(rank.tiers, keys.first(hit + static_cast<std::size_t>(choice.blocks)), now_);
  if (choice.blocks == 0) return false;
  r.state = Live::State::loading;
  r.load_tokens = choice.tokens;
  r.load_blocks = choice.blocks;
  const bool first = r.record.scheduled.count == 0;
  if (first) {
    r.record.loaded = std::min(choice.tokens, r.prompt - 1 - r.computed);
    r.record.cached += r.record.loaded;
    r.record.hit_blocks += choice.blocks;
  }
  r.record.load_begin = now_;
  const double per_token = pool_of(instance).load_per_token.si() * (1.0 - spec.windowed_share);
  const std::int64_t rest = r.prompt - std::min(r.computed + choice.tokens, r.prompt - 1);
  set_pending(r, instance, rest);
  const double layers = spec.tiering.layers;
  const double chunk = d(std::min(rest, instance.pace.chunk));
  const double hidden = work_of(instance.pace, chunk, d(r.prompt - rest)) * (1.0 - 1.0 / layers);
  for (std::uint32_t t = 0; t < tiers.tiers(); ++t) {
    if (choice.by_tier[t] == 0) continue;
    TierLoad& load = r.loads.emplace_back();
    load.tier = t;
    load.size = Bytes::from_si(d(choice.by_tier[t]) * per_token);
    const double rate = transfers_.fair_rate(rank.tiers[t].read).si();
    load.later = Bytes::from_si(std::min(load.size.si() * (1.0 - 1.0 / layers), rate * hidden));
    tiers.count(t).read += load.size;
    load.flow = transfers_.start(rank.tiers[t].read, load.size - load.later,
                                 spec.tiering.tiers[t].read_latency, slot, now_);
  }
  post_transfer();
  return true;
}

void EngineCore::loaded(Slot slot, fabric::TransferSession::FlowId flow) {
  Live& r = live_[slot];
  DeploymentData& deployment = deployment_of(r);
  Instance& instance = instance_of(r);
  Rank& rank = *instance.ranks[r.rank];
  const auto load = std::find_if(r.loads.begin(), r.loads.end(),
                                 [&](const TierLoad& l) { return l.flow == flow; });
  SN_ASSERT(load != r.loads.end());
  load->first = false;
  if (load->later.si() > 0.0) {
    load->flow = transfers_.start(rank.tiers[load->tier].read, std::exchange(load->later, Bytes{}),
                                  Time{}, slot, now_);
  } else {
    observer_->on_load(r.record, load->tier, r.record.load_begin, now_, load->size);
    if (load->tier > 0) r.promotes = true;
    r.loads.erase(load);
  }
  if (r.loads.empty()) {
    r.record.load_end = now_;
    if (std::exchange(r.promotes, false)) {
      const std::span<const std::uint64_t> keys(r.keys);
      deployment.tiers->write(rank.tiers, 0,
                              keys.subspan(static_cast<std::size_t>(r.node_blocks),
                                           static_cast<std::size_t>(r.load_blocks)),
                              saved_bytes(pool_of(instance), deployment.spec), now_);
    }
  }
  if (r.state == Live::State::loading &&
      std::none_of(r.loads.begin(), r.loads.end(), [](const TierLoad& l) { return l.first; })) {
    r.computed = std::min(r.computed + r.load_tokens, r.prompt - 1);
    r.planned = r.computed;
    begin_prefill(instance, rank, slot);
    kick(instance);
  } else if (r.loads.empty() && std::exchange(r.done, false)) {
    prompt_done(instance, slot);
  }
}

void EngineCore::cancel_loads(Live& r) {
  if (r.loads.empty()) return;
  for (const TierLoad& load : r.loads) transfers_.cancel(load.flow, now_);
  r.loads.clear();
  r.done = false;
  r.promotes = false;
  post_transfer();
}

Nanos EngineCore::loads_end(const Group& group, Nanos end) const {
  for (const Item& item : group.items) {
    for (const TierLoad& load : live_[item.slot].loads) {
      if (const auto at = transfers_.expected(load.flow)) end = std::max(end, *at);
    }
  }
  return end;
}

// --- Writes --------------------------------------------------------------------------------------

void EngineCore::save(const Live& r, const Rank& rank, std::int64_t from) {
  const DeploymentData& deployment = deployments_[r.record.deployment];
  if (!deployment.tiers || deployment.spec.tiering.write_back || r.node_blocks <= from) return;
  const std::span<const std::uint64_t> keys(r.keys);
  const auto n = static_cast<std::size_t>(r.node_blocks - from);
  const Bytes each = saved_bytes(deployment.pools[r.pool].spec, deployment.spec);
  if (deployment.tiers->write(rank.tiers, 0, keys.subspan(static_cast<std::size_t>(from), n), each,
                              now_) > 0) {
    post_transfer();
  }
}

bool EngineCore::allocate(const Instance& instance, Rank& rank, std::int64_t pages) {
  const DeploymentData& deployment = deployments_[instance.deployment];
  if (!deployment.tiers || !deployment.spec.tiering.write_back) return rank.cache.allocate(pages);
  evicted_.clear();
  if (!rank.cache.allocate(pages, &evicted_)) return false;
  if (evicted_.empty()) return true;
  std::reverse(evicted_.begin(), evicted_.end());  // ancestors first
  const Bytes each = saved_bytes(pool_of(instance), deployment.spec);
  if (deployment.tiers->write(rank.tiers, 0, evicted_, each, now_) > 0) post_transfer();
  return true;
}

void EngineCore::write_done(std::uint64_t tag) {
  deployments_[static_cast<std::size_t>(KvTiers::deployment_of(tag))].tiers->written(tag, now_);
}

// --- Losses --------------------------------------------------------------------------------------

std::int64_t EngineCore::lose_tier(std::uint32_t deployment, std::uint32_t tier, std::uint32_t part,
                                   std::uint32_t parts, Nanos now) {
  catch_up(now);
  DeploymentData& d = deployments_[deployment];
  SN_ASSERT(d.tiers && tier < d.tiers->tiers() && part < parts);
  const std::int64_t lost = d.tiers->lose(tier, part, parts, now_);
  for (Slot slot = 0; slot < live_.size(); ++slot) {
    Live& r = live_[slot];
    if (r.state == Live::State::unused || r.record.deployment != deployment) continue;
    const bool hurt = std::any_of(r.loads.begin(), r.loads.end(),
                                  [&](const TierLoad& l) { return l.tier == tier; });
    if (!hurt) continue;
    d.tiers->count(tier).lost += static_cast<std::uint64_t>(r.load_blocks);
    if (r.record.preempted == 0) {
      r.record.cached -= r.record.loaded;
      r.record.hit_blocks -= r.load_blocks;
      r.record.loaded = 0;
    }
    Instance& instance = instance_of(r);
    if (r.state == Live::State::loading) {
      cancel_loads(r);
      begin_prefill(instance, *instance.ranks[r.rank], slot);
    } else {
      preempt(slot);  // computes with keys that never came
    }
    kick(instance);
  }
  post_transfer();
  return lost;
}

TierState EngineCore::tier_state(std::uint32_t deployment, std::uint32_t tier) const {
  return deployments_[deployment].tiers->state(tier);
}

}  // namespace sn::serving
