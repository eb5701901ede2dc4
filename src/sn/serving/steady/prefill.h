// sn/serving/steady/prefill.h
//
// Time to first token of a prefill pool under steady load.
//
// Each attention rank is a server that works through chunks of at most c tokens; a request of u
// uncached and h cached tokens takes ceil(u / c) steps. Its own steps take S, and it occupies the
// server for x = its share u / c of full chunks that carry requests like it (short requests are
// packed together, each with its own scores). With d ranks an instance, m in the pool, least-loaded
// routing and utilisation rho = lambda E[x] / m:
//
//   TTFT = front end + wait(rho, m) + (1 - (1 - rho)^(d - 1)) x half a step + S + exposed transfer
//
// The half step is what a free rank waits for the ranks it runs in lockstep with; the rest of a
// step that all servers are busy with is part of the wait. S is taken between an otherwise idle
// instance and a full one: this rank's chunk fills up with the probability of a queue, the others'
// with rho. The transfer overlaps layer by layer: exposed is its last layer, or what exceeds the
// prefill itself. Prefix hits follow the workload's hit curve at the pool's cache capacity, routed
// by prefix.
//
// A lockstep step ends with the busiest of its d ranks: its scores are the mean of the larger of
// the request's own and the most of d - 1 others, each busy with probability rho (ChunkScores).
//
// Limits: no preemption.

#pragma once

#include <array>
#include <deque>
#include <vector>

#include "sn/fabric/fabric.h"
#include "sn/llm/step.h"
#include "sn/serving/load/workload.h"
#include "sn/serving/slo.h"
#include "sn/serving/steady/queueing.h"

namespace sn::serving {

/// How a request's KV cache travels to the decode pool.
struct KvTransfer {
  fabric::Path path;
  Time start;       // software, once
  Bytes per_token;  // on one sending GPU
  double layers = 1.0;

  /// Part of the transfer that prefill of length `prefill` does not hide.
  [[nodiscard]] Time exposed(double tokens, Time prefill) const;
};

/// The most scores (query x key positions) that some ranks hold, as a distribution.
class Busiest {
 public:
  /// Mean of the larger of `own` and that most.
  [[nodiscard]] double with(double own) const;
  /// Mean of the most, given that any rank has a chunk in hand.
  [[nodiscard]] double mean() const;

 private:
  friend class ChunkScores;
  std::vector<double> pairs_;  // ascending
  std::vector<double> below_;  // P(most <= pairs)
  std::vector<double> above_;  // mean of the most over this point and all above it
  double none_ = 1.0;          // P(no rank has a chunk)
};

/// Scores of the chunks that the ranks of a pool work on: a lockstep step ends with the busiest of
/// them. Long requests count by quarters of their length.
class ChunkScores {
 public:
  ChunkScores() = default;
  ChunkScores(const Workload& workload, double chunk, double capacity_tokens);

  /// The busiest of `ranks`, each of which has a chunk in hand with probability `busy`:
  ///   P(most <= x) = (1 - busy + busy F(x))^ranks
  [[nodiscard]] Busiest busiest(double ranks, double busy) const;
  /// Mean of the larger of a request's own chunk and `others`, over its chunks.
  [[nodiscard]] static double beside(const Busiest& others, double uncached, double cached,
                                     double chunk);

