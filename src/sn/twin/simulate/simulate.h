// sn/twin/simulate/simulate.h
//
// A scenario's machine under a request trace, in virtual time.
//
// The plan's pools become instances of a ServingEngine with the memory, step programs and links
// that the planner gives them; requests come from the scenario's trace, its generator, or an
// imitation of its summarised workload. Warm-up: requests of the first twentieth of the arrivals'
// span run but are not measured (`SimulationOptions::warm_up`).
//
// Knee: the largest multiple of the workload that meets every target, by bracketing and bisection
// in the logarithm to 1 %; a probe ends early when more requests have missed a target than its
// quantile allows of all that were expected. Near saturation the answer of one trace is a random
// variable; the search takes the highest multiple that met, with all below it in the bracket met.

#pragma once

#include <memory>
#include <optional>

#include "sn/base/result.h"
#include "sn/base/run.h"
#include "sn/serving/engine/engine_spec.h"
#include "sn/serving/load/request_source.h"
#include "sn/serving/steady/steady_state.h"
#include "sn/twin/simulate/simulation_report.h"
#include "sn/twin/world.h"

namespace sn::twin {

/// Steps, transfers and requests one by one, for a timeline. In order of time.
struct TimelineEvent {
  enum class Kind { step, transfer, queued, prefill, decode };
  Kind kind = Kind::step;
  Nanos begin;
  Nanos end;
  std::uint32_t pool = 0;
  std::uint32_t instance = 0;
  std::uint64_t id = 0;  // of the request
  double decoding = 0.0;
  double prefill_tokens = 0.0;
};

struct SimulationOptions {
  serving::Replay replay;  // its multiple is taken from the World's rate unless `knee`
  serving::Routing routing = serving::Routing::completion_aware;
  std::optional<kv::Eviction> eviction = {};  // nothing: the scenario's
  std::optional<Time> ttl = {};
  double warm_up = 0.05;     // share of the arrivals' span; of a closed loop, of its requests
  std::int64_t clients = 0;  // > 0: a closed loop; so many clients send the workload's requests in
                             // turn, each its next one when its last one ended. Of one deployment
  std::int64_t queue_limit = 10'000;
  std::int64_t imitated = 12'000;  // requests, where a workload has to be imitated
  std::int64_t drawn = 0;          // synthetic requests, where more than the scenario's are needed
  std::int64_t drawn_most = 200'000;  // requests that a load which is drawn may grow to
  std::size_t windows = 120;
  bool jumps = true;
  bool stop_when_hopeless = false;  // end as soon as the SLO can no longer be met
  std::size_t timeline_limit = 0;   // events to keep
  double knee_guess = 0.0;          // where to look first; 0: at 1x
  double knee_step = 1.3;           // from there to the next multiple tried, then wider
  double knee_tolerance = 1.01;     // ratio of the least multiple that failed to the knee
  bool lasting = true;              // a knee's arrivals last twice as long as a request, or it is
                                    // the load that fails; loads that are drawn grow for that
};

struct SimulationResult {
  SimulationReport report;
  std::vector<TimelineEvent> timeline;
  std::uint64_t timeline_left_out = 0;  // events beyond `timeline_limit`
};

/// Runs `plan` at `options.replay.multiple`. Errors: the plan does not fit in memory. Stopped, the
/// report is of what ran, and `interrupted`.
[[nodiscard]] Result<SimulationResult> simulate(const World& world,
                                                const serving::ServingPlan& plan,
                                                const SimulationOptions& options,
                                                const Run& run = Run());

/// Whether the run's arrivals lasted twice as long as a request takes: a whole load in flight at
/// once needs no throughput at all.
[[nodiscard]] bool lasts(const SimulationReport& report);

/// `simulate`; where the SLO is met by a load that does not last and requests are drawn for the
/// occasion (no trace), again with more of them. `options` holds what was run.
[[nodiscard]] Result<SimulationResult> simulate_lasting(const World& world,
                                                        const serving::ServingPlan& plan,
                                                        SimulationOptions& options,
                                                        const Run& run = Run());

/// The largest multiple that meets the SLO, and the run there. When none does, the report is of the
/// smallest that was tried, and `meets_slo` is false.
[[nodiscard]] Result<SimulationResult> find_knee(const World& world,
                                                 const serving::ServingPlan& plan,
                                                 SimulationOptions options, const Run& run = Run());

/// The engine of `plan` on a machine, for drivers with requests of their own; their prompts are
/// hashed in blocks of `hashed_block` tokens, 0: in blocks of the machine's KV cache. Errors: a
/// pool without memory for KV, an engine too large to be simulated.
[[nodiscard]] Result<serving::EngineSpec> engine_spec(const Machine& machine,
                                                      const serving::ServingPlan& plan,
                                                      const SimulationOptions& options,
                                                      double hashed_block = 0.0);

/// The engine that `simulate` runs: under the World's faults and seed.
[[nodiscard]] Result<serving::EngineSpec> engine_spec(const World& world,
                                                      const serving::ServingPlan& plan,
                                                      const SimulationOptions& options);

/// The World's requests, scaled.
[[nodiscard]] std::unique_ptr<serving::RequestSource> source_of(const World& world,
                                                                const SimulationOptions& options);

/// "14 x (PP8)", "2 x (DP8 EP8) MTP1".
[[nodiscard]] std::string pool_text(const serving::Pool& pool);
/// "112 prefill + 16 decode: 14 x (PP8), 2 x (DP8 EP8) MTP1".
[[nodiscard]] std::string plan_text(const serving::ServingPlan& plan);

}  // namespace sn::twin
