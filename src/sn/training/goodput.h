// sn/training/goodput.h
//
// How much of a long run is training: checkpoints, failures, restarts, spares.
//
//   Failures come at rate 1/M (memoryless); work is saved every t seconds, which stops it for d.
//   What a failure costs is the work since, and a restart R. The mean time of a saved interval is
//     T = M e^(R/M) (e^((t + d)/M) - 1)          (Daly, FGCS 22, 2006, equation 13)
//   and the share of time that is training t / T. It is largest near
//     t* = sqrt(2 d M) (1 + sqrt(d / 2M) / 3 + d / 18M) - d, for d < 2M; M beyond  (equation 37)
//   which `optimal_interval` refines to the maximum of the closed form by golden sections.
// Checkpoints: `synchronous` stops training while everything is written to storage; `asynchronous`
// while it is copied to the hosts, and storage takes it in the background; `in_memory` while it
// goes to a neighbour's memory over ScaleOut. Spares: hosts that failed are repaired beside the
// run. With rate a of failing hosts times repair time, Poisson(a) are away (M/M/inf); the run waits
// while more than the spares are. Limits: a failure while a checkpoint goes to storage costs one
// interval more, which is left out.

#pragma once

#include <cstdint>
#include <string_view>

#include "sn/base/units/quantity.h"
#include "sn/training/memory.h"

namespace sn::training {

enum class Checkpoint { synchronous, asynchronous, in_memory };
[[nodiscard]] std::string_view to_string(Checkpoint kind);

/// Daly's share of time that is training; all in seconds, `interval` and `mean` above 0.
[[nodiscard]] double useful_share(double interval, double save, double restart, double mean);
/// The interval at which that is largest.
[[nodiscard]] double optimal_interval(double save, double restart, double mean);
/// Daly's higher-order estimate of it.
[[nodiscard]] double daly_interval(double save, double mean);
/// Share of time in which more than `spares` of hosts that fail at `rate` (of all, per second) are
/// under repair.
[[nodiscard]] double waiting_share(double rate, double repair, std::int64_t spares);

/// What a run is played against.
struct GoodputInputs {
  Checkpoint kind = Checkpoint::asynchronous;
  double bytes = 0.0;         // of a checkpoint, whole job
  double storage = 0.0;       // B/s into storage, whole job
  double copy = 0.0;          // B/s to hosts, or to neighbours: whole job
  double interval = 0.0;      // s between checkpoints; 0: the best
  double mean_failure = 0.0;  // s between interruptions of the job
  double host_rate = 0.0;     // failures of hosts per second, whole job
  double repair = 0.0;        // s of a host
  double restart = 0.0;       // s of the job
  std::int64_t spares = 0;    // hosts
  double straggler = 0.0;     // share by which the slowest rank holds all up
};

struct Goodput {
  double save = 0.0;      // s that training stops for a checkpoint
  double write = 0.0;     // s until storage has it
  double interval = 0.0;  // s
  double daly = 0.0;      // s
  double useful = 0.0;    // share of time, checkpoints and failures
  double waiting = 0.0;   // share of time without enough hosts
  double goodput = 0.0;   // share of the time of undisturbed steps
};
[[nodiscard]] Goodput goodput(const GoodputInputs& in);

/// Bytes of a checkpoint: master weights and moments of every parameter.
[[nodiscard]] double checkpoint_bytes(const Job& job);

}  // namespace sn::training
