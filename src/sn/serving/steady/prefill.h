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
//   TTFT = front end + wait(rho, m) + P(all busy) x step / (i + 1) + S + exposed transfer
//
// The rest of a step is what a free rank waits for the ranks it runs in lockstep with: of i = m / d
// instances a router that looks at completion takes one that is idle, or else the one that ends
// first; with b = 1 - (1 - rho)^(d - 1) all are busy with probability b^(sqrt(2 (i + 1)) - 1). The
// rest of a step that all servers are busy with is part of the wait. S is taken between an
// otherwise idle instance and a full one: this rank's chunk fills up with the probability of a
// queue, the others' with rho. The transfer overlaps layer by layer: exposed is its last layer, or
// what exceeds the prefill itself.
//
// Pipelines (pp stages; n = pp + those ahead micro-batches in flight). A chunk has an interval x,
// after which the next may enter, and a drain g = latency - x; nothing overtakes it. With prompts
// of drain g_j entering an instance at rate l_j, the drain that a request sees is the larger of its
// own and M:
//   P(M <= g) = exp(-sum over j with g_j > g of l_j (g_j - g + x_j) / (1 - rho))
// for the shadow of a long chunk shortens by the idle time of the first stage behind it; of i
// instances the router takes one without, so that P(M > g) is to the power sqrt(2 (i + 1)) - 1.
// When all n micro-batches are in flight, the next waits for the oldest. Of a full pool the chunk
// with interval x_i leaves at
//   D_i = max(D_(i-1) + x_i, E_i + pp x_i),   having entered at E_i = max(E_(i-1) + x_(i-1),
//   D_(i-n))
// which is followed over 1,024 requests as they come (a max-plus recursion with random
// x has no closed form); occupancies grow by mean (D_i - D_(i-1)) over mean x, the bubble.
//
// Tiers below HBM: blocks that HBM does not hold and a tier does are loaded before the first step,
// where that and the rest of the prompt take less than computing all of it; the loads of all
// requests are bounded by what the tiers give in all (`load_limit`), and do not wait for each other
// below it.
//
// Prefix hits follow the workload's hit curve at the pool's cache capacity where a request goes to
// the rank that holds its prefix. It does unless that rank's work exceeds what the hit saves, with
// probability rho exp(-saved / mean work of a busy rank); then it finds what every rank holds,
// which the smallest capacity of the curve stands for.
//
// A lockstep step ends with the busiest of its d ranks: its scores are the mean of the larger of
// the request's own and the most of d - 1 others, each busy with probability rho (ChunkScores).
//
// Limits: no preemption. Between 0.7 of its capacity and all of it, a pipeline whose prompts differ
// much waits longer than this says (up to 3 times at 0.85): its chunks are packed less than full
// and hold each other up more, which lies between two bounds that are 1.1 and 1.8 apart.

#pragma once

#include <array>
#include <cmath>
#include <deque>
#include <vector>

#include "sn/fabric/fabric.h"
#include "sn/llm/step.h"
#include "sn/serving/load/workload.h"
#include "sn/serving/slo.h"
#include "sn/serving/steady/kv_tier.h"
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
/// The same with what is cached of each class; `capacity_tokens` serves the scores of chunks.
[[nodiscard]] ChunkWork chunk_work(const Workload& workload, double chunk,
                                   const std::vector<double>& cached_of, double capacity_tokens,
                                   double cap);

/// Service of one request class at one cache capacity.
struct ClassService {
  double weight = 0.0;
  double input = 0.0;
  double uncached = 0.0;
  Time occupancy;             // of its server
  std::array<Time, 4> own;    // its steps while the chunks beside it are full to `fills`, and
  std::array<Time, 4> drain;  // of them, what the last chunk takes beyond its interval
  Time transfer;              // exposed
  Time load;                  // of blocks from below HBM, before the first step
};

/// Loads of the other ranks at which own steps are priced; between them lies a line.
inline constexpr std::array<double, 4> fills = {0.0, 0.2, 0.5, 1.0};

/// What a prompt holds a pipeline up by.
struct Drain {
  Time drain;
  Time occupancy;
  double weight = 0.0;
  std::size_t request = 0;  // its class
};

