// apps/cli/calibrate_serving.cc
//
// `supernode calibrate serving --data DIR -o FOLDER`: fits the host times of engines to measured
// serving points.

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "apps/cli/cli.h"
#include "apps/cli/run_flags.h"
#include "apps/cli/write_overlay.h"
#include "sn/api/evidence.h"
#include "sn/api/open.h"
#include "sn/draw/evidence/serving_views.h"

namespace sn::cli {

namespace {

constexpr const char* verb = "supernode calibrate serving";

}  // namespace

int run_calibrate_serving(const Args& args) {
  CLI::App app("Fits the host times of engines to measured TTFT and TPOT.", verb);
  std::string data;
  std::string folder;
  std::string catalog_folder;
  std::string date = today();
  std::string points = "12";
  std::vector<std::string> engines;
  app.add_option("--data", data,
                 "folder of measured points: InferenceX and aiconfigurator tables, results of vllm "
                 "bench serve named SYSTEM__ENGINE-VERSION__PRECISION__tpN.json")
      ->type_name("DIR");
  app.add_option("-o,--output", folder, "folder for the catalog overlay")->type_name("FOLDER");
  app.add_option("--engine", engines, "vllm, sglang, trtllm; all that the points name");
  app.add_option("--points", points, "points of each system, model and precision at most (12)")
      ->type_name("N");
  app.add_option("--date", date, "date written into the overlay");
  add_catalog_flag(app, catalog_folder);
  app.footer(
      "\nexamples:\n"
      "  supernode calibrate serving --data measurements -o overlay\n"
      "  supernode calibrate serving --data my-bench-results --engine vllm -o overlay");
  RunFlags flags(app);
  if (const auto code = parse(app, args)) return *code;
  Errors errors;
  flags.check(errors);
  if (data.empty()) {
    errors.push_back(flag_error(verb, "--data is missing", "a folder of measured points"));
  }
  check_there("--data", data, errors);
  evidence::CalibrateServingOptions options;
  options.points_per_group =
      static_cast<std::size_t>(integer_flag("--points", points, 1, 10000, errors));
  options.engines = engines;
  if (!errors.empty()) return refuse(errors);
  const Result<catalog::Catalog> catalog = api::open_catalog(catalog_folder);
  if (!catalog) return refuse(verb, catalog.error());
  const Run run = flags.start();
  const auto fitted =
      api::calibrate_serving({.data = data, .options = options, .date = date}, *catalog, run);
  if (!fitted) return refuse(verb, fitted.error());
  const evidence::ServingCalibration& c = fitted->calibration;
  report(c.errors);
  if (c.engines.empty()) {
    report({{.code = ErrorCode::io,
             .message = fmt::format("no measured point of an engine in '{}'", data),
             .hint = "supernode calibrate serving --help names the tables and files"}});
  }
  if (!folder.empty() && !c.engines.empty()) {
    if (const int code = write_overlay(folder, fitted->entries)) return code;
  }
  const bool done = c.errors.empty() && !c.engines.empty();
  return print(draw::serving_calibration_text(c, text_style(data)),
               code_of(c.interrupted, done ? exit_done : exit_fault));
}

}  // namespace sn::cli
