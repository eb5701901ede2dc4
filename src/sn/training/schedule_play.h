// sn/training/schedule_play.h
//
// Plays a pipeline schedule task by task: what the closed forms of schedule.h are held to, and
// where timelines come from.
//
// Every stage runs its tasks in a fixed order; a task starts when the stage is free and what it
// needs is there: forward of the stage before, backward of the stage after. Orders: 1F1B and
// interleaved after Megatron-LM's schedules.py, DualPipe after the eight phases of its reference
// implementation (deepseek-ai/DualPipe). Zero bubble is greedy: backward first, then a forward
// while fewer micro-batches are held than 1F1B holds, else weights.

#pragma once

#include <cstdint>
#include <vector>

#include "sn/training/schedule.h"

namespace sn::training {

struct PlayedTask {
  enum class Kind { forward, backward, input, weight, both };
  Kind kind = Kind::forward;
  std::int64_t stage = 0;
  std::int64_t chunk = 0;  // of the stage; of dual_pipe: the direction
  std::int64_t micro_batch = 0;
  double start = 0.0;
  double end = 0.0;
};

struct Played {
  std::vector<PlayedTask> tasks;  // stage by stage, in order
  double total = 0.0;
  std::vector<double> busy;  // of each stage
  std::vector<double> held;  // micro-batches of whole-stage activations at most
  bool stuck = false;        // the order deadlocks: a mistake of the schedule
};

/// `times` of a whole stage, `send` a message between neighbours. Conditions as of `why_not`.
[[nodiscard]] Played play(Schedule schedule, std::int64_t stages, std::int64_t chunks,
                          std::int64_t micro_batches, const std::vector<StageTimes>& times,
                          double send = 0.0);

}  // namespace sn::training
