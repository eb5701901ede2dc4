// sn/twin/simulate/simulate_shared.cc
//
// One engine for all tenants (see simulate_shared.h).

#include "sn/twin/simulate/simulate_shared.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "sn/twin/simulate/simulation_run.h"

namespace sn::twin {

namespace {

/// Appends what is not there yet: tenants share the mistakes of what they have in common.
void note(const Errors& more, Errors& all) {
  for (const Error& e : more) {
    if (std::find(all.begin(), all.end(), e) == all.end()) all.push_back(e);
  }
}

/// A tenant's description and load, its knee searched for where it has none. Nothing runs yet.
Result<SimulationReport> prepare(const World& world, const TenantRun& tenant,
                                 SimulationOptions& options, const Run& run) {
  options.replay.multiple = tenant.multiple;
  if (!tenant.knee) return describe(world, tenant.plan, options);
  options.knee_guess = tenant.multiple;
  Result<SimulationResult> alone = find_knee(world, tenant.plan, options, run);
  if (!alone) return fail(alone.error());
  options.replay.multiple = alone->report.multiple;
  SimulationReport out = describe(world, tenant.plan, options);
  out.knee = true;
  out.limit = alone->report.limit;
  out.probes = std::move(alone->report.probes);
  return out;
}

/// The machine's numbers out of the tenants'; requests end at `end`.
void add_up(const SharedMachine& machine, Time end, SharedReport& out) {
  const SimulationReport& first = out.tenants.front().report;
  out.measured = std::max(Time{}, std::min(end, first.end) - first.warm_up);
  out.meets_slo = true;
  std::int64_t idle = out.gpus;
  double joules = 0.0;
  for (const TenantResult& t : out.tenants) {
    const SimulationReport& r = t.report;
    out.left_over -= t.gpus;
    idle -= r.gpus;
    out.meets_slo = out.meets_slo && r.meets_slo;
    out.interrupted = out.interrupted || r.interrupted;
    out.request_rate += r.request_rate;
    out.goodput += r.goodput;
    out.output_tokens += r.output_tokens;
    out.total_tokens += r.total_tokens;
    for (const PoolResult& p : r.pools) joules += p.joules;
    note(r.warnings, out.warnings);
  }
  const hw::Chip& chip = machine.tenants.front().world.machine.cluster.rack.chip;
  joules += (chip.idle * out.measured).si() * static_cast<double>(idle);
  out.output_per_gpu = out.output_tokens / static_cast<double>(out.gpus);
  const double tokens = out.output_tokens * out.measured.si();
  if (tokens > 0.0) out.joules_per_token = joules / tokens;
}

}  // namespace

Result<SharedReport> simulate_shared(const SharedMachine& machine,
                                     const std::vector<TenantRun>& runs,
                                     const SimulationOptions& options, const Run& run) {
  SN_ASSERT(runs.size() == machine.tenants.size());
  SharedReport out;
  out.name = machine.name;
  out.gpus = machine.tenants.front().world.machine.cluster.gpus();
  out.left_over = out.gpus;
  serving::EngineSpec all;
  std::vector<SimulationOptions> loads(runs.size(), options);
  Nanos end = serving::arrivals_end;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const Tenant& tenant = machine.tenants[i];
    Result<serving::EngineSpec> spec = engine_spec(tenant.world, runs[i].plan, options);
    if (!spec) return fail(spec.error());
    Result<SimulationReport> report =
        prepare(tenant.world, runs[i], loads[i], run.within(tenant.name));
    if (!report) return fail(report.error());
    const Result<Nanos> span = serving::span_on_clock(*source_of(tenant.world, loads[i]));
    if (!span) return fail(span.error());
    end = std::min(end, *span);
    if (i == 0) {
      all = *std::move(spec);
    } else {
      all.deployments.push_back(std::move(spec->deployments.front()));
    }
    out.tenants.push_back({tenant.name, runs[i].gpus, *std::move(report)});
  }
  out.machine = out.tenants.front().report.machine;
  std::vector<Stream> streams;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const World& world = machine.tenants[i].world;
    loads[i].replay.until = end.to_time();
    streams.push_back({source_of(world, loads[i]), world.load.slo, peaks_of(world, runs[i].plan)});
  }
  SimulationRun engine(std::move(all), std::move(streams), warm_up_of(options, end), end, options,
                       run);
  engine.go();
  if (Errors faults = engine.faults(); !faults.empty()) return fail(std::move(faults));
  for (std::size_t i = 0; i < runs.size(); ++i) {
    engine.write(i, out.tenants[i].report);
    add_running(machine.tenants[i].world, runs[i].plan, out.tenants[i].report);
  }
  add_up(machine, end.to_time(), out);
  return out;
}

}  // namespace sn::twin
