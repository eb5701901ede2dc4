// sn/twin/world.h
//
// A scenario resolved: every value that models read, checked, and the list of numbers it rests on;
// in two parts, the machine and the load on it.
//
// Immutable by convention. `with_values` gives the same World with other numbers, by ParamId: the
// one routine behind elasticities and assumption checks.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sn/catalog/param.h"
#include "sn/collective/params.h"
#include "sn/facility/medium.h"
#include "sn/facility/running.h"
#include "sn/hw/conditions.h"
#include "sn/hw/machine.h"
#include "sn/kernel/params.h"
#include "sn/llm/deployment.h"
#include "sn/llm/framework.h"
#include "sn/llm/model/model.h"
#include "sn/llm/uncertainty.h"
#include "sn/serving/load/synthetic.h"
#include "sn/serving/load/trace/trace_file.h"
#include "sn/serving/load/workload.h"
#include "sn/serving/slo.h"
#include "sn/serving/steady/steady_state.h"
#include "sn/twin/scenario/faults.h"

namespace sn::twin {

/// Load to plan for: the knee, a multiple of the workload's own rate, or requests per second.
struct RateSpec {
  enum class Kind { knee, multiple, absolute };
  Kind kind = Kind::knee;
  double value = 1.0;

  friend bool operator==(const RateSpec&, const RateSpec&) = default;
};

/// What the planner may choose; empty lists mean its own defaults.
struct SearchSpec {
  bool aggregated = true;
  bool disaggregated = true;
  std::vector<std::int64_t> redundant;       // expert replicas; empty: none
  std::vector<std::int64_t> context_ranks;   // cp of prefill; empty: 1, more for long prompts
  std::vector<std::int64_t> cache_ranks;     // dcp of decode; empty: 1
  std::vector<std::int64_t> draft_tokens;    // empty: 0, and 1 when the model has MTP layers
  std::vector<std::int64_t> kv_depths;       // tiers of KV cache that a plan has, HBM counted;
                                             // empty: all that the scenario names
  std::vector<std::int64_t> prefill_chunks;  // tokens per attention rank and step
  std::vector<serving::ServingPlan> fixed;   // deployments given by the scenario: nothing to choose

  friend bool operator==(const SearchSpec&, const SearchSpec&) = default;
};

/// The four directions of GPU-centric machines, as a scenario sets them (what hangs on ScaleUp is
/// `Cluster::attach`). Nothing said: as the catalog describes the machine.
struct Directions {
  enum class Semantics { unsaid, message, memory };
  Semantics semantics = Semantics::unsaid;
  std::int64_t layers = 3;  // 2: the DCN carries what ScaleOut did, with its adapters
  std::optional<facility::Medium> medium;  // of ScaleUp

  friend bool operator==(const Directions&, const Directions&) = default;
};

/// What stands there, whatever is asked of it: cluster, the software on it, the model it carries.
struct Machine {
  hw::Cluster cluster;
  kernel::KernelParams kernels;
  collective::CollectiveParams collectives;
  llm::Framework framework;
  llm::ModelTraits traits;
  llm::Uncertainty uncertainty;  // of the chip's generation
  llm::ModelSpec model;
  std::vector<llm::Precision> precisions;  // at least one; several: the planner chooses
  hw::Conditions conditions;
  double kv_block = 64.0;      // tokens of a KV block
  serving::KvTiering kv;       // below HBM
  Directions directions;       // where GPU-centric machines go
  std::int64_t gpu_limit = 0;  // GPUs that a plan may take; 0: all of the cluster
  catalog::Params params;      // every number of cluster, kernels, collectives, framework, traits
                               // and tiers

  /// What times of steps and collectives are made of.
  [[nodiscard]] llm::StepMachine parts() const {
    return {cluster, kernels, collectives, framework, traits};
  }
  /// GPUs that a plan may take.
  [[nodiscard]] std::int64_t gpus() const { return gpu_limit > 0 ? gpu_limit : cluster.gpus(); }
};

/// What is asked of a machine: requests, their targets, what may be chosen to meet them.
struct Load {
  serving::Workload workload;
  // What `workload` was summarised from, for simulation; neither of a preset.
  std::shared_ptr<const serving::TraceFile> trace;
  std::optional<serving::SyntheticSpec> synthetic;
  RateSpec rate;
  serving::Slo slo;
  SearchSpec search;

  /// Requests per second that `rate` asks for; nothing for the knee.
  [[nodiscard]] std::optional<double> target_rate() const;
};

struct World {
  std::string name;
  Machine machine;
  Load load;
  FaultPlan faults;                                // of simulations; plans are of a whole machine
  std::optional<facility::Surroundings> facility;  // nothing where the rack has no plant
  std::uint64_t seed = 1;
  bool contended = false;  // `fidelity.fabric: flow`: traffic of simulations shares links
  Errors warnings;         // malformed trace lines that were skipped, and the like

  [[nodiscard]] serving::ServingInputs inputs() const {
    return {machine.model,      machine.parts(),  load.workload,
            machine.conditions, machine.kv_block, &machine.kv};
  }
};

/// `world` with the first `tiers` tiers of KV cache alone, HBM counted: at least 1.
[[nodiscard]] World with_tiers(const World& world, std::int64_t tiers);

/// Values of `world.machine.params`, in order.
[[nodiscard]] std::vector<double> param_values(const World& world);

/// `world` with `values` in place of its numbers (same order and length as `params`).
[[nodiscard]] World with_values(const World& world, const std::vector<double>& values);

}  // namespace sn::twin
