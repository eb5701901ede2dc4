// sn/serving/steady/steady_state.h
//
// A serving plan under steady load: what every request sees, what the machine delivers, what limits
// it.
//
// Aggregated: replicas of one deployment that mix chunked prefill into decode steps. Disaggregated:
// a prefill pool and a decode pool, joined by a KV transfer over the layer that connects them. Step
// times come from StepModel and nowhere else; queueing and occupancy from prefill.h and decode.h.
// Throughput follows `vllm bench serve`: output tokens per second, and total (input + output)
// tokens per second; per GPU counts every GPU of the plan. Limits: stationary arrivals at a
// constant rate; replicas are alike.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "sn/llm/step.h"
#include "sn/serving/load/workload.h"
#include "sn/serving/slo.h"
#include "sn/serving/steady/decode.h"
#include "sn/serving/steady/kv_tier.h"
#include "sn/serving/steady/prefill.h"

namespace sn::serving {

struct Pool {
  llm::Deployment deployment;
  std::int64_t replicas = 0;
  std::int64_t chunk = 0;  // prefill tokens per attention rank and step; 0: decode only
  /// Sequences of an attention rank at once, of a prefill pool prompts; 0: as memory and SLO allow.
  std::int64_t max_batch = 0;
  /// KV tokens that an attention rank may hold; 0: all that memory has room for.
  std::int64_t kv_tokens = 0;

  [[nodiscard]] std::int64_t gpus() const { return replicas * deployment.parallel.gpus(); }
  friend bool operator==(const Pool&, const Pool&) = default;
};

/// `prefill.replicas` is 0 in an aggregated plan; then `decode` does both.
struct ServingPlan {
  Pool prefill;
  Pool decode;
  /// Routers side by side that give requests to instances in turn (DeploymentSpec::frontends); 0:
  /// one that sees all ranks.
  std::int64_t frontends = 0;

  [[nodiscard]] bool disaggregated() const { return prefill.replicas > 0; }
  [[nodiscard]] std::int64_t gpus() const { return prefill.gpus() + decode.gpus(); }
  friend bool operator==(const ServingPlan&, const ServingPlan&) = default;
};

/// Everything a plan is evaluated against. References must outlive the models built on it.
struct ServingInputs {
  const llm::ModelSpec& model;
  llm::StepMachine machine;
  const Workload& workload;
  hw::Conditions conditions;
  double kv_block = 64.0;            // tokens per KV block: half of one is wasted per sequence
  const KvTiering* tiers = nullptr;  // below HBM; null: none
};

/// State of a plan at one request rate.
struct SteadyState {
  double requests = 0.0;  // per second, whole plan
  Percentiles ttft;
  Percentiles tpot;
  Percentiles itl;
  Time e2e_mean;
  double output_tokens = 0.0;        // per second, whole plan
  double total_tokens = 0.0;         // input and output
  double output_per_gpu = 0.0;       // output tokens per second and GPU, the ranking figure
  double per_user = 0.0;             // 1 / mean TPOT
  double energy_per_token = 0.0;     // joules of the chips per output token
  double sequences = 0.0;            // decoding, per attention rank
  double prefill_utilisation = 0.0;  // of the chunk slots or the prefill ranks
  double kv_utilisation = 0.0;       // of the decode ranks' KV memory, mean
  double hit_rate = 0.0;             // prefix cache, share of input tokens
  bool stable = false;               // below saturation
};

/// One plan, compiled. Evaluations keep memos, so one object per thread.
class ServingModel {
 public:
  ServingModel(const ServingInputs& inputs, const ServingPlan& plan);

  [[nodiscard]] const ServingPlan& plan() const { return plan_; }
  /// True when weights fit and at least one request of the longest class does.
  [[nodiscard]] bool fits() const { return fits_; }
  [[nodiscard]] SteadyState at(double requests);
  [[nodiscard]] bool meets(double requests, const Slo& slo);
  /// Largest rate that meets the SLO (and memory), 0 when none does.
  [[nodiscard]] double knee(const Slo& slo);
  /// Sequences per attention rank that serve the most under the SLO: TPOT alone for a decode pool.
  [[nodiscard]] double decode_knee(const Slo& slo);
  /// `ttft_margin` of an aggregated plan at `point`; the widest for a pool that does not prefill.
  [[nodiscard]] double ttft_margin_at(const DecodePoint& point, const Slo& slo);
  /// What fails just above the knee: "TTFT p90 2 s", "KV memory", "prefill slots", ...
  [[nodiscard]] std::string knee_limit(const Slo& slo);

