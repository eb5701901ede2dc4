// sn/serving/engine/engine_admission.cc
//
// What goes into a step: chunks of prompts, admission, pages, preemption (see engine_spec.h).

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "sn/serving/engine/engine_core.h"

namespace sn::serving {

namespace {

double d(std::int64_t v) { return static_cast<double>(v); }

constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

}  // namespace

// --- Pages ---------------------------------------------------------------------------------------

std::int64_t EngineCore::pages_for(const DeploymentSpec& spec, std::int64_t tokens) const {
  if (spec.windowed_share <= 0.0 || tokens <= spec.window) {
    return ceil_div(tokens, spec.page_tokens);
  }
  const double held = d(tokens) - spec.windowed_share * d(tokens - spec.window);
  return static_cast<std::int64_t>(std::ceil(held / d(spec.page_tokens)));
}

std::int64_t EngineCore::next_page_step(const Live& r) const {
  const DeploymentSpec& spec = deployments_[r.record.deployment].spec;
  // The first token count that takes more than the pages it has.
  const std::int64_t full = (r.pages + r.node_pages) * spec.page_tokens;
  std::int64_t tokens = full + 1;
  if (spec.windowed_share > 0.0 && full >= spec.window) {
    if (spec.windowed_share >= 1.0) return never;
    tokens = spec.window + 1 +
             static_cast<std::int64_t>(d(full - spec.window) / (1.0 - spec.windowed_share));
  }
  const std::int64_t more = std::max<std::int64_t>(0, tokens - r.context - 1);
  const std::int64_t step = r.joined + (more << fraction_bits) / r.rate + 1;
  return step > r.joined + r.steps ? never : step;
}

void EngineCore::mark_page(Group& group, Slot slot) {
  const Live& r = live_[slot];
  const std::int64_t step = next_page_step(r);
  if (step == never) return;
  const Mark mark{.step = step, .slot = slot, .stay = r.stay};
  const auto ring = static_cast<std::int64_t>(group.page_marks.size());
  if (step - group.step < ring) {
    group.page_marks[static_cast<std::size_t>(step % ring)].push_back(mark);
  } else {
    group.far_pages.push(mark);
  }
}

bool EngineCore::grow(Instance& instance, Group& group) {
  const std::int64_t step = group.step + 1;
  bool all = true;
  const auto serve = [&](const Mark& mark) {
    const Live& r = live_[mark.slot];
    if (r.stay != mark.stay) return;
    do {
      if (take_page(instance, mark.slot)) continue;
      all = false;
      return;
    } while (next_page_step(r) <= step);
    mark_page(group, mark.slot);
  };
  auto& bucket = group.page_marks[static_cast<std::size_t>(step) % group.page_marks.size()];
  for (const Mark& mark : bucket) serve(mark);  // new marks go into later buckets
  bucket.clear();
  while (!group.far_pages.empty() && group.far_pages.top().step <= step) {
    const Mark mark = group.far_pages.top();
    group.far_pages.pop();
    serve(mark);
  }
  return all;
}

bool EngineCore::take_page(Instance& instance, Slot slot) {
  Live& r = live_[slot];
  Rank& rank = *instance.ranks[r.rank];
  while (!allocate(instance, rank, 1)) {
    Slot victim = rank.newest;
    for (Slot s = victim; s != no_slot; s = live_[s].before) {
      if (live_[s].record.priority > live_[victim].record.priority) victim = s;
    }
    SN_ASSERT(victim != no_slot);
    preempt(victim);
    if (victim == slot) return false;
  }
  ++r.pages;
  return true;
}

void EngineCore::give_back(Live& r) {
  Rank& rank = *instance_of(r).ranks[r.rank];
  if (r.leaf != kv::no_node) rank.cache.release(r.leaf, now_);
  rank.cache.free(r.pages);
  r.leaf = kv::no_node;
  r.pages = 0;
  r.node_pages = 0;
  r.node_blocks = 0;
  rank.blocked = false;
}

void EngineCore::preempt(Slot slot) {
  Live& r = live_[slot];
  Instance& instance = instance_of(r);
  Rank& rank = *instance.ranks[r.rank];
  if (r.state == Live::State::decoding) {
    part(r, slot);
    cache_prompt(r, rank);  // what others do not take meanwhile need not be computed again
  } else if (r.state == Live::State::loading) {
    set_pending(r, instance, 0);
  } else {
    SN_ASSERT(r.state == Live::State::prefilling);
    std::erase(rank.prefilling, slot);
    --instance.prefilling;
    set_pending(r, instance, 0);
  }
  cancel_loads(r);
  give_back(r);
  unlink_running(rank, slot);
  ++r.stay;
  to_front(slot);
}

void EngineCore::to_front(Slot slot) {
  Live& r = live_[slot];
  r.prompt = r.record.input + r.produced;
  r.planned = 0;
  r.computed = 0;
  r.state = Live::State::arriving;
  ++r.record.preempted;
  ++deployment_of(r).waiting;
  Instance& instance = instance_of(r);
  // A decode pool computes only prompts that the first cannot, and an instance that is down nothing
  // at all.
  if (r.pool != pool_for(r) || instance.phase == Instance::Phase::down ||
      instance.phase == Instance::Phase::starting) {
    enqueue(slot);
    return;
  }
  Rank& rank = *instance.ranks[r.rank];
  r.state = Live::State::waiting;
  set_pending(r, instance, r.prompt);
  rank.waiting[static_cast<std::size_t>(r.record.priority)].push_front(slot);
  ++rank.waiting_count;
  ++instance.waiting;
}

// --- Prompts -------------------------------------------------------------------------------------

void EngineCore::push_item(Live& r, Slot slot, std::int64_t tokens, std::vector<Item>& items) {
  items.push_back({.slot = slot,
                   .stay = r.stay,
                   .tokens = tokens,
                   .before = r.planned,
                   .last = r.planned + tokens == r.prompt});
  r.planned += tokens;
  set_pending(r, instance_of(r),
              r.planned == r.prompt ? 0 : r.pending - std::min(r.pending, tokens));
}

std::int64_t EngineCore::pages_to_admit(const Live& r, const PoolSpec& pool,
                                        std::int64_t tokens) const {
  const DeploymentSpec& spec = deployments_[r.record.deployment].spec;
  if (!pool.decodes) return pages_for(spec, tokens);
  const double left = d(r.record.input + r.record.output - r.prompt);
  const auto reserved = static_cast<std::int64_t>(pool.batching.reserved_answer * left);
  return std::min(pool.kv_pages, pages_for(spec, std::max(tokens, r.prompt + reserved)));
}

EngineCore::Admitted EngineCore::admit(Instance& instance, Rank& rank, Slot slot) {
  Live& r = live_[slot];
  DeploymentData& deployment = deployment_of(r);
  const DeploymentSpec& spec = deployment.spec;
  rank.cache.expire(now_);
  // A prompt that is computed again holds blocks of its answer.
  const std::int64_t whole =
      std::min(static_cast<std::int64_t>(r.keys.size()), r.prompt / spec.block_tokens);
  const std::span<const std::uint64_t> keys(
      r.keys.data(), static_cast<std::size_t>(std::max(r.input_blocks, whole)));
  const std::size_t hit = rank.cache.match(keys);
  std::int64_t tokens = 0;
  std::int64_t shared = 0;
  const kv::NodeId leaf = rank.cache.pin(keys, hit, &tokens, &shared);
  const std::int64_t held = pages_to_admit(r, pool_of(instance), r.prompt);
  const std::int64_t need = std::max<std::int64_t>(0, held - shared);
  if (!allocate(instance, rank, need)) {
    if (leaf != kv::no_node) rank.cache.release(leaf, now_);
    return Admitted::no;
  }
  r.leaf = leaf;
  r.node_blocks = static_cast<std::int64_t>(hit);
  r.node_pages = shared;
  r.pages = need;
  r.computed = std::min(tokens, r.prompt - 1);  // one token at least is computed
  r.planned = r.computed;
  --instance.waiting;
  --rank.waiting_count;
  --deployment.waiting;
  link_running(rank, slot);
  const bool first = r.record.scheduled.count == 0;
  if (first) {
    r.record.cached = r.computed;
    r.record.hit_blocks = r.node_blocks;
  }
  const bool loads = deployment.tiers && begin_load(instance, rank, r, keys, slot);
  if (first) r.record.scheduled = now_;
  if (!loads) begin_prefill(instance, rank, slot);
  return loads ? Admitted::loading : Admitted::yes;
}

void EngineCore::begin_prefill(Instance& instance, Rank& rank, Slot slot) {
  Live& r = live_[slot];
  set_pending(r, instance, r.prompt - r.computed);
  r.state = Live::State::prefilling;
  r.prefill_begin = now_;
  rank.prefilling.push_back(slot);
  ++instance.prefilling;
}

void EngineCore::plan_rank(Instance& instance, Rank& rank, std::int64_t budget,
                           std::vector<Item>& items) {
  for (const Slot slot : rank.prefilling) {
    if (budget <= 0) return;
    Live& r = live_[slot];
    const std::int64_t tokens = std::min(budget, r.prompt - r.planned);
    if (tokens <= 0) continue;
    push_item(r, slot, tokens, items);
    budget -= tokens;
  }
  const PoolSpec& pool = pool_of(instance);
  const bool whole = pool.batching.whole_prompts;
  while (budget > 0 && rank.waiting_count > 0 && !rank.blocked) {
    const std::int64_t running =
        pool.decodes ? rank.running : static_cast<std::int64_t>(rank.prefilling.size());
    if (running >= pool.batching.sequences) return;
    auto queue = std::find_if(rank.waiting.begin(), rank.waiting.end(),
                              [](const std::deque<Slot>& q) { return !q.empty(); });
    const Slot slot = queue->front();
    if (whole && live_[slot].pending > budget && budget < pool.batching.tokens) return;
    const Admitted admitted = admit(instance, rank, slot);
    if (admitted == Admitted::no) {
      rank.blocked = true;
      return;
    }
    queue->pop_front();
    if (admitted == Admitted::loading) continue;
    Live& r = live_[slot];
    const std::int64_t tokens = std::min(budget, r.prompt - r.planned);
    push_item(r, slot, tokens, items);
    budget -= tokens;
  }
}

bool EngineCore::balanced(const Instance& instance, Group& group) const {
  bool prompts = true;
  bool decodes = true;
  for (std::size_t k = 0; k < instance.ranks.size(); ++k) {
    const Rank& rank = *instance.ranks[k];
    prompts = prompts && (rank.waiting_count > 0 || !rank.prefilling.empty());
    decodes = decodes && group.sums[k].sequences > 0;
  }
  if (!prompts && decodes) {
    return (group.step - group.opened) % pool_of(instance).batching.balance == 0;
  }
  group.opened = group.step;
  return true;
}

bool EngineCore::gathered(const Instance& instance, Group& group) const {
  const PoolSpec& pool = pool_of(instance);
  const std::int64_t positions = 1 + pool.deployment.draft_tokens;
  double most = 0.0;  // tokens of the fullest rank's step
  for (std::size_t k = 0; k < instance.ranks.size(); ++k) {
    const std::int64_t prompts = std::min(instance.ranks[k]->pending, pool.batching.tokens);
    most = std::max(most, d(prompts + group.sums[k].sequences * positions));
  }
  const bool enough = most >= pool.batching.gathered * d(pool.batching.tokens);
  if (!enough && group.sequences > 0 && group.gathering < pool.batching.gather) {
    ++group.gathering;
    return false;
  }
  group.gathering = 0;
  return true;
}

void EngineCore::plan(Instance& instance, Group& group, std::vector<Item>& items) {
  if (instance.waiting == 0 && instance.prefilling == 0) return;
  const PoolSpec& pool = pool_of(instance);
  const bool looks = group.sequences == 0 || group.step % pool.batching.poll == 0;
  if (!looks && instance.prefilling == 0) return;
  if (pool.batching.balance > 0 && !balanced(instance, group)) return;
  if (pool.batching.gather > 0 && !gathered(instance, group)) return;
  const std::int64_t positions = 1 + pool.deployment.draft_tokens;
  const std::int64_t chunk = pool.batching.tokens > 0
                                 ? pool.batching.tokens
                                 : deployments_[instance.deployment].pools[0].spec.batching.tokens;
  for (std::size_t k = 0; k < instance.ranks.size(); ++k) {
    Rank& rank = *instance.ranks[k];
    if (rank.waiting_count == 0 && rank.prefilling.empty()) continue;
    std::int64_t budget = chunk;
    if (pool.batching.decodes_in_budget && !pool.batching.prefill_first) {
      budget -= group.sums[k].sequences * positions;
    }
    plan_rank(instance, rank, budget, items);
  }
  // Hand-overs gave way to prompts that are computed again here.
  if (DeploymentData& d = deployments_[instance.deployment]; instance.pool != 0 && d.handing > 0) {
    retry_handover(d);
  }
}

// --- The prefix cache ----------------------------------------------------------------------------

void EngineCore::cache_prompt(Live& r, Rank& rank) {
  const DeploymentSpec& spec = deployment_of(r).spec;
  const std::int64_t known = r.record.input + r.produced;
  const auto all = static_cast<std::int64_t>(r.keys.size());
  const double kept = 1.0 - spec.windowed_share;
  const std::int64_t from = r.node_blocks;
  for (std::int64_t i = from; i < all; ++i) {
    const std::int64_t end = (i + 1) * spec.block_tokens;
    const bool of_input = i < r.input_blocks;
    if (!of_input && end > known) break;
    const std::int64_t tokens =
        of_input ? std::min(spec.block_tokens, r.record.input - i * spec.block_tokens)
                 : spec.block_tokens;
    const auto pages = std::max<std::int64_t>(
        1, static_cast<std::int64_t>(std::ceil(d(ceil_div(tokens, spec.page_tokens)) * kept)));
    if (r.pages < pages) break;
    r.leaf =
        rank.cache.extend(r.leaf, r.keys[static_cast<std::size_t>(i)],
                          static_cast<std::uint32_t>(pages), static_cast<std::uint32_t>(tokens));
    r.pages -= pages;
    r.node_pages += pages;
    r.node_blocks = i + 1;
  }
  save(r, rank, from);
}

// --- Running requests, in order of admission -----------------------------------------------------

void EngineCore::link_running(Rank& rank, Slot slot) {
  Live& r = live_[slot];
  r.before = rank.newest;
  r.after = no_slot;
  (rank.newest == no_slot ? rank.oldest : live_[rank.newest].after) = slot;
  rank.newest = slot;
  ++rank.running;
}

void EngineCore::unlink_running(Rank& rank, Slot slot) {
  const Live& r = live_[slot];
  (r.before == no_slot ? rank.oldest : live_[r.before].after) = r.after;
  (r.after == no_slot ? rank.newest : live_[r.after].before) = r.before;
  --rank.running;
}

}  // namespace sn::serving
