// apps/cli/calibrate_verb.cc
//
// `supernode calibrate kernels --data DIR -o FOLDER`: fits kernel parameters to measured tables;
// with --leave-out, says how well the fit predicts chips that it has not seen.

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "apps/cli/cli.h"
#include "apps/cli/open_catalog.h"
#include "apps/cli/write_overlay.h"
#include "sn/base/text.h"
#include "sn/catalog/catalog.h"
#include "sn/draw/evidence/calibration_text.h"
#include "sn/evidence/kernels/calibrate_kernels.h"
#include "sn/evidence/kernels/leave_out.h"

namespace sn::cli {

namespace {

constexpr const char* verb = "supernode calibrate";

struct CalibrateFlags {
  std::string what;
  std::string data;
  std::string folder;
  std::string date;
  std::string catalog;
  std::string rows = "400";
  std::string every = "16";
  std::string threads = "0";
  std::vector<std::string> families;
  std::vector<std::string> leave_out;
  bool fresh = false;
};

void describe_flags(CLI::App& app, CalibrateFlags& f) {
  app.add_option("WHAT", f.what, "kernels, collectives or serving");
  app.add_option("--data", f.data, "folder of measured tables")->type_name("DIR");
  app.add_option("-o,--output", f.folder, "folder for the catalog overlay")->type_name("FOLDER");
  app.add_option("--family", f.families, "gemm, moe, prefill, decode, mla_prefill, mla_decode");
  app.add_option("--rows", f.rows, "rows of each table at most (400)")->type_name("N");
  app.add_option("--every", f.every,
                 "one row in N is fitted, by a hash of its shape; validate calls the others of 16 "
                 "never fitted (16)")
      ->type_name("N");
  app.add_flag("--fresh", f.fresh,
               "start from orders of magnitude, not from the catalog, and write whole entries: how "
               "the catalog's own were made");
  app.add_option("--leave-out", f.leave_out,
                 "fit without this chip (or these: A,B) and predict it; several flags: one by one")
      ->type_name("CHIP");
  add_catalog_flag(app, f.catalog);
  app.add_option("--date", f.date, "date written into the overlay (today)");
  app.add_option("--threads", f.threads, "threads; 0: as many as the machine has");
  app.footer(
      "\nexamples:\n"
      "  supernode calibrate kernels --data measurements -o overlay\n"
      "  supernode plan scenario.yaml --catalog overlay\n"
      "  supernode calibrate kernels --data measurements --family gemm --rows 2000\n"
      "  supernode calibrate kernels --data measurements --leave-out a100 --leave-out b200,gb200");
}

evidence::CalibrateOptions check(const CalibrateFlags& f, Errors& errors) {
  if (f.what != "kernels") {
    errors.push_back(flag_error(verb, "calibrate what?", "supernode calibrate kernels --data DIR"));
  }
  if (f.data.empty()) {
    errors.push_back(flag_error(verb, "--data is missing", "a folder of measured tables"));
  }
  check_there("--data", f.data, errors);
  if (!f.leave_out.empty() && !f.folder.empty()) {
    errors.push_back(flag_error(verb, "--leave-out judges a fit and writes none",
                                "leave out --output, or --leave-out"));
  }
  for (const std::string& name : f.families) {
    std::vector<std::string> known;
    for (std::size_t i = 0; i < kernel::family_count; ++i) {
      known.emplace_back(to_string(static_cast<kernel::Family>(i)));
    }
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const std::string near = nearest(name, known);
    errors.push_back(flag_error(verb, "unknown family '" + shown(name) + "'",
                                near.empty() ? "see --help" : "did you mean '" + near + "'?"));
  }
  evidence::CalibrateOptions options;
  options.rows_per_table =
      static_cast<std::size_t>(integer_flag("--rows", f.rows, 10, 1000000, errors));
  options.every = static_cast<std::size_t>(integer_flag("--every", f.every, 1, 1000, errors));
  options.threads = integer_flag("--threads", f.threads, 0, 256, errors);
  options.families = f.families;
  return options;
}

int leave_out(const CalibrateFlags& flags, const evidence::KernelSet& kernels,
              evidence::CalibrateOptions options) {
  std::vector<evidence::LeftOut> experiments;
  Errors errors;
  for (const std::string& chips : flags.leave_out) {
    options.without = split(chips, ",");
    for (const std::string& chip : options.without) {
      if (kernels.chips.contains(chip)) continue;
      errors.push_back(flag_error(verb, "unknown chip '" + shown(chip) + "'",
                                  "known chips: supernode catalog chips"));
    }
  }
  if (!errors.empty()) return refuse(errors);
  bool faulty = false;
  for (const std::string& chips : flags.leave_out) {
    options.without = split(chips, ",");
    experiments.push_back(evidence::leave_out(flags.data, kernels, options));
    // Every experiment reads the same folder: its faults are told once.
    if (experiments.size() == 1) report(experiments.front().errors);
    faulty = faulty || !experiments.back().errors.empty();
  }
  return print(draw::leave_out_text(experiments, text_style(flags.data)),
               faulty ? exit_fault : exit_done);
}

}  // namespace

int run_calibrate(const Args& args) {
  if (!args.empty() && args.front() == "collectives") {
    return run_calibrate_collectives(Args(args.begin() + 1, args.end()));
  }
  if (!args.empty() && args.front() == "serving") {
    return run_calibrate_serving(Args(args.begin() + 1, args.end()));
  }
  CLI::App app("Fits the models' few parameters to measurements, and says what they cannot tell.",
               verb);
  CalibrateFlags flags;
  flags.date = today();
  describe_flags(app, flags);
  if (const auto code = parse(app, args)) return *code;
  Errors errors;
  const evidence::CalibrateOptions options = check(flags, errors);
  if (!errors.empty()) return refuse(errors);

  const Result<catalog::Catalog> catalog = open_catalog(flags.catalog);
  if (!catalog) return refuse(catalog.error());
  const bool fresh = flags.fresh || !flags.leave_out.empty();
  catalog::Params params;
  Result<evidence::KernelSet> kernels =
      fresh ? evidence::read_chips(*catalog) : evidence::read_kernel_set(*catalog, params);
  if (!kernels) return refuse(kernels.error());
  if (!flags.leave_out.empty()) return leave_out(flags, *kernels, options);
  const evidence::Calibration c =
      evidence::calibrate_kernels(flags.data, *std::move(kernels), options);
  report(c.errors);
  if (!flags.folder.empty()) {
    const auto extent = fresh ? evidence::Extent::whole : evidence::Extent::fitted;
    if (const int code = write_overlay(flags.folder, catalog_files(c, flags.date, extent))) {
      return code;
    }
  }
  const bool done = c.errors.empty() && !c.families.empty();
  return print(draw::calibration_text(c, text_style(flags.data)), done ? exit_done : exit_fault);
}

}  // namespace sn::cli
