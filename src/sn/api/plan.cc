// sn/api/plan.cc
//
// Requests to the planner (see plan.h).

#include "sn/api/plan.h"

#include <algorithm>
#include <utility>

#include "sn/api/request_error.h"
#include "sn/base/files/files.h"
#include "sn/planner/metric.h"
#include "sn/planner/search/engine_runs.h"

namespace sn::api {

namespace {

std::string listed(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + shown(name);
  return out;
}

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

/// The engine that a tool starts: the World's own where it is one of that tool, else the catalog's.
Result<llm::Framework> engine_for(const std::string& tool, const twin::World& world,
                                  const catalog::Catalog& catalog) {
  const std::string name = planner::engine_of(tool);
  const llm::Framework& own = world.machine.framework;
  if (own.name.starts_with(name)) return own;
  const catalog::CatalogKind& kind = *catalog::find_kind("framework");
  const Result<Node> entry = catalog.resolve(kind, Node::scalar(name));
  if (!entry) return fail(entry.error());
  llm::Framework out;
  catalog::Params params;
  Errors errors;
  catalog::read_entry(catalog, *entry, "framework", out, params, errors);
  if (!errors.empty()) return fail(std::move(errors));
  out.name = name;
  return out;
}

}  // namespace

Result<planner::PlanOptions> plan_options(const PlanRequest& request) {
  planner::PlanOptions out;
  out.top = request.top;
  out.screen = request.screen;
  out.explain = request.explain;
  out.pareto = request.pareto;
  Errors errors;
  if (!request.filters.empty()) {
    out.filters = take(planner::parse_filters(request.filters), errors);
  }
  if (!request.pair.empty()) {
    const Result<planner::MetricPair> pair = planner::parse_pair(request.pair);
    if (pair) out.pair = *pair;
    if (!pair) errors.insert(errors.end(), pair.error().begin(), pair.error().end());
  }
  if (!errors.empty()) return fail(std::move(errors));
  return out;
}

Result<planner::PlanReport> plan(const twin::World& world, const PlanRequest& request,
                                 const Run& run) {
  const Result<planner::PlanOptions> options = plan_options(request);
  if (!options) return fail(options.error());
  return planner::plan(world, *options, run);
}

Result<planner::VaryReport> vary(const VaryRequest& request, const catalog::Catalog& catalog,
                                 const Run& run) {
  const Result<std::vector<planner::VaryAxis>> axes = planner::parse_axes(request.axes);
  if (!axes) return fail(axes.error());
  const Result<Node> scenario = read_scenario(request.scenario, run);
  if (!scenario) return fail(scenario.error());
  if (twin::has_tenants(*scenario)) {
    return fail(request_error("axes", "this scenario has tenants; values are varied of one model",
                              "vary a scenario of the tenant alone", ErrorCode::syntax));
  }
  const FileLoader load = FileLoader::disk();
  const std::string directory = directory_of(request.scenario.file);
  return planner::vary({*scenario, catalog, load, directory}, *axes,
                       {.top = 1, .screen = request.screen}, run);
}

Result<planner::ShareReport> share(const twin::SharedMachine& machine, const PlanRequest& request,
                                   const Run& run) {
  const Result<planner::PlanOptions> options = plan_options(request);
  if (!options) return fail(options.error());
  return planner::share(machine, *options, run);
}

Errors check_tenant(const twin::SharedMachine& machine, const std::string& tenant) {
  std::vector<std::string> names;
  for (const twin::Tenant& t : machine.tenants) names.push_back(t.name);
  if (std::find(names.begin(), names.end(), tenant) != names.end()) return {};
  return {request_error("tenant", "there is no tenant '" + shown(tenant) + "'",
                        nearest_hint(tenant, names, "tenants are " + listed(names)))};
}

Result<twin::World> world_of_tenant(const twin::SharedMachine& machine, const std::string& tenant,
                                    const PlanRequest& request, const Run& run) {
  if (Errors unknown = check_tenant(machine, tenant); !unknown.empty()) {
    return fail(std::move(unknown));
  }
  const Result<planner::ShareReport> report = share(machine, request, run);
  if (!report) return fail(report.error());
  std::size_t index = 0;
  while (machine.tenants[index].name != tenant) ++index;
  twin::World world = machine.tenants[index].world;
  world.machine.gpu_limit = report->tenants[index].gpus;
  return world;
}

Result<planner::WhyNotReport> why_not(const twin::World& world, const WhyNotRequest& request,
                                      const Run& run) {
  const bool row = !request.deployment.empty() &&
                   request.deployment.find_first_not_of("0123456789") == std::string::npos;
  Result<serving::ServingPlan> deployment = planner::parse_deployment(world, request.deployment);
  // A line of the table is no deployment to the parser, and may still be a row of this plan.
  const bool line = request.deployment.find(" x (") != std::string::npos;
  if (!deployment && !row && !line) return fail(deployment.error());
  const Result<planner::PlanReport> report = plan(world, request.plan, run);
  if (!report) return fail(report.error());
  if (const auto meant = planner::row_meant(*report, request.deployment)) {
    deployment = *meant;
  } else if (row) {
    return fail(request_error("deployment",
                              "there is no row " + request.deployment + "; the plan has " +
                                  std::to_string(report->candidates.size()),
                              "--top N shows more", ErrorCode::range));
  }
  if (!deployment) return fail(deployment.error());
  return planner::why_not(world, *deployment, *report, run);
}

Errors check_tool(const std::string& tool) {
  const std::vector<std::string> tools = planner::export_tools();
  if (std::find(tools.begin(), tools.end(), tool) != tools.end()) return {};
  const std::string all = listed(tools);
  const std::string near = nearest(tool, tools);
  return {request_error(
      "tool", "no tool '" + shown(tool) + "' is known",
      near.empty() ? "tools are " + all : "did you mean '" + near + "'? Tools are " + all)};
}

Result<planner::ExportedScript> export_script(const twin::World& world,
                                              const ExportRequest& request,
                                              const catalog::Catalog& catalog, const Run& run) {
  if (Errors unknown = check_tool(request.tool); !unknown.empty()) return fail(std::move(unknown));
  PlanRequest wanted = request.plan;
  wanted.top = std::max(wanted.top, request.rank);
  const Result<planner::PlanReport> report = plan(world, wanted, run);
  if (!report) return fail(report.error());
  const std::size_t count = report->candidates.size();
  const auto rank = static_cast<std::size_t>(request.rank);
  if (rank < 1 || rank > count) {
    return fail(request_error("rank",
                              "there is no deployment " + std::to_string(request.rank) +
                                  "; the plan has " + std::to_string(count),
                              "1 is the best", ErrorCode::range));
  }
  const Result<Node> entry = catalog.entry(*catalog::find_kind("tool"), request.tool);
  if (!entry) return fail(entry.error());
  const Result<planner::ToolTable> table = planner::read_tool(*entry, request.tool);
  if (!table) return fail(table.error());
  const Result<llm::Framework> engine = engine_for(request.tool, world, catalog);
  if (!engine) return fail(engine.error());
  const planner::Candidate& chosen = report->candidates[rank - 1];
  const std::string refused = planner::cannot_run(*engine, world.machine.model, chosen.plan);
  if (!refused.empty() && world.load.search.fixed.empty()) {
    return fail(request_error(
        "tool",
        request.tool + " cannot run deployment " + std::to_string(request.rank) + ": " + refused,
        "plan for what it runs: --framework " + engine->name +
            " (the table: supernode catalog "
            "show frameworks/" +
            engine->name + ")",
        ErrorCode::infeasible));
  }
  return planner::export_script(world, chosen, *table, checkpoint_of(catalog, world), *engine);
}

}  // namespace sn::api
