// apps/cli/validate_verb.cc
//
// `supernode validate kernels --data DIR`: predicted against measured, table by table.

#include <CLI/CLI.hpp>

#include "apps/cli/cli.h"
#include "apps/cli/open_catalog.h"
#include "apps/cli/validate_serving.h"
#include "sn/draw/validation_views.h"
#include "sn/evidence/parameter_groups.h"
#include "sn/evidence/published_figures.h"
#include "sn/evidence/validate_kernels.h"
#include "sn/hw/catalog.h"

namespace sn::cli {

namespace {

constexpr const char* verb = "supernode validate";

struct ValidateFlags {
  std::string what;
  std::string data;
  std::string json;
  std::string html;
  std::string catalog;
  std::string worst = "10";
  std::string threads = "0";
  bool tables = false;
  bool parameters = false;
};

int validate_kernels(const ValidateFlags& flags, int worst, int threads, bool to_json) {
  const Result<hw::Catalog> catalog = open_catalog(flags.catalog);
  if (!catalog) return refuse(catalog.error());
  hw::Params params;
  const Result<evidence::KernelSet> kernels = evidence::read_kernel_set(*catalog, params);
  if (!kernels) return refuse(kernels.error());
  evidence::Validation v =
      flags.data.empty() ? evidence::validate_published(*catalog, *kernels)
                         : evidence::validate_kernels(
                               flags.data, *kernels,
                               {.threads = threads, .worst = static_cast<std::size_t>(worst)});
  evidence::list_parameters(params, v);
  report(v.errors);
  bool faulty = !v.errors.empty();
  for (const evidence::FileReport& f : v.files) {
    report(f.faults);
    faulty = faulty || !f.faults.empty();
  }
  if (!flags.html.empty()) {
    if (const int code = write_output(flags.html, draw::validation_html(v))) return code;
  }
  if (to_json && flags.json != "-") {
    if (const int code = write_output(flags.json, draw::validation_json(v))) return code;
  }
  const std::string page = to_json && flags.json == "-"
                               ? draw::validation_json(v)
                               : draw::validation_text(v, text_style(flags.data),
                                                       {.worst = static_cast<std::size_t>(worst),
                                                        .tables = flags.tables,
                                                        .parameters = flags.parameters});
  return print(page, faulty ? exit_fault : exit_done);
}

}  // namespace

int run_validate(const Args& args) {
  if (!args.empty() && args.front() == "collectives") {
    return run_validate_collectives(Args(args.begin() + 1, args.end()));
  }
  CLI::App app("Predicted against measured, case by case, with the error.", verb);
  ValidateFlags flags;
  app.add_option("WHAT", flags.what, "kernels, collectives or serving");
  app.add_option(
         "--data", flags.data,
         "folder of measured tables, searched for known names; without it, published figures")
      ->type_name("DIR");
  const CLI::Option* json =
      app.add_option("--json", flags.json, "JSON (schema/validation.schema.json); - is the default")
          ->type_name("FILE")
          ->expected(0, 1)
          ->default_str("-");
  app.add_option("--html", flags.html, "a self-contained page with drawings")->type_name("FILE");
  add_catalog_flag(app, flags.catalog);
  app.add_option("--worst", flags.worst, "rows farthest from their prediction (10)")
      ->type_name("N");
  app.add_flag("--tables", flags.tables, "every table, not the ones farthest from their target");
  app.add_flag("--parameters", flags.parameters, "every parameter, not their count");
  app.add_option("--threads", flags.threads, "threads; 0: as many as the machine has");
  app.footer(
      "\nexamples:\n"
      "  supernode validate kernels --data measurements --html kernels.html\n"
      "  supernode validate kernels --data measurements --json=kernels.json --worst 20\n"
      "  supernode validate kernels --data measurements --catalog overlay\n"
      "  supernode validate serving --data measurements --json=serving.json");
  if (const auto code = parse(app, args)) return *code;

  Errors errors;
  if (flags.what != "kernels" && flags.what != "serving") {
    errors.push_back(flag_error(verb, "validate what?", "supernode validate kernels --data DIR"));
  }
  const int worst = integer_flag("--worst", flags.worst, 0, 100000, errors);
  const int threads = integer_flag("--threads", flags.threads, 0, 256, errors);
  if (!flags.html.empty()) check_writable("--html", flags.html, errors);
  const bool to_json = json->count() > 0;
  if (to_json && flags.json.empty()) flags.json = "-";
  if (to_json) check_writable("--json", flags.json, errors);
  if (!errors.empty()) return refuse(errors);
  if (flags.what == "serving") {
    return validate_serving({.data = flags.data,
                             .catalog = flags.catalog,
                             .json = to_json ? flags.json : "",
                             .worst = static_cast<std::size_t>(worst),
                             .threads = threads});
  }
  return validate_kernels(flags, worst, threads, to_json);
}

}  // namespace sn::cli
