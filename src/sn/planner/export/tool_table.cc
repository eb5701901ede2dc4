// sn/planner/export/tool_table.cc
//
// Reads the table of a tool (see tool_table.h).

#include "sn/planner/export/tool_table.h"

#include <algorithm>
#include <utility>

namespace sn::planner {

bool ToolTable::has(std::string_view program, std::string_view argument) const {
  return std::any_of(programs.begin(), programs.end(), [&](const ToolProgram& p) {
    return p.name == program &&
           std::any_of(p.arguments.begin(), p.arguments.end(),
                       [&](const ToolArgument& a) { return a.name == argument; });
  });
}

Result<ToolTable> read_tool(const Node& entry, std::string name) {
  Errors errors;
  MapReader reader(entry, "tool " + name, errors);
  ToolTable table;
  table.name = std::move(name);
  table.title = reader.text("title").value_or("");
  for (const char* key : {"name", "note", "source"}) static_cast<void>(reader.get(key));
  for (const char* key : {"repository", "version", "commit"}) {
    static_cast<void>(reader.require(key));
  }
  table.repository = reader.text("repository").value_or("");
  table.version = reader.text("version").value_or("");
  table.commit = reader.text("commit").value_or("");
  const Node* arguments = reader.require("arguments");
  reader.finish();
  if (arguments != nullptr) {
    for (const Node::Member& program : arguments->members()) {
      ToolProgram out{.name = program.key, .arguments = {}};
      for (const Node::Member& a : program.value.members()) {
        out.arguments.push_back({a.key, a.value.text()});
      }
      table.programs.push_back(std::move(out));
    }
  }
  if (!errors.empty()) return fail(std::move(errors));
  return table;
}

}  // namespace sn::planner