  [[nodiscard]] const llm::MemoryBudget& decode_budget() const { return decode_budget_; }
  [[nodiscard]] const llm::MemoryBudget& prefill_budget() const { return prefill_budget_; }
  /// Decode point at a rate, below the last `knee` when it carries the rate; nothing beyond the
  /// limit.
  [[nodiscard]] std::optional<DecodePoint> decode_at(double requests);
  [[nodiscard]] DecodeModel& decode() { return *decode_; }
  [[nodiscard]] PrefillModel* prefill() { return prefill_.get(); }
  /// TTFT without the mean wait, by class; and the wait. For aggregated plans at the point's load.
  [[nodiscard]] PrefillPoint prefill_at(double requests, const DecodePoint& point);
  [[nodiscard]] double cache_capacity() const { return cache_tokens_; }
  /// Mean time of a request before its first step.
  [[nodiscard]] Time frontend() const;
  /// What a request waits for its documents on an idle network (retrieval.h).
  [[nodiscard]] Time retrieval() const;

 private:
  void build_disaggregated(const ServingInputs& inputs);
  void build_aggregated(const ServingInputs& inputs);
  /// `hits_`, where loading is no slower than computing.
  void find_hits();
  [[nodiscard]] PrefillPoint mixed_prefill_at(const DecodePoint& point);
  [[nodiscard]] double sequence_limit() const;
  [[nodiscard]] double prefill_servers() const;
  /// The batch of at most `most` sequences that completes the most requests. Tiles come in whole
  /// waves: where a batch needs one wave more, the rate drops by some per cent before it grows on.
  [[nodiscard]] double fastest_batch(double most);

  ServingPlan plan_;
  const Workload* workload_;
  DecodeMoments moments_;
  llm::MemoryBudget decode_budget_;
  llm::MemoryBudget prefill_budget_;
  std::unique_ptr<llm::StepProgram> decode_program_;
  std::unique_ptr<llm::StepProgram> prefill_program_;
  std::unique_ptr<DecodeModel> decode_;
  std::unique_ptr<PrefillModel> prefill_;
  double most_sequences_ = 0.0;
  double storage_rate_ = 0.0;  // requests per second whose retrievals the DCN carries
  double cache_tokens_ = 0.0;
  TierCurve tiers_;               // of an aggregated plan
  std::vector<PromptHits> hits_;  // and by class, what they give
  double load_rate_ = INFINITY;   // requests per second whose loads they give
  double knee_sequences_ = 0.0;   // of the last `knee`
  double slo_sequences_ = 0.0;    // most that meet the SLO; not always those that serve the most
  bool fits_ = false;
};

/// Decode sequences that an attention rank may run, and the most tokens of one of its steps: what
/// activations are reserved for.
[[nodiscard]] double most_sequences(const Pool& pool, const llm::Framework& framework);
[[nodiscard]] double step_tokens(const Pool& pool, const llm::Framework& framework);

/// KV tokens of an attention rank: what memory has room for, or the pool's own limit.
[[nodiscard]] double kv_tokens_of(const llm::MemoryBudget& budget, const Pool& pool);
/// Tokens of prefix cache in a whole prefill pool: what its chunks leave of the KV memory, routed
/// by prefix.
[[nodiscard]] double prefill_cache_tokens(const llm::MemoryBudget& budget, const Pool& pool);

/// The path that joins two pools of a plan: ScaleUp when the whole plan fits one domain, else
/// ScaleOut.
[[nodiscard]] KvTransfer kv_transfer(const ServingInputs& inputs, const ServingPlan& plan);

/// Least TTFT and TPOT that a plan reaches at vanishing load, for telling the closest miss.
[[nodiscard]] SteadyState idle_state(ServingModel& model);

}  // namespace sn::serving
