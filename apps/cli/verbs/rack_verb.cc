// apps/cli/verbs/rack_verb.cc
//
// `supernode rack NAME|SCENARIO`: the datasheet of a rack under a load.

#include <CLI/CLI.hpp>

#include "apps/cli/cli.h"
#include "apps/cli/outputs.h"
#include "apps/cli/run_flags.h"
#include "sn/api/open.h"
#include "sn/api/rack/rack.h"
#include "sn/draw/rack/rack_views.h"

namespace sn::cli {

namespace {

constexpr const char* verb = "supernode rack";

constexpr const char* examples =
    "\nexamples:\n"
    "  supernode rack al128\n"
    "  supernode rack nvl72-gb200 --load training\n"
    "  supernode rack al128 --set cluster.rack.gpus_per_os=8 --set facility.plant.spare_shelves=2\n"
    "  supernode rack al128 --set 'facility.plant.switch.switch_chip.max=700 W'\n"
    "  supernode rack nvl72-gb200 --event pump\n"
    "  supernode rack nvl72-gb200 --spares 8 --crews 1\n"
    "  supernode rack al128 --site se-stockholm --sensitivity\n"
    "  supernode rack al128 --set 'facility.prices.gpu.b200=28 k$'\n"
    "  supernode rack hgx-h100 --cap '8 kW' --policy priority\n"
    "  supernode rack scenarios/al128-deepseek-v3.yaml --load plan";

}  // namespace

int run_rack(const Args& args) {
  CLI::App app("A rack as a physical thing: what each part draws, against its envelope.", verb);
  api::RackRequest request;
  std::string folder;
  std::string spares;
  std::string years = "10000";
  std::string crews = "0";
  std::vector<std::string> set;
  app.add_option("RACK", request.facility.subject,
                 "a rack (supernode catalog racks), or a scenario; - is standard input");
  app.add_option("--load", request.load, "idle, plan (of a scenario), training, max");
  app.add_option("--cap", request.cap, "on the input of the rack: lowers clocks")
      ->type_name("POWER");
  app.add_option("--policy", request.policy, "of the cap: hard, proportional, priority");
  app.add_option("--event", request.heat.event,
                 "the course of a loss of flow at this load: pump, half, none");
  app.add_option("--site", request.cost.site, "where it stands (supernode catalog sites)");
  app.add_flag("--sensitivity", request.cost.sensitivity,
               "what each price does to the cost of a GPU-hour");
  app.add_option("--spares", spares, "GPUs kept out of service for failures")->type_name("N");
  app.add_option("--years", years, "rack-years of Monte Carlo; 0: closed forms alone")
      ->type_name("N");
  app.add_option("--crews", crews, "repairs at a time; 0: as many as it takes")->type_name("N");
  add_set_flag(app, set);
  add_catalog_flag(app, folder);
  app.footer(examples);
  Outputs outputs(app, {{"--json", "JSON (schema/rack.schema.json)"},
                        {"--svg", "elevation"},
                        {"--faults", "failing OS images, as simulate --faults reads them,"}});
  RunFlags flags(app);
  if (const auto code = parse(app, args)) return *code;
  Errors errors;
  flags.check(errors);
  outputs.check(verb, {request.facility.subject}, errors);
  const std::string subject = request.facility.subject;
  if (!spares.empty()) {
    request.reliability.spares = integer_flag("--spares", spares, 0, 1 << 20, errors);
  }
  request.reliability.years = integer_flag("--years", years, 0, 10'000'000, errors);
  request.reliability.crews = integer_flag("--crews", crews, 0, 1 << 20, errors);
  if (subject.empty()) {
    errors.push_back(flag_error(verb, "which rack?", "supernode rack al128"));
  }
  request.facility.subject = input_path(subject);
  request.facility.fields = checked_fields(set, errors);
  const Result<catalog::Catalog> catalog = api::open_catalog(folder);
  if (!catalog) return refuse(verb, catalog.error());
  if (!errors.empty()) return refuse(verb, errors);
  const Run run = flags.start();
  const Result<api::RackReport> report = api::rack_report(request, *catalog, run);
  if (!report) return refuse(verb, report.error());
  return outputs.write(
      {{"--json", [&] { return draw::rack_json(*report); }},
       {"--svg", [&] { return draw::rack_svg(*report); }},
       {"--faults", [&] { return draw::rack_faults_yaml(*report); }}},
      [&] { return draw::rack_text(*report, text_style(subject)); }, code_of(report->interrupted));
}

}  // namespace sn::cli
