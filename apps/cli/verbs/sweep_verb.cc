// apps/cli/verbs/sweep_verb.cc
//
// `supernode sweep FILE`, and what is done with what it kept: status, query, plot, merge.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>

#include "apps/cli/cli.h"
#include "apps/cli/outputs.h"
#include "apps/cli/run_flags.h"
#include "apps/cli/slurm_job.h"
#include "apps/cli/sweep_words.h"
#include "sn/api/open.h"
#include "sn/draw/sweep/sweep_views.h"
#include "sn/sweep/component.h"
#include "sn/sweep/sweep.h"

namespace sn::cli {

namespace {

constexpr const char* verb = "supernode sweep";

constexpr const char* examples =
    "\nexamples:\n"
    "  supernode sweep examples/sweeps/domain.yaml\n"
    "  supernode sweep status domain.db\n"
    "  supernode sweep query domain.db \"select * from sweep where state = 'met'\" --csv\n"
    "  supernode sweep plot domain.db --x cluster.gpus --svg=domain.svg\n"
    "  mpirun -n 2 supernode sweep domain.yaml --mpi\n"
    "  supernode sweep domain.yaml --slurm --tasks 8\n"
    "  supernode sweep domain.yaml --db postgresql://me@host/sweeps\n"
    "  supernode sweep merge all.db one.db other.db";

struct SweepArgs {
  std::string file;
  std::string database;
  std::string catalog;
  std::string shard;
  bool mpi = false;
  SlurmFlags slurm;
  Outputs outputs;
  RunFlags run;

  explicit SweepArgs(CLI::App& app)
      : outputs(app, {{"--json", "JSON (schema/sweep.schema.json)"},
                      {"--csv", "every point with its row"}}),
        run(app) {
    app.add_option("SWEEP", file,
                   "a sweep file (docs/sweep.md); or status, query, plot, merge and a database");
    app.add_option("--db", database,
                   "where rows are kept: a file, or postgresql://...; FILE.db by default")
        ->type_name("DATABASE");
    app.add_flag("--mpi", mpi, "this process is a rank of mpirun; one thread each by default");
    app.add_option("--shard", shard, "part I of N of the points, into DATABASE.partI")
        ->type_name("I/N");
    slurm.add(app);
    add_catalog_flag(app, catalog);
    app.footer(examples);
  }
};

/// "3/8": the part of that number, counted from 0.
sweep::Shard shard_of(const std::string& text, Errors& errors) {
  if (text.empty()) return {};
  const std::size_t slash = text.find('/');
  const std::string end = slash == std::string::npos ? "" : text.substr(slash + 1);
  const int count = integer_flag("--shard I/N", end, 1, 100'000, errors);
  const int index = integer_flag("--shard I/N", text.substr(0, slash), 0, count - 1, errors);
  return {static_cast<std::size_t>(index), static_cast<std::size_t>(count)};
}

void check(SweepArgs& a, Errors& errors) {
  a.run.check(errors);
  a.outputs.check(verb, {a.file}, errors);
  a.slurm.check(verb, errors);
  if (a.file.empty()) {
    errors.push_back(flag_error(verb, "which sweep?", "supernode sweep domain.yaml"));
  }
  if (!a.shard.empty() && a.mpi) {
    errors.push_back(
        flag_error(verb, "--shard and --mpi both deal the points", "leave out one of them"));
  }
  if (a.database.empty()) {
    a.database = std::filesystem::path(a.file).replace_extension(".db").string();
  }
  if (!sweep::is_server(a.database)) check_writable("--db", a.database, errors);
}

int run_design(SweepArgs& a, const sweep::Design& design, const sweep::Shard& shard) {
  std::unique_ptr<sweep::Ranks> ranks;
  if (a.mpi) {
    auto opened = sweep::open_ranks();
    if (!opened) return refuse(verb, opened.error());
    ranks = *std::move(opened);
    a.run.threads_by_default(1);
  }
  const Result<catalog::Catalog> catalog = api::open_catalog(a.catalog);
  if (!catalog) return refuse(verb, catalog.error());
  const Run run = a.run.start();
  const Result<sweep::SweepReport> report =
      sweep::sweep(design,
                   {.database = a.database,
                    .program = std::string("supernode ") + SN_VERSION,
                    .shard = shard,
                    .ranks = ranks.get()},
                   *catalog, run);
  if (!report) {
    const int code = refuse(verb, report.error());
    if (ranks != nullptr && ranks->size() > 1) ranks->give_up(code);
    return code_of(run.stopped(), code);
  }
  a.run.took("asked " + std::to_string(report->asked) + " points");
  if (ranks != nullptr && ranks->rank() > 0) return code_of(report->interrupted);
  std::string csv;
  if (a.outputs.asked("--csv")) {
    const Result<store::Rows> rows = sweep::table(report->database);
    if (!rows) return refuse(verb, rows.error());
    csv = draw::rows_csv(*rows);
  }
  return a.outputs.write(
      {{"--json", [&] { return draw::sweep_json(*report); }}, {"--csv", [&] { return csv; }}},
      [&] { return draw::sweep_text(*report, text_style(a.file)); }, code_of(report->interrupted));
}

}  // namespace

int run_sweep(const Args& args) {
  if (!args.empty()) {
    const Args rest(args.begin() + 1, args.end());
    if (args.front() == "status") return run_sweep_status(rest);
    if (args.front() == "query") return run_sweep_query(rest);
    if (args.front() == "plot") return run_sweep_plot(rest);
    if (args.front() == "merge") return run_sweep_merge(rest);
  }
  CLI::App app("A design space: every combination of values, asked, kept, resumed.", verb);
  SweepArgs a(app);
  if (const auto code = parse(app, args)) return *code;
  Errors errors;
  check(a, errors);
  const sweep::Shard shard = shard_of(a.shard, errors);
  if (!errors.empty()) return refuse(verb, errors);
  const Result<sweep::Design> design = sweep::read_design(a.file);
  if (!design) return refuse(verb, design.error());
  if (a.slurm.asked()) {
    return submit_slurm(verb, {.sweep = a.file, .database = a.database, .catalog = a.catalog},
                        a.slurm);
  }
  return run_design(a, *design, shard);
}

}  // namespace sn::cli
