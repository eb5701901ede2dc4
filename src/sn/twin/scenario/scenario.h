// sn/twin/scenario/scenario.h
//
// From scenario text to World: names looked up in the catalog, units checked, files loaded, all
// mistakes at once.
//
// The format is in README.md of this folder and in schema/scenario.md. Command-line flags are laid
// over the text as overrides before it is resolved, so that they meet the same checks.

#pragma once

#include <optional>
#include <string>

#include "sn/base/document/document.h"
#include "sn/base/files/files.h"
#include "sn/base/result.h"
#include "sn/catalog/catalog.h"
#include "sn/twin/world.h"

namespace sn::twin {

/// Flags that replace parts of a scenario, or make one where there is no file; empty: keep.
struct Overrides {
  std::string trace = {};
  std::string model = {};
  std::string rate = {};
  std::string rack = {};
  std::string gpus = {};       // of the cluster, in place of its racks
  std::string input = {};      // tokens of every prompt, with `output` in place of the workload
  std::string output = {};     // tokens of every answer
  std::string ttft = {};       // "1 s", a p90; or "p99=1 s"
  std::string tpot = {};       // as `ttft`
  std::string e2e = {};        // likewise
  std::string framework = {};  // engine, in place of software.framework

  [[nodiscard]] bool any() const { return *this != Overrides{}; }

  friend bool operator==(const Overrides&, const Overrides&) = default;
};

/// Lays `overrides` over a parsed scenario. The new nodes are positioned at the flag ("--trace").
void apply(const Overrides& overrides, Node& scenario);

/// Resolves a parsed scenario. Relative paths in it are taken relative to the current directory,
/// then to `directory` (that of the scenario file).
[[nodiscard]] Result<World> resolve(const Node& scenario, const catalog::Catalog& catalog,
                                    const FileLoader& load, const std::string& directory);

/// A machine without a load: the keys cluster, software, model, precision, conditions and kv of a
/// scenario. What is to be said of it joins `warnings`.
[[nodiscard]] Result<Machine> resolve_machine(const Node& parts, const catalog::Catalog& catalog,
                                              const FileLoader& load, const std::string& directory,
                                              Errors& warnings);

/// A scenario's list `deployments` on `machine`; nothing where one of its pools is wrong.
[[nodiscard]] std::optional<serving::ServingPlan> read_deployments(const Node& list,
                                                                   const Machine& machine,
                                                                   Errors& errors);

}  // namespace sn::twin
