// sn/serving/steady/decode.h
//
// One instance that decodes under steady load, alone (disaggregated) or with chunked prefill mixed
// in (aggregated).
//
// With n sequences in flight per attention rank (spread over pp micro-batches), period T between
// two steps of a sequence, tps tokens per step and mean output O, an instance of d ranks completes
//   lambda = n d tps / (O T)                                   (Little's law)
//
// Mixed: chunks of c tokens are full to rho = n tps u / (O c pp). A chunk holds the c1 tokens of
// one request (at most c) when the rank is idle and more as requests are packed: c' = c1 + rho (c -
// c1). A share phi = rho c / c' of a rank's steps carries a chunk; with d lockstep ranks a step is
// pure decode with probability (1 - phi)^d. Nothing overtakes in a pipeline: a chunk in any of its
// pp micro-batches holds up all of them, so that a sequence's period is pure with probability
//   (1 - phi)^(d pp / min(k, pp)),     the k chunks of a request being in micro-batches side by
//   side
//
// TPOT of a request is its mean over s = (O - 1) / tps periods. Its spread has two sources: the
// number of sequences in flight (M/G/infinity: variance n x dispersion, of which 2/3 survives
// averaging over a residence as long as the correlation), and how many of its periods were mixed.
// Prompts come in busy periods of the chunk slots, so those are a two-state chain: from pure to
// mixed with a = P(an arrival within a pure period), back with b = a (1 - pi) / pi, pi the share of
// mixed periods; the first is mixed with the share of time that is (an end of prefill sees what an
// arrival sees). A request meets none of them, (1 - p0) (1 - a)^(s - 1), nothing else, p0 (1 -
// b)^(s - 1), or something between, with the mean and the variance of the chain.
//
// The busiest of d ranks holds n m1 + sqrt(2 ln d x n v) context tokens (m1, v: mean and variance
// of the context of a decoding sequence over time; the router balances counts). Limits: no
// preemption, no admission queue.

#pragma once

#include <vector>

#include "sn/llm/step.h"
#include "sn/serving/load/workload.h"
#include "sn/serving/slo.h"
#include "sn/serving/steady/prefill.h"
#include "sn/serving/steady/queueing.h"

namespace sn::serving {

/// Moments of a workload that steady-state decoding depends on.
struct DecodeMoments {
  double output = 0.0;   // mean tokens per request
  double context = 0.0;  // mean context of a decoding sequence, over time
  double context_variance = 0.0;
  // The same with the context cut to the model's attention cap; 0 for models without one.
  double context_capped = 0.0;
  double context_capped_variance = 0.0;
  double dispersion = 1.0;
  double block_waste = 0.0;  // tokens of KV memory lost per sequence: half a block
  double longest = 0.0;      // input + output of the largest class: must fit one rank
  std::vector<RequestClass> classes;
};

/// `cap`: of the model's attention (ModelSpec::attention_cap); 0: none.
[[nodiscard]] DecodeMoments decode_moments(const Workload& workload, double kv_block,
                                           double cap = 0.0);

/// Prefill work mixed into decode steps. `chunk` 0: a pure decode pool.
struct MixedPrefill {
  double chunk = 0.0;  // tokens per rank and step
  ChunkWork work;
};

struct DecodePoint {
  double sequences = 0.0;      // per attention rank
  double requests = 0.0;       // completed per second and instance
  double chunk_fill = 0.0;     // rho: prefill work over the capacity of full chunks
  double mixed_slots = 0.0;    // phi
  double pure_steps = 1.0;     // share of an instance's steps without prefill
  double pure_periods = 1.0;   // share of a sequence's periods that no prefill holds up
  double busiest_pairs = 0.0;  // scores of the busiest rank of a mixed step, as for full chunks
  double mixed_tokens = 0.0;   // prefill tokens per rank of the others, mean
  Time period;                 // mean time between steps of a sequence
  Time period_pure;
  Time period_mixed;
  Time sigma_load;     // one standard deviation of a request's mean period by load
  llm::StepTime step;  // pure decode step
  llm::StepTime step_mixed;
};

class DecodeModel {
 public:
  /// `kv_tokens`: KV capacity of one attention rank. `max_sequences`: of the framework, per rank.
  DecodeModel(const llm::StepProgram& program, const DecodeMoments& moments, double kv_tokens,
              double max_sequences, MixedPrefill mixed = {});

  /// Most sequences per rank that memory, the framework and (mixed) the chunk slots allow; below 1:
  /// none.
  [[nodiscard]] double sequence_limit() const { return limit_; }
  /// What sets the limit: "KV memory", "max sequences" or "prefill slots".
  [[nodiscard]] const char* limit_reason() const { return reason_; }

  [[nodiscard]] DecodePoint at(double sequences);
  /// `at(sequences).requests`, for less.
  [[nodiscard]] double requests_at(double sequences) { return load_at(sequences).requests; }
  /// P(TPOT <= t), and summary of TPOT and of ITL.
  [[nodiscard]] double tpot_cdf(const DecodePoint& point, Time t) const;
  [[nodiscard]] Time tpot_mean(const DecodePoint& point) const;
  [[nodiscard]] Percentiles tpot(const DecodePoint& point) const;
  [[nodiscard]] Percentiles itl(const DecodePoint& point) const;
  /// The least of the TPOT targets' margins (`tail_margin`; of a mean, the logarithm of limit over
  /// mean): negative where one is missed.
  [[nodiscard]] double margin(const DecodePoint& point, const Slo& slo) const;
  [[nodiscard]] bool meets(const DecodePoint& point, const Slo& slo) const {
    return margin(point, slo) >= 0.0;
  }

  /// Shape of a step with `sequences` per rank and a chunk (mean tokens per rank `prefill`) or
  /// none.
  /// `pairs`: scores of the busiest rank; 0: those of a mean chunk.
  [[nodiscard]] llm::BatchShape shape(double sequences, double prefill, double pairs = 0.0) const;
  [[nodiscard]] llm::StepTime step(double sequences, double prefill, double pairs = 0.0) {
    return evaluator_.eval(shape(sequences, prefill, pairs));
  }
  [[nodiscard]] llm::StepTime step_of(const llm::BatchShape& shape) {
    return evaluator_.eval(shape);
  }
  [[nodiscard]] Time period(const llm::StepTime& step) const;
  [[nodiscard]] const llm::StepProgram& program() const { return evaluator_.program(); }
  [[nodiscard]] const DecodeMoments& moments() const { return moments_; }
  [[nodiscard]] const MixedPrefill& mixed() const { return mixed_; }

 private:
  /// Answers alike in length: all that TPOT tells requests apart by.
  struct Answers {
    double weight = 0.0;
    double periods = 0.0;
  };
  void group_answers();
  /// Chunks of one request in micro-batches side by side, and the period that they make.
  [[nodiscard]] double chunks_together() const;
  [[nodiscard]] Time mixed_period(const llm::StepTime& step) const;
  [[nodiscard]] std::vector<DelayClass> tpot_classes(const DecodePoint& point) const;
  void mix(DecodePoint& point) const;
  [[nodiscard]] DecodePoint load_at(double sequences);  // all but the fluctuation of the load
  [[nodiscard]] Time mean_period(const DecodePoint& point, double sequences);

  llm::StepEvaluator evaluator_;
  DecodeMoments moments_;
  MixedPrefill mixed_;
  std::vector<Answers> answers_;
  double stages_ = 1.0;
  double dp_ = 1.0;
  double limit_ = 0.0;
  const char* reason_ = "";
};

}  // namespace sn::serving
