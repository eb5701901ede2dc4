// sn/planner/export/export_parts.h
//
// What the exports of all tools share: where instances go, limits from the plan, and a writer of
// commands that looks every argument up. Not part of the interface of planner.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sn/planner/export/export.h"

namespace sn::planner {

/// A pool on nodes: an instance takes `nodes_each` nodes, or a node holds `per_node` of them.
struct Placement {
  std::string role;  // "serve", "prefill", "decode": name of its function in the script
  const serving::Pool* pool = nullptr;
  const PoolReport* report = nullptr;
  std::int64_t nodes_each = 1;
  std::int64_t per_node = 1;
  std::int64_t node_gpus = 0;   // GPUs of one instance on one node
  std::int64_t first_node = 0;  // of the pool
  std::int64_t nodes = 0;       // of the pool
  std::int64_t skip = 0;        // slots of the first node that the pool before has taken
  bool splits_rank = false;     // a data-parallel rank spans nodes

  [[nodiscard]] const llm::Deployment& deployment() const { return pool->deployment; }
  [[nodiscard]] const llm::Parallelism& parallel() const { return pool->deployment.parallel; }
  /// Prefills here: alone, or mixed with decode.
  [[nodiscard]] bool prefills() const { return role != "decode"; }
  [[nodiscard]] bool decodes() const { return role != "prefill"; }
  /// Calls in the script that list the hosts and the ports of the replicas.
  [[nodiscard]] std::string hosts() const;
  [[nodiscard]] std::string ports(std::int64_t base) const;
};

/// One script in the making.
class Script {
 public:
  Script(const twin::World& world, const Candidate& candidate, const ToolTable& table,
         const llm::Framework& engine);

  [[nodiscard]] const twin::World& world() const { return world_; }
  [[nodiscard]] const Candidate& candidate() const { return candidate_; }
  [[nodiscard]] const llm::Framework& engine() const { return engine_; }
  [[nodiscard]] const std::vector<Placement>& pools() const { return pools_; }

  void line(std::string_view text);
  /// `name` after looking it up: for arguments within other text.
  std::string use(std::string_view program, std::string_view name);
  /// A command over several lines: `open`, any number of `flag` and `word`, `close`.
  void open(std::string program, std::string_view start);
  void flag(std::string_view name, std::string_view value = {});
  void flag(std::string_view name, std::int64_t value);
  void word(std::string_view text);
  void close(std::string_view end = {});
  /// A line of YAML for a key of `program`; `dotted` is looked up, its last part written.
  void yaml(std::string_view program, std::string_view dotted, std::string_view value,
            std::string_view indent = {});

  void cannot(std::string text);
  [[nodiscard]] ExportedScript finish(std::string_view checkpoint) &&;

 private:
  const twin::World& world_;
  const Candidate& candidate_;
  const ToolTable& table_;
  const llm::Framework& engine_;
  std::vector<Placement> pools_;
  std::string program_;
  std::string body_;
  std::vector<std::string> cannot_;
  std::vector<std::string> used_;
};

/// Sequences that an attention rank may run.
[[nodiscard]] std::int64_t batch_limit(const Placement& p, const twin::World& world);
/// Longest prompt and output together.
[[nodiscard]] std::int64_t longest(const twin::World& world);
/// Expert replicas beyond one each, over all ranks.
[[nodiscard]] std::int64_t redundant_experts(const Placement& p, const twin::World& world);
/// Draft tokens that a pool's engine is told of: its own, or those of the decode pool where the
/// engine wants the same layers on both sides (llm::EngineRuns::draft_alone).
[[nodiscard]] std::int64_t carried_drafts(const Script& script, const Placement& p);
/// Share with three decimals, rounded down.
[[nodiscard]] std::string share(double value);
/// Memory of a GPU, all of it.
[[nodiscard]] Bytes hbm(const twin::World& world);
/// A comment on the weights' format where no argument makes it; true when it is the checkpoint's or
/// `converts` (the tool quantises bf16 to fp8 while loading).
[[nodiscard]] bool loads_weights(Script& script, const Placement& p, bool converts);

/// What each tool writes: the functions of the pools and `router`.
void write_vllm(Script& script);
void write_dynamo(Script& script);
void write_sglang(Script& script);
void write_trtllm(Script& script);

}  // namespace sn::planner
