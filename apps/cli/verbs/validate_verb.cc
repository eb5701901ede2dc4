// apps/cli/verbs/validate_verb.cc
//
// `supernode validate WHAT --data DIR`: predicted against measured, table by table.

#include <CLI/CLI.hpp>
#include <algorithm>

#include "apps/cli/cli.h"
#include "apps/cli/outputs.h"
#include "apps/cli/run_flags.h"
#include "sn/api/evidence.h"
#include "sn/api/open.h"
#include "sn/draw/evidence/collective_text.h"
#include "sn/draw/evidence/evidence_page.h"
#include "sn/draw/evidence/peers_text.h"
#include "sn/draw/evidence/serving_views.h"
#include "sn/draw/evidence/training_views.h"
#include "sn/draw/evidence/validation_views.h"

namespace sn::cli {

namespace {

constexpr const char* verb = "supernode validate";

const std::vector<std::string> subjects = {"kernels", "collectives", "serving", "training", "all"};

struct ValidateArgs {
  std::string what;
  std::string catalog;
  std::string worst = "10";
  bool tables = false;
  bool parameters = false;
  api::ValidateRequest request;
};

void describe_flags(CLI::App& app, ValidateArgs& a) {
  app.add_option("WHAT", a.what, "kernels, collectives, serving, training, or all but training");
  app.add_option("--data", a.request.data,
                 "folder of measurements, searched for known names; without it, published figures")
      ->type_name("DIR");
  app.add_option("--rack", a.request.rack, "machine of logs that do not name their GPUs")
      ->type_name("RACK");
  add_catalog_flag(app, a.catalog);
  app.add_option("--worst", a.worst, "rows farthest from their prediction (10)")->type_name("N");
  app.add_flag("--tables", a.tables,
               "every table of kernels, not the ones farthest from their target");
  app.add_flag("--parameters", a.parameters, "every parameter of kernels, not their count");
  app.footer(
      "\nexamples:\n"
      "  supernode validate kernels --data measurements --html=kernels.html\n"
      "  supernode validate kernels --data measurements --json=kernels.json --worst 20\n"
      "  supernode validate kernels --data measurements --catalog overlay\n"
      "  supernode validate collectives --data logs --rack hgx-h200\n"
      "  supernode validate serving --data measurements --json=serving.json\n"
      "  supernode validate training --data measurements\n"
      "  supernode validate all --data measurements --html=evidence.html");
}

void check(ValidateArgs& a, Errors& errors) {
  if (std::find(subjects.begin(), subjects.end(), a.what) == subjects.end()) {
    const std::string near = nearest(a.what, subjects);
    errors.push_back(flag_error(
        verb, "validate what?",
        near.empty() ? "supernode validate kernels --data DIR" : "did you mean '" + near + "'?"));
  }
  const std::string full = std::string(verb) + " " + a.what;
  api::ValidateRequest& r = a.request;
  if (a.what == "training" && r.data.empty()) {
    errors.push_back(flag_error(full, "--data is missing: the catalog holds no tables of training",
                                "supernode validate training --data measurements"));
  }
  if (a.what == "collectives" && r.data.empty()) errors.push_back(no_collective_data(full));
  if (!r.rack.empty() && a.what != "collectives" && a.what != "all") {
    errors.push_back(flag_error(full, "--rack is the machine of logs of collectives",
                                "supernode validate collectives --data logs --rack hgx-h200"));
  }
  check_there("--data", r.data, errors);
  r.worst = static_cast<std::size_t>(integer_flag("--worst", a.worst, 0, 100000, errors));
  r.kernels = a.what == "kernels" || a.what == "all";
  r.collectives = a.what == "collectives" || a.what == "all";
  r.serving = a.what == "serving" || a.what == "all";
  r.training = a.what == "training";
}

std::string kernels_text(const ValidateArgs& a, const evidence::Validation& v) {
  return draw::validation_text(
      v, text_style(a.request.data),
      {.worst = a.request.worst, .tables = a.tables, .parameters = a.parameters});
}

std::string collectives_text(const ValidateArgs& a, const evidence::CollectiveValidation& v) {
  return draw::collectives_text(v, text_style(a.request.data), a.request.worst);
}

int show_all(const ValidateArgs& a, const api::ValidateReport& v, const Outputs& outputs,
             int code) {
  const draw::Evidence all{.kernels = &*v.kernels,
                           .collectives = v.collectives ? &*v.collectives : nullptr,
                           .serving = &*v.serving};
  return outputs.write(
      {{"--html", [&] { return draw::evidence_html(all); }},
       {"--json", [&] { return draw::evidence_json(all); }}},
      [&] {
        return kernels_text(a, *v.kernels) + "\n" +
               (v.collectives ? collectives_text(a, *v.collectives)
                              : "Collectives: " + std::string(draw::no_collectives) + "\n") +
               "\n" + draw::serving_validation_text(*v.serving, text_style(a.request.data));
      },
      code);
}

int show(const ValidateArgs& a, const api::ValidateReport& v, const Outputs& outputs, int code) {
  if (v.kernels) {
    return outputs.write(
        {{"--html", [&] { return draw::validation_html(*v.kernels); }},
         {"--json", [&] { return draw::validation_json(*v.kernels); }}},
        [&] { return kernels_text(a, *v.kernels); }, code);
  }
  if (v.collectives) {
    return outputs.write(
        {{"--html", [&] { return draw::collectives_html(*v.collectives); }},
         {"--json", [&] { return draw::validation_json(v.collectives->validation); }}},
        [&] { return collectives_text(a, *v.collectives); }, code);
  }
  if (v.training) {
    return outputs.write(
        {{"--html", [&] { return draw::training_validation_html(*v.training); }},
         {"--json", [&] { return draw::training_validation_json(*v.training); }}},
        [&] {
          return draw::training_validation_text(*v.training, text_style(a.request.data),
                                                a.request.worst);
        },
        code);
  }
  return outputs.write(
      {{"--html", [&] { return draw::serving_validation_html(*v.serving); }},
       {"--json", [&] { return draw::serving_validation_json(*v.serving); }}},
      [&] { return draw::serving_validation_text(*v.serving, text_style(a.request.data)); }, code);
}

int run_validate_peers(const Args& args) {
  CLI::App app("Other programs' published results beside ours, as Markdown (docs/peers.md).",
               "supernode validate peers");
  std::string data;
  std::string folder;
  app.add_option("--data", data, "folder with the recorded runs; without it theirs alone")
      ->type_name("DIR");
  add_catalog_flag(app, folder);
  app.footer("\nexamples:\n  supernode validate peers --data measurements");
  Outputs outputs(app, {{"--json", "JSON (schema/peers.schema.json)"}});
  RunFlags flags(app);
  if (const auto code = parse(app, args)) return *code;
  Errors errors;
  flags.check(errors);
  outputs.check("supernode validate peers", {}, errors);
  check_there("--data", data, errors);
  if (!errors.empty()) return refuse(errors);
  const Result<catalog::Catalog> catalog = api::open_catalog(folder);
  if (!catalog) return refuse(verb, catalog.error());
  const Result<evidence::PeerReport> r = evidence::compare_peers(data, *catalog, flags.start());
  if (!r) return refuse(verb, r.error());
  report(r->errors);
  flags.took("played");
  return outputs.write(
      {{"--json", [&] { return draw::peers_json(*r); }}}, [&] { return draw::peers_markdown(*r); },
      code_of(r->interrupted));
}

}  // namespace

int run_validate(const Args& args) {
  if (!args.empty() && args.front() == "peers") {
    return run_validate_peers(Args(args.begin() + 1, args.end()));
  }
  CLI::App app("Predicted against measured, case by case, with the error.", verb);
  ValidateArgs a;
  describe_flags(app, a);
  Outputs outputs(
      app, {{"--json", "JSON (schema/validation.schema.json, serving_ and training_validation)"},
            {"--html", "a self-contained page with drawings"}});
  RunFlags flags(app);
  if (const auto code = parse(app, args)) return *code;
  Errors errors;
  flags.check(errors);
  outputs.check(verb, {}, errors);
  check(a, errors);
  if (!errors.empty()) return refuse(errors);
  const Result<catalog::Catalog> catalog = api::open_catalog(a.catalog);
  if (!catalog) return refuse(verb, catalog.error());
  const Run run = flags.start();
  const Result<api::ValidateReport> v = api::validate(a.request, *catalog, run);
  if (!v) return refuse(std::string(verb) + " " + a.what, v.error());
  const Errors faults = api::faults_of(*v);
  report(faults);
  const int code = code_of(run.stopped(), faults.empty() ? exit_done : exit_fault);
  return a.what == "all" ? show_all(a, *v, outputs, code) : show(a, *v, outputs, code);
}

}  // namespace sn::cli
