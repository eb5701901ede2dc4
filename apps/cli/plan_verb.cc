// apps/cli/plan_verb.cc
//
// `supernode plan FILES...`: ranked deployments of each scenario, or a comparison of several.
//
// Every scenario is read and checked, and every output path, before anything is planned.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <filesystem>

#include "apps/cli/cli.h"
#include "apps/cli/export_plan.h"
#include "apps/cli/load_scenario.h"
#include "apps/cli/open_catalog.h"
#include "apps/cli/plan_choice.h"
#include "apps/cli/share_plan.h"
#include "sn/base/files.h"
#include "sn/catalog/catalog.h"
#include "sn/draw/kit/text_table.h"
#include "sn/draw/plan/choice_views.h"
#include "sn/draw/plan/pareto_svg.h"
#include "sn/draw/plan/plan_json.h"
#include "sn/draw/plan/plan_text.h"
#include "sn/planner/plan.h"
#include "sn/twin/scenario/scenario.h"
#include "sn/twin/scenario/tenants.h"

namespace sn::cli {

namespace {

constexpr const char* verb = "supernode plan";

struct PlanArgs {
  std::vector<std::string> files;
  twin::Overrides overrides;
  std::string json;
  std::string svg;
  std::vector<std::string> vary;
  std::string tool;
  std::string deployment;
  std::string tenant;
  std::string catalog;
  Choice choice;
  std::string top = "10";
  std::string threads = "0";
  bool explain = false;
  bool screen = false;
  bool quiet = false;
};

void describe_flags(CLI::App& app, PlanArgs& a) {
  app.add_option("FILES", a.files, "scenarios (YAML or JSON); - is standard input");
  app.add_option("--trace", a.overrides.trace, "plan for this request trace")->type_name("FILE");
  app.add_option("--model", a.overrides.model,
                 "plan for this model: a catalog name, or the path of a config.json")
      ->type_name("MODEL");
  app.add_option("--rate", a.overrides.rate,
                 "load: knee, a multiple of the workload (1.5x), or a rate (40 req/s)")
      ->type_name("RATE");
  app.add_flag("--explain", a.explain,
               "where each millisecond goes, what would help, what the result rests on");
  app.add_flag("--json", a.json,
               "[=FILE] JSON on standard output instead of the table, or in FILE beside it "
               "(schema/plan.schema.json)");
  app.add_option("--svg", a.svg, "draw the Pareto chart into this file (- for standard output)")
      ->type_name("FILE");
  app.add_option("--vary", a.vary,
                 "plan for each of these values of a scenario field; several flags combine")
      ->type_name("FIELD=A,B,...");
  app.add_option("--export", a.tool,
                 "print the launch script of a deployment instead: vllm, sglang, trtllm, dynamo")
      ->type_name("TOOL");
  app.add_option("--deployment", a.deployment, "which deployment to export (1, the best)")
      ->type_name("N");
  describe_choice(app, a.choice);
  app.add_option("--tenant", a.tenant,
                 "of a scenario with tenants: plan this one on its share, with all views")
      ->type_name("NAME");
  add_catalog_flag(app, a.catalog);
  app.add_flag("--screen", a.screen,
               "rank by closed forms alone, without playing the best on the engine: quick, and "
               "said so");
  app.add_option("--top", a.top, "deployments to report (10)")->type_name("N");
  app.add_option("--threads", a.threads, "threads; 0 for all; the result is the same")
      ->type_name("N");
  app.add_flag("--quiet", a.quiet, "neither progress nor timing on standard error");
  app.footer(
      "\nexamples:\n"
      "  supernode plan scenarios/al128-deepseek-v3.yaml\n"
      "  supernode plan scenarios/al128-deepseek-v3.yaml --explain --svg pareto.svg\n"
      "  supernode plan scenarios/al128-deepseek-v3.yaml --trace chat.jsonl.gz --rate 1.5x\n"
      "  supernode plan a.yaml b.yaml c.yaml          one comparison table\n"
      "  supernode plan a.yaml --vary cluster.rack.gpus=8,16,32,64,128\n"
      "  supernode plan a.yaml --export vllm > launch.sh\n"
      "  supernode plan a.yaml --filter 'decode.gpus<=16' --filter 'tpot.p90<20 ms'\n"
      "  supernode plan a.yaml --pareto J/tok,tok/s/user --svg energy.svg\n"
      "  supernode plan a.yaml --why-not '14 x (TP8) + 2 x (DP8)'\n"
      "  supernode plan shared.yaml --tenant chat --explain\n"
      "  supernode plan --json a.yaml | jq .candidates[0].state");
}

/// Rank to export; the plan has to report as many.
int check_export(const PlanArgs& a, planner::PlanOptions& options, Errors& errors) {
  if (a.tool.empty()) {
    if (!a.deployment.empty()) {
      errors.push_back(flag_error(verb, "--deployment chooses what --export prints",
                                  "--export vllm --deployment " + shown(a.deployment)));
    }
    return 1;
  }
  check_tool(verb, a.tool, errors);
  if (a.files.size() > 1 || !a.vary.empty() || a.explain || !a.json.empty() || !a.svg.empty()) {
    errors.push_back(flag_error(verb, "--export prints the script of one scenario and nothing else",
                                "leave out --json, --svg, --explain, --vary and other scenarios"));
  }
  if (a.deployment.empty()) return 1;
  const int rank = integer_flag("--deployment", a.deployment, 1, 1000, errors);
  options.top = std::max(options.top, rank);
  return rank;
}

planner::PlanOptions check(const PlanArgs& a, Errors& errors) {
  planner::PlanOptions options;
  options.top = integer_flag("--top", a.top, 1, 1000, errors);
  options.threads = integer_flag("--threads", a.threads, 0, 1024, errors);
  if (a.files.empty()) {
    errors.push_back(
        flag_error(verb, "which scenario?", "supernode plan scenarios/al128-deepseek-v3.yaml"));
  }
  for (const std::string& file : a.files) {
    if (a.json == "-" && file.ends_with(".json") && !std::filesystem::exists(file)) {
      errors.push_back(flag_error(verb, "there is no scenario '" + shown(file) + "'",
                                  "to write JSON there: --json=" + shown(file)));
    }
  }
  if (std::count(a.files.begin(), a.files.end(), "-") > 1) {
    errors.push_back(flag_error(verb, "standard input can be read once", "name '-' once"));
  }
  if (!a.svg.empty() && a.files.size() > 1) {
    errors.push_back(
        flag_error(verb, "--svg draws the chart of one scenario", "plan them one by one"));
  }
  if (a.svg == "-" && a.json == "-") {
    errors.push_back(flag_error(verb, "--svg and --json both go to standard output",
                                "write one of them to a file: --json=FILE"));
  }
  if (!a.tenant.empty() && (a.files.size() > 1 || !a.vary.empty())) {
    errors.push_back(flag_error(verb, "--tenant plans one share of one scenario",
                                "leave out --vary and other scenarios"));
  }
  if (!a.vary.empty() && (a.files.size() > 1 || a.explain)) {
    errors.push_back(flag_error(verb, "--vary plans one scenario, without --explain",
                                "plan the value you choose with --explain"));
  }
  check_writable("--json", a.json, errors);
  check_writable("--svg", a.svg, errors);
  for (const std::string& file : a.files) {
    if (file != "-" && (file == a.json || file == a.svg)) {
      errors.push_back(
          flag_error(verb, "'" + shown(file) + "' is read and written", "write to another file"));
    }
  }
  options.explain = a.explain || a.files.size() == 1;
  options.screen = a.screen;
  check_choice(verb, a.choice, a.files.size() <= 1 && a.vary.empty(), options, errors);
  if (!a.choice.why_not.empty() && (a.explain || !a.svg.empty() || !a.tool.empty())) {
    errors.push_back(flag_error(verb, "--why-not answers with a page or --json and nothing else",
                                "leave out --explain, --svg and --export"));
  }
  if (!a.choice.why_not.empty()) options.explain = false;
  return options;
}

ShareRun share_run(const PlanArgs& a, const planner::PlanOptions& options) {
  return {.file = a.files.front(), .options = options, .json = a.json, .quiet = a.quiet};
}

/// Flags that a scenario with tenants does not go with.
void check_shared(const PlanArgs& a, const twin::SharedMachine& machine, Errors& errors) {
  if (a.files.size() > 1) {
    errors.push_back(flag_error(verb, "a scenario with tenants is planned alone",
                                "plan the scenarios one by one"));
  } else if (a.tenant.empty() &&
             (a.explain || !a.svg.empty() || !a.tool.empty() || a.choice.any())) {
    errors.push_back(flag_error(
        verb, "--explain, --svg, --export and --filter look at one tenant of this scenario",
        "add --tenant " + shown(machine.tenants.front().name)));
  } else if (!a.tenant.empty()) {
    check_tenant(verb, machine, a.tenant, errors);
  }
}

/// What the files hold: Worlds, or one machine with tenants.
struct Loaded {
  std::vector<twin::World> worlds;
  std::optional<twin::SharedMachine> shared;
};

Result<Loaded> load_all(const PlanArgs& a) {
  const Result<catalog::Catalog> catalog = open_catalog(a.catalog);
  if (!catalog) return fail(catalog.error());
  Loaded out;
  Errors errors;
  const auto note = [&](const Errors& more) {
    errors.insert(errors.end(), more.begin(), more.end());
  };
  const FileLoader load = FileLoader::disk();
  for (const std::string& file : a.files) {
    const Result<Node> scenario = read_scenario(file, a.overrides);
    if (!scenario) {
      note(scenario.error());
    } else if (twin::has_tenants(*scenario) && a.overrides.any()) {
      note({flag_error(verb, "--model, --trace and --rate change a scenario of one model",
                       "change them in the tenants of " + shown(file))});
    } else if (twin::has_tenants(*scenario)) {
      Result<twin::SharedMachine> machine =
          twin::resolve_tenants(*scenario, *catalog, load, directory_of(file));
      if (!machine) {
        note(machine.error());
      } else {
        check_shared(a, *machine, errors);
        out.shared = *std::move(machine);
      }
    } else {
      Result<twin::World> world = twin::resolve(*scenario, *catalog, load, directory_of(file));
      if (world) out.worlds.push_back(*std::move(world));
      if (!world) note(world.error());
    }
  }
  if (errors.empty() && !out.shared && !a.tenant.empty()) {
    note({flag_error(verb, "the scenario has no tenants", "leave out --tenant")});
  }
  if (!errors.empty()) return fail(std::move(errors));
  return out;
}

int show(const std::vector<planner::PlanReport>& reports, const PlanArgs& a) {
  const draw::TextStyle style =
      text_style(a.files.front() + (a.tenant.empty() ? "" : " --tenant " + a.tenant));
  const bool several = a.files.size() > 1;
  std::string text;
  if (a.json == "-") {
    text = several ? draw::plans_json(reports) : draw::plan_json(reports.front());
  } else if (a.svg != "-") {
    if (several) text = draw::comparison_table(reports, style);
    for (const planner::PlanReport& report : reports) {
      if (several && !a.explain) break;
      text += (several ? "\n" : "") +
              (a.explain ? draw::explain_text(report, style) : draw::plan_table(report, style));
    }
  }
  int code = print(text);
  if (!a.json.empty() && a.json != "-") {
    code = std::max(code, write_output(a.json, several ? draw::plans_json(reports)
                                                       : draw::plan_json(reports.front())));
  }
  if (!a.svg.empty()) {
    const planner::PlanReport& first = reports.front();
    code = std::max(code, write_output(a.svg, first.tradeoff ? draw::tradeoff_svg(first)
                                                             : draw::pareto_svg(first)));
  }
  return code;
}

/// Plans each World and shows what came out.
int plan_all(const std::vector<twin::World>& worlds, const PlanArgs& a,
             const planner::PlanOptions& options, int rank) {
  int code = exit_done;
  std::vector<planner::PlanReport> reports;
  for (const twin::World& world : worlds) {
    Result<planner::PlanReport> result = planner::plan(world, options);
    if (!result) {
      report(result.error());
      code = exit_mistake;
      continue;
    }
    warn(result->warnings);
    if (result->meet == 0) code = exit_mistake;
    reports.push_back(*std::move(result));
  }
  if (reports.empty()) return code;
  if (!a.choice.why_not.empty()) {
    return answer_why_not(worlds.front(), reports.front(), a.choice.why_not, a.json);
  }
  return std::max(
      code, a.tool.empty()
                ? show(reports, a)
                : export_plan({.verb = verb, .tool = a.tool, .rank = rank, .catalog = a.catalog},
                              worlds.front(), reports.front()));
}

}  // namespace

int run_plan(const Args& args) {
  CLI::App app("Ranks the deployments of a model on a machine under an SLO.", verb);
  PlanArgs a;
  describe_flags(app, a);
  if (const auto code = parse(app, args)) return *code;
  if (a.json == "true") a.json = "-";  // how CLI11 reads the flag without a value
  Errors errors;
  planner::PlanOptions options = check(a, errors);
  const int rank = check_export(a, options, errors);
  if (!errors.empty()) return refuse(errors);

  if (!a.vary.empty()) {
    return run_vary({.file = a.files.front(),
                     .overrides = a.overrides,
                     .catalog = a.catalog,
                     .flags = a.vary,
                     .options = options,
                     .json = a.json,
                     .svg = a.svg,
                     .quiet = a.quiet});
  }
  const auto start = std::chrono::steady_clock::now();
  Result<Loaded> loaded = load_all(a);
  if (!loaded) return refuse(loaded.error());
  int code = exit_done;
  if (loaded->shared && a.tenant.empty()) {
    code = run_share(*loaded->shared, share_run(a, options));
  } else if (loaded->shared) {
    Result<twin::World> world = world_of_tenant(*loaded->shared, a.tenant, share_run(a, options));
    if (!world) {
      report(world.error());
      return exit_mistake;
    }
    loaded->worlds.push_back(*std::move(world));
  }
  if (!loaded->worlds.empty()) code = plan_all(loaded->worlds, a, options, rank);
  if (!a.quiet) {
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    complain("planned in " + draw::significant(took.count()) + " s\n");
  }
  return code;
}

}  // namespace sn::cli
