// sn/evidence/serving/serving_load.h
//
// Plays the load of a measured point on the ServingEngine and says what a benchmark would read.
//
// Closed loop: `concurrency` clients send at once, each sends its next request when its last one
// ended, until all requests of the run are done; so the burst at the start is part of the means, as
// it was part of the measured ones. Offline: all requests at once. Lengths are uniform in
// [range L, L], from a random stream of the point.
//
// Of a closed loop of many rounds (requests / concurrency) four are played: the burst, two in the
// steady state, and the last, while clients leave. The two in the middle stand for all others:
//   mean = (first + (rounds - 2) x middle + last) / rounds
//
// A benchmark that is limited by latencies (serving_limits.h) is played saturated first, with as
// many clients as the engine takes: what it can do at most.

#pragma once

#include <string>

#include "sn/base/result.h"
#include "sn/base/run.h"
#include "sn/evidence/serving/rows/serving_points.h"
#include "sn/llm/uncertainty.h"
#include "sn/serving/engine/engine_spec.h"
#include "sn/serving/steady/steady_state.h"
#include "sn/twin/world.h"

namespace sn::evidence {

struct ServingPrediction {
  double ttft = 0.0;            // s, mean
  double ttft_median = 0.0;     // s, after the burst at the start
  double tpot = 0.0;            // s, mean
  double total_per_gpu = 0.0;   // input and output tokens/s, all GPUs
  double output_per_gpu = 0.0;  // output tokens/s: per decode GPU where disaggregated
  double input_per_gpu = 0.0;   // input tokens/s: per prefill GPU where disaggregated
  double sigma_ttft = 0.0;      // of ln(true / predicted)
  double sigma_tpot = 0.0;
  double sigma_rate = 0.0;
  std::string why_not;  // not empty: nothing was predicted
};

/// The engine of a point; an error where its deployment is not modelled.
[[nodiscard]] Result<serving::EngineSpec> measured_engine(const ServingPoint& point,
                                                          const twin::Machine& machine);
[[nodiscard]] ServingPrediction predict(const ServingPoint& point, const twin::Machine& machine,
                                        const Run& run = Run());
/// The same with pools that say more than a table does: limits of batches, replicas of experts.
[[nodiscard]] Result<serving::EngineSpec> measured_engine(const ServingPoint& point,
                                                          const serving::ServingPlan& plan,
                                                          const twin::Machine& machine);
[[nodiscard]] ServingPrediction predict(const ServingPoint& point, const serving::ServingPlan& plan,
                                        const twin::Machine& machine, const Run& run = Run());

}  // namespace sn::evidence
