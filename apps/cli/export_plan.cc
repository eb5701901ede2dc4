// apps/cli/export_plan.cc
//
// Looks up the tool's arguments and the model's checkpoint in the catalog, and prints the script
// (see export_plan.h).

#include "apps/cli/export_plan.h"

#include <algorithm>

#include "apps/cli/open_catalog.h"
#include "sn/catalog/catalog.h"
#include "sn/planner/export/export.h"

namespace sn::cli {

namespace {

/// Hugging Face name of the catalog's model that `world` plans for; empty when it has none. A World
/// carries its model's title.
std::string checkpoint_of(const catalog::Catalog& catalog, const twin::World& world) {
  const catalog::CatalogKind& models = *catalog::find_kind("model");
  for (const std::string& name : catalog.names(models)) {
    const Result<Node> entry = catalog.entry(models, name);
    if (!entry) continue;
    const Node* title = entry->find("title");
    const Node* checkpoint = entry->find("checkpoint");
    if (title == nullptr || checkpoint == nullptr) continue;
    if (title->text() == world.machine.model.name) return checkpoint->text();
  }
  return {};
}

}  // namespace

void check_tool(const std::string& verb, const std::string& tool, Errors& errors) {
  const std::vector<std::string> tools = planner::export_tools();
  if (std::find(tools.begin(), tools.end(), tool) != tools.end()) return;
  std::string all;
  for (const std::string& name : tools) all += (all.empty() ? "" : ", ") + name;
  const std::string near = nearest(tool, tools);
  errors.push_back(flag_error(
      verb, "--export knows no tool '" + shown(tool) + "'",
      near.empty() ? "tools are " + all : "did you mean '" + near + "'? Tools are " + all));
}

int export_plan(const ExportRun& run, const twin::World& world, const planner::PlanReport& report) {
  const std::string& tool = run.tool;
  const int rank = run.rank;
  const auto count = static_cast<int>(report.candidates.size());
  if (rank > count) {
    return refuse({flag_error(run.verb,
                              "there is no deployment " + std::to_string(rank) + "; the plan has " +
                                  std::to_string(count),
                              "--deployment 1 is the best")});
  }
  const Result<catalog::Catalog> catalog = open_catalog(run.catalog);
  if (!catalog) return refuse(catalog.error());
  const Result<Node> entry = catalog->entry(*catalog::find_kind("tool"), tool);
  if (!entry) return refuse(entry.error());
  const Result<planner::ToolTable> table = planner::read_tool(*entry, tool);
  if (!table) return refuse(table.error());
  const planner::Candidate& chosen = report.candidates[static_cast<std::size_t>(rank - 1)];
  return print(planner::export_script(world, chosen, *table, checkpoint_of(*catalog, world)).text);
}

}  // namespace sn::cli
