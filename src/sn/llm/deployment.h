// sn/llm/deployment.h
//
// How one instance of a model is spread over GPUs, and what that takes of their memory.
//
//   GPUs = tp x cp x dp x pp
//
// Attention is tensor-parallel over tp ranks and data-parallel over dp; in prefill each sequence
// may be cut over cp context-parallel ranks, every one with its share of the tokens and of the KV
// cache. In decode dcp of the tp ranks, which would hold the same KV cache, deal its tokens out
// among them: each holds 1 / dcp of every sequence. Experts are spread over ep of the tp x cp x dp
// ranks of a stage and, where ep is smaller, cut over the rest. Dense feed-forward layers are
// tensor-parallel over tp. Layers are cut into pp stages of ceil(layers / pp).
//
// Memory of one GPU = weights + KV cache + activations + workspace (communication buffers, graphs,
// slack). Each rank has ceil((experts + redundant) / ep) slots for experts; those beyond one each
// hold replicas of the busiest.

#pragma once

#include <cstdint>
#include <string>

#include "sn/base/units/quantity.h"
#include "sn/hw/machine.h"
#include "sn/kernel/data_type.h"
#include "sn/llm/framework.h"
#include "sn/llm/model/model.h"

namespace sn::llm {

struct Parallelism {
  std::int64_t tp = 1;
  std::int64_t dp = 1;  // attention data parallelism inside the instance
  std::int64_t pp = 1;
  std::int64_t ep = 1;
  std::int64_t cp = 1;   // ranks that share the tokens of a sequence; prefill alone
  std::int64_t dcp = 1;  // of the tp ranks: those that share a sequence's KV cache; not in prefill
  bool spread =
      false;  // pipeline stages may sit in different ScaleUp domains, even where all fit one

  [[nodiscard]] std::int64_t stage_ranks() const { return tp * cp * dp; }
  [[nodiscard]] std::int64_t gpus() const { return stage_ranks() * pp; }
  [[nodiscard]] std::int64_t expert_tp() const { return stage_ranks() / ep; }
  friend bool operator==(const Parallelism&, const Parallelism&) = default;
};

/// "TP8", "DP80 EP80", "TP2 CP4 DP4 EP8 PP2", "TP8 PP8 spread".
[[nodiscard]] std::string to_string(const Parallelism& p);

struct Precision {
  kernel::DataType weights = kernel::DataType::bf16;
  kernel::DataType activations = kernel::DataType::bf16;
  kernel::DataType kv = kernel::DataType::bf16;

  friend bool operator==(const Precision&, const Precision&) = default;
};

struct Deployment {
  Parallelism parallel;
  Precision precision = {};
  std::int64_t draft_tokens = 0;  // MTP speculation per step; 0: off
  std::int64_t redundant = 0;     // expert replicas beyond one each, per layer
  bool two_batch = false;         // halves of a batch overlap: one computes, the other exchanges

  friend bool operator==(const Deployment&, const Deployment&) = default;
};

/// The cut with its expert replicas and the overlap of two batches: "DP32 EP32+32 two_batch".
/// Precision and drafts are not named.
[[nodiscard]] std::string cut_text(const Deployment& deployment);

/// Empty when `model` can be cut this way, else why not ("tp 8 does not divide 4 KV heads ...").
[[nodiscard]] std::string why_not(const ModelSpec& model, const Deployment& deployment,
                                  std::int64_t domain_gpus);

/// Formats of a model's weights by part. A checkpoint in its native format says what it leaves in
/// bf16 (ModelSpec::stored). Otherwise dense models are narrowed throughout (NVFP4 releases of
/// Llama); those with experts keep attention, dense and shared projections in fp8 beside fp4
/// experts and in bf16 beside int4 ones, as releases do.
struct PartWeights {
  kernel::DataType attention = kernel::DataType::bf16;
  kernel::DataType dense = kernel::DataType::bf16;
  kernel::DataType shared = kernel::DataType::bf16;
  kernel::DataType experts = kernel::DataType::bf16;
  kernel::DataType head = kernel::DataType::bf16;

  friend bool operator==(const PartWeights&, const PartWeights&) = default;
};
[[nodiscard]] PartWeights part_weights(const ModelSpec& model, const Precision& precision);

/// Bytes of one weight of format `type`, its scales included, as `model` is stored.
[[nodiscard]] double weight_bytes(const ModelSpec& model, kernel::DataType type);

/// Parameters of a draft model of its own (EAGLE-3): fused states, a layer over twice the width,
/// a head over its vocabulary; the embedding is the target's. 0 of the others.
[[nodiscard]] double draft_parameters(const ModelSpec& model);

/// Expert replicas held by one rank.
[[nodiscard]] std::int64_t expert_slots(const ModelSpec& model, const Deployment& deployment);

/// Shares of `n` experts at the quantiles of a lognormal distribution with `skew` as the deviation
/// of their logarithm; they add up to 1.
[[nodiscard]] std::vector<double> lognormal_shares(std::int64_t n, double skew);

/// Load of the busiest of `ranks` over the mean, where the shares of `experts` are lognormal with
/// `skew` as the deviation of their logarithm (their quantiles), and `slots` a rank are filled as
/// the expert-parallel load balancer of DeepSeek does it: each further replica to the expert with
/// the most load a replica, then the heaviest replica first to the least loaded rank that has room.
[[nodiscard]] double placement_imbalance(std::int64_t experts, std::int64_t ranks,
                                         std::int64_t slots, double skew);

/// Bytes on the fullest GPU.
struct MemoryBudget {
  Bytes usable;  // HBM x the share that the framework may use (of what it loads first: all)
  Bytes weights;
  Bytes activations;  // peak of one step of `tokens` tokens per attention rank
  Bytes workspace;
  Bytes kv_per_token;  // on one GPU, for a token of one of its attention rank's requests

  /// What is left for KV cache; negative when the rest does not fit.
  [[nodiscard]] Bytes kv() const { return usable - weights - activations - workspace; }
  /// KV tokens that one attention rank can hold.
  [[nodiscard]] double kv_tokens() const { return kv() / kv_per_token; }
};

/// What engines' logs leave for KV cache on a GPU lies so far from `kv()` with 80 %: 1.28 times the
/// root of the mean square of 0.31 GiB over four logs of vLLM and SGLang (docs/models.md).
inline constexpr Bytes kv_within = Bytes::from_si(0.39 * 1073741824.0);

/// `tokens`: most tokens that one attention rank processes in a step (chunk plus decode batch).
[[nodiscard]] MemoryBudget memory_budget(const ModelSpec& model, const Deployment& deployment,
                                         const hw::Chip& chip, const Framework& framework,
                                         double tokens);

}  // namespace sn::llm
