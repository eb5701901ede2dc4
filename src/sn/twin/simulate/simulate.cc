// sn/twin/simulate/simulate.cc
//
// Drives a ServingEngine through a request source (see simulate.h).

#include "sn/twin/simulate/simulate.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "sn/twin/simulate/simulation_run.h"

namespace sn::twin {

namespace {

double d(std::int64_t v) { return static_cast<double>(v); }

PoolPeaks peaks_of(const hw::Chip& chip, const serving::Pool& pool) {
  const kernel::DataType a = pool.deployment.precision.activations;
  const FlopRate peak = a == kernel::DataType::fp8 && chip.peak.fp8.si() > 0.0   ? chip.peak.fp8
                        : a == kernel::DataType::fp4 && chip.peak.fp4.si() > 0.0 ? chip.peak.fp4
                                                                                 : chip.peak.bf16;
  return {.compute = peak, .memory = chip.hbm_bandwidth, .idle = chip.idle * d(pool.gpus())};
}

}  // namespace

std::vector<PoolPeaks> peaks_of(const World& world, const serving::ServingPlan& plan) {
  const hw::Chip& chip = world.machine.cluster.rack.chip;
  if (!plan.disaggregated()) return {peaks_of(chip, plan.decode)};
  return {peaks_of(chip, plan.prefill), peaks_of(chip, plan.decode)};
}

Nanos warm_up_of(const SimulationOptions& options, Nanos end) {
  return {std::llround(options.warm_up * d(end.count))};
}

std::string pool_text(const serving::Pool& pool) {
  std::string out =
      fmt::format("{} x ({})", pool.replicas, llm::to_string(pool.deployment.parallel));
  if (pool.deployment.draft_tokens > 0) out += fmt::format(" MTP{}", pool.deployment.draft_tokens);
  return out;
}

SimulationReport describe(const World& world, const serving::ServingPlan& plan,
                          const SimulationOptions& options) {
  SimulationReport report;
  report.name = world.name;
  report.model = world.machine.model.name;
  report.machine = fmt::format("{} x {} in {} {}", world.machine.cluster.gpus(),
                               world.machine.cluster.rack.chip.name, world.machine.cluster.racks,
                               world.machine.cluster.rack.name);
  report.workload = world.load.workload.origin;
  report.plan = plan;
  report.routing = options.routing;
  report.eviction = options.eviction.value_or(world.machine.kv.policy);
  report.slo = world.load.slo;
  report.scaling = options.replay.scaling;
  report.gpus = plan.gpus();
  report.multiple = options.replay.multiple;
  report.warnings = world.warnings;
  const auto add = [&](const serving::Pool& pool, PoolRole role) {
    report.pools.push_back(
        {.role = role, .pool = pool, .instances = pool.replicas, .gpus = pool.gpus()});
  };
  if (plan.disaggregated()) add(plan.prefill, PoolRole::prefill);
  add(plan.decode, plan.disaggregated() ? PoolRole::decode : PoolRole::aggregated);
  return report;
}

void add_running(const World& world, const serving::ServingPlan& plan, SimulationReport& report) {
  if (!world.facility) return;
  report.running = facility::running_figures(world.machine.cluster.rack, *world.facility,
                                             {.gpus = plan.gpus(),
                                              .chip_joules_per_token = report.joules_per_token,
                                              .output = report.output_tokens,
                                              .total = report.total_tokens});
}

std::string plan_text(const serving::ServingPlan& plan) {
  if (!plan.disaggregated()) {
    return fmt::format("{} GPUs: {}, chunks of {}", plan.gpus(), pool_text(plan.decode),
                       plan.decode.chunk);
  }
  return fmt::format("{} prefill + {} decode: {}, chunks of {}; {}", plan.prefill.gpus(),
                     plan.decode.gpus(), pool_text(plan.prefill), plan.prefill.chunk,
                     pool_text(plan.decode));
}

std::unique_ptr<serving::RequestSource> source_of(const World& world,
                                                  const SimulationOptions& options) {
  if (world.load.trace) return serving::replay(world.load.trace, options.replay);
  if (world.load.synthetic) {
    serving::SyntheticSpec spec = *world.load.synthetic;
    spec.requests = std::max(spec.requests, options.drawn);
    return serving::draw(spec, world.seed, options.replay);
  }
  return serving::imitate(world.load.workload, world.seed, options.imitated, options.replay);
}

namespace {

/// From when to when a run is measured.
struct Measured {
  Nanos warm;
  Nanos end;
};

/// One run, measured as `when` says or over the source's span; what was asked of `when` is told.
Result<SimulationResult> run_once(const World& world, const serving::ServingPlan& plan,
                                  const SimulationOptions& options, const Run& run,
                                  std::optional<Measured> when, Nanos* warm_sent = nullptr) {
  Result<serving::EngineSpec> spec = engine_spec(world, plan, options);
  if (!spec) return fail(spec.error());
  std::vector<Stream> streams(1);
  streams.front() = {source_of(world, options), world.load.slo, peaks_of(world, plan)};
  const Result<Nanos> end = when ? when->end : serving::span_on_clock(*streams.front().source);
  if (!end) return fail(end.error());
  Result<std::vector<FaultStep>> breaks = fault_steps(world, plan, end->to_time());
  if (!breaks) return fail(breaks.error());
  const Nanos warm = when ? when->warm : warm_up_of(options, *end);
  SimulationRun engine(*std::move(spec), std::move(streams), warm, *end, options, run);
  engine.set_faults(*std::move(breaks), world);
  engine.go();
  if (Errors faults = engine.faults(); !faults.empty()) return fail(std::move(faults));
  SimulationResult out{.report = describe(world, plan, options), .timeline = {}};
  engine.write(0, out.report);
  add_running(world, plan, out.report);
  if (warm_sent != nullptr) *warm_sent = engine.warm_sent();
  out.timeline = engine.take_timeline(0);
  out.timeline_left_out = engine.timeline_left_out(0);
  return out;
}

/// When the clients' last request is sent is known once they have sent it: two runs.
Result<SimulationResult> simulate_closed(const World& world, const serving::ServingPlan& plan,
                                         const SimulationOptions& options, const Run& run) {
  SimulationOptions quick = options;
  quick.timeline_limit = 0;
  Nanos warm;
  const Result<SimulationResult> first =
      run_once(world, plan, quick, run, Measured{{}, serving::arrivals_end}, &warm);
  if (!first) return first;
  const Nanos last = to_nanos(first->report.last_arrival).value_or(serving::arrivals_end);
  return run_once(world, plan, options, run, Measured{warm, std::max(last, Nanos{warm.count + 1})});
}

}  // namespace

Result<SimulationResult> simulate(const World& world, const serving::ServingPlan& plan,
                                  const SimulationOptions& options, const Run& run) {
  if (options.clients > 0) return simulate_closed(world, plan, options, run);
  return run_once(world, plan, options, run, std::nullopt);
}

}  // namespace sn::twin
