// sn/twin/simulate.cc
//
// Drives a ServingEngine through a request source (see simulate.h).

#include "sn/twin/simulate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sn/serving/engine.h"
#include "sn/twin/recorder.h"

namespace sn::twin {

namespace {

double d(std::int64_t v) { return static_cast<double>(v); }

constexpr std::int64_t samples_per_window = 10;
constexpr std::int64_t progress_every = 512;  // requests

std::string pool_text(const serving::Pool& pool) {
  std::string out =
      fmt::format("{} x ({})", pool.replicas, llm::to_string(pool.deployment.parallel));
  if (pool.deployment.draft_tokens > 0) out += fmt::format(" MTP{}", pool.deployment.draft_tokens);
  return out;
}

/// One run: engine, recorder, clock.
class Run {
 public:
  Run(serving::EngineSpec spec, const World& world, const SimulationOptions& options)
      : options_(options),
        source_(source_of(world, options)),
        pools_(spec.deployments.front().pools.size()),
        end_(*to_nanos(source_->span())),
        recorder_({.slo = world.slo,
                   .pools = pools_,
                   .warm = {std::llround(options.warm_up * d(end_.count))},
                   .end = end_,
                   .expected = source_->expected(),
                   .windows = options.windows,
                   .timeline_limit = options.timeline_limit,
                   .watch_slo = options.stop_when_hopeless}),
        engine_(std::move(spec), &recorder_),
        sample_step_(std::max<std::int64_t>(
            1, end_.count / (static_cast<std::int64_t>(options.windows) * samples_per_window))) {}

  void go() {
    serving::Request request;
    std::int64_t taken = 0;
    while (!stopped() && source_->next(request)) {
      const Nanos at = std::max(request.arrival, now_);
      if (request.arrival < now_) ++out_of_order_;
      advance(at);
      recorder_.on_arrival(at);
      engine_.submit(request, at);
      if (++taken % progress_every == 0) tell(taken);
    }
    while (!stopped()) {
      const auto next = engine_.next_wakeup();
      if (!next) break;
      advance(std::max(*next, Nanos{next_sample_}));
    }
  }

  void write(SimulationReport& report) const {
    recorder_.write(report, now_);
    report.out_of_order = out_of_order_;
    report.interrupted = interrupted();
  }
  /// Of the request source.
  [[nodiscard]] Errors faults() const { return source_->faults(); }
  [[nodiscard]] std::vector<TimelineEvent> take_timeline() { return recorder_.take_timeline(); }

 private:
  [[nodiscard]] bool interrupted() const { return options_.stop != nullptr && *options_.stop; }
  [[nodiscard]] bool stopped() const { return interrupted() || recorder_.hopeless(); }

  /// To `at`, with samples on the way.
  void advance(Nanos at) {
    while (next_sample_ <= at.count) {
      now_ = {next_sample_};
      engine_.advance(now_);
      states_.clear();
      for (std::uint32_t p = 0; p < pools_; ++p) states_.push_back(engine_.state(0, p));
      recorder_.sample(now_, states_);
      next_sample_ += sample_step_;
      if (stopped()) return;
    }
    now_ = at;
    engine_.advance(at);
  }

  void tell(std::int64_t taken) const {
    if (!options_.progress) return;
    const double all = std::max(1.0, d(source_->expected()));
    options_.progress({.share = std::min(1.0, d(taken) / all), .at = now_.to_time()});
  }

  const SimulationOptions& options_;
  std::unique_ptr<serving::RequestSource> source_;
  std::size_t pools_;
  Nanos end_;
  Recorder recorder_;
  serving::ServingEngine engine_;
  std::int64_t sample_step_;
  std::int64_t next_sample_ = 0;
  std::uint64_t out_of_order_ = 0;
  Nanos now_;
  std::vector<serving::PoolState> states_;
};

void describe(const World& world, const serving::ServingPlan& plan,
              const SimulationOptions& options, SimulationReport& report) {
  report.name = world.name;
  report.model = world.model.name;
  report.machine =
      fmt::format("{} x {} in {} {}", world.cluster.gpus(), world.cluster.rack.chip.name,
                  world.cluster.racks, world.cluster.rack.name);
  report.workload = world.workload.origin;
  report.deployment = plan_text(plan);
  report.routing = serving::to_string(options.routing);
  report.eviction = kv::to_string(options.eviction);
  report.slo = serving::to_string(world.slo);
  report.scaling = options.replay.scaling == serving::Scaling::copies ? "copies" : "time";
  report.gpus = plan.gpus();
  report.multiple = options.replay.multiple;
  report.warnings = world.warnings;
  const hw::Chip& chip = world.cluster.rack.chip;
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
}

}  // namespace

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
  if (world.trace) return serving::replay(world.trace, options.replay);
  if (world.synthetic) return serving::draw(*world.synthetic, world.seed, options.replay);
  return serving::imitate(world.workload, world.seed, options.imitated, options.replay);
}

Result<SimulationResult> simulate(const World& world, const serving::ServingPlan& plan,
                                  const SimulationOptions& options) {
  Result<serving::EngineSpec> spec = engine_spec(world, plan, options);
  if (!spec) return fail(spec.error());
  SimulationResult out;
  describe(world, plan, options, out.report);
  Run run(*std::move(spec), world, options);
  run.go();
  if (Errors faults = run.faults(); !faults.empty()) return fail(std::move(faults));
  run.write(out.report);
  out.timeline = run.take_timeline();
  return out;
}

}  // namespace sn::twin
