// sn/training/step_time.h
//
// Time of one optimiser step of a plan, with where it goes.
//
//   step = micro-batches x fullest stage + bubble            (schedule.h)
//        + gradients and weights over data ranks, what backward and forward do not hide
//        + optimiser + embedding sum + overhead
// A stage is its layers, sends between stages where they show, and on the last one the head.
// Gradients (reduce-scatter) run beside the backward of the last micro-batch, weights (all-gather)
// beside the forward of the first; the last bucket, one layer's, always shows. With ZeRO-3 each
// layer is gathered before its forward and its backward and its gradients scattered after, beside
// the neighbouring layer, every micro-batch. DualPipe runs the experts' exchange of one direction
// beside the other's compute. Adam moves `2 state + gradient + 2` bytes a parameter; Muon adds five
// Newton-Schulz iterations (arXiv 2502.16982) of at most 6 m FLOPs a parameter, m the smaller side.

#pragma once

#include <map>

#include "sn/training/layer_cost.h"
#include "sn/training/memory.h"
#include "sn/training/schedule.h"

namespace sn::training {

/// Seconds of one step on the fullest stage. The parts add up to `total`.
struct StepTime {
  double compute = 0.0;
  double recompute = 0.0;
  double tensor = 0.0;  // communication that shows: of tensor ranks, and so on
  double exchange = 0.0;
  double context = 0.0;
  double sends = 0.0;
  double bubble = 0.0;
  double data = 0.0;
  double optimizer = 0.0;
  double overhead = 0.0;
  double total = 0.0;
  double flops = 0.0;  // of the model, all GPUs
  double mfu = 0.0;    // of the peak of the arithmetic
  double tokens_per_s = 0.0;

  friend bool operator==(const StepTime&, const StepTime&) = default;
};

/// Prices plans of one job on one machine; layers are priced once for each shape. Not thread-safe.
class StepPricer {
 public:
  /// `job` and `machine` must outlive it.
  StepPricer(const Job& job, const llm::StepMachine& machine) : layers_(job, machine) {}

  /// `why_not` must be empty; memory is not asked.
  [[nodiscard]] StepTime step(const Plan& plan);
  /// Times of the stages, first to last, for the player.
  [[nodiscard]] std::vector<StageTimes> stages(const Plan& plan);
  /// No plan of the job is faster on so many GPUs: its products and attention at the peak.
  [[nodiscard]] double bound(std::int64_t gpus) const;
  /// One message between stages, seconds.
  [[nodiscard]] double send(const Plan& plan) const;

  [[nodiscard]] const LayerPricer& layers() const { return layers_; }

 private:
  struct Stage;
  [[nodiscard]] const LayerCosts& costs(const Plan& plan);
  [[nodiscard]] Stage fullest(const Plan& plan, const LayerCosts& costs) const;
  [[nodiscard]] Stage stage(const Plan& plan, const LayerCosts& costs, std::int64_t index) const;
  void add_sharding(const Plan& plan, double layers, Stage& stage) const;
  [[nodiscard]] double data_time(const Plan& plan, const Stage& stage) const;
  [[nodiscard]] double optimizer_time(const Plan& plan) const;

  LayerPricer layers_;
  std::map<LayerShape, LayerCosts> known_;
};

/// Peak rate of a recipe's arithmetic on a chip, FLOP/s.
[[nodiscard]] double peak_rate(const hw::Chip& chip, Math math);

}  // namespace sn::training
