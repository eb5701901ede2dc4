// sn/twin/simulate/simulate.cc
//
// Drives a ServingEngine through a request source (see simulate.h).

#include "sn/twin/simulate/simulate.h"

#include <fmt/format.h>

#include <utility>

#include "sn/twin/simulate/simulation_run.h"

namespace sn::twin {

namespace {

double d(std::int64_t v) { return static_cast<double>(v); }

std::string pool_text(const serving::Pool& pool) {
  std::string out =
      fmt::format("{} x ({})", pool.replicas, llm::to_string(pool.deployment.parallel));
  if (pool.deployment.draft_tokens > 0) out += fmt::format(" MTP{}", pool.deployment.draft_tokens);
  return out;
}

}  // namespace

SimulationReport describe(const World& world, const serving::ServingPlan& plan,
                          const SimulationOptions& options) {
  SimulationReport report;
  report.name = world.name;
  report.model = world.machine.model.name;
  report.machine = fmt::format("{} x {} in {} {}", world.machine.cluster.gpus(),
                               world.machine.cluster.rack.chip.name, world.machine.cluster.racks,
                               world.machine.cluster.rack.name);
  report.workload = world.load.workload.origin;
  report.deployment = plan_text(plan);
  report.routing = serving::to_string(options.routing);
  report.eviction = kv::to_string(options.eviction);
  report.slo = serving::to_string(world.load.slo);
  report.scaling = options.replay.scaling == serving::Scaling::copies ? "copies" : "time";
  report.gpus = plan.gpus();
  report.multiple = options.replay.multiple;
  report.warnings = world.warnings;
  const hw::Chip& chip = world.machine.cluster.rack.chip;
  const auto add = [&](const serving::Pool& pool, const char* role) {
    const kernel::DataType a = pool.deployment.precision.activations;
    const FlopRate peak = a == kernel::DataType::fp8 && chip.peak.fp8.si() > 0.0   ? chip.peak.fp8
                          : a == kernel::DataType::fp4 && chip.peak.fp4.si() > 0.0 ? chip.peak.fp4
                                                                                   : chip.peak.bf16;
    report.pools.push_back({.role = role,
                            .parallel = pool_text(pool),
                            .instances = pool.replicas,
                            .gpus = pool.gpus(),
                            .compute = peak.si(),
                            .memory = chip.hbm_bandwidth.si(),
                            .joules = chip.idle.si() * d(pool.gpus())});
  };
  if (plan.disaggregated()) add(plan.prefill, "prefill");
  add(plan.decode, plan.disaggregated() ? "decode" : "aggregated");
  return report;
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
  if (world.load.synthetic) return serving::draw(*world.load.synthetic, world.seed, options.replay);
  return serving::imitate(world.load.workload, world.seed, options.imitated, options.replay);
}

Result<SimulationResult> simulate(const World& world, const serving::ServingPlan& plan,
                                  const SimulationOptions& options, const Run& run) {
  Result<serving::EngineSpec> spec = engine_spec(world, plan, options);
  if (!spec) return fail(spec.error());
  std::vector<Stream> streams(1);
  streams.front() = {source_of(world, options), world.load.slo};
  const Result<Nanos> end = serving::span_on_clock(*streams.front().source);
  if (!end) return fail(end.error());
  Result<std::vector<FaultStep>> breaks = fault_steps(world, plan, end->to_time());
  if (!breaks) return fail(breaks.error());
  SimulationRun engine(*std::move(spec), std::move(streams), *end, options, run);
  engine.set_faults(*std::move(breaks), world);
  engine.go();
  if (Errors faults = engine.faults(); !faults.empty()) return fail(std::move(faults));
  SimulationResult out{.report = describe(world, plan, options), .timeline = {}};
  engine.write(0, out.report);
  out.timeline = engine.take_timeline(0);
  return out;
}

}  // namespace sn::twin
