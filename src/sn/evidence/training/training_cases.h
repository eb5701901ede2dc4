// sn/evidence/training/training_cases.h
//
// Measured training steps and memories as jobs and plans for the models that `plan` uses.
//
// Read by name: megatron_seqsel_tab5 and _memory (arXiv 2205.05198), mlperf_training_v5.0_llm (its
// Llama-3.1-405B rows), megatron_lm_h100_weak_scaling, megatron_bridge_perf (pre-training),
// mpt_fsdp_llmfoundry (.csv). A table's throughput becomes the time of a step; TFLOP/s do so by the
// table's own count of FLOPs: 72 B s L h^2 (1 + s/6h + V/12hL) without recomputation (arXiv
// 2104.04473, equation 3 less its recomputation).
//
// Fitted rows, which stretches may see: of MLPerf the smallest machine of each vendor's generation
// (2,432 H100, 256 GB200), of weak scaling the smallest model, of Megatron-Bridge and FSDP a
// quarter of the settings by a hash, so that all releases of one setting are on one side. The table
// of arXiv 2205.05198 and memories: none.
//
// What a table leaves open is assumed, the same for all its rows, and said in `assumed`: the
// lightest recomputation that fits the memory (Megatron-Bridge), micro-batches of 1 with a layer a
// chunk, or the smallest chunk that divides (weak scaling).

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sn/measured/csv.h"
#include "sn/training/recipe.h"
#include "sn/training/step_time.h"

namespace sn::evidence {

enum class TrainingQuantity { step, memory };
[[nodiscard]] std::string_view to_string(TrainingQuantity quantity);

/// A row of a table.
struct TrainingCase {
  std::string group;  // "Megatron sequence parallelism", ...
  std::string name;   // "gpt3-175B, 64 GPUs, TP8 PP8x3 DP1 ..."
  std::string rack;   // catalog name
  std::string model;  // catalog name; empty: `job.model` is complete
  std::int64_t gpus = 0;
  training::Stack stack = training::Stack::megatron_core;
  training::Math math = training::Math::bf16;
  training::Job job;  // model and recipe come with the machine
  training::Plan plan;
  bool open_recompute = false;  // the lightest that fits
  TrainingQuantity quantity = TrainingQuantity::step;
  enum class Part { parameters, activations, ratio };
  Part part = Part::activations;  // of a memory; `ratio`: to activations without any saving
  double measured = 0.0;          // seconds, bytes, or a share
  int line = 0;
  bool fitted = false;  // a stretch was fitted to it (recipe.h)
  std::string assumed;
  std::string skip;  // why no model describes it
};

/// Whether a file of this name holds a table.
[[nodiscard]] bool is_training_table(std::string_view file);

[[nodiscard]] std::vector<TrainingCase> read_training_table(std::string_view file,
                                                            std::string_view text,
                                                            measured::Faults& faults);

/// A GPT of arXiv 2205.05198: feed-forward of four times the width, tied table, no gates.
[[nodiscard]] llm::ModelSpec gpt_model(std::string name, std::int64_t hidden, std::int64_t heads,
                                       std::int64_t layers, std::int64_t vocab);

}  // namespace sn::evidence
