// sn/training/layer_cost.h
//
// Time of one layer, the embedding and the head for one micro-batch, forward and backward, from the
// operators of `kernel` and the collectives of `collective` that serving uses.
//
//   forward   the products, attention and element-wise kernels of the layer
//   input     the same products with operands turned (dX = dY W^T), attention backward
//   weight    dW = X^T dY, added to an accumulated gradient in `gradient_bytes`
//   shown     communication that nothing hides
// Tensor parallelism as Megatron-LM runs it (arXiv 2205.05198; the backward of its column-parallel
// layer): forward gathers and scatters show; backward, the gather of the layer's input runs beside
// dX and the scatter of dX beside dW, and the gather of dY shows. Without sequence parallelism: one
// all-reduce a block forward, which shows, one backward beside dW. What runs beside a product takes
// `comm_sms` multiprocessors from it.
// Attention backward takes 2.5 times the FLOPs of forward; FlashAttention-3 (arXiv 2407.08608,
// figures 5 and 6) reaches 640 forward and 561 TFLOP/s backward at 16k causal, so 2.85 times the
// time. Unfused attention is its batched products and softmax, mask and dropout by their bytes.
// Limits: experts' backward products are priced as two more forward ones; biases cost nothing;
// context parallelism passes keys and values around a ring beside attention (arXiv 2310.01889).

#pragma once

#include "sn/collective/collective.h"
#include "sn/kernel/kernel_model.h"
#include "sn/llm/step.h"
#include "sn/training/job.h"

namespace sn::training {

/// Seconds of one direction.
struct Part {
  double compute = 0.0;
  double tensor = 0.0;    // shown: of tensor parallelism
  double exchange = 0.0;  // of experts
  double context = 0.0;   // of context parallelism

  [[nodiscard]] double all() const { return compute + tensor + exchange + context; }
  Part& operator+=(const Part& o) {
    compute += o.compute;
    tensor += o.tensor;
    exchange += o.exchange;
    context += o.context;
    return *this;
  }
};

/// One micro-batch through one layer (or the embedding, or the head), seconds.
struct LayerCost {
  Part forward;
  Part input;  // recomputation included
  Part weight;
  double recomputed = 0.0;  // part of `input`
  double flops = 0.0;       // that this rank computes, recomputation included
};

struct LayerCosts {
  LayerCost dense;
  LayerCost moe;  // of a model with experts
  LayerCost embedding;
  LayerCost head;
};

/// What times of a layer depend on.
struct LayerShape {
  std::int64_t tp = 1;
  std::int64_t cp = 1;
  std::int64_t ep = 1;
  std::int64_t micro_batch = 1;
  bool sequence_parallel = true;
  Recompute recompute = Recompute::none;

  friend auto operator<=>(const LayerShape&, const LayerShape&) = default;
};

[[nodiscard]] LayerShape shape_of(const Plan& plan);

/// Prices layers on one machine. Thread-safe: const.
class LayerPricer {
 public:
  /// `job` and `machine` must outlive it.
  LayerPricer(const Job& job, const llm::StepMachine& machine);

  [[nodiscard]] LayerCosts price(const LayerShape& shape) const;

  [[nodiscard]] const kernel::KernelModel& kernels() const { return kernels_; }
  [[nodiscard]] const collective::CollectiveTimer& timer() const { return timer_; }
  [[nodiscard]] const Job& job() const { return job_; }
  [[nodiscard]] const hw::Cluster& cluster() const { return cluster_; }
  /// Slowdown of what runs beside a collective, as a share.
  [[nodiscard]] double sms_taken() const;
  /// Library collective over ranks that lie `stride` apart.
  [[nodiscard]] double collective(collective::Op op, std::int64_t ranks, std::int64_t stride,
                                  double bytes) const;
  /// Ranks of a group, `stride` apart, in one domain: the widest divisor that fits, or as many
  /// as it takes where the cluster has fewer domains.
  [[nodiscard]] std::int64_t near_ranks(std::int64_t ranks, std::int64_t stride) const;
  /// Element-wise kernel over so many bytes.
  [[nodiscard]] double stream(double bytes) const;

 private:
  struct Dims;
  [[nodiscard]] Dims dims(const LayerShape& s) const;
  /// A product of the layer in all three roles, added to `out`; returns (dX, dW).
  struct Pair {
    double input = 0.0;
    double weight = 0.0;
  };
  Pair product(double rows, double n, double k, kernel::DataType type, LayerCost& out) const;
  void attention_products(const Dims& d, LayerCost& out, Pair& column, Pair& row) const;
  void attention_core(const Dims& d, const LayerShape& s, LayerCost& out) const;
  void unfused_core(const Dims& d, const LayerShape& s, LayerCost& out) const;
  void flash_core(const Dims& d, const LayerShape& s, LayerCost& out) const;
  void element_wise(const Dims& d, double inter, const LayerShape& s, LayerCost& out) const;
  void block_collectives(const Dims& d, const LayerShape& s, const Pair& column,
                         LayerCost& out) const;
  void experts(const Dims& d, const LayerShape& s, LayerCost& out) const;
  void feed_forward(const Dims& d, double inter, LayerCost& out, Pair& column) const;
  void recompute_all(LayerCost& out) const;
  [[nodiscard]] LayerCost head(const Dims& d, const LayerShape& s) const;
  [[nodiscard]] LayerCost embedding(const Dims& d, const LayerShape& s) const;

  const Job& job_;
  const hw::Cluster& cluster_;
  kernel::KernelModel kernels_;
  collective::CollectiveTimer timer_;
  kernel::DataType type_;  // of the products
};

}  // namespace sn::training
