// apps/cli/calibrate_collectives.cc
//
// `supernode calibrate collectives --data DIR -o FOLDER`: fits of communication as an overlay.

#include <CLI/CLI.hpp>

#include "apps/cli/cli.h"
#include "apps/cli/run_flags.h"
#include "apps/cli/write_overlay.h"
#include "sn/api/evidence.h"
#include "sn/api/open.h"
#include "sn/draw/evidence/collective_text.h"

namespace sn::cli {

namespace {

constexpr const char* calibrate_verb = "supernode calibrate collectives";

}  // namespace

int run_calibrate_collectives(const Args& args) {
  CLI::App app(
      "Fits the parameters of communication to measurements, and says what they cannot "
      "tell.",
      calibrate_verb);
  std::string data;
  std::string folder;
  std::string overlay;
  std::string date = today();
  evidence::CalibrateCollectivesOptions options;
  app.add_option("--data", data, "folder of measured tables and logs of nccl-tests")
      ->type_name("DIR");
  app.add_option("-o,--output", folder, "folder for the catalog overlay")->type_name("FOLDER");
  app.add_option("--rack", options.rack, "machine of logs that do not name their GPUs")
      ->type_name("RACK");
  app.add_option("--family", options.families, "library, custom, moe, in_switch, network, ...")
      ->type_name("FAMILY");
  add_catalog_flag(app, overlay);
  app.add_option("--date", date, "date written into the overlay");
  app.footer(
      "\nexamples:\n"
      "  supernode calibrate collectives --data measurements -o overlay\n"
      "  supernode calibrate collectives --data logs --rack hgx-h200 --family library");
  RunFlags flags(app);
  if (const auto code = parse(app, args)) return *code;
  Errors errors;
  flags.check(errors);
  if (data.empty()) errors.push_back(no_collective_data(calibrate_verb));
  check_there("--data", data, errors);
  if (!errors.empty()) return refuse(errors);
  const Result<catalog::Catalog> catalog = api::open_catalog(overlay);
  if (!catalog) return refuse(calibrate_verb, catalog.error());
  const Run run = flags.start();
  const auto fitted =
      api::calibrate_collectives({.data = data, .options = options, .date = date}, *catalog, run);
  if (!fitted) return refuse(calibrate_verb, fitted.error());
  const evidence::CollectiveCalibration& c = fitted->calibration;
  report(c.errors);
  if (!folder.empty()) {
    if (const int code = write_overlay(folder, fitted->entries)) return code;
  }
  return print(draw::collective_calibration_text(c, text_style(data)),
               code_of(c.interrupted, c.errors.empty() ? exit_done : exit_fault));
}

}  // namespace sn::cli
