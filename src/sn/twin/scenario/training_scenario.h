// sn/twin/scenario/training_scenario.h
//
// A scenario whose workload is training: machine, job, checkpoints.
//
//   workload:
//     training:
//       tokens: 15T                  # to train on; k, M, B, T
//       sequence: 8192
//       global_batch: 16M tokens     # or sequences: 2048 sequences
//       math: fp8                    # bf16, fp8, fp4; without it the narrowest that the chip has
//       optimizer: adam              # or muon
//       checkpoint: {kind: asynchronous, interval: 10 min, storage: 200 GB/s}
//       spares: 4                    # hosts
//       straggler: 0.02              # share by which the slowest rank holds up all
//       plan: {tp: 8, pp: 8, ...}    # one parallelisation; without it all are searched
//
// A batch in tokens that is not a whole number of sequences is taken in binary millions where those
// are (16M tokens of 8,192: 2,048 sequences), and said so; else it is an error.

#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sn/facility/running.h"
#include "sn/training/goodput.h"
#include "sn/training/recipe.h"
#include "sn/twin/scenario/scenario.h"

namespace sn::twin {

/// How a run saves itself.
struct CheckpointSpec {
  training::Checkpoint kind = training::Checkpoint::asynchronous;
  Time interval;      // 0: the best
  Bandwidth storage;  // of the whole job; 0: what the DCN of its hosts carries
};

struct TrainingWorld {
  std::string name;
  Machine machine;
  training::Job job;
  CheckpointSpec checkpoint;
  std::int64_t spares = 0;  // hosts
  double straggler = 0.0;
  std::optional<training::Plan> plan;  // nothing: searched
  std::optional<facility::Surroundings> facility;
  std::uint64_t seed = 1;
  Errors warnings;
};

/// Whether the workload of a parsed scenario is training.
[[nodiscard]] bool is_training(const Node& scenario);

/// As `resolve`. Errors besides: a batch that does not divide, a plan that cannot be.
[[nodiscard]] Result<TrainingWorld> resolve_training(const Node& scenario,
                                                     const catalog::Catalog& catalog,
                                                     const FileLoader& load,
                                                     const std::string& directory);

}  // namespace sn::twin
