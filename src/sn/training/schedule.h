// sn/training/schedule.h
//
// Pipeline schedules in closed form: how long a step takes and how many micro-batches a stage
// holds.
//
// p stages, n micro-batches, f, b, w the times of forward, backward for inputs and backward for
// weights of one micro-batch on one stage (full stage, all chunks); a stage is busy n (f + b + w).
//   1F1B          bubble (p - 1)(f + b + w)              (PipeDream-flush, arXiv 2006.09503)
//   interleaved   bubble (p - 1)(f + b + w) / v           (Megatron-LM, arXiv 2104.04473)
//   zero bubble   bubble (p - 1)(f + b - w), not below 0  (ZB-H1, arXiv 2401.10241): memory of 1F1B
//   DualPipe      bubble (p/2 - 1)(fb + b - 2 w), fb a forward and a whole backward at once
//                 (DeepSeek-V3, arXiv 2412.19437, table 2, whose B is b + w). Its ramp has
//                 micro-batches that run alone, which matters where fb < f + b + w:
//                 total = (n - p/2 - 1) fb + p f + (3p/2 - 1) b + 2 w, for b >= w
//                 counts them; here all of total - n fb is called bubble.
// Stages differ: the fullest one sets the pace, the ramp is the sum of the others. Held by
// schedule_play.h, which plays the orders.

#pragma once

#include <cstdint>

#include "sn/training/job.h"

namespace sn::training {

/// Of one micro-batch on one stage, seconds.
struct StageTimes {
  double forward = 0.0;
  double input = 0.0;       // backward for inputs
  double weight = 0.0;      // backward for weights
  double overlapped = 0.0;  // a forward and a whole backward at once (DualPipe)

  [[nodiscard]] double all() const { return forward + input + weight; }
};

struct PipelineTime {
  double total = 0.0;
  double bubble = 0.0;  // of the fullest stage
};

/// `rest`: mean over the other stages of what they take for a micro-batch, over the fullest's.
[[nodiscard]] PipelineTime pipeline_time(Schedule schedule, std::int64_t stages,
                                         std::int64_t chunks, std::int64_t micro_batches,
                                         const StageTimes& fullest, double rest = 1.0);

/// Micro-batches of whole-stage activations that the first stage holds at its fullest.
[[nodiscard]] double held_micro_batches(Schedule schedule, std::int64_t stages, std::int64_t chunks,
                                        std::int64_t micro_batches);

}  // namespace sn::training
