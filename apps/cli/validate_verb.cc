// apps/cli/validate_verb.cc
//
// `supernode validate kernels --data DIR`: predicted against measured, table by table.

#include <CLI/CLI.hpp>

#include "apps/cli/cli.h"
#include "sn/draw/validation_views.h"
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
  std::string worst = "10";
  std::string threads = "0";
};

int validate_kernels(const ValidateFlags& flags, int worst, int threads, bool to_json) {
  const Result<hw::Catalog> catalog = hw::Catalog::embedded();
  if (!catalog) return refuse(catalog.error());
  hw::Params params;
  const Result<evidence::KernelSet> kernels = evidence::read_kernel_set(*catalog, params);
  if (!kernels) return refuse(kernels.error());
  evidence::Validation v =
      flags.data.empty() ? evidence::validate_published(*kernels)
                         : evidence::validate_kernels(
                               flags.data, *kernels,
                               {.threads = threads, .worst = static_cast<std::size_t>(worst)});
  v.parameters = evidence::parameter_lines(params);
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
  const std::string page =
      to_json && flags.json == "-"
          ? draw::validation_json(v)
          : draw::validation_text(v, text_style(flags.data), static_cast<std::size_t>(worst));
  return print(page, faulty ? exit_fault : exit_done);
}

}  // namespace

int run_validate(const Args& args) {
  if (!args.empty() && args.front() == "collectives") {
    return run_validate_collectives(Args(args.begin() + 1, args.end()));
  }
  CLI::App app("Predicted against measured, case by case, with the error.", verb);
  ValidateFlags flags;
  app.add_option("WHAT", flags.what, "kernels, collectives");
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
  app.add_option("--worst", flags.worst, "rows farthest from their prediction")->type_name("N");
  app.add_option("--threads", flags.threads, "threads; 0: as many as the machine has");
  app.footer(
      "\nexamples:\n"
      "  supernode validate kernels --data measurements --html kernels.html\n"
      "  supernode validate kernels --data measurements --json=kernels.json --worst 20");
  if (const auto code = parse(app, args)) return *code;

  Errors errors;
  if (flags.what != "kernels") {
    errors.push_back(flag_error(verb, "validate what?", "supernode validate kernels --data DIR"));
  }
  const int worst = integer_flag("--worst", flags.worst, 0, 1000, errors);
  const int threads = integer_flag("--threads", flags.threads, 0, 256, errors);
  if (!flags.html.empty()) check_writable("--html", flags.html, errors);
  const bool to_json = json->count() > 0;
  if (to_json && flags.json.empty()) flags.json = "-";
  if (to_json) check_writable("--json", flags.json, errors);
  if (!errors.empty()) return refuse(errors);
  return validate_kernels(flags, worst, threads, to_json);
}

}  // namespace sn::cli
