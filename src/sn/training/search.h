// sn/training/search.h
//
// Every parallelisation of a job on a machine: which fit, and which are fastest.
//
// Degrees: TP a power of two that divides the heads, inside a ScaleUp domain; CP, PP, EP powers of
// two (PP also divisors of the layers); DP what is left of the GPUs; ZeRO-1, and ZeRO-3 without a
// pipeline; schedules with their chunks; micro-batches of 1, 2, 4; recomputation. Memory is asked
// before time, and of plans that differ in recomputation alone the heavier ones are left out where
// the lighter fits, since they are slower by construction. Layers are priced once for each shape.

#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "sn/base/run.h"
#include "sn/training/step_time.h"

namespace sn::training {

struct RankedPlan {
  Plan plan;
  StepTime time;
  Memory memory;
};

struct SearchOptions {
  std::int64_t gpus = 0;
  std::size_t keep = 10;
};

struct SearchResult {
  std::vector<RankedPlan> plans;  // fastest first
  std::size_t considered = 0;
  std::size_t impossible = 0;  // the batch, the heads, the layers do not divide
  std::size_t too_large = 0;   // of the rest: memory
  std::size_t left_out = 0;    // heavier recomputation of a plan that fits without
  std::size_t priced = 0;
  RankedPlan smallest;  // of those that do not fit, the one that takes least
  bool interrupted = false;
};

[[nodiscard]] SearchResult search(const Job& job, const llm::StepMachine& machine,
                                  const SearchOptions& options, const Run& run = Run());

/// Bytes that a plan may take of a chip's HBM.
[[nodiscard]] double usable_bytes(const hw::Chip& chip);

}  // namespace sn::training
