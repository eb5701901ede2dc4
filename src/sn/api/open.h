// sn/api/open.h
//
// From a scenario, as a file, text or tree, to what every other question is asked of: a finished
// World, or a machine shared by several tenants.
//
// Changes are laid over the scenario before it is resolved and meet the same checks: model, trace
// and rate first, then single fields in their order, then faults, then the run's seed.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sn/base/document/document.h"
#include "sn/base/result.h"
#include "sn/base/run.h"
#include "sn/catalog/catalog.h"
#include "sn/twin/scenario/fields.h"
#include "sn/twin/scenario/scenario.h"
#include "sn/twin/scenario/tenants.h"
#include "sn/twin/world.h"

namespace sn::api {

/// The built-in catalog; over it every .yaml below `folder`, laid out like catalog/ (kernels/,
/// chips/, ...), unless that is empty.
[[nodiscard]] Result<catalog::Catalog> open_catalog(const std::string& folder = {});

struct OpenRequest {
  std::string file;                           // YAML or JSON, at most 4 MiB; or the name of a
                                              // shipped scenario; empty: overrides make it
  std::string name = {};                      // what messages call it; empty: `file`
  std::optional<std::string> text = {};       // in place of the file's
  std::optional<Node> scenario = {};          // in place of both
  twin::Overrides overrides = {};             // rack, model, workload, rate, SLO
  std::vector<twin::FieldValue> fields = {};  // "cluster.rack.gpus" = "16"
  std::string faults = {};                    // a file of what stands under `faults`
};

/// The scenario with the request's changes, not yet resolved.
[[nodiscard]] Result<Node> read_scenario(const OpenRequest& request, const Run& run = Run());

/// One of the two.
struct Opened {
  std::optional<twin::World> world;
  std::optional<twin::SharedMachine> shared;
};

/// Relative paths in the scenario are looked up from the current folder, then beside the file.
[[nodiscard]] Result<Opened> open(const OpenRequest& request, const catalog::Catalog& catalog,
                                  const Run& run = Run());

/// Folder of `file`, with its slash; empty where it names none.
[[nodiscard]] std::string directory_of(const std::string& file);

}  // namespace sn::api
