// sn/twin/simulate/fault_schedule.cc
//
// Faults at times and by rate, in order (see fault_schedule.h).

#include "sn/twin/simulate/fault_schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sn/base/random.h"
#include "sn/base/units/units.h"

namespace sn::twin {

namespace {

constexpr std::size_t steps_max = 200'000;
constexpr std::size_t records_max = 1000;

struct Place {
  std::string pool;
  std::uint32_t number = 0;  // within the deployment
  std::int64_t first = 0;    // GPU
  std::int64_t end = 0;
};

/// The deployment's instances on the machine's GPUs, in order.
std::vector<Place> places_of(const serving::ServingPlan& plan) {
  std::vector<Place> out;
  std::int64_t gpu = 0;
  const auto add = [&](const serving::Pool& pool, const char* name) {
    const std::int64_t each = pool.gpus() / std::max<std::int64_t>(1, pool.replicas);
    for (std::int64_t i = 0; i < pool.replicas; ++i, gpu += each) {
      out.push_back({name, static_cast<std::uint32_t>(out.size()), gpu, gpu + each});
    }
  };
  if (plan.disaggregated()) add(plan.prefill, "prefill");
  add(plan.decode, plan.disaggregated() ? "decode" : "aggregated");
  return out;
}

class Scheduler {
 public:
  Scheduler(const World& world, const serving::ServingPlan& plan, Time end)
      : world_(world),
        places_(places_of(plan)),
        gpus_per_image_(std::max<std::int64_t>(1, world.machine.cluster.rack.gpus_per_os)),
        end_(end) {}

  void event(const FaultEvent& e) {
    FaultStep step{.at = to_nanos(e.at).value_or(Nanos{}),
                   .action = e.action,
                   .target = to_string(e.target),
                   .instances = met_by(e.target),
                   .conditions = e.conditions};
    find_tier(e.target, step);
    if (step.instances.empty() && !step.tier) {
      errors.push_back(nobody(e.target, e.where));
      return;
    }
    steps.push_back(std::move(step));
  }

  void rate(const FaultRate& r, std::uint64_t index) {
    const std::int64_t count = entities(r.target);
    if (count == 0) errors.push_back(nobody(r.target, r.where));
    for (std::int64_t i = 0; i < count; ++i) {
      FaultTarget one = r.target;
      one.number = i;
      RandomStream stream(world_.seed ^ entity_key("faults"),
                          (index << 32) | static_cast<std::uint64_t>(i));
      double t = stream.exponential(r.every.si());
      for (; t < end_.si(); t += r.repair.si() + stream.exponential(r.every.si())) {
        if (steps.size() + 2 > steps_max) return too_many(r.where);
        FaultStep step{.at = to_nanos(Time::from_si(t)).value_or(Nanos{}),
                       .action = r.action,
                       .source = ++sources_,
                       .target = to_string(one),
                       .instances = met_by(one),
                       .conditions = r.conditions};
        find_tier(one, step);
        if (step.tier) {
          steps.push_back(std::move(step));
          continue;
        }
        FaultStep back = step;
        back.action = FaultAction::repair;
        back.at.count += to_nanos(r.repair).value_or(Nanos{}).count;
        steps.push_back(std::move(step));
        steps.push_back(std::move(back));
      }
    }
  }

  std::vector<FaultStep> steps;
  Errors errors;

