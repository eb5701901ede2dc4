// sn/serving/engine/engine_steps.cc
//
// Steps: begun, timed, ended (see engine.h). The loop of `run` is the jump: as long as nothing else
// is due before a step ends, the next one follows without the event queue.

#include <algorithm>
#include <cmath>

#include "sn/base/random.h"
#include "sn/serving/engine/engine_core.h"

namespace sn::serving {

namespace {

double d(std::int64_t v) { return static_cast<double>(v); }

constexpr double fixed_one = 1 << fraction_bits;
constexpr std::int64_t exact_draws = 64;  // tokens; longer answers take the normal approximation

/// Prompt work of one rank in a step.
struct PromptSums {
  double pairs = 0.0;
  double keys = 0.0;
  double pairs_capped = 0.0;
  double keys_capped = 0.0;
};

}  // namespace

double pairs_of(double before, double n, double cap) {
  const auto triangle = [](double from, double to) {  // sum of i over (from, to]
    return 0.5 * (to * (to + 1.0) - from * (from + 1.0));
  };
  if (cap <= 0.0) return triangle(before, before + n);
  const double below = std::clamp(cap - before, 0.0, n);
  return triangle(before, before + below) + (n - below) * cap;
}

void EngineCore::kick(Instance& instance) {
  if (instance.kicked) return;
  const bool idle = std::any_of(instance.groups.begin(), instance.groups.end(),
                                [](const Group& g) { return !g.busy; });
  if (!idle) return;
  instance.kicked = true;
  post(std::max(now_, instance.entry_free), Event::Kind::kick, index_of(instance), 0,
       instance.life);
}

void EngineCore::run(Instance& instance, std::uint32_t group) {
  while (begin_step(instance, group)) {
    const Nanos end = instance.groups[group].end;
    const bool alone = spec_.jumps && instance.groups.size() == 1 && end <= limit_ &&
                       (events_.empty() || end < events_.top().at);
    if (!alone) {
      post(end, Event::Kind::step_end, index_of(instance), group, instance.life);
      return;
    }
    now_ = end;
    end_step(instance, group);
  }
}

bool EngineCore::begin_step(Instance& instance, std::uint32_t number) {
  Group& group = instance.groups[number];
  if (group.busy || instance.phase == Instance::Phase::down ||
      instance.phase == Instance::Phase::starting) {
    return false;
  }
  if (now_ < instance.entry_free) {
    kick(instance);
    return false;
  }
  const Batching& batching = pool_of(instance).batching;
  const bool room = batching.prefill_first || group.sequences == 0 || grow(instance, group);
  if (group.has_ahead) {
    group.items.swap(group.ahead);
    group.ahead.clear();
    group.has_ahead = false;
    std::erase_if(group.items, [&](const Item& i) { return live_[i.slot].stay != i.stay; });
  }
  // Who gave way to others waits for their next step; alone it starts again at once.
  if (group.items.empty() && (room || group.sequences == 0) &&
      (!batching.ahead || group.sequences == 0)) {
    plan(instance, group, group.items);
  }
  group.decodes = group.sequences > 0 && !(batching.prefill_first && !group.items.empty());
  if (group.decodes && batching.prefill_first) {
    grow(instance, group);
    group.decodes = group.sequences > 0;
    if (!group.decodes && group.items.empty()) plan(instance, group, group.items);
  }
  if (!group.decodes && group.items.empty()) {
    if (instance.groups.size() == 1) hold_ports(instance, nullptr);
    return false;
  }
  group.busy = true;
  group.carried = group.decodes ? group.sequences : 0;
  group.riding = group.carried;
  time_step(instance, group);
  if (batching.ahead) {
    plan(instance, group, group.ahead);
    group.has_ahead = true;
  }
  if (instance.groups.size() > 1) kick(instance);
  return true;
}

llm::BatchShape EngineCore::shape_of(const Instance& instance, const Group& group) const {
  const double ranks = d(static_cast<std::int64_t>(instance.ranks.size()));
  const double cap = deployments_[instance.deployment].spec.attention_cap;
  llm::BatchShape shape;
  if (group.decodes) {
    const std::int64_t step = group.step + 1;
    std::int64_t most = 0;
    std::int64_t most_capped = 0;
    for (const ContextSum& s : group.sums) {
      most = std::max(most, s.offset + s.rate * step);
      most_capped = std::max(most_capped, s.capped_offset + s.capped_rate * step);
    }
    shape.decode_sequences = d(group.sequences) / ranks;
    shape.decode_context = d(most) / fixed_one;
    if (cap > 0.0) shape.decode_context_capped = d(most_capped) / fixed_one;
  }
  std::int64_t tokens = 0;
  std::int64_t ending = 0;
  std::int64_t own = 0;      // of one rank
  std::int64_t fullest = 0;  // rank
  PromptSums most;
  PromptSums of_rank;
  std::uint32_t rank = 0;
  const auto close = [&] {
    most.pairs = std::max(most.pairs, of_rank.pairs);
    most.keys = std::max(most.keys, of_rank.keys);
    most.pairs_capped = std::max(most.pairs_capped, of_rank.pairs_capped);
    most.keys_capped = std::max(most.keys_capped, of_rank.keys_capped);
    of_rank = {};
    fullest = std::max(fullest, own);
    own = 0;
  };
  for (const Item& item : group.items) {  // by rank
    if (live_[item.slot].rank != rank) close();
    rank = live_[item.slot].rank;
    const double n = d(item.tokens);
    const double before = d(item.before);
    tokens += item.tokens;
    own += item.tokens;
    ending += item.last ? 1 : 0;
    of_rank.pairs += pairs_of(before, n, 0.0);
    of_rank.keys += before + n;
    if (cap <= 0.0) continue;
    of_rank.pairs_capped += pairs_of(before, n, cap);
    of_rank.keys_capped += std::min(before, cap) + n;
  }
  close();
  shape.prefill_tokens = d(tokens) / ranks;
  shape.prefill_most = d(fullest);
  shape.prefill_pairs = most.pairs;
  shape.prefill_context = most.keys;
  shape.prefill_sequences = d(ending) / ranks;
  shape.prefill_pairs_capped = most.pairs_capped;
  shape.prefill_context_capped = most.keys_capped;
  return shape;
}

void EngineCore::time_step(Instance& instance, Group& group) {
  group.time = evaluator_of(instance).eval(shape_of(instance, group));
  hold_ports(instance, &group.time);
  group.begin = now_;
  const auto nanos = [](Time t) {
    return std::max<std::int64_t>(1, static_cast<std::int64_t>(std::llround(t.si() * 1e9)));
  };
  Time cold;
  if (!instance.warm && !group.items.empty()) {
    cold = pool_of(instance).first_step;
    instance.warm = true;
  }
  const std::int64_t interval = nanos(group.time.interval + cold);
  group.end = {now_.count + nanos(group.time.latency + cold)};
  group.end = loads_end(group, group.end);
  instance.entry_free = group.end;
  if (instance.groups.size() == 1) return;
  group.end.count = std::max(group.end.count, instance.last_out.count + interval);
  instance.last_out = group.end;
  instance.entry_free = {now_.count + interval};
}

void EngineCore::tell_step(const Instance& instance, const Group& group, std::int64_t gaps) {
  double tokens = 0.0;
  for (const Item& item : group.items) tokens += d(item.tokens);
  observer_->on_step({.deployment = instance.deployment,
                      .pool = instance.pool,
                      .instance = instance.number,
                      .begin = group.begin,
                      .end = group.end,
                      .decoding = d(group.carried),
                      .prefill_tokens = tokens,
                      .gap = gaps > 0 ? Nanos{group.end.count - group.last_end.count} : Nanos{},
                      .gaps = gaps,
                      .time = &group.time});
}

void EngineCore::end_step(Instance& instance, std::uint32_t number) {
  Group& group = instance.groups[number];
  std::int64_t gaps = 0;
  if (group.decodes) {
    ++group.step;
    gaps = group.riding;
    std::erase_if(group.fresh, [&](Slot slot) {
      const Live& r = live_[slot];
      if (r.joined >= group.step) return false;  // joined while this step ran
      observer_->on_gap(r.record, group.end, {group.end.count - r.record.last_token.count});
      --gaps;
      return true;
    });
  }
  tell_step(instance, group, gaps);
  if (group.decodes) {
    group.last_end = group.end;
    group.decodes = false;
    end_marks(instance, group);
  }
  if (!group.items.empty()) end_items(instance, group);
  group.items.clear();
  group.busy = false;
  const bool still =
      instance.groups.size() == 1 || std::any_of(instance.groups.begin(), instance.groups.end(),
                                                 [](const Group& g) { return g.busy; });
  if (!still) hold_ports(instance, nullptr);
}

void EngineCore::end_marks(Instance& instance, Group& group) {
  const std::int64_t cap =
      static_cast<std::int64_t>(deployments_[instance.deployment].spec.attention_cap)
      << fraction_bits;
  while (!group.marks.empty() && group.marks.top().step <= group.step) {
    const Mark mark = group.marks.top();
    group.marks.pop();
    Live& r = live_[mark.slot];
    if (r.stay != mark.stay) continue;
    if (mark.cap) {
      ContextSum& sum = group.sums[r.rank];
      sum.capped_offset += cap - ((r.context << fraction_bits) - r.rate * r.joined);
      sum.capped_rate -= r.rate;
      r.capped = true;
      continue;
    }
    // Its blocks are cached while it still holds them.
    r.record.last_token = group.end;
    r.produced += r.tokens;
    r.tokens = 0;
    cache_prompt(r, *instance.ranks[r.rank]);
    finish(mark.slot, Ending::finished);
  }
}

void EngineCore::end_items(Instance& instance, Group& group) {
  for (const Item& item : group.items) {
    Live& r = live_[item.slot];
    if (r.stay != item.stay) continue;
    r.computed += item.tokens;
    if (r.computed < r.prompt) continue;
    r.done = !r.loads.empty();  // others came in between: its last layers wait for their keys
    if (!r.done) prompt_done(instance, item.slot);
  }
}

void EngineCore::prompt_done(Instance& instance, Slot slot) {
  Live& r = live_[slot];
  Rank& rank = *instance.ranks[r.rank];
  std::erase(rank.prefilling, slot);
  --instance.prefilling;
  cache_prompt(r, rank);
  const bool last = r.produced + 1 == r.record.output;
  if (pool_of(instance).decodes || last) {
    r.state = Live::State::decoding;
    token_after_prefill(slot);
  } else {
    hand_over(slot);
  }
}

void EngineCore::token_after_prefill(Slot slot) {
  Live& r = live_[slot];
  ++r.produced;
  if (r.record.first_token.count == 0) {
    r.record.first_token = now_;
  } else {
    observer_->on_gap(r.record, now_, {now_.count - r.record.last_token.count});
  }
  r.record.last_token = now_;
  join(slot, instance_of(r), now_);
  if (r.produced == r.record.output) finish(slot, Ending::finished);
}

std::int64_t EngineCore::steps_for(const Live& r, const Instance& instance) const {
  const std::int64_t drafts = pool_of(instance).deployment.draft_tokens;
  const DeploymentSpec& spec = deployments_[instance.deployment].spec;
  const auto accept = [&](std::int64_t position) {
    const auto at = static_cast<std::size_t>(position - 1);
    return at < spec.acceptances.size() ? spec.acceptances[at] : spec.acceptance;
  };
  if (drafts == 0 || accept(1) <= 0.0) return r.tokens;
  RandomStream stream(spec_.seed ^ entity_key("drafts"),
                      r.record.id * 64 + static_cast<std::uint64_t>(r.record.preempted));
  const std::int64_t least = (r.tokens + drafts) / (drafts + 1);
  if (r.tokens > exact_draws) {
    // Renewal theory: S tokens take S/m steps, variance S v / m^3.
    double mean = 1.0;
    double square = 1.0;
    double p = 1.0;
    for (std::int64_t i = 1; i <= drafts; ++i) {
      p *= accept(i);
      mean += p;
      square += p * d(2 * i + 1);
    }
    const double variance = std::max(0.0, square - mean * mean);
    const double steps = d(r.tokens) / mean +
                         stream.normal() * std::sqrt(d(r.tokens) * variance / (mean * mean * mean));
    return std::clamp<std::int64_t>(std::llround(steps), least, r.tokens);
  }
  std::int64_t steps = 0;
  for (std::int64_t left = r.tokens; left > 0; ++steps) {
    std::int64_t got = 1;
    while (got <= drafts && stream.uniform() < accept(got)) ++got;
    left -= got;
  }
  return steps;
}

void EngineCore::join(Slot slot, Instance& instance, Nanos last_token) {
  Live& r = live_[slot];
  r.state = Live::State::decoding;
  const auto fewest =
      std::min_element(instance.groups.begin(), instance.groups.end(),
                       [](const Group& a, const Group& b) { return a.sequences < b.sequences; });
  Group& group = *fewest;
  r.group = static_cast<std::uint32_t>(fewest - instance.groups.begin());
  r.tokens = r.record.output - r.produced;
  r.steps = r.tokens > 0 ? steps_for(r, instance) : 1;
  r.rate = std::max<std::int64_t>(1, (r.tokens << fraction_bits) / r.steps);
  r.context = r.prompt;
  r.joined = group.step + (group.busy && group.decodes ? 1 : 0);
  const std::int64_t cap = static_cast<std::int64_t>(deployment_of(r).spec.attention_cap)
                           << fraction_bits;
  const std::int64_t context = r.context << fraction_bits;
  ContextSum& sum = group.sums[r.rank];
  ++sum.sequences;
  ++group.sequences;
  sum.offset += context - r.rate * r.joined;
  sum.rate += r.rate;
  r.capped = cap > 0 && context >= cap;
  if (r.capped) {
    sum.capped_offset += cap;
  } else if (cap > 0) {
    sum.capped_offset += context - r.rate * r.joined;
    sum.capped_rate += r.rate;
    const std::int64_t step = r.joined + (cap - context) / r.rate + 1;
    if (step < r.joined + r.steps) {
      group.marks.push({.step = step, .slot = slot, .stay = r.stay, .cap = true});
    }
  }
  if (r.tokens == 0) return;  // ends at once
  group.marks.push({.step = r.joined + r.steps, .slot = slot, .stay = r.stay});
  mark_page(group, slot);
  if (last_token != group.last_end) group.fresh.push_back(slot);
  kick(instance);
}

void EngineCore::part(Live& r, Slot slot) {
  Group& group = instance_of(r).groups[r.group];
  ContextSum& sum = group.sums[r.rank];
  const std::int64_t offset = (r.context << fraction_bits) - r.rate * r.joined;
  --sum.sequences;
  --group.sequences;
  sum.offset -= offset;
  sum.rate -= r.rate;
  const double attention_cap = deployment_of(r).spec.attention_cap;
  if (r.capped) {
    sum.capped_offset -= static_cast<std::int64_t>(attention_cap) << fraction_bits;
  } else if (attention_cap > 0.0) {
    sum.capped_offset -= offset;
    sum.capped_rate -= r.rate;
  }
  const std::int64_t steps = group.step - r.joined;
  if (steps > 0) {
    r.produced += r.tokens * std::min(steps, r.steps) / r.steps;
    r.record.last_token = group.last_end;
  }
  r.tokens = 0;
  if (group.busy && group.decodes && r.joined <= group.step) --group.riding;
  if (!group.fresh.empty()) std::erase(group.fresh, slot);
}

}  // namespace sn::serving
