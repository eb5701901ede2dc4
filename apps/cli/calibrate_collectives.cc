// apps/cli/calibrate_collectives.cc
//
// `supernode calibrate collectives --data DIR -o FOLDER`: fits of communication as an overlay.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <filesystem>

#include "apps/cli/cli.h"
#include "apps/cli/open_catalog.h"
#include "apps/cli/open_collectives.h"
#include "sn/catalog/catalog.h"
#include "sn/draw/evidence/collective_text.h"

namespace sn::cli {

namespace {

constexpr const char* calibrate_verb = "supernode calibrate collectives";

std::string today() {
  const auto now = std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now());
  const std::chrono::year_month_day date(now);
  return fmt::format("{}-{:02}-{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

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
  app.add_option("--family", options.families, "library, custom, moe, in_switch, network, ...");
  add_catalog_flag(app, overlay);
  app.add_option("--date", date, "date written into the overlay");
  app.footer(
      "\nexamples:\n"
      "  supernode calibrate collectives --data measurements -o overlay\n"
      "  supernode calibrate collectives --data logs --rack hgx-h200 --family library");
  if (const auto code = parse(app, args)) return *code;
  Errors errors;
  if (data.empty()) errors.push_back(no_collective_data(calibrate_verb));
  check_there("--data", data, errors);
  const std::vector<std::string> known = evidence::collective_families();
  for (const std::string& f : options.families) {
    const bool found = std::any_of(known.begin(), known.end(),
                                   [&](const std::string& k) { return k.starts_with(f); });
    if (found) continue;
    const std::string near = nearest(f, known);
    errors.push_back(flag_error(calibrate_verb, "--family: unknown family '" + shown(f) + "'",
                                near.empty() ? "library, custom, moe, in_switch, network"
                                             : "did you mean '" + near + "'?"));
  }
  if (!errors.empty()) return refuse(errors);
  const Result<catalog::Catalog> catalog = open_catalog(overlay);
  if (!catalog) return refuse(catalog.error());
  catalog::Params params;
  const Result<evidence::CollectiveSet> set =
      open_collectives(calibrate_verb, *catalog, options.rack, params);
  if (!set) return refuse(set.error());
  const evidence::CollectiveCalibration c = evidence::calibrate_collectives(data, *set, options);
  report(c.errors);
  if (!folder.empty()) {
    for (const evidence::CollectiveEntry& e : evidence::collective_entries(c, date)) {
      const std::filesystem::path path = std::filesystem::path(folder) / e.path;
      std::error_code error;
      std::filesystem::create_directories(path.parent_path(), error);
      if (const int code = write_output(path.string(), e.text)) return code;
    }
  }
  return print(draw::collective_calibration_text(c, text_style(data)),
               c.errors.empty() ? exit_done : exit_fault);
}

}  // namespace sn::cli
