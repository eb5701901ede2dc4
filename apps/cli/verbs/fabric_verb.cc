// apps/cli/verbs/fabric_verb.cc
//
// `supernode fabric SCENARIO`: devices, links, bisection, diameter; with --from and --to a path.

#include <CLI/CLI.hpp>

#include "apps/cli/cli.h"
#include "apps/cli/outputs.h"
#include "apps/cli/run_flags.h"
#include "sn/api/fabric.h"
#include "sn/api/open.h"
#include "sn/draw/fabric/fabric_views.h"

namespace sn::cli {

namespace {

constexpr const char* verb = "supernode fabric";

void add_transfer_flags(CLI::App& app, api::TransfersRequest& transfers) {
  app.add_option("--send", transfers.sends,
                 "bytes from one device to another, all at once; * stands for any characters: "
                 "'rack0/gpu*:rack0/gpu0=16 MiB'; several flags")
      ->type_name("FROM:TO=SIZE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--fidelity", transfers.fidelity, "of --send: flow, packet, all");
  app.add_option("--transport", transfers.transport, "of ScaleOut: roce (hashed) or uec (sprayed)");
}

}  // namespace

int run_fabric(const Args& args) {
  CLI::App app("The fabric of a scenario's machine: elements, bisection, diameter, a path.", verb);
  std::string file;
  std::string folder;
  std::vector<std::string> set;
  api::FabricRequest request;
  app.add_option("SCENARIO", file,
                 "scenario (schema/scenario.md); - is standard input; X.xml: a topology of NCCL");
  app.add_option("--from", request.from, "device that a path begins at")->type_name("DEVICE");
  app.add_option("--to", request.to, "device that it ends at")->type_name("DEVICE");
  app.add_option("--degrade", request.degraded,
                 "a link that is down, or has a share of its rate: rack0/gpu3/up/plane0=0.5; "
                 "several flags")
      ->type_name("LINK[=SHARE]")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  add_transfer_flags(app, request.transfers);
  add_set_flag(app, set);
  add_catalog_flag(app, folder);
  app.footer(
      "\nexamples:\n"
      "  supernode fabric scenarios/al128-deepseek-v3.yaml\n"
      "  supernode fabric scenarios/al128-deepseek-v3.yaml --from rack0/gpu0 --to rack0/os3/nic2\n"
      "  supernode fabric scenarios/al128-deepseek-v3.yaml --set attach.nic=scale_up --json\n"
      "  supernode fabric scenarios/al128-deepseek-v3.yaml --send 'rack0/gpu*:rack0/gpu0=16 MiB' "
      "--fidelity all");
  Outputs outputs(app, {{"--json", "JSON (schema/fabric.schema.json)"},
                        {"--dot", "the graph, for Graphviz"},
                        {"--svg", "sheet of the layers"}});
  RunFlags flags(app);
  if (const auto code = parse(app, args)) return *code;
  Errors errors;
  flags.check(errors);
  outputs.check(verb, {file}, errors);
  if (file.empty()) errors.push_back(flag_error(verb, "no scenario", "supernode fabric SCENARIO"));
  if (request.from.empty() != request.to.empty()) {
    errors.push_back(flag_error(verb, "--from and --to go together", "name both ends of a path"));
  }
  api::OpenRequest open{.file = input_path(file)};
  open.fields = checked_fields(set, errors);
  const Result<catalog::Catalog> catalog = api::open_catalog(folder);
  if (!catalog) return refuse(verb, catalog.error());
  if (!errors.empty()) return refuse(verb, errors);
  const Run run = flags.start();
  request.dot = outputs.asked("--dot");
  const auto show = [&](const Result<api::FabricReport>& report) {
    if (!report) return refuse(verb, report.error());
    return outputs.write(
        {{"--json", [&] { return draw::fabric_json(*report); }},
         {"--dot", [&] { return report->dot; }},
         {"--svg", [&] { return draw::fabric_svg(*report); }}},
        [&] { return draw::fabric_text(*report, text_style(file)); },
        code_of(report->transfers.interrupted));
  };
  if (file.ends_with(".xml")) return show(api::fabric_report_of_file(file, request, run));
  const Result<api::Opened> opened = api::open(open, *catalog, run);
  if (!opened) return refuse(verb, opened.error());
  if (!opened->world) {
    return refuse(verb, {flag_error(verb, "'" + shown(file) + "' has tenants",
                                    "name a scenario of one model")});
  }
  return show(api::fabric_report(*opened->world, request, run));
}

}  // namespace sn::cli
