// sn/planner/shortlist/standing.cc
//
// From engine runs to rows and places (see standing.h).

#include "sn/planner/shortlist/standing.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "sn/planner/search/evaluate.h"

namespace sn::planner {

namespace {

constexpr double z80 = 1.2815515655446004;  // the normal quantile of 0.9
constexpr double t80 = 1.8856180831641267;  // of Student's distribution with two degrees of freedom
constexpr double below_knee = 0.98;         // where formulas still have a steady state

double d(std::int64_t v) { return static_cast<double>(v); }

serving::Percentiles percentiles_of(const twin::LatencySummary& s) {
  return {.mean = s.mean, .p50 = s.p50, .p90 = s.p90, .p95 = s.p95, .p99 = s.p99};
}

/// The engine's figures over those of the formulas.
void lay_over(const twin::World& world, const Played& played, Candidate& c) {
  const twin::SimulationReport& r = played.report;
  serving::SteadyState& s = c.state;
  s.requests = r.multiple * world.load.workload.rate.si();
  s.ttft = percentiles_of(r.ttft);
  s.tpot = percentiles_of(r.tpot);
  s.itl = percentiles_of(r.itl);
  s.e2e_mean = r.e2e.mean;
  c.e2e = percentiles_of(r.e2e);
  // What arrives is served: a finite run's own rate would count its ramps too.
  s.output_tokens = s.requests * serving::mean_output(world.load.workload);
  s.total_tokens = s.output_tokens + s.requests * serving::mean_input(world.load.workload);
  const bool fixed = world.load.target_rate() && r.meets_slo;
  s.output_per_gpu = s.output_tokens / d(fixed ? c.plan.gpus() : world.machine.gpus());
  s.per_user = s.tpot.mean.si() > 0.0 ? 1.0 / s.tpot.mean.si() : 0.0;
  s.energy_per_token = r.joules_per_token;
  s.hit_rate = r.hit_rate;
  s.stable = !r.growing && !r.cut_short;
  const twin::PoolResult& decode = r.pools.back();
  s.sequences = decode.batch / d(c.plan.decode.deployment.parallel.dp);
  s.kv_utilisation = decode.held;
  s.prefill_utilisation = r.pools.front().busy;
  c.decode.sequences = s.sequences;
  c.decode.batch = decode.batch;
  c.multiple = r.multiple;
  c.meets_slo = played.meets();
  c.limit = to_string(r.limit);
  c.played = static_cast<std::int64_t>(r.requests);
  set_running(world, c);
}

/// Squared standard error of the mean difference of two rows.
double sampling_variance(const std::vector<double>& a, const std::vector<double>& b) {
  const std::size_t n = std::min(a.size(), b.size());
  if (n < 2) return 0.0;
  std::vector<double> differences;
  double mean = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    differences.push_back(std::log(a[i] / b[i]));
    mean += differences.back() / static_cast<double>(n);
  }
  double squares = 0.0;
  for (const double x : differences) squares += (x - mean) * (x - mean);
  return squares / static_cast<double>(n - 1) / static_cast<double>(n);
}

}  // namespace

Candidate played_candidate(const twin::World& world, const Played& played) {
  Candidate c = candidate_of(world, played.found);
  lay_over(world, played, c);
  const serving::ServingInputs inputs = world.inputs();
  serving::ServingModel model(inputs, c.plan);
  const double knee = model.knee(world.load.slo);
  c.intervals = intervals_of(world, model, std::min(c.state.requests, below_knee * knee), c.state);
  const double bound = bound_gpu_seconds(model, c.state.requests);
  c.bound_per_gpu = bound > 0.0 ? 1.0 / bound : 0.0;
  return c;
}

void give_places(const twin::World& world, const std::vector<std::vector<double>>& knees,
                 std::vector<Candidate>& rows) {
  SN_ASSERT(knees.size() == rows.size());
  double pooled = 0.0;  // sampling variance of rows that were not played so often
  for (std::size_t i = 1; i < rows.size(); ++i) {
    pooled = std::max(pooled, sampling_variance(knees[0], knees[i]));
  }
  std::size_t leader = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Candidate& c = rows[i];
    c.rank = static_cast<int>(i) + 1;
    const Candidate& first = rows[leader];
    const bool comparable = i > 0 && c.played > 0 && c.meets_slo && first.meets_slo;
    bool apart = !comparable || c.state.output_per_gpu <= 0.0;
    if (!apart) {
      const bool both = knees[leader].size() > 1 && knees[i].size() > 1;
      const double sampling = both ? sampling_variance(knees[leader], knees[i]) : pooled;
      const double width = std::sqrt(
          t80 * t80 * sampling +
          z80 * z80 * llm::variance_of_difference(first.work, c.work, world.machine.uncertainty));
      apart = std::abs(std::log(c.state.output_per_gpu / first.state.output_per_gpu)) > width;
    }
    if (apart) leader = i;
    c.place = static_cast<int>(leader) + 1;
  }
}

Result<OperatingLoad> operating_load(const twin::World& world, const Candidate& candidate,
                                     const twin::SimulationOptions& options, const Run& run) {
  const bool fixed = world.load.target_rate().has_value();
  OperatingLoad out;
  out.share = fixed ? 1.0 : operating_share;
  out.multiple = candidate.multiple * out.share;
  out.requests = out.multiple * world.load.workload.rate.si();
  twin::SimulationOptions o = whole_options(world, options);
  o.replay.multiple = out.multiple;
  std::vector<serving::ServingPlan> plans = {candidate.plan};
  for (const bool prefill : {true, false}) {
    if (prefill && !candidate.disaggregated) continue;
    serving::ServingPlan plan = candidate.plan;
    serving::Pool& pool = prefill ? plan.prefill : plan.decode;
    --pool.replicas;
    const char* name = !candidate.disaggregated ? "aggregated" : prefill ? "prefill" : "decode";
    out.losses.push_back({.pool = name, .left = pool.replicas, .ttft = {}, .tpot = {}});
    plans.push_back(std::move(plan));
  }
  std::vector<Result<twin::SimulationResult>> runs(
      plans.size(), Result<twin::SimulationResult>(twin::SimulationResult{}));
  run.for_each(plans.size(), [&](std::size_t i) {
    if (i > 0 && out.losses[i - 1].left == 0) return;
    runs[i] = twin::simulate(world, plans[i], o, run.quiet());
  });
  if (run.stopped()) return fail(interrupted("the load below the knee"));
  if (!runs.front()) return fail(runs.front().error());
  const twin::SimulationReport& whole = runs.front()->report;
  out.good = whole.good;
  out.goodput = whole.goodput;
  out.ttft = percentiles_of(whole.ttft);
  out.tpot = percentiles_of(whole.tpot);
  for (std::size_t i = 0; i < out.losses.size(); ++i) {
    InstanceLoss& loss = out.losses[i];
    if (loss.left == 0) continue;
    const Result<twin::SimulationResult>& one = runs[i + 1];
    if (!one) return fail(one.error());
    loss.meets_slo = one->report.meets_slo;
    loss.good = one->report.good;
    loss.ttft = percentiles_of(one->report.ttft);
    loss.tpot = percentiles_of(one->report.tpot);
  }
  return out;
}

}  // namespace sn::planner
