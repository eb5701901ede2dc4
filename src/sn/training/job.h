// sn/training/job.h
//
// What is trained and how it is spread over accelerators: job, recipe, plan, and the rules a plan
// has to keep.
//
// Ranks are laid out as Megatron-LM does: tensor parallel innermost, then context, then data, and
// pipeline outermost. Experts are folded over tensor, context and data ranks ("MoE parallel
// folding", arXiv 2504.14960) and are not cut themselves.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sn/base/units/quantity.h"
#include "sn/kernel/format.h"
#include "sn/llm/model/model.h"

namespace sn::training {

/// Arithmetic of the matrix products; attention, norms and the head stay in bf16.
enum class Math { bf16, fp8, fp4 };
enum class Recompute { none, selective, full };
enum class Schedule { one_f_one_b, interleaved, zero_bubble, dual_pipe };
enum class Optimizer { adam, muon };
/// `unfused`: scores are written to memory (Megatron-LM before FlashAttention); `flash`: they are
/// not.
enum class AttentionCode { flash, unfused };

[[nodiscard]] std::string_view to_string(Math math);
[[nodiscard]] std::string_view to_string(Recompute recompute);
[[nodiscard]] std::string_view to_string(Schedule schedule);
[[nodiscard]] std::string_view to_string(Optimizer optimizer);

/// What the training software does, whatever the plan.
struct Recipe {
  Math math = Math::bf16;
  AttentionCode attention = AttentionCode::flash;
  Optimizer optimizer = Optimizer::adam;
  kernel::Library products = kernel::Library::cublas;  // of bf16
  /// Of fused attention; nothing: the usual one of the chip.
  std::optional<kernel::Library> fused_attention;
  bool dropout = false;         // masks are written and kept
  double gradient_bytes = 4.0;  // of an accumulated gradient
  double state_bytes = 12.0;    // of master weight and moments of a parameter
  /// Share of tensor-parallel communication that runs beside matrix products, as chunked
  /// gather-multiply kernels do; 0: all of it shows.
  double tp_overlap = 0.0;
  bool p2p_overlap = false;          // sends between stages run beside compute
  bool dp_overlap = true;            // gradients and weights of data parallelism likewise
  double comm_sms = 20.0;            // multiprocessors that collectives take while they overlap
  double attention_backward = 2.85;  // time of backward over forward; see layer_cost.cc
  double stretch = 1.0;              // of kernels within a step; see recipe.h
  double attention_stretch = 1.0;    // of attention, on top
  bool loss_scaling = false;         // fp16: gradients are read and written once more
  Time step_overhead = Time::from_si(0.0);  // data loading, gradient norm, logging: once a step

  friend bool operator==(const Recipe&, const Recipe&) = default;
};

struct Job {
  llm::ModelSpec model;
  double tokens = 0.0;        // to train on; 0: one step
  std::int64_t sequence = 0;  // tokens
  std::int64_t batch = 0;     // sequences of a step
  Recipe recipe;

  [[nodiscard]] double batch_tokens() const {
    return static_cast<double>(sequence) * static_cast<double>(batch);
  }
  [[nodiscard]] double steps() const { return tokens / batch_tokens(); }

  friend bool operator==(const Job&, const Job&) = default;
};

struct Plan {
  std::int64_t tp = 1;
  std::int64_t cp = 1;
  std::int64_t ep = 1;
  std::int64_t pp = 1;
  std::int64_t dp = 1;
  std::int64_t chunks = 1;  // of layers per stage: virtual stages; 2 of dual_pipe by nature
  std::int64_t micro_batch = 1;
  /// 0: states whole; 1: states sharded over data ranks; 2: gradients too; 3: weights too (FSDP).
  int zero = 1;
  Schedule schedule = Schedule::one_f_one_b;
  Recompute recompute = Recompute::none;
  bool sequence_parallel = true;  // of tensor ranks, between their products

  [[nodiscard]] std::int64_t gpus() const { return tp * cp * pp * dp; }
  /// Of one replica in a step; the batch must divide.
  [[nodiscard]] std::int64_t micro_batches(const Job& job) const {
    return job.batch / (dp * micro_batch);
  }
  friend bool operator==(const Plan&, const Plan&) = default;
};

/// "TP8 CP2 PP8x8 DP16 EP64 zero-1 interleaved, micro-batch 1, selective"
[[nodiscard]] std::string to_string(const Plan& plan);

/// Why `job` cannot be cut as `plan` says, with the numbers; empty when it can. Memory is another
/// matter (memory.h). `domain`: GPUs of one ScaleUp domain, which hold the tensor ranks.
[[nodiscard]] std::string why_not(const Job& job, const Plan& plan, std::int64_t domain);

/// Layers of the fullest stage: chunks are filled evenly, and the embedding and the head stand for
/// a layer each where that makes them even (Megatron's `account_for_*_in_pipeline_split`).
[[nodiscard]] std::int64_t stage_layers(const llm::ModelSpec& model, const Plan& plan);
/// Layers of the last stage, which has the head as well.
[[nodiscard]] std::int64_t last_stage_layers(const llm::ModelSpec& model, const Plan& plan);

/// FLOPs of the model for one token, forward and backward, without recomputation: 3 x forward, with
/// causal attention at its mean context.
[[nodiscard]] Flops model_flops_per_token(const Job& job);

}  // namespace sn::training
