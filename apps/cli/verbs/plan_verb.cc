// apps/cli/verbs/plan_verb.cc
//
// `supernode plan FILES...`: ranked deployments of each scenario, or a comparison of several.
//
// Every scenario is read and checked, and every output path, before anything is planned.

#include <CLI/CLI.hpp>
#include <algorithm>

#include "apps/cli/cli.h"
#include "apps/cli/outputs.h"
#include "apps/cli/plan_show.h"
#include "apps/cli/plan_training.h"
#include "apps/cli/run_flags.h"
#include "apps/cli/scenario_flags.h"
#include "sn/api/plan.h"

namespace sn::cli {

namespace {

constexpr const char* verb = "supernode plan";

struct PlanArgs {
  explicit PlanArgs(CLI::App& app);

  ScenarioFlags scenarios;
  std::vector<std::string> vary;
  std::string tool;
  std::string deployment;
  std::string tenant;
  std::string catalog;
  std::vector<std::string> filters;
  std::string pair;
  std::string why_not;
  std::string top = "10";
  bool explain = false;
  bool screen = false;
  Outputs outputs;
  RunFlags run;

  [[nodiscard]] bool chooses() const {
    return !filters.empty() || !pair.empty() || !why_not.empty();
  }
};

void describe_input(CLI::App& app, PlanArgs& a) {
  app.add_flag("--explain", a.explain,
               "where each millisecond goes, what would help, what the result rests on");
}

void describe_choice(CLI::App& app, PlanArgs& a) {
  app.add_option("--vary", a.vary,
                 "plan for each of these values of a scenario field; several flags combine")
      ->type_name("FIELD=A,B,...");
  app.add_option(
         "--export", a.tool,
         "print the launch script of a deployment instead: vllm, sglang, trtllm, dynamo; of "
         "training: megatron, torchtitan, or perfetto, a step's timeline")
      ->type_name("TOOL");
  app.add_option("--deployment", a.deployment, "which deployment to export (1, the best)")
      ->type_name("N");
  app.add_option("--filter", a.filters,
                 "only deployments with this, as in decode.tp<=4, ttft.p90<1.5 s, "
                 "pools=aggregated; several flags combine")
      ->type_name("CONDITION")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--pareto", a.pair,
                 "trade these two metrics off over plans and loads, as in J/tok,tok/s/GPU")
      ->type_name("X,Y");
  app.add_option(
         "--why-not", a.why_not,
         "what rules this deployment out, or what it loses to the best, by how much; a row's "
         "number or its own text means that row")
      ->type_name("DEPLOYMENT");
  app.add_option("--tenant", a.tenant,
                 "of a scenario with tenants: plan this one on its share, with all views")
      ->type_name("NAME");
  add_catalog_flag(app, a.catalog);
  app.add_flag("--screen", a.screen,
               "rank by closed forms alone, without playing the best on the engine: quick, and "
               "said so");
  app.add_option("--top", a.top, "deployments to report (10)")->type_name("N");
  app.footer(
      "\nexamples:\n"
      "  supernode plan scenarios/al128-deepseek-v3.yaml\n"
      "  supernode plan --rack hgx-h100 --model llama-3.1-70b --isl 1024 --osl 256 --ttft 1s "
      "--tpot 50ms\n"
      "  supernode plan llama70b --gpus 4 --framework vllm   a shipped scenario, changed\n"
      "  supernode plan scenarios/al128-deepseek-v3.yaml --explain --svg=pareto.svg\n"
      "  supernode plan scenarios/al128-deepseek-v3.yaml --trace chat.jsonl.gz --rate 1.5x\n"
      "  supernode plan a.yaml --set cluster.rack.gpus=64 --set 'slo.tpot.p90=30 ms'\n"
      "  supernode plan a.yaml b.yaml c.yaml          one comparison table\n"
      "  supernode plan a.yaml --vary cluster.rack.gpus=8,16,32,64,128\n"
      "  supernode plan a.yaml --export vllm > launch.sh\n"
      "  supernode plan a.yaml --filter 'decode.gpus<=16' --filter 'tpot.p90<20 ms'\n"
      "  supernode plan a.yaml --pareto J/tok,tok/s/user --svg=energy.svg\n"
      "  supernode plan a.yaml --why-not '14 x (TP8) + 2 x (DP8)'\n"
      "  supernode plan shared.yaml --tenant chat --explain\n"
      "  supernode plan --json a.yaml | jq .candidates[0].state");
}

PlanArgs::PlanArgs(CLI::App& app)
    : scenarios(app),
      outputs(app, {{"--json", "JSON (schema/plan.schema.json)"},
                    {"--csv", "a line for each deployment"},
                    {"--svg", "the Pareto chart, or the chart of a comparison"},
                    {"--html", "a self-contained page with table and chart"}}),
      run(app) {
  describe_input(app, *this);
  describe_choice(app, *this);
}

/// Rank to export; the plan has to report as many.
int check_export(const PlanArgs& a, Errors& errors) {
  if (a.tool.empty()) {
    if (!a.deployment.empty()) {
      errors.push_back(flag_error(verb, "--deployment chooses what --export prints",
                                  "--export vllm --deployment " + shown(a.deployment)));
    }
    return 1;
  }
  const auto& training = api::training_tools();
  if (std::find(training.begin(), training.end(), a.tool) == training.end()) {
    const Errors unknown = in_flags(verb, api::check_tool(a.tool));
    errors.insert(errors.end(), unknown.begin(), unknown.end());
  }
  if (a.scenarios.files().size() > 1 || !a.vary.empty() || a.explain || !a.outputs.any().empty()) {
    errors.push_back(flag_error(verb, "--export prints the script of one scenario and nothing else",
                                "leave out --json, --svg, --explain, --vary and other scenarios"));
  }
  return a.deployment.empty() ? 1 : integer_flag("--deployment", a.deployment, 1, 1000, errors);
}

/// Filters, metrics and the deployment asked about.
void check_choice(const PlanArgs& a, const api::PlanRequest& request, Errors& errors) {
  if (a.chooses() && (a.scenarios.files().size() > 1 || !a.vary.empty())) {
    errors.push_back(flag_error(verb, "--filter, --pareto and --why-not look at one plan",
                                "leave out --vary and other scenarios"));
  }
  if (!a.why_not.empty() && (!a.pair.empty() || !a.filters.empty())) {
    errors.push_back(flag_error(verb, "--why-not compares with the best of all deployments",
                                "leave out --filter and --pareto"));
  }
  if (!a.why_not.empty() && (a.explain || a.outputs.asked("--svg") || a.outputs.asked("--csv") ||
                             a.outputs.asked("--html") || !a.tool.empty())) {
    errors.push_back(flag_error(verb, "--why-not answers with text or --json and nothing else",
                                "leave out --explain, --svg, --csv, --html and --export"));
  }
  const auto options = api::plan_options(request);
  if (!options) errors.insert(errors.end(), options.error().begin(), options.error().end());
}

api::PlanRequest check(PlanArgs& a, Errors& errors) {
  api::PlanRequest request;
  a.run.check(errors);
  a.scenarios.check(verb, errors);
  request.top = integer_flag("--top", a.top, 1, 1000, errors);
  a.outputs.check(verb, a.scenarios.files(), errors);
  if (a.outputs.asked("--html") && (a.scenarios.files().size() > 1 || !a.vary.empty())) {
    errors.push_back(
        flag_error(verb, "--html is the page of one plan", "plan the scenarios one by one"));
  }
  if (a.outputs.asked("--csv") && !a.vary.empty()) {
    errors.push_back(flag_error(verb, "--csv is a table of plans, without --vary",
                                "--json has the points of --vary"));
  }
  if (!a.tenant.empty() && (a.scenarios.files().size() > 1 || !a.vary.empty())) {
    errors.push_back(flag_error(verb, "--tenant plans one share of one scenario",
                                "leave out --vary and other scenarios"));
  }
  if (!a.vary.empty() && (a.scenarios.files().size() > 1 || a.explain)) {
    errors.push_back(flag_error(verb, "--vary plans one scenario, without --explain",
                                "plan the value you choose with --explain"));
  }
  request.explain = (a.explain || a.scenarios.files().size() == 1) && a.why_not.empty();
  request.screen = a.screen;
  request.filters = a.filters;
  request.pair = a.pair;
  check_choice(a, request, errors);
  return request;
}

/// Flags that a scenario with tenants does not go with.
void check_shared(const PlanArgs& a, const twin::SharedMachine& machine, Errors& errors) {
  if (a.scenarios.files().size() > 1) {
    errors.push_back(flag_error(verb, "a scenario with tenants is planned alone",
                                "plan the scenarios one by one"));
  } else if (a.tenant.empty() &&
             (a.explain || a.outputs.asked("--svg") || a.outputs.asked("--csv") ||
              a.outputs.asked("--html") || !a.tool.empty() || a.chooses())) {
    errors.push_back(flag_error(verb,
                                "--explain, --svg, --csv, --html, --export and --filter look at "
                                "one tenant of this scenario",
                                "add --tenant " + shown(machine.tenants.front().name)));
  } else if (!a.tenant.empty()) {
    const Errors unknown = in_flags(verb, api::check_tenant(machine, a.tenant));
    errors.insert(errors.end(), unknown.begin(), unknown.end());
  }
}

/// What the files hold: Worlds, or one machine with tenants.
struct Loaded {
  std::vector<twin::World> worlds;
  std::optional<twin::SharedMachine> shared;
};

/// The request for `file`, with its tree where it was read already: a pipe can be read once.
api::OpenRequest request_for(const PlanArgs& a, const std::string& file,
                             const std::optional<Node>& read) {
  api::OpenRequest out = a.scenarios.open(file);
  if (read) out.scenario = read;
  return out;
}

Result<Loaded> load_all(const PlanArgs& a, const std::optional<Node>& read,
                        const catalog::Catalog& catalog, const Run& run) {
  Loaded out;
  Errors errors;
  for (const std::string& file : a.scenarios.files()) {
    Result<api::Opened> opened = api::open(request_for(a, file, read), catalog, run);
    if (!opened) {
      errors.insert(errors.end(), opened.error().begin(), opened.error().end());
    } else if (opened->shared) {
      check_shared(a, *opened->shared, errors);
      out.shared = std::move(opened->shared);
    } else {
      out.worlds.push_back(*std::move(opened->world));
    }
  }
  if (errors.empty() && !out.shared && !a.tenant.empty()) {
    errors.push_back(flag_error(verb, "the scenario has no tenants", "leave out --tenant"));
  }
  if (!errors.empty()) return fail(std::move(errors));
  return out;
}

/// Plans each World and shows what came out.
int plan_all(const std::vector<twin::World>& worlds, const PlanArgs& a,
             const api::PlanRequest& request, const Run& run) {
  int code = exit_done;
  std::vector<planner::PlanReport> reports;
  for (const twin::World& world : worlds) {
    Result<planner::PlanReport> result = api::plan(world, request, run);
    if (!result) {
      report(result.error());
      code = code_of(run.stopped(), exit_mistake);
      continue;
    }
    warn(result->warnings);
    if (result->meet == 0) code = exit_mistake;
    reports.push_back(*std::move(result));
    if (run.stopped()) break;
  }
  if (reports.empty()) return code;
  const std::string source =
      a.scenarios.source() + (a.tenant.empty() ? "" : " --tenant " + a.tenant);
  return show_plans(reports, {.source = source, .explain = a.explain}, a.outputs, code);
}

int answer_why_not(const twin::World& world, const PlanArgs& a, const api::PlanRequest& request,
                   const Run& run) {
  warn(world.warnings);
  const auto answer = api::why_not(world, {.deployment = a.why_not, .plan = request}, run);
  if (!answer) return refuse(verb, answer.error());
  return show_why_not(*answer, a.outputs);
}

int export_plan(const twin::World& world, const PlanArgs& a, int rank,
                const api::PlanRequest& request, const catalog::Catalog& catalog, const Run& run) {
  warn(world.warnings);
  const auto script =
      api::export_script(world, {.tool = a.tool, .rank = rank, .plan = request}, catalog, run);
  return script ? print(script->text) : refuse(verb, script.error());
}

int vary(const PlanArgs& a, const std::optional<Node>& read, const catalog::Catalog& catalog,
         const Run& run) {
  const auto report = api::vary({.scenario = request_for(a, a.scenarios.files().front(), read),
                                 .axes = a.vary,
                                 .screen = a.screen},
                                catalog, run);
  if (!report) return refuse(verb, report.error());
  const int code = show_vary(*report, {.source = a.scenarios.source()}, a.outputs);
  a.run.took("planned " + std::to_string(report->points.size()) + " combinations");
  return code;
}

/// Deals the GPUs to the tenants; nothing is left to do, or the World of one of them.
std::optional<int> share(Loaded& loaded, const PlanArgs& a, const api::PlanRequest& request,
                         const Run& run) {
  if (!a.tenant.empty()) {
    Result<twin::World> world = api::world_of_tenant(*loaded.shared, a.tenant, request, run);
    if (world) loaded.worlds.push_back(*std::move(world));
    if (world) return std::nullopt;
    report(in_flags(verb, world.error()));
    return code_of(run.stopped(), exit_mistake);
  }
  const auto shares = api::share(*loaded.shared, request, run);
  if (!shares) {
    report(in_flags(verb, shares.error()));
    return code_of(run.stopped(), exit_mistake);
  }
  warn(shares->warnings);
  const int code = show_share(*shares, {.source = a.scenarios.source()}, a.outputs);
  a.run.took("planned");
  return code;
}

int training(const PlanArgs& a, const Node& read, int top, int rank,
             const catalog::Catalog& catalog, const Run& run) {
  if (!a.vary.empty() || a.chooses() || !a.tenant.empty() || a.outputs.asked("--svg") ||
      a.outputs.asked("--csv") || a.outputs.asked("--html")) {
    return refuse({flag_error(verb, "a training scenario has text, --json, --explain and --export",
                              "leave out --vary, --filter, --pareto, --why-not, --tenant, --svg, "
                              "--csv and --html")});
  }
  const int code = plan_training({.scenario = request_for(a, a.scenarios.files().front(), read),
                                  .source = a.scenarios.source(),
                                  .top = top,
                                  .explain = a.explain,
                                  .tool = a.tool,
                                  .rank = rank},
                                 a.outputs, catalog, run);
  a.run.took("planned");
  return code;
}

}  // namespace

