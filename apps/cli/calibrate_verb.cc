// apps/cli/calibrate_verb.cc
//
// `supernode calibrate kernels --data DIR -o FOLDER`: fits kernel parameters to measured tables.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <filesystem>

#include "apps/cli/cli.h"
#include "sn/draw/calibration_text.h"
#include "sn/evidence/calibrate_kernels.h"
#include "sn/hw/catalog.h"

namespace sn::cli {

namespace {

constexpr const char* verb = "supernode calibrate";

std::string today() {
  const auto now = std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now());
  const std::chrono::year_month_day date(now);
  return fmt::format("{}-{:02}-{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

int write_overlay(const std::string& folder, const std::vector<evidence::CatalogFile>& files) {
  for (const evidence::CatalogFile& f : files) {
    const std::filesystem::path path = std::filesystem::path(folder) / f.path;
    std::error_code error;
    std::filesystem::create_directories(path.parent_path(), error);
    if (const int code = write_output(path.string(), f.text)) return code;
  }
  return exit_done;
}

}  // namespace

int run_calibrate(const Args& args) {
  if (!args.empty() && args.front() == "collectives") {
    return run_calibrate_collectives(Args(args.begin() + 1, args.end()));
  }
  CLI::App app("Fits the models' few parameters to measurements, and says what they cannot tell.",
               verb);
  std::string what;
  std::string data;
  std::string folder;
  std::string date = today();
  std::string rows = "400";
  std::string threads = "0";
  std::vector<std::string> families;
  app.add_option("WHAT", what, "kernels, collectives");
  app.add_option("--data", data, "folder of measured tables")->type_name("DIR");
  app.add_option("-o,--output", folder, "folder for the catalog overlay")->type_name("FOLDER");
  app.add_option("--family", families, "gemm, moe, prefill, decode, mla_prefill, mla_decode");
  app.add_option("--rows", rows, "rows of each table at most");
  app.add_option("--date", date, "date written into the overlay");
  app.add_option("--threads", threads, "threads; 0: as many as the machine has");
  app.footer(
      "\nexamples:\n"
      "  supernode calibrate kernels --data measurements -o overlay\n"
      "  supernode calibrate kernels --data measurements --family gemm --rows 2000");
  if (const auto code = parse(app, args)) return *code;

  Errors errors;
  if (what != "kernels") {
    errors.push_back(flag_error(verb, "calibrate what?", "supernode calibrate kernels --data DIR"));
  }
  if (data.empty()) {
    errors.push_back(flag_error(verb, "--data is missing", "a folder of measured tables"));
  }
  evidence::CalibrateOptions options;
  options.rows_per_table =
      static_cast<std::size_t>(integer_flag("--rows", rows, 10, 1000000, errors));
  options.threads = integer_flag("--threads", threads, 0, 256, errors);
  options.families = families;
  if (!errors.empty()) return refuse(errors);

  const Result<hw::Catalog> catalog = hw::Catalog::embedded();
  if (!catalog) return refuse(catalog.error());
  Result<evidence::KernelSet> kernels = evidence::read_chips(*catalog);
  if (!kernels) return refuse(kernels.error());
  const evidence::Calibration c = evidence::calibrate_kernels(data, *std::move(kernels), options);
  report(c.errors);
  if (!folder.empty()) {
    if (const int code = write_overlay(folder, catalog_files(c, date))) return code;
  }
  return print(draw::calibration_text(c, text_style(data)),
               c.errors.empty() ? exit_done : exit_fault);
}

}  // namespace sn::cli
