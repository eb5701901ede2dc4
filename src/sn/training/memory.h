// sn/training/memory.h
//
// What one GPU of the fullest stage holds, by part.
//
//   weights      2 B a parameter: bf16, or fp8 in rows and in columns; fp4 likewise beside bf16
//   gradients    `gradient_bytes` a parameter
//   states       `state_bytes` a parameter: master weight and moments
//   activations  bytes of a layer's micro-batch x layers x micro-batches that the schedule holds
//   logits       fp32 logits and their gradient, on the last stage, where there is one
//   workspace    buffers of the largest collective and of products
// ZeRO-1 shards states over data (and context) ranks, -2 gradients too, -3 weights too
// (arXiv 1910.02054); experts' over the ranks that hold the same ones. Activations of a layer are
// those of arXiv 2205.05198 (34 sbh + 5 a s^2 b, by tensor and sequence parallelism), counted for
// any width of queries, keys and feed-forward; attention that is not written out has no s^2 term.
// The first stage of 1F1B holds most micro-batches, the last the logits: the fuller of the two.

#pragma once

#include "sn/hw/machine.h"
#include "sn/training/job.h"

namespace sn::training {

struct Memory {
  Bytes weights;
  Bytes gradients;
  Bytes states;
  Bytes activations;
  Bytes logits;
  Bytes workspace;

  [[nodiscard]] Bytes total() const {
    return weights + gradients + states + activations + logits + workspace;
  }
};

/// Parameters on one rank of a stage with `layers` layers.
struct StageParameters {
  double dense = 0.0;    // sharded over data and context ranks by ZeRO
  double experts = 0.0;  // sharded over ranks with the same experts
};
[[nodiscard]] StageParameters stage_parameters(const llm::ModelSpec& model, const Plan& plan,
                                               double layers, bool embedding, bool head);

/// Of one layer and one micro-batch on one rank, before the schedule.
[[nodiscard]] double layer_activation_bytes(const Job& job, const Plan& plan, bool moe);

/// `why_not` must be empty.
[[nodiscard]] Memory memory_of(const Job& job, const Plan& plan);

/// What of the HBM a framework leaves to training: context, fragmentation and libraries take the
/// rest. Assumed: 6 %.
inline constexpr double usable_share = 0.94;

}  // namespace sn::training
