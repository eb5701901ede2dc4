// apps/cli/verbs/directions_verb.cc
//
// `supernode directions SCENARIO`: sixteen combinations of the four directions on one page.

#include <CLI/CLI.hpp>

#include "apps/cli/cli.h"
#include "apps/cli/outputs.h"
#include "apps/cli/run_flags.h"
#include "apps/cli/scenario_flags.h"
#include "sn/api/directions/directions.h"
#include "sn/draw/directions/directions_views.h"

namespace sn::cli {

namespace {

constexpr const char* verb = "supernode directions";

}  // namespace

int run_directions(const Args& args) {
  CLI::App app("Peripherals on ScaleUp, memory semantics, two layers, optics: what each changes.",
               verb);
  ScenarioFlags scenarios(app);
  api::DirectionsRequest request;
  std::string folder;
  bool quick = false;
  app.add_option("--medium", request.medium, "optics against copper (supernode catalog media)")
      ->type_name("MEDIUM");
  app.add_flag("--no-knees", quick, "figures at the base's load alone");
  add_catalog_flag(app, folder);
  app.footer(
      "\nexamples:\n"
      "  supernode directions scenarios/al128-directions.yaml\n"
      "  supernode directions kv-cxl-pcie --medium lpo --no-knees");
  Outputs outputs(app, {{"--json", "JSON (schema/directions.schema.json)"}});
  RunFlags flags(app);
  if (const auto code = parse(app, args)) return *code;
  Errors errors;
  flags.check(errors);
  scenarios.check(verb, errors);
  outputs.check(verb, scenarios.files(), errors);
  if (scenarios.files().size() > 1) {
    errors.push_back(flag_error(verb, "directions are of one scenario", "ask one by one"));
  }
  const Result<catalog::Catalog> catalog = api::open_catalog(folder);
  if (!catalog) return refuse(verb, catalog.error());
  if (!errors.empty()) return refuse(verb, errors);
  request.knees = !quick;
  request.open = scenarios.open(scenarios.files().empty() ? "" : scenarios.files().front());
  const Run run = flags.start();
  const Result<api::DirectionsReport> report = api::directions(request, *catalog, run);
  if (!report) return refuse(verb, report.error());
  return outputs.write(
      {{"--json", [&] { return draw::directions_json(*report); }}},
      [&] { return draw::directions_text(*report, text_style({})); }, code_of(report->interrupted));
}

}  // namespace sn::cli
