// sn/sweep/sweep_status.cc
//
// What a database holds of a sweep, and parts merged into it (see sweep.h).

#include <fmt/format.h>

#include <filesystem>
#include <unordered_set>

#include "sn/sweep/sweep.h"

namespace sn::sweep {

namespace {

constexpr Question questions[] = {Question::plan, Question::simulate, Question::rack};

Result<Results> look_at(const std::string& database) {
  auto connection = connect(database, store::Mode::read);
  if (!connection) return fail(connection.error());
  Result<Results> results = Results::look(*std::move(connection));
  if (results) return results;
  Errors errors = results.error();
  errors.front().where.file = database;
  return fail(std::move(errors));
}

std::int64_t whole_at(const store::Rows& rows, std::size_t row, std::size_t column) {
  const auto* value = std::get_if<std::int64_t>(&rows.rows[row][column]);
  return value == nullptr ? 0 : *value;
}

std::optional<Error> count_states(const store::Connection& c, SweepReport& out) {
  const auto states = c.ask("select state, count(*) from sweep group by state");
  if (!states) return states.error().front();
  for (std::size_t i = 0; i < states->rows.size(); ++i) {
    const std::string state = store::cell_text(states->rows[i][0]);
    const std::int64_t count = whole_at(*states, i, 1);
    out.points += count;
    if (state == "met") out.met = count;
    if (state == "missed") out.missed = count;
    if (state == "impossible") out.impossible = count;
  }
  const auto contents = c.ask(
      "select count(*), coalesce(sum(case when state is null then 0 else 1 end), 0) from "
      "(select key, min(state) as state from sweep group by key) as keys");
  if (!contents) return contents.error().front();
  out.contents = whole_at(*contents, 0, 0);
  out.answered = whole_at(*contents, 0, 1);
  const auto pace = c.ask("select coalesce(avg(seconds), 0.0) from pace");
  if (!pace) return pace.error().front();
  const auto* seconds = std::get_if<double>(&pace->rows[0][0]);
  out.seconds_each = seconds == nullptr ? 0.0 : *seconds;
  return std::nullopt;
}

/// The best point of each scenario, in the order of scenarios; the first of equals.
std::optional<Error> find_best(const store::Connection& c, SweepReport& out) {
  const auto columns = c.ask("select * from points limit 0");
  if (!columns) return columns.error().front();
  out.axes.assign(columns->columns.begin() + 2, columns->columns.end() - 1);
  const char* what = out.question == Question::rack ? "rack" : "deployment";
  std::string axes;
  for (const std::string& a : out.axes) axes += ", " + store::quoted_name(a);
  const auto rows = c.ask(fmt::format(
      "select * from (select point, scenario, {0}, {1}{2}, row_number() over (partition by "
      "scenario order by {0} desc, point) as place from sweep where state = 'met') as ranked "
      "where place = 1 order by point",
      out.objective, what, axes));
  if (!rows) return rows.error().front();
  for (std::size_t i = 0; i < rows->rows.size(); ++i) {
    BestPoint& b = out.best.emplace_back();
    b.point = whole_at(*rows, i, 0);
    b.scenario = store::cell_text(rows->rows[i][1]);
    if (const auto* value = std::get_if<double>(&rows->rows[i][2])) b.objective = *value;
    b.what = store::cell_text(rows->rows[i][3]);
    for (std::size_t a = 0; a < out.axes.size(); ++a) {
      b.values.push_back(store::cell_text(rows->rows[i][4 + a]));
    }
  }
  return std::nullopt;
}

/// Rows of parts that the database does not have yet, as counts.
std::optional<Error> count_parts(const std::string& database, const Results& main,
                                 SweepReport& out) {
  if (is_server(database)) return std::nullopt;
  const auto keys = main.keys();
  if (!keys) return keys.error().front();
  std::unordered_set<std::string> all = *keys;
  const std::size_t before = all.size();
  for (const std::string& part : parts_of(database)) {
    const Result<Results> results = look_at(part);
    if (!results || results->question() != main.question()) continue;
    const auto more = results->keys();
    if (more) all.insert(more->begin(), more->end());
  }
  out.answered += static_cast<std::int64_t>(all.size() - before);
  return std::nullopt;
}

}  // namespace

void describe(ReportVisitor& v, const BestPoint& p) {
  v.type("SweptBest", "The best point of a scenario.");
  v.count("point", "its number", p.point);
  v.text("scenario", "", p.scenario);
  v.list("values", "one per axis", p.values);
  v.number("objective", "", p.objective);
  v.text("what", "the deployment, or the rack", p.what);
}

void describe(ReportVisitor& v, const SweepReport& r) {
  v.type("SweepReport", "What is known of a design space.");
  v.document("supernode-sweep");
  v.text("name", "", r.name);
  v.choice("question", "of every point", r.question, questions);
  v.text("database", "", r.database);
  v.list("axes", "", r.axes);
  v.count("points", "", r.points);
  v.count("contents", "points that differ in what is asked", r.contents);
  v.count("answered", "contents that have a row", r.answered);
  v.count("asked", "of them in this run, by this process", r.asked);
  v.count("met", "points", r.met);
  v.count("missed", "points", r.missed);
  v.count("impossible", "points", r.impossible);
  v.quantity("each_s", "what a row took, mean", Time::from_si(r.seconds_each));
  v.text("objective", "the column that points are ranked by", r.objective);
  v.list("best", "one a scenario, among points that meet", r.best);
  v.flag("interrupted", "", r.interrupted);
}

Result<SweepReport> status(const std::string& database) {
  const Result<Results> results = look_at(database);
  if (!results) return fail(results.error());
  SweepReport out{.name = results->name(),
                  .question = results->question(),
                  .database = database,
                  .axes = {},
                  .objective = std::string(objective_of(results->question())),
                  .best = {}};
  if (auto error = count_states(results->connection(), out)) return fail(*std::move(error));
  if (auto error = find_best(results->connection(), out)) return fail(*std::move(error));
  if (auto error = count_parts(database, *results, out)) return fail(*std::move(error));
  return out;
}

Result<store::Rows> query(const std::string& database, const std::string& sql,
                          std::size_t rows_most) {
  const Result<Results> results = look_at(database);
  if (!results) return fail(results.error());
  return results->connection().ask(sql, {}, rows_most);
}

Result<store::Rows> table(const std::string& database) {
  return query(database, "select * from sweep order by point");
}

std::optional<Error> merge(const std::string& database, const std::vector<std::string>& parts) {
  std::optional<Results> into;
  for (const std::string& part : parts) {
    const Result<Results> from = look_at(part);
    if (!from) return from.error().front();
    if (!into) {
      auto connection = connect(database, store::Mode::write);
      if (!connection) return connection.error().front();
      Result<Results> made = Results::open(*std::move(connection), from->question());
      if (!made) return made.error().front();
      into.emplace(*std::move(made));
    }
    if (from->question() != into->question()) {
      return Error{.code = ErrorCode::data,
                   .message = fmt::format("'{}' keeps answers of '{}', not of '{}'", part,
                                          to_string(from->question()), to_string(into->question())),
                   .where = {.file = part},
                   .hint = "merge databases of one question"};
    }
    if (auto error = into->take_points(*from)) return error;
    if (auto error = into->add_all(*from)) return error;
  }
  return std::nullopt;
}

}  // namespace sn::sweep
