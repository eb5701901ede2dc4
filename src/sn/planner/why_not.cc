// sn/planner/why_not.cc
//
// Checks one deployment step by step (see why_not.h).

#include "sn/planner/why_not.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "sn/base/units/units.h"
#include "sn/planner/search/engine_runs.h"
#include "sn/planner/search/evaluate.h"
#include "sn/planner/search/feasible.h"
#include "sn/planner/search/shapes.h"
#include "sn/planner/shortlist/standing.h"

namespace sn::planner {

namespace {

constexpr double no_difference = 0.001;  // relative; the planner's own grain

std::string pool_name(const serving::Pool& pool) {
  std::string out = fmt::format("{} x ({})", pool.replicas, llm::cut_text(pool.deployment));
  if (pool.deployment.draft_tokens > 0) {
    out += fmt::format(" MTP{}", pool.deployment.draft_tokens);
  }
  if (pool.chunk > 0) out += fmt::format(" chunk {}", pool.chunk);
  return out;
}

std::string_view role_of(const serving::ServingPlan& plan, bool prefill) {
  return !plan.disaggregated() ? "the pool" : prefill ? "the prefill pool" : "the decode pool";
}

/// Cuts that the model does not allow.
void check_cuts(const twin::World& world, const serving::ServingPlan& plan, WhyNotReport& out) {
  for (const bool prefill : {true, false}) {
    const serving::Pool& pool = prefill ? plan.prefill : plan.decode;
    if (pool.replicas == 0) continue;
    const std::string why = llm::why_not(world.machine.model, pool.deployment,
                                         world.machine.cluster.rack.scale_up.domain);
    if (!why.empty()) {
      out.reasons.push_back(fmt::format("{} cannot hold {}: {}", role_of(plan, prefill),
                                        world.machine.model.name, why));
    }
  }
  const std::string refused = cannot_run(world.machine.framework, world.machine.model, plan);
  if (!refused.empty()) {
    out.reasons.push_back(fmt::format("{} cannot run {} (supernode catalog show frameworks/{})",
                                      world.machine.framework.name, refused,
                                      world.machine.framework.name));
  }
  if (plan.decode.deployment.parallel.cp > 1) {
    out.reasons.push_back("decode steps have one token of a sequence to share: CP is for prefill");
  }
}

void check_room(const twin::World& world, const serving::ServingPlan& plan, WhyNotReport& out) {
  if (plan.gpus() > world.machine.gpus()) {
    out.reasons.push_back(fmt::format("it takes {} GPUs, {} more than the {} there are",
                                      plan.gpus(), plan.gpus() - world.machine.gpus(),
                                      world.machine.gpus()));
    return;
  }
  for (const Error& e : check_fits(world, plan)) out.reasons.push_back(e.message);
}

/// Targets of the SLO that an almost idle plan misses.
void check_idle(const twin::World& world, const Candidate& c, WhyNotReport& out) {
  for (const serving::SloTarget& t : world.load.slo) {
    if (t.metric == serving::Metric::e2e) continue;  // of requests that the engine played
    const bool first = t.metric == serving::Metric::ttft;
    const serving::Percentiles& p = first ? c.state.ttft : c.state.tpot;
    const Time v = serving::value_at(p, t.quantile);
    if (v <= t.limit) continue;
    out.reasons.push_back(fmt::format("{} of {} is missed even without load: {}, {:.3g}x",
                                      first ? "TTFT" : "TPOT", format(t.limit), format(v),
                                      v / t.limit));
  }
  if (out.reasons.empty()) out.reasons.push_back("it meets the SLO at no rate: " + c.limit);
}

bool searched(const twin::World& world, const serving::ServingPlan& plan) {
  const std::vector<Shape> all = shapes(world);
  const auto has = [&](Role role, const serving::Pool& pool) {
    return std::find(all.begin(), all.end(), Shape{role, pool.deployment, pool.chunk}) != all.end();
  };
  if (!plan.disaggregated()) return has(Role::aggregated, plan.decode);
  return has(Role::prefill, plan.prefill) && has(Role::decode, plan.decode);
}

/// Items of one pool and of two cannot be compared by pool: "step experts", "prefill experts" and
/// "decode experts" are experts.
std::string item_of(const std::string& item, bool alike) {
  if (alike || item == "prefill idle") return item;
  for (const std::string_view pool : {"step ", "prefill ", "decode "}) {
    if (item.starts_with(pool)) return item.substr(pool.size());
  }
  return item;
}

void compare_times(const twin::World& world, WhyNotReport& out) {
  const Candidate& here = *out.candidate;
  const Candidate& best = *out.best;
  const bool alike = here.disaggregated == best.disaggregated;
  std::map<std::string, TimeAgainst> items;
  for (const BillLine& l : bill_of(world, here.plan, billed_rate(world, here)).gpu) {
    items[item_of(l.item, alike)].here += l.time;
  }
  for (const BillLine& l : bill_of(world, best.plan, billed_rate(world, best)).gpu) {
    items[item_of(l.item, alike)].best += l.time;
  }
  for (auto& [item, t] : items) {
    t.item = item;
    out.times.push_back(t);
  }
  std::stable_sort(out.times.begin(), out.times.end(),
                   [](const TimeAgainst& a, const TimeAgainst& b) {
                     return std::abs((a.here - a.best).si()) > std::abs((b.here - b.best).si());
                   });
}

/// What a deployment that meets the SLO loses to the best.
void compare(const twin::World& world, const PlanReport& report, WhyNotReport& out) {
  const Candidate& here = *out.candidate;
  const Candidate& best = *out.best;
  const double ratio = here.state.output_per_gpu / best.state.output_per_gpu;
  for (const Candidate& c : report.candidates) {
    if (c.plan == here.plan) out.rank = c.rank;
  }
  const std::string figures = fmt::format("{:.4g} tokens/s per GPU, #1 has {:.4g}",
                                          here.state.output_per_gpu, best.state.output_per_gpu);
  if (ratio < 1.0 - no_difference) {
    out.reasons.push_back(fmt::format("{}: {:.3g} % less", figures, 100.0 * (1.0 - ratio)));
    if (!here.limit.empty()) {
      out.reasons.push_back(fmt::format("its knee of {:.4g} requests/s is set by {}",
                                        here.state.requests, here.limit));
    }
  } else if (here.plan == best.plan || ratio > 1.0 + no_difference) {
    out.best_of_all = true;
    out.reasons.push_back(here.plan == best.plan ? "it is #1"
                                                 : fmt::format("it is better: {}", figures));
  } else {
    out.reasons.push_back(
        fmt::format("{}: no more than the 0.1 % that ranks; #1 serves each user "
                    "{:.4g} tokens/s, this one {:.4g}",
                    figures, best.state.per_user, here.state.per_user));
  }
  if (out.rank == 0 && !searched(world, here.plan)) {
    const bool halves =
        here.plan.prefill.deployment.two_batch || here.plan.decode.deployment.two_batch;
    out.reasons.push_back(fmt::format("the search does not try {} (deployments: [...] does)",
                                      halves ? "two_batch" : "these sizes"));
  }
  compare_times(world, out);
}

/// The deployment as the plan's table has it, or judged as that judges.
Candidate row_of(const twin::World& world, const serving::ServingPlan& plan,
                 const PlanReport& report, const Run& run) {
  for (const Candidate& c : report.candidates) {
    if (c.plan == plan) return c;
  }
  Candidate screened = candidate_of(world, {plan, 0.0});
  if (report.screened || !screened.meets_slo) return screened;
  const Result<Played> played = play(world, {plan, screened.state.requests}, screened.multiple,
                                     whole_options(world, {}), run);
  if (!played || played->report.interrupted) return screened;
  return played_candidate(world, *played);
}

}  // namespace

std::string deployment_text(const serving::ServingPlan& plan) {
  return plan.disaggregated() ? pool_name(plan.prefill) + " + " + pool_name(plan.decode)
                              : pool_name(plan.decode);
}

WhyNotReport why_not(const twin::World& world, const serving::ServingPlan& plan,
                     const PlanReport& report, const Run& run) {
  WhyNotReport out;
  out.subject = report.subject;
  out.plan = plan;
  if (report.meet > 0 && !report.candidates.empty()) out.best = report.candidates.front();
  check_cuts(world, plan, out);
  if (out.reasons.empty()) check_room(world, plan, out);
  out.ruled_out = !out.reasons.empty();
  if (out.ruled_out) return out;
  out.candidate = row_of(world, plan, report, run);
  out.interrupted = report.interrupted || run.stopped();
  const std::optional<double> target = world.load.target_rate();
  if (!out.candidate->meets_slo && target && out.candidate->state.requests > 1e-3) {
    out.reasons.push_back(fmt::format("it carries {:.4g} of {:.4g} requests/s; beyond, {}",
                                      out.candidate->state.requests, *target,
                                      out.candidate->limit));
  } else if (!out.candidate->meets_slo) {
    check_idle(world, *out.candidate, out);
  }
  out.ruled_out = !out.reasons.empty();
  if (!out.ruled_out && out.best) compare(world, report, out);
  return out;
}

}  // namespace sn::planner
