// sn/planner/search/engine_runs.h
//
// What the World's serving engine cannot run of a deployment, by the table `runs` of its catalog
// entry (llm::EngineRuns): documentation and issues, with version and date.
//
// An engine that the scenario does not name (the generic one) can run everything.

#pragma once

#include <string>

#include "sn/llm/framework.h"
#include "sn/planner/search/shapes.h"
#include "sn/serving/steady/steady_state.h"

namespace sn::planner {

/// Why `engine` cannot run an instance in this role; empty where nothing is known against it.
[[nodiscard]] std::string cannot_run(const llm::Framework& engine, const llm::ModelSpec& model,
                                     const llm::Deployment& deployment, Role role);

/// The same of a plan: its instances, and whether its pools go together.
[[nodiscard]] std::string cannot_run(const llm::Framework& engine, const llm::ModelSpec& model,
                                     const serving::ServingPlan& plan);

/// What of a pool decides whether it goes together with another one.
struct PoolKind {
  kernel::DataType kv = kernel::DataType::bf16;
  bool staged = false;
  bool drafts = false;

  friend auto operator<=>(const PoolKind&, const PoolKind&) = default;
};
[[nodiscard]] PoolKind kind_of(const llm::Deployment& deployment);

/// Why `engine` cannot hand the KV cache of one kind of prefill pool to one of decode; or empty.
[[nodiscard]] std::string cannot_join(const llm::Framework& engine, const PoolKind& prefill,
                                      const PoolKind& decode);

}  // namespace sn::planner
