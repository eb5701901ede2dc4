// apps/cli/validate_verb.cc
//
// `supernode validate WHAT --data DIR`: predicted against measured, table by table.

#include <CLI/CLI.hpp>
#include <array>
#include <utility>

#include "apps/cli/cli.h"
#include "apps/cli/open_catalog.h"
#include "apps/cli/open_collectives.h"
#include "apps/cli/validate_parts.h"

namespace sn::cli {

namespace {

using Part = int (*)(const ValidateOptions& options, const catalog::Catalog& catalog);

constexpr std::array<std::pair<std::string_view, Part>, 4> parts = {
    {{"kernels", validate_kernels},
     {"collectives", validate_collectives},
     {"serving", validate_serving},
     {"all", validate_all}}};

Part part_of(std::string_view what) {
  for (const auto& [name, part] : parts) {
    if (name == what) return part;
  }
  return nullptr;
}

void check(const ValidateOptions& o, Errors& errors) {
  if (part_of(o.what) == nullptr) {
    const std::string near = nearest(o.what, {"kernels", "collectives", "serving", "all"});
    errors.push_back(flag_error(
        validate_verb, "validate what?",
        near.empty() ? "supernode validate kernels --data DIR" : "did you mean '" + near + "'?"));
  }
  const std::string verb = std::string(validate_verb) + " " + o.what;
  if (o.what == "collectives" && o.data.empty()) errors.push_back(no_collective_data(verb));
  if (!o.rack.empty() && o.what != "collectives" && o.what != "all") {
    errors.push_back(flag_error(verb, "--rack is the machine of logs of collectives",
                                "supernode validate collectives --data logs --rack hgx-h200"));
  }
  check_there("--data", o.data, errors);
  if (!o.html.empty()) check_writable("--html", o.html, errors);
  if (!o.json.empty()) check_writable("--json", o.json, errors);
}

}  // namespace

int run_validate(const Args& args) {
  CLI::App app("Predicted against measured, case by case, with the error.", validate_verb);
  ValidateOptions options;
  std::string catalog_folder;
  std::string worst = "10";
  std::string threads = "0";
  app.add_option("WHAT", options.what, "kernels, collectives, serving, or all of them");
  app.add_option("--data", options.data,
                 "folder of measurements, searched for known names; without it, published figures")
      ->type_name("DIR");
  app.add_option("--rack", options.rack, "machine of logs that do not name their GPUs")
      ->type_name("RACK");
  const CLI::Option* json =
      app.add_option("--json", options.json,
                     "JSON (schema/validation.schema.json, serving_validation.schema.json); - is "
                     "the default")
          ->type_name("FILE")
          ->expected(0, 1)
          ->default_str("-");
  app.add_option("--html", options.html, "a self-contained page with drawings")->type_name("FILE");
  add_catalog_flag(app, catalog_folder);
  app.add_option("--worst", worst, "rows farthest from their prediction (10)")->type_name("N");
  app.add_flag("--tables", options.tables,
               "every table of kernels, not the ones farthest from their target");
  app.add_flag("--parameters", options.parameters, "every parameter of kernels, not their count");
  app.add_option("--threads", threads, "threads; 0: as many as the machine has");
  app.footer(
      "\nexamples:\n"
      "  supernode validate kernels --data measurements --html kernels.html\n"
      "  supernode validate kernels --data measurements --json=kernels.json --worst 20\n"
      "  supernode validate kernels --data measurements --catalog overlay\n"
      "  supernode validate collectives --data logs --rack hgx-h200\n"
      "  supernode validate serving --data measurements --json=serving.json\n"
      "  supernode validate all --data measurements --html evidence.html");
  if (const auto code = parse(app, args)) return *code;

  Errors errors;
  options.worst = static_cast<std::size_t>(integer_flag("--worst", worst, 0, 100000, errors));
  options.threads = integer_flag("--threads", threads, 0, 256, errors);
  if (json->count() > 0 && options.json.empty()) options.json = "-";
  check(options, errors);
  if (!errors.empty()) return refuse(errors);
  const Result<catalog::Catalog> catalog = open_catalog(catalog_folder);
  if (!catalog) return refuse(catalog.error());
  return part_of(options.what)(options, *catalog);
}

}  // namespace sn::cli