 private:
  void find_tier(const FaultTarget& t, FaultStep& step) const {
    const auto& tiers = world_.machine.kv.tiers;
    for (std::uint32_t i = 0; i < tiers.size(); ++i) {
      if (serving::to_string(tiers[i].kind) == t.tier) step.tier = i;
    }
    step.part = static_cast<std::uint32_t>(std::max<std::int64_t>(0, t.number));
    step.parts = static_cast<std::uint32_t>(t.parts);
  }
  [[nodiscard]] std::string tiers() const {
    std::string out;
    for (const serving::KvTier& t : world_.machine.kv.tiers) {
      out += (out.empty() ? "" : ", ") + std::string(serving::to_string(t.kind));
    }
    return out.empty() ? "none: kv: {tiers: [hbm, dram]}" : out;
  }
  [[nodiscard]] std::int64_t images() const {
    return places_.empty() ? 0 : (places_.back().end + gpus_per_image_ - 1) / gpus_per_image_;
  }
  [[nodiscard]] std::int64_t entities(const FaultTarget& t) const {
    if (!t.tier.empty()) {
      FaultStep step;
      find_tier(t, step);
      return step.tier ? t.parts : 0;
    }
    if (t.image) return images();
    return std::count_if(places_.begin(), places_.end(),
                         [&](const Place& p) { return t.pool.empty() || p.pool == t.pool; });
  }
  [[nodiscard]] std::vector<std::uint32_t> met_by(const FaultTarget& t) const {
    std::vector<std::uint32_t> out;
    if (!t.tier.empty()) return out;
    std::int64_t n = 0;
    for (const Place& p : places_) {
      const bool met =
          t.image ? p.first < (t.number + 1) * gpus_per_image_ && p.end > t.number * gpus_per_image_
                  : (t.pool.empty() || p.pool == t.pool) && n++ == t.number;
      if (met) out.push_back(p.number);
    }
    return out;
  }
  [[nodiscard]] Error nobody(const FaultTarget& t, const Location& where) const {
    if (!t.tier.empty()) {
      return {.code = ErrorCode::range,
              .message = "the machine has no KV tier '" + t.tier + "'",
              .where = where,
              .hint = "its tiers: " + tiers()};
    }
    const std::int64_t n = entities(t);
    const std::string of = t.pool.empty() ? "" : " of " + t.pool;
    return {.code = ErrorCode::range,
            .message = fmt::format("the deployment has no {}", to_string(t)),
            .where = where,
            .hint = n == 0 ? "its pools: " + pools()
                           : fmt::format("0 to {}: it has {} {}s{}", n - 1, n,
                                         t.image ? "image" : "instance", of)};
  }
  [[nodiscard]] std::string pools() const {
    std::string out;
    std::string last;
    for (const Place& p : places_) {
      if (p.pool == last) continue;
      out += (out.empty() ? "" : ", ") + p.pool;
      last = p.pool;
    }
    return out;
  }
  void too_many(const Location& where) {
    errors.push_back({.code = ErrorCode::limit,
                      .message = fmt::format("these rates give more than {} faults and repairs "
                                             "within {}",
                                             steps_max, format(end_)),
                      .where = where,
                      .hint = "a longer 'every', or fewer requests"});
  }

  const World& world_;
  std::vector<Place> places_;
  std::int64_t gpus_per_image_;
  Time end_;
  std::uint64_t sources_ = 0;
};

}  // namespace

Result<std::vector<FaultStep>> fault_steps(const World& world, const serving::ServingPlan& plan,
                                           Time end) {
  Scheduler s(world, plan, end);
  for (const FaultEvent& e : world.faults.events) s.event(e);
  for (std::size_t i = 0; i < world.faults.rates.size() && s.errors.empty(); ++i) {
    s.rate(world.faults.rates[i], i);
  }
  if (!s.errors.empty()) return fail(std::move(s.errors));
  std::stable_sort(s.steps.begin(), s.steps.end(),
                   [](const FaultStep& a, const FaultStep& b) { return a.at < b.at; });
  return std::move(s.steps);
}

void FaultInjector::act(serving::ServingEngine& engine) {
  const FaultStep& step = steps_[done_++];
  std::int64_t requests = 0;
  if (step.tier) engine.lose_tier(0, *step.tier, step.part, step.parts, step.at);
  for (const std::uint32_t i : step.instances) {
    std::vector<Active>& active = active_[i];
    if (step.action == FaultAction::repair) {
      std::erase_if(active, [&](const Active& a) { return a.source == step.source; });
    } else {
      active.push_back({step.source, step.action, step.conditions});
    }
    settle(engine, i, step.at, requests);
  }
  ++summary_.counts[static_cast<std::size_t>(step.action)];
  summary_.requests += requests;
  if (summary_.records.size() < records_max) {
    summary_.records.push_back({.at = step.at.to_time(),
                                .action = step.action,
                                .target = step.target,
                                .requests = requests});
  }
}

/// Brings an instance into the state that its faults leave it.
void FaultInjector::settle(serving::ServingEngine& engine, std::uint32_t instance, Nanos now,
                           std::int64_t& requests) {
  const std::vector<Active>& active = active_[instance];
  const auto has = [&](FaultAction action) {
    return std::any_of(active.begin(), active.end(),
                       [&](const Active& a) { return a.action == action; });
  };
  hw::Conditions worst = usual_;
  for (const Active& a : active) {
    worst.clock = std::min(worst.clock, a.conditions.clock);
    worst.hbm = std::min(worst.hbm, a.conditions.hbm);
    worst.scale_up = std::min(worst.scale_up, a.conditions.scale_up);
    worst.scale_out = std::min(worst.scale_out, a.conditions.scale_out);
  }
  if (has(FaultAction::fail)) {
    requests += engine.fail(0, instance, now);
    return;
  }
  engine.set_conditions(0, instance, worst == usual_ ? hw::Conditions{} : worst, now);
  if (has(FaultAction::drain)) {
    engine.drain(0, instance, now);
  } else {
    engine.start(0, instance, now);
  }
}

}  // namespace sn::twin
