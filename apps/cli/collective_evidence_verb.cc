// apps/cli/collective_evidence_verb.cc
//
// `supernode validate collectives` and `supernode calibrate collectives`.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <filesystem>

#include "apps/cli/cli.h"
#include "sn/draw/collective_text.h"
#include "sn/draw/validation_views.h"
#include "sn/evidence/validate_collectives.h"
#include "sn/hw/catalog.h"

namespace sn::cli {

namespace {

constexpr const char* validate_verb = "supernode validate collectives";
constexpr const char* calibrate_verb = "supernode calibrate collectives";

struct Flags {
  std::string data;
  std::string rack;
  std::string json;
  std::string html;
  std::string worst = "10";
};

/// The machines and parameters of the catalog; checks `rack`, which may be empty.
Result<evidence::CollectiveSet> open_set(const char* verb, const std::string& rack,
                                         hw::Params& params) {
  const Result<hw::Catalog> catalog = hw::Catalog::embedded();
  if (!catalog) return fail(catalog.error());
  Result<evidence::CollectiveSet> set = evidence::read_collective_set(*catalog, params);
  if (!set || rack.empty() || set->machines.contains(rack)) return set;
  std::vector<std::string> names;
  for (const auto& [name, machine] : set->machines) names.push_back(name);
  const std::string near = nearest(rack, names);
  return fail(flag_error(
      verb, "--rack: unknown rack '" + shown(rack) + "'",
      near.empty() ? "known racks: supernode catalog racks" : "did you mean '" + near + "'?"));
}

std::string today() {
  const auto now = std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now());
  const std::chrono::year_month_day date(now);
  return fmt::format("{}-{:02}-{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

int validate(const Flags& flags, int worst, bool to_json) {
  hw::Params params;
  const Result<evidence::CollectiveSet> set = open_set(validate_verb, flags.rack, params);
  if (!set) return refuse(set.error());
  const evidence::CollectiveValidation v = evidence::validate_collectives(
      flags.data, *set, params, {.worst = static_cast<std::size_t>(worst), .rack = flags.rack});
  report(v.validation.errors);
  bool faulty = !v.validation.errors.empty();
  for (const evidence::FileReport& f : v.validation.files) {
    report(f.faults);
    faulty = faulty || !f.faults.empty();
  }
  if (!flags.html.empty()) {
    if (const int code = write_output(flags.html, draw::validation_html(v.validation))) return code;
  }
  const std::string json = to_json ? draw::validation_json(v.validation) : std::string();
  if (to_json && flags.json != "-") {
    if (const int code = write_output(flags.json, json)) return code;
  }
  return print(
      to_json && flags.json == "-"
          ? json
          : draw::collectives_text(v, text_style(flags.data), static_cast<std::size_t>(worst)),
      faulty ? exit_fault : exit_done);
}

}  // namespace

int run_validate_collectives(const Args& args) {
  CLI::App app("Measured collectives against their predictions.", validate_verb);
  Flags flags;
  app.add_option("--data", flags.data, "folder of measured tables and logs of nccl-tests")
      ->type_name("DIR");
  app.add_option("--rack", flags.rack, "machine of logs that do not name their GPUs")
      ->type_name("RACK");
  const CLI::Option* json =
      app.add_option("--json", flags.json, "JSON (schema/validation.schema.json); - is the default")
          ->type_name("FILE")
          ->expected(0, 1)
          ->default_str("-");
  app.add_option("--html", flags.html, "a self-contained page with drawings")->type_name("FILE");
  app.add_option("--worst", flags.worst, "rows farthest from their prediction")->type_name("N");
  app.footer(
      "\nexamples:\n"
      "  supernode validate collectives --data measurements --html collectives.html\n"
      "  supernode validate collectives --data logs --rack hgx-h200");
  if (const auto code = parse(app, args)) return *code;
  Errors errors;
  if (flags.data.empty()) {
    errors.push_back(flag_error(validate_verb, "--data is missing", "a folder of measured tables"));
  }
  const int worst = integer_flag("--worst", flags.worst, 0, 1000, errors);
  if (!flags.html.empty()) check_writable("--html", flags.html, errors);
  const bool to_json = json->count() > 0;
  if (to_json && flags.json.empty()) flags.json = "-";
  if (to_json) check_writable("--json", flags.json, errors);
  if (!errors.empty()) return refuse(errors);
  return validate(flags, worst, to_json);
}

int run_calibrate_collectives(const Args& args) {
  CLI::App app(
      "Fits the parameters of communication to measurements, and says what they cannot "
      "tell.",
      calibrate_verb);
  std::string data;
  std::string folder;
  std::string date = today();
  evidence::CalibrateCollectivesOptions options;
  app.add_option("--data", data, "folder of measured tables and logs of nccl-tests")
      ->type_name("DIR");
  app.add_option("-o,--output", folder, "folder for the catalog overlay")->type_name("FOLDER");
  app.add_option("--rack", options.rack, "machine of logs that do not name their GPUs")
      ->type_name("RACK");
  app.add_option("--family", options.families, "library, custom, moe, in_switch, network, ...");
  app.add_option("--date", date, "date written into the overlay");
  app.footer(
      "\nexamples:\n"
      "  supernode calibrate collectives --data measurements -o overlay\n"
      "  supernode calibrate collectives --data logs --rack hgx-h200 --family library");
  if (const auto code = parse(app, args)) return *code;
  Errors errors;
  if (data.empty()) {
    errors.push_back(flag_error(calibrate_verb, "--data is missing", "a folder of measurements"));
  }
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
  hw::Params params;
  const Result<evidence::CollectiveSet> set = open_set(calibrate_verb, options.rack, params);
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