int run_plan(const Args& args) {
  CLI::App app("Ranks the deployments of a model on a machine under an SLO.", verb);
  PlanArgs a(app);
  if (const auto code = parse(app, args)) return *code;
  Errors errors;
  const api::PlanRequest request = check(a, errors);
  const int rank = check_export(a, errors);
  if (!errors.empty()) return refuse(errors);

  const Run run = a.run.start();
  const Result<catalog::Catalog> catalog = api::open_catalog(a.catalog);
  if (!catalog) return refuse(verb, catalog.error());
  std::optional<Node> read;
  if (a.scenarios.files().size() == 1) {
    Result<Node> scenario = api::read_scenario(a.scenarios.open(a.scenarios.files().front()), run);
    if (!scenario) return refuse(verb, scenario.error());
    read = *std::move(scenario);
    if (api::is_training(*read)) return training(a, *read, request.top, rank, *catalog, run);
  }
  if (!a.vary.empty()) return vary(a, read, *catalog, run);
  Result<Loaded> loaded = load_all(a, read, *catalog, run);
  if (!loaded) return refuse(verb, loaded.error());
  if (loaded->shared) {
    if (const auto code = share(*loaded, a, request, run)) return *code;
  }
  int code = exit_done;
  if (!a.why_not.empty()) {
    code = answer_why_not(loaded->worlds.front(), a, request, run);
  } else if (!a.tool.empty()) {
    code = export_plan(loaded->worlds.front(), a, rank, request, *catalog, run);
  } else {
    code = plan_all(loaded->worlds, a, request, run);
  }
  a.run.took("planned");
  return code;
}

}  // namespace sn::cli
