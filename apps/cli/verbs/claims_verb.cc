// apps/cli/verbs/claims_verb.cc
//
// `supernode claims [ID...]`: what is claimed of supernodes, run.

#include <CLI/CLI.hpp>

#include "apps/cli/cli.h"
#include "apps/cli/outputs.h"
#include "apps/cli/run_flags.h"
#include "sn/api/claims/claims.h"
#include "sn/api/open.h"
#include "sn/draw/directions/claims_views.h"

namespace sn::cli {

namespace {

constexpr const char* verb = "supernode claims";

}  // namespace

int run_claims(const Args& args) {
  CLI::App app("What is claimed of supernodes, found by this program, with conditions and verdict.",
               verb);
  std::vector<std::string> ids;
  std::string folder;
  app.add_option("ID", ids, "claims (supernode catalog claims); without one, all")
      ->expected(0, 64)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  add_catalog_flag(app, folder);
  app.footer(
      "\nexamples:\n"
      "  supernode claims\n"
      "  supernode claims kv-pool-throughput rack-power --json=claims.json");
  Outputs outputs(app, {{"--json", "JSON (schema/claims.schema.json)"}});
  RunFlags flags(app);
  if (const auto code = parse(app, args)) return *code;
  Errors errors;
  flags.check(errors);
  outputs.check(verb, {}, errors);
  const Result<catalog::Catalog> catalog = api::open_catalog(folder);
  if (!catalog) return refuse(verb, catalog.error());
  if (!errors.empty()) return refuse(verb, errors);
  const Run run = flags.start();
  const Result<api::ClaimsReport> report = api::claims(ids, *catalog, run);
  if (!report) return refuse(verb, report.error());
  return outputs.write(
      {{"--json", [&] { return draw::claims_json(*report); }}},
      [&] { return draw::claims_text(*report, text_style({})); }, code_of(report->interrupted));
}

}  // namespace sn::cli