/// All classes at one cache capacity, with their moments.
struct PrefillService {
  double capacity_tokens = 0.0;
  std::vector<ClassService> classes;
  Time occupancy;                        // mean
  double occupancy2 = 0.0;               // squared coefficient of variation
  Time step;                             // a full chunk
  Time step_alone;                       // a chunk of a request on an idle instance, mean
  double chunks = 1.0;                   // of a request, mean
  double bubble = 1.0;                   // of a full pipeline, in `occupancy`
  std::vector<Drain> drains;             // of pipelines, longest first
  const PrefillService* away = nullptr;  // of requests away from their prefix; none: no such thing
  double uncached = 0.0;                 // mean tokens per request
  double hit_rate = 0.0;                 // cached tokens over input tokens
  double loaded = 0.0;                   // of them from below HBM, over input tokens
  double load_limit = INFINITY;          // requests/s whose loads the tiers give
};

/// TTFT of a pool at one load.
struct PrefillPoint {
  double utilisation = 0.0;
  Wait wait;
  Time residual;                    // mean wait for the step in progress
  double hit_rate = 0.0;            // cached tokens over input tokens, those who went away included
  std::vector<DelayClass> classes;  // without the wait
};

/// Mean and quantiles of TTFT at a load.
[[nodiscard]] Percentiles ttft_of(const PrefillPoint& point);

/// The least of the TTFT targets' margins (`tail_margin`; of a mean, the logarithm of limit over
/// mean): negative where one is missed or the pool is saturated.
[[nodiscard]] double ttft_margin(const PrefillPoint& point, const Slo& slo);
[[nodiscard]] inline bool meets_ttft(const PrefillPoint& point, const Slo& slo) {
  return ttft_margin(point, slo) >= 0.0;
}

class PrefillModel {
 public:
  /// `chunk`: most tokens per rank and step. `transfer.layers` 0: no transfer.
  /// `tiers`: below the HBM whose capacity `service` is asked for.
  PrefillModel(const llm::StepProgram& program, const Workload& workload, double chunk,
               const KvTransfer& transfer, TierCurve tiers = {});

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
  /// A request's steps one after another, and their part that is drain.
  struct Duration {
    Time own;
    Time drain;
  };
  [[nodiscard]] Duration duration(const Steps& steps, double fill, const Busiest& others);
  /// What is cached of a request, where loading is no slower than computing.
  [[nodiscard]] PromptHits hits_of(const RequestClass& c, double hbm_tokens,
                                   const std::array<Busiest, fills.size()>& others);
  void add_pipeline(PrefillService& service) const;
  /// Shares of the classes that go away from their prefix when ranks are `busy`, with `left` to do.
  [[nodiscard]] std::vector<double> away_shares(const PrefillService& service, double busy,
                                                Time left, double servers,
                                                const std::vector<Drain>& shadows) const;
  /// Drains longest first, weighted with how often they enter an instance and how long they last.
  [[nodiscard]] std::vector<Drain> shadows_of(const PrefillService& service,
                                              const std::vector<double>& away,
                                              double entering) const;
  /// The wait for one of the micro-batches in flight, before the queue's.
  [[nodiscard]] Wait flight_wait(const PrefillService& service, double batches,
                                 double instances) const;
  struct Mix;
  [[nodiscard]] Mix mix_of(const PrefillService& service, const std::vector<double>& away,
                           double requests, double servers) const;
  struct Load;
  void add_classes(const Load& load, const PrefillService& service, bool away,
                   PrefillPoint& out) const;
  [[nodiscard]] llm::BatchShape with_fill(llm::BatchShape shape, double fill) const;
  /// `shape` with the scores of the busiest of its instance's ranks.
  [[nodiscard]] llm::BatchShape with_busiest(llm::BatchShape shape, const Busiest& others) const;

  llm::StepEvaluator evaluator_;
  const Workload* workload_;
  double chunk_;
  double cap_;  // of the model's attention; 0: none
  KvTransfer transfer_;
  TierCurve tiers_;
  double dp_ = 1.0;
  std::deque<PrefillService> services_;
};

}  // namespace sn::serving
