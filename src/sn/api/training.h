// sn/api/training.h
//
// Questions about training: the fastest parallelisations of a job on a machine, what each takes and
// costs; arguments that launch one; a step of one, task by task.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sn/api/open.h"
#include "sn/base/report/report_visitor.h"
#include "sn/training/schedule_play.h"
#include "sn/training/search.h"
#include "sn/twin/scenario/training_scenario.h"

namespace sn::api {

/// A parallelisation with what it takes and, over the whole job, costs.
struct TrainingCandidate {
  int rank = 0;
  std::string deployment;
  training::Plan plan;
  training::StepTime time;
  training::Memory memory;
  double days = 0.0;  // disturbances included
  double usd = 0.0;   // 0: the chip has no price
  double mwh = 0.0;   // PUE included; 0: the rack has no plant
};

struct TrainingPlanReport {
  std::string name;
  std::string model;
  std::string rack;
  std::int64_t gpus = 0;
  double tokens = 0.0;
  std::int64_t sequence = 0;
  std::int64_t batch = 0;  // sequences
  double steps = 0.0;
  std::string math;
  double parameters = 0.0;
  double usable = 0.0;  // bytes of a chip
  double bound = 0.0;   // s that no plan beats: products and attention at the peak
  std::vector<TrainingCandidate> candidates;
  std::size_t considered = 0;
  std::size_t impossible = 0;
  std::size_t too_large = 0;
  std::size_t left_out = 0;
  std::size_t priced = 0;
  training::Goodput goodput;
  double mean_failure = 0.0;  // s; 0: the rack has no failures in the catalog
  std::string checkpoint;
  Errors warnings;
  bool interrupted = false;
};

void describe(ReportVisitor& v, const TrainingCandidate& candidate);
void describe(ReportVisitor& v, const TrainingPlanReport& report);

/// Whether a scenario that was read asks for training.
[[nodiscard]] bool is_training(const Node& scenario);

[[nodiscard]] Result<twin::TrainingWorld> open_training(const OpenRequest& request,
                                                        const catalog::Catalog& catalog,
                                                        const Run& run = Run());

/// Errors: nothing fits (by how much, and what would), checkpoints that storage is too slow for.
[[nodiscard]] Result<TrainingPlanReport> plan_training(const twin::TrainingWorld& world, int top,
                                                       const Run& run = Run());

/// Names of what `export_training` writes: megatron, torchtitan, perfetto.
[[nodiscard]] const std::vector<std::string>& training_tools();
/// Launch arguments of the plan's `rank`-th row, or its step as Chrome trace events (Perfetto).
[[nodiscard]] Result<std::string> export_training(const twin::TrainingWorld& world,
                                                  const std::string& tool, int rank,
                                                  const Run& run = Run());

}  // namespace sn::api
