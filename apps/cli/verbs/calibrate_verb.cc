// apps/cli/verbs/calibrate_verb.cc
//
// `supernode calibrate kernels --data DIR -o FOLDER`: fits kernel parameters to measured tables;
// with --leave-out, says how well the fit predicts chips that it has not seen.

#include <CLI/CLI.hpp>

#include "apps/cli/cli.h"
#include "apps/cli/run_flags.h"
#include "apps/cli/write_overlay.h"
#include "sn/api/evidence.h"
#include "sn/api/open.h"
#include "sn/base/text/text.h"
#include "sn/draw/evidence/calibration_text.h"

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
  std::vector<std::string> families;
  std::vector<std::string> leave_out;
  bool fresh = false;
};

void describe_flags(CLI::App& app, CalibrateFlags& f) {
  app.add_option("WHAT", f.what, "kernels, collectives or serving");
  app.add_option("--data", f.data, "folder of measured tables")->type_name("DIR");
  app.add_option("-o,--output", f.folder, "folder for the catalog overlay")->type_name("FOLDER");
  app.add_option("--family", f.families, "gemm, moe, prefill, decode, mla_prefill, mla_decode")
      ->type_name("FAMILY");
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
  app.footer(
      "\nexamples:\n"
      "  supernode calibrate kernels --data measurements -o overlay\n"
      "  supernode plan scenario.yaml --catalog overlay\n"
      "  supernode calibrate kernels --data measurements --family gemm --rows 2000\n"
      "  supernode calibrate kernels --data measurements --leave-out a100 --leave-out b200,gb200");
}

api::CalibrateKernelsRequest check(const CalibrateFlags& f, Errors& errors) {
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
  api::CalibrateKernelsRequest request{.data = f.data, .fresh = f.fresh, .date = f.date};
  request.options.rows_per_table =
      static_cast<std::size_t>(integer_flag("--rows", f.rows, 10, 1000000, errors));
  request.options.every =
      static_cast<std::size_t>(integer_flag("--every", f.every, 1, 1000, errors));
  request.options.families = f.families;
  return request;
}

int leave_out(const CalibrateFlags& flags, const api::CalibrateKernelsRequest& request,
              const catalog::Catalog& catalog, const Run& run) {
  std::vector<std::vector<std::string>> chips;
  for (const std::string& set : flags.leave_out) chips.push_back(split(set, ","));
  const auto experiments = api::leave_out(request, chips, catalog, run);
  if (!experiments) return refuse(verb, experiments.error());
  bool faulty = false;
  for (const evidence::LeftOut& e : *experiments) {
    // Every experiment reads the same folder: its faults are told once.
    if (&e == &experiments->front()) report(e.errors);
    faulty = faulty || !e.errors.empty();
  }
  return print(draw::leave_out_text(*experiments, text_style(flags.data)),
               code_of(run.stopped(), faulty ? exit_fault : exit_done));
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
  RunFlags run_flags(app);
  if (const auto code = parse(app, args)) return *code;
  Errors errors;
  run_flags.check(errors);
  const api::CalibrateKernelsRequest request = check(flags, errors);
  if (!errors.empty()) return refuse(errors);

  const Result<catalog::Catalog> catalog = api::open_catalog(flags.catalog);
  if (!catalog) return refuse(verb, catalog.error());
  const Run run = run_flags.start();
  if (!flags.leave_out.empty()) return leave_out(flags, request, *catalog, run);
  const Result<api::KernelCalibration> fitted = api::calibrate_kernels(request, *catalog, run);
  if (!fitted) return refuse(verb, fitted.error());
  const evidence::Calibration& c = fitted->calibration;
  report(c.errors);
  if (!flags.folder.empty()) {
    if (const int code = write_overlay(flags.folder, fitted->entries)) return code;
  }
  const bool done = c.errors.empty() && !c.families.empty();
  return print(draw::calibration_text(c, text_style(flags.data)),
               code_of(c.interrupted, done ? exit_done : exit_fault));
}

}  // namespace sn::cli
