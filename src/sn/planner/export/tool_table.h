// sn/planner/export/tool_table.h
//
// The arguments of a serving tool, as its source declared them at one commit: what an exported
// script may use.
//
// Entries: catalog/tools/*.yaml. Arguments are grouped by the program that takes them; a group may
// also be a configuration file (dotted keys) or the environment.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sn/base/document/document.h"
#include "sn/base/result.h"

namespace sn::planner {

struct ToolArgument {
  std::string name;     // "--tensor-parallel-size"
  std::string meaning;  // one line
};

struct ToolProgram {
  std::string name;  // "vllm serve"
  std::vector<ToolArgument> arguments;
};

struct ToolTable {
  std::string name;  // "vllm"
  std::string title;
  std::string repository;
  std::string version;
  std::string commit;
  std::vector<ToolProgram> programs;

  [[nodiscard]] bool has(std::string_view program, std::string_view argument) const;
};

/// Reads a catalog entry of kind `tool`.
[[nodiscard]] Result<ToolTable> read_tool(const Node& entry, std::string name);

}  // namespace sn::planner
