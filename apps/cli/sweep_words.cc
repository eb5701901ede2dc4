// apps/cli/sweep_words.cc
//
// `supernode sweep status|query|plot|merge` (see sweep_words.h).

#include "apps/cli/sweep_words.h"

#include <CLI/CLI.hpp>

#include "apps/cli/outputs.h"
#include "sn/draw/sweep/sweep_views.h"
#include "sn/sweep/sweep.h"

namespace sn::cli {

namespace {

constexpr std::size_t rows_shown = 60;

constexpr const char* status_verb = "supernode sweep status";
constexpr const char* query_verb = "supernode sweep query";
constexpr const char* plot_verb = "supernode sweep plot";
constexpr const char* merge_verb = "supernode sweep merge";

void need(const std::string& verb, const std::string& value, const std::string& what,
          Errors& errors) {
  if (value.empty()) errors.push_back(flag_error(verb, what, "see " + verb + " --help"));
}

}  // namespace

int run_sweep_status(const Args& args) {
  CLI::App app("How far a sweep is, and the best points by now.", status_verb);
  std::string database;
  app.add_option("DATABASE", database, "that a sweep keeps");
  app.footer("\nexamples:\n  supernode sweep status domain.db");
  Outputs outputs(app, {{"--json", "JSON (schema/sweep.schema.json)"}});
  if (const auto code = parse(app, args)) return *code;
  Errors errors;
  need(status_verb, database, "which database?", errors);
  outputs.check(status_verb, {database}, errors);
  if (!errors.empty()) return refuse(errors);
  const Result<sweep::SweepReport> report = sweep::status(database);
  if (!report) return refuse(status_verb, report.error());
  return outputs.write({{"--json", [&] { return draw::sweep_json(*report); }}},
                       [&] { return draw::sweep_text(*report, text_style(database)); });
}

int run_sweep_query(const Args& args) {
  CLI::App app("Rows of a sweep by SQL; the view 'sweep' has points with their rows.", query_verb);
  std::string database;
  std::string sql;
  app.add_option("DATABASE", database, "that a sweep keeps");
  app.add_option("SQL", sql, "one statement; nothing can be changed by it");
  app.footer("\nexamples:\n  supernode sweep query domain.db \"select * from sweep\"");
  Outputs outputs(app, {{"--json", "a list of objects"}, {"--csv", "all rows"}});
  if (const auto code = parse(app, args)) return *code;
  Errors errors;
  need(query_verb, database, "which database?", errors);
  need(query_verb, sql, "which statement?", errors);
  outputs.check(query_verb, {database}, errors);
  if (!errors.empty()) return refuse(errors);
  const Result<store::Rows> rows = sweep::query(database, sql);
  if (!rows) return refuse(query_verb, rows.error());
  return outputs.write({{"--json", [&] { return draw::rows_json(*rows); }},
                        {"--csv", [&] { return draw::rows_csv(*rows); }}},
                       [&] { return draw::rows_text(*rows, rows_shown, text_style(database)); });
}

int run_sweep_plot(const Args& args) {
  CLI::App app("Two columns of a sweep as a chart.", plot_verb);
  std::string database;
  std::string where;
  draw::PlotRequest request;
  app.add_option("DATABASE", database, "that a sweep keeps");
  app.add_option("--x", request.x, "a column; the last axis by default")->type_name("COLUMN");
  app.add_option("--y", request.y, "a column of numbers; what points are ranked by, by default")
      ->type_name("COLUMN");
  app.add_option("--by", request.by, "a line for each value of these; the other axes by default")
      ->type_name("COLUMN")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--where", where, "SQL: only these rows")->type_name("CONDITION");
  app.footer(
      "\nexamples:\n"
      "  supernode sweep plot domain.db --x cluster.gpus --svg=domain.svg");
  Outputs outputs(app, {{"--svg", "chart"}});
  if (const auto code = parse(app, args)) return *code;
  Errors errors;
  need(plot_verb, database, "which database?", errors);
  outputs.check(plot_verb, {database}, errors);
  if (!errors.empty()) return refuse(errors);
  const Result<sweep::SweepReport> report = sweep::status(database);
  if (!report) return refuse(plot_verb, report.error());
  request.title = report->name;
  if (request.y.empty()) request.y = report->objective;
  if (request.x.empty() && !report->axes.empty()) request.x = report->axes.back();
  if (request.by.empty()) {
    request.by = {"scenario"};
    for (const std::string& a : report->axes) {
      if (a != request.x) request.by.push_back(a);
    }
  }
  const Result<store::Rows> rows =
      sweep::query(database, "select * from sweep" + (where.empty() ? "" : " where " + where) +
                                 " order by point");
  if (!rows) return refuse(plot_verb, rows.error());
  const Result<std::string> svg = draw::sweep_svg(*rows, request);
  if (!svg) return refuse(plot_verb, svg.error());
  if (!outputs.asked("--svg")) return print(*svg);
  return outputs.write({{"--svg", [&] { return *svg; }}},
                       [&] { return request.y + " over " + request.x + "\n"; });
}

int run_sweep_merge(const Args& args) {
  CLI::App app("Rows of several databases in one; a content that several have is one row.",
               merge_verb);
  std::vector<std::string> files;
  app.add_option("FILES", files, "the database to write, then those to take");
  app.footer("\nexamples:\n  supernode sweep merge all.db one.db other.db");
  if (const auto code = parse(app, args)) return *code;
  if (files.size() < 2) {
    return refuse({flag_error(merge_verb, "what is merged into what?",
                              "supernode sweep merge all.db one.db other.db")});
  }
  const std::vector<std::string> parts(files.begin() + 1, files.end());
  if (const auto error = sweep::merge(files.front(), parts)) return refuse(merge_verb, {*error});
  const Result<sweep::SweepReport> report = sweep::status(files.front());
  if (!report) return refuse(merge_verb, report.error());
  return print(draw::sweep_text(*report, text_style(files.front())));
}

}  // namespace sn::cli
