// sn/training/schedule.cc
//
// Bubbles and held activations in closed form (see schedule.h).

#include "sn/training/schedule.h"

#include <algorithm>

namespace sn::training {

PipelineTime pipeline_time(Schedule schedule, std::int64_t stages, std::int64_t chunks,
                           std::int64_t micro_batches, const StageTimes& s, double rest) {
  const auto n = static_cast<double>(micro_batches);
  const double others = static_cast<double>(stages - 1);
  PipelineTime out;
  switch (schedule) {
    case Schedule::one_f_one_b:
      out.bubble = others * rest * s.all();
      break;
    case Schedule::interleaved:
      out.bubble = others * rest * s.all() / static_cast<double>(chunks);
      break;
    case Schedule::zero_bubble:
      out.bubble = others * rest * std::max(0.0, s.forward + s.input - s.weight);
      break;
    case Schedule::dual_pipe: {
      const double p = others + 1.0;
      out.total = (n - 0.5 * p - 1.0) * s.overlapped +
                  rest * (p * s.forward + (1.5 * p - 1.0) * s.input + 2.0 * s.weight);
      out.bubble = out.total - n * s.overlapped;
      return out;
    }
  }
  out.total = n * s.all() + out.bubble;
  return out;
}

double held_micro_batches(Schedule schedule, std::int64_t stages, std::int64_t chunks,
                          std::int64_t micro_batches) {
  const auto n = static_cast<double>(micro_batches);
  const auto p = static_cast<double>(stages);
  double held = p;
  if (schedule == Schedule::interleaved) held = p + (p - 1.0) / static_cast<double>(chunks);
  if (schedule == Schedule::dual_pipe) held = p + 1.0;
  return std::min(held, schedule == Schedule::interleaved ? 2.0 * n : n);
}

}  // namespace sn::training
