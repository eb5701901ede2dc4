// apps/cli/verbs/compare_verb.cc
//
// `supernode compare RACK...`: datasheets side by side; with --model what each carries.

#include <CLI/CLI.hpp>

#include "apps/cli/cli.h"
#include "apps/cli/outputs.h"
#include "apps/cli/run_flags.h"
#include "sn/api/open.h"
#include "sn/api/rack/compare.h"
#include "sn/draw/rack/compare_views.h"

namespace sn::cli {

namespace {

constexpr const char* verb = "supernode compare";

void add_load_flags(CLI::App& app, twin::Overrides& load) {
  app.add_option("--model", load.model, "a catalog name, or the path of a config.json")
      ->type_name("MODEL");
  app.add_option("--isl", load.input, "requests of this many tokens in; with --osl")
      ->type_name("TOKENS");
  app.add_option("--osl", load.output, "and this many out")->type_name("TOKENS");
  app.add_option("--trace", load.trace, "requests of this trace")->type_name("FILE");
  app.add_option("--rate", load.rate, "load: knee, 1.5x or 40/s")->type_name("RATE");
  app.add_option("--ttft", load.ttft, "limit of the p90, as in 1s")->type_name("TIME");
  app.add_option("--tpot", load.tpot, "limit of the p90, as in 50ms")->type_name("TIME");
  app.add_option("--e2e", load.e2e, "limit of the p90 to the last token")->type_name("TIME");
  app.add_option("--framework", load.framework, "serving engine")->type_name("ENGINE");
}

/// What a plan needs, all or nothing.
void check_load(const twin::Overrides& load, Errors& errors) {
  if (!load.any()) return;
  if (load.model.empty()) {
    errors.push_back(flag_error(verb, "a load without --model", "--model deepseek-v3"));
  }
  if (load.trace.empty() && (load.input.empty() || load.output.empty())) {
    errors.push_back(
        flag_error(verb, "--model needs requests", "--isl 4096 --osl 1024, or --trace"));
  }
  if ((load.ttft + load.tpot + load.e2e).empty()) {
    errors.push_back(flag_error(verb, "--model needs an SLO", "--ttft 2s --tpot 50ms"));
  }
}

}  // namespace

int run_compare(const Args& args) {
  CLI::App app("Racks side by side: datasheets, and what each carries.", verb);
  api::CompareRequest request;
  std::string folder;
  app.add_option("RACK", request.racks, "racks (supernode catalog racks)")
      ->expected(1, 64)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  add_load_flags(app, request.load);
  app.add_option("--site", request.site, "where they stand (supernode catalog sites)");
  app.add_flag("--screen", request.screen, "plans by closed forms alone, without the engine");
  add_catalog_flag(app, folder);
  app.footer(
      "\nexamples:\n"
      "  supernode compare al128 nvl72-gb300 cloudmatrix384\n"
      "  supernode compare al128 nvl72-gb200 --model deepseek-v3 --isl 4096 --osl 1024 --ttft 2s "
      "--tpot 50ms --screen");
  Outputs outputs(app, {{"--json", "JSON (schema/compare.schema.json)"}});
  RunFlags flags(app);
  if (const auto code = parse(app, args)) return *code;
  Errors errors;
  flags.check(errors);
  outputs.check(verb, {}, errors);
  check_load(request.load, errors);
  const Result<catalog::Catalog> catalog = api::open_catalog(folder);
  if (!catalog) return refuse(verb, catalog.error());
  if (!errors.empty()) return refuse(verb, errors);
  const Run run = flags.start();
  const Result<api::CompareReport> report = api::compare_racks(request, *catalog, run);
  if (!report) return refuse(verb, report.error());
  return outputs.write(
      {{"--json", [&] { return draw::compare_json(*report); }}},
      [&] { return draw::compare_text(*report, text_style({})); }, code_of(report->interrupted));
}

}  // namespace sn::cli