 private:
  std::vector<double> pairs_;  // of a chunk, ascending
  std::vector<double> share_;  // of chunks with at most so many
};

/// Prefill work of a workload in chunks, at one cache capacity: what a mixed batch carries.
struct ChunkWork {
  double uncached = 0.0;         // mean tokens per request
  double pairs_per_chunk = 0.0;  // query x key positions of a full chunk, short requests packed
  double keys_per_chunk = 0.0;   // keys that a full chunk reads
  double pairs_per_chunk_capped = 0.0;  // both within the model's attention cap; 0 without one
  double keys_per_chunk_capped = 0.0;
  double chunks_per_request = 0.0;  // steps that a request takes part in
  double tokens_per_chunk = 0.0;    // mean tokens of a chunk when nothing is packed beside it
  double hit_rate = 0.0;            // cached tokens over input tokens
  ChunkScores scores;               // of chunks as they are, busiest ranks included
};

/// `cap`: of the model's attention (ModelSpec::attention_cap); 0: none.
[[nodiscard]] ChunkWork chunk_work(const Workload& workload, double chunk, double capacity_tokens,
                                   double cap = 0.0);

/// Service of one request class at one cache capacity.
struct ClassService {
  double weight = 0.0;
  double input = 0.0;
  double uncached = 0.0;
  Time occupancy;           // of its server
  std::array<Time, 4> own;  // its steps while the chunks beside it are full to `fills`
  Time transfer;            // exposed
};

/// Loads of the other ranks at which own steps are priced; between them lies a line.
inline constexpr std::array<double, 4> fills = {0.0, 0.2, 0.5, 1.0};

/// All classes at one cache capacity, with their moments.
struct PrefillService {
  double capacity_tokens = 0.0;
  std::vector<ClassService> classes;
  Time occupancy;           // mean
  double occupancy2 = 0.0;  // squared coefficient of variation
  Time step;                // a full chunk
  double uncached = 0.0;    // mean tokens per request
  double hit_rate = 0.0;    // cached tokens over input tokens
};

/// TTFT of a pool at one load.
struct PrefillPoint {
  double utilisation = 0.0;
  Wait wait;
  Time residual;                    // mean wait for the step in progress
  std::vector<DelayClass> classes;  // without the wait
};

/// Mean and quantiles of TTFT at a load.
[[nodiscard]] Percentiles ttft_of(const PrefillPoint& point);

/// Whether the TTFT targets hold, below saturation.
[[nodiscard]] bool meets_ttft(const PrefillPoint& point, const Slo& slo);

class PrefillModel {
 public:
  /// `chunk`: most tokens per rank and step. `transfer.layers` 0: no transfer.
  PrefillModel(const llm::StepProgram& program, const Workload& workload, double chunk,
               const KvTransfer& transfer);

  /// Services at a pool cache capacity in tokens; computed once per capacity, memoised by it. The
  /// reference stays valid as long as this object.
  [[nodiscard]] const PrefillService& service(double capacity_tokens);

  /// Load `requests` per second on `servers` attention ranks. Utilisation is capped at 0.999 for
  /// the formulas.
  [[nodiscard]] PrefillPoint at(const PrefillService& service, double requests,
                                double servers) const;
  /// Largest request rate that meets the TTFT targets, 0 when none does.
  [[nodiscard]] double largest_rate(const PrefillService& service, double servers,
                                    const Slo& slo) const;

  /// Sums of parts over a mean request's own steps, for the bill of TTFT.
  [[nodiscard]] llm::StepTime mean_request_steps(const PrefillService& service, double utilisation);
  /// Sums of a mean request's share of full chunks, all ranks busy: what it costs the pool. Divide
  /// by dp.
  [[nodiscard]] llm::StepTime mean_request_work(const PrefillService& service);
  /// Chip energy per request, the idle share at `utilisation` included.
  [[nodiscard]] Energy mean_request_energy(const PrefillService& service, double utilisation);
  [[nodiscard]] const llm::StepProgram& program() const { return evaluator_.program(); }
  [[nodiscard]] double chunk() const { return chunk_; }

 private:
  struct Steps {
    double full = 0.0;  // number of full chunks
    double rest = 0.0;  // tokens of the last, partial chunk, rounded up to an eighth of a chunk
    llm::BatchShape full_shape;
    llm::BatchShape rest_shape;
  };
  [[nodiscard]] Steps steps_of(double uncached, double cached) const;
  [[nodiscard]] llm::BatchShape packed_shape(double uncached, double cached) const;
  [[nodiscard]] Time duration(const Steps& steps, double fill, const Busiest& others);
  [[nodiscard]] llm::BatchShape with_fill(llm::BatchShape shape, double fill) const;
  /// `shape` with the scores of the busiest of its instance's ranks.
  [[nodiscard]] llm::BatchShape with_busiest(llm::BatchShape shape, const Busiest& others) const;

  llm::StepEvaluator evaluator_;
  const Workload* workload_;
  double chunk_;
  double cap_;  // of the model's attention; 0: none
  KvTransfer transfer_;
  double dp_ = 1.0;
  std::deque<PrefillService> services_;
};

}  // namespace sn::serving
