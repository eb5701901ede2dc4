// sn/planner/export/export.h
//
// A deployment as the launch script of a serving tool.
//
// One bash script for all nodes: its argument is the number of the node, or `router`. Sizes,
// formats, batch limits and memory shares come from the plan; every argument is looked up in the
// tool's table (tool_table.h), and one that is not there is a programmer's mistake. What the tool
// cannot express is said in the script's first lines.
//
// Batch limit: s + 3 sqrt(s) for s sequences in the mean, three standard deviations of a Poisson
// number; a limit that the plan sets stands. Nodes of an instance: the fewest that hold it in equal
// parts, none of which splits a data-parallel rank if it can be helped.
// Limits: written for NVIDIA GPUs under Linux; values of arguments (names of backends, JSON keys)
// are not part of the tables.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sn/planner/export/tool_table.h"
#include "sn/planner/report.h"
#include "sn/twin/world.h"

namespace sn::planner {

struct ExportedScript {
  std::string text;
  std::vector<std::string> inexpressible;  // what the first lines say, one each
  std::vector<std::string> arguments;      // "vllm serve --port", in order of use
};

/// Tools that `export_script` writes for.
[[nodiscard]] std::vector<std::string> export_tools();

/// `table.name` is one of `export_tools()`. `checkpoint` is a Hugging Face name, or empty: then the
/// script asks for a path. `engine` is what the tool starts: what it cannot run is said.
[[nodiscard]] ExportedScript export_script(const twin::World& world, const Candidate& candidate,
                                           const ToolTable& table, std::string_view checkpoint,
                                           const llm::Framework& engine);

/// Catalog name of the engine that a tool starts: "vllm" of "dynamo".
[[nodiscard]] std::string engine_of(std::string_view tool);

}  // namespace sn::planner
