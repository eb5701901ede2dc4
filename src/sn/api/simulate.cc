// sn/api/simulate.cc
//
// Chooses deployments and rates, then runs them (see simulate.h).

#include "sn/api/simulate.h"

#include <algorithm>
#include <string>
#include <utility>

#include "sn/api/request_error.h"
#include "sn/planner/plan.h"
#include "sn/planner/search/shapes.h"
#include "sn/planner/share/share.h"

namespace sn::api {

namespace {

/// The scenario's own deployment, or one of the planner's.
Result<serving::ServingPlan> choose(const twin::World& world, int rank, const Run& run,
                                    double& guess) {
  if (rank < 1) {
    return fail(request_error("rank", "there is no deployment " + std::to_string(rank),
                              "1 is the best", ErrorCode::range));
  }
  if (!world.load.search.fixed.empty()) return world.load.search.fixed.front();
  const Result<planner::PlanReport> report = planner::plan(
      world, {.top = rank, .operating = false, .pareto = false}, run.within("planning"));
  if (!report) return fail(report.error());
  if (report->candidates.size() < static_cast<std::size_t>(rank)) {
    return fail(request_error("rank", "there is no deployment " + std::to_string(rank),
                              "a plan lists them", ErrorCode::range));
  }
  const planner::Candidate& c = report->candidates[static_cast<std::size_t>(rank - 1)];
  guess = c.multiple;
  return c.plan;
}

/// The tenant's load on `plan`; a knee is first looked for at `guess`.
twin::TenantRun run_of(const twin::Tenant& tenant, serving::ServingPlan plan, std::int64_t gpus,
                       double guess) {
  const std::optional<double> target = tenant.world.load.target_rate();
  return {.plan = std::move(plan),
          .gpus = gpus,
          .knee = !target,
          .multiple = target ? *target / tenant.world.load.workload.rate.si() : guess};
}

/// Each tenant's own deployment; where one has none, all of them as the planner deals the GPUs.
Result<std::vector<twin::TenantRun>> choose(const twin::SharedMachine& machine, const Run& run) {
  std::vector<twin::TenantRun> out;
  const auto& tenants = machine.tenants;
  if (std::all_of(tenants.begin(), tenants.end(),
                  [](const twin::Tenant& t) { return !t.world.load.search.fixed.empty(); })) {
    std::vector<serving::ServingPlan> plans;
    std::int64_t taken = 0;
    for (const twin::Tenant& t : tenants) {
      plans.push_back(t.world.load.search.fixed.front());
      taken += t.gpus;
      out.push_back(run_of(t, plans.back(), t.gpus, 1.0));
    }
    if (planner::fit_together(tenants.front().world.machine.cluster, plans)) return out;
    return fail(planner::not_side_by_side(machine, taken));
  }
  const Result<planner::ShareReport> report =
      planner::share(machine, {.top = 1, .pareto = false}, run);
  if (!report) return fail(report.error());
  for (std::size_t i = 0; i < tenants.size(); ++i) {
    const planner::TenantReport& dealt = report->tenants[i];
    const planner::Candidate& best = dealt.plan.candidates.front();
    out.push_back(run_of(tenants[i], best.plan, dealt.gpus, best.multiple));
  }
  return out;
}

}  // namespace

Errors check_order(const twin::World& world) {
  if (!world.load.trace || world.load.trace->facts.out_of_order == 0) return {};
  return {request_error(
      "strict_order",
      std::to_string(world.load.trace->facts.out_of_order) + " requests are out of order",
      "sort the trace, or have them sorted", ErrorCode::data)};
}

Result<twin::SimulationResult> simulate(const twin::World& world, const SimulateRequest& request,
                                        const Run& run) {
  if (request.strict_order) {
    if (Errors mistakes = check_order(world); !mistakes.empty()) return fail(std::move(mistakes));
  }
  double guess = 0.0;
  const Result<serving::ServingPlan> plan = choose(world, request.rank, run, guess);
  if (!plan) return fail(plan.error());
  twin::SimulationOptions options = request.options;
  const std::optional<double> target = world.load.target_rate();
  if (options.clients > 0) return twin::simulate(world, *plan, options, run);
  if (!target) {
    options.knee_guess = guess;
    return twin::find_knee(world, *plan, options, run);
  }
  options.replay.multiple = *target / world.load.workload.rate.si();
  return twin::simulate(world, *plan, options, run);
}

Result<twin::SharedReport> simulate_shared(const twin::SharedMachine& machine,
                                           const SimulateRequest& request, const Run& run) {
  if (request.strict_order) {
    for (const twin::Tenant& t : machine.tenants) {
      if (Errors mistakes = check_order(t.world); !mistakes.empty()) {
        return fail(std::move(mistakes));
      }
    }
  }
  const Result<std::vector<twin::TenantRun>> runs = choose(machine, run);
  if (!runs) return fail(runs.error());
  return twin::simulate_shared(machine, *runs, request.options, run);
}

}  // namespace sn::api
