// sn/sweep/results.cc
//
// Tables of a sweep (see results.h).

#include "sn/sweep/results.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include "sn/store/content_key.h"
#include "sn/sweep/component.h"

namespace sn::sweep {

namespace {

using store::Cell;
using store::quoted_name;

const char* sql_type(RowColumn::Kind kind) {
  if (kind == RowColumn::Kind::text) return "text";
  return kind == RowColumn::Kind::whole ? "bigint" : "double precision";
}

std::string table_of(Question question) { return fmt::format("results_{}", to_string(question)); }

std::string text_at(const store::Rows& rows, std::size_t row, std::size_t column) {
  return store::cell_text(rows.rows[row][column]);
}

/// bigint, double precision or text: what every value of the axis reads as.
const char* axis_type(const PointTable& table, std::size_t axis) {
  bool whole = true;
  for (const PointTable::Point& p : table.points) {
    const Cell cell = cell_of(p.values[axis]);
    if (std::holds_alternative<std::string>(cell)) return "text";
    whole = whole && std::holds_alternative<std::int64_t>(cell);
  }
  return whole ? "bigint" : "double precision";
}

Cell axis_cell(const std::string& text, std::string_view type) {
  if (type == "text") return text;
  const Cell cell = cell_of(text);
  const auto* whole = std::get_if<std::int64_t>(&cell);
  if (type == "double precision" && whole != nullptr) return static_cast<double>(*whole);
  return cell;
}

std::string digest_of(const PointTable& table) {
  std::string text = fmt::format("{} {} ", table.name, to_string(table.question));
  for (const std::string& a : table.axes) text += fmt::format("{}:{}", a.size(), a);
  for (const PointTable::Point& p : table.points) {
    text += fmt::format("{}:{}{}", p.scenario.size(), p.scenario, p.key);
    for (const std::string& v : p.values) text += fmt::format("{}:{}", v.size(), v);
  }
  return store::content_key(text);
}

std::optional<Error> set_meta(store::Connection& c, const std::string& name,
                              const std::string& value) {
  return c.change(
      "insert into meta (name, value) values ($1, $2) "
      "on conflict (name) do update set value = excluded.value",
      {name, value});
}

std::string meta(const store::Connection& c, const std::string& name) {
  const auto rows = c.ask("select value from meta where name = $1", {name});
  return rows && !rows->rows.empty() ? text_at(*rows, 0, 0) : std::string();
}

/// "create view": points, and the columns of their rows.
std::string view_statement(const PointTable& table) {
  std::string columns = "p.point, p.scenario";
  for (const std::string& a : table.axes) columns += ", p." + quoted_name(a);
  columns += ", p.key";
  for (const RowColumn& c : columns_of(table.question)) {
    // An axis of the same name goes before.
    if (std::find(table.axes.begin(), table.axes.end(), c.name) == table.axes.end()) {
      columns += ", r." + quoted_name(c.name);
    }
  }
  return fmt::format("create view sweep as select {} from points p left join {} r on r.key = p.key",
                     columns, table_of(table.question));
}

}  // namespace

Cell cell_of(const std::string& text) {
  const char* end = text.data() + text.size();
  std::int64_t whole = 0;
  if (const auto p = std::from_chars(text.data(), end, whole);
      p.ec == std::errc{} && p.ptr == end) {
    return whole;
  }
  double number = 0.0;
  if (const auto p = std::from_chars(text.data(), end, number);
      p.ec == std::errc{} && p.ptr == end && number - number == 0.0) {
    return number;
  }
  return text;
}

bool is_server(const std::string& where) {
  return where.starts_with("postgresql:") || where.starts_with("postgres:");
}

Result<std::unique_ptr<store::Connection>> connect(const std::string& where, store::Mode mode) {
  if (is_server(where)) return open_server(where, mode);
  Result<store::Database> file = store::Database::open(where, mode);
  if (!file) return fail(file.error());
  return std::make_unique<store::Database>(*std::move(file));
}

Result<Results> Results::open(std::unique_ptr<store::Connection> connection, Question question) {
  Results out(std::move(connection), question);
  if (auto error = out.connection_->atomically([&] { return out.make_tables(); })) {
    return fail(*std::move(error));
  }
  out.name_ = meta(*out.connection_, "name");
  return out;
}

Result<Results> Results::look(std::unique_ptr<store::Connection> connection) {
  const std::string question = meta(*connection, "question");
  for (const Question q : {Question::plan, Question::simulate, Question::rack}) {
    if (question != to_string(q)) continue;
    Results out(std::move(connection), q);
    out.name_ = meta(*out.connection_, "name");
    return out;
  }
  return fail({.code = ErrorCode::missing,
               .message = "no sweep is kept there",
               .hint = "supernode sweep FILE makes it"});
}

std::optional<Error> Results::make_tables() {
  store::Connection& c = *connection_;
  if (auto e = c.change("create table if not exists meta (name text primary key, value text)")) {
    return e;
  }
  if (auto e = c.change(
          "create table if not exists pace (key text primary key, seconds double precision)")) {
    return e;
  }
  const std::string table = table_of(question_);
  std::string columns = "key text primary key";
  for (const RowColumn& column : columns_of(question_)) {
    columns += fmt::format(", {} {}", quoted_name(column.name), sql_type(column.kind));
  }
  if (auto e = c.change(fmt::format("create table if not exists {} ({})", table, columns))) {
    return e;
  }
  // A file of an older program has fewer columns.
  const auto there = c.ask(fmt::format("select * from {} limit 0", table));
  if (!there) return there.error().front();
  const std::set<std::string> names(there->columns.begin(), there->columns.end());
  for (const RowColumn& column : columns_of(question_)) {
    if (names.contains(column.name)) continue;
    if (auto e = c.change(fmt::format("alter table {} add column {} {}", table,
                                      quoted_name(column.name), sql_type(column.kind)))) {
      return e;
    }
  }
  return std::nullopt;
}

std::optional<Error> Results::write_points(const PointTable& table) {
  store::Connection& c = *connection_;
  const std::string digest = digest_of(table);
  if (meta(c, "design") == digest) return std::nullopt;
  std::string columns = "point bigint primary key, scenario text";
  std::string insert = "insert into points values ($1, $2";
  std::vector<const char*> types;
  for (std::size_t a = 0; a < table.axes.size(); ++a) {
    types.push_back(axis_type(table, a));
    columns += fmt::format(", {} {}", quoted_name(table.axes[a]), types.back());
    insert += fmt::format(", ${}", a + 3);
  }
  insert += fmt::format(", ${})", table.axes.size() + 3);
  for (const std::string& sql :
       {std::string("drop view if exists sweep"), std::string("drop table if exists points"),
        fmt::format("create table points ({}, key text)", columns), view_statement(table)}) {
    if (auto e = c.change(sql)) return e;
  }
  for (std::size_t i = 0; i < table.points.size(); ++i) {
    const PointTable::Point& p = table.points[i];
    std::vector<Cell> cells = {static_cast<std::int64_t>(i), p.scenario};
    for (std::size_t a = 0; a < p.values.size(); ++a) {
      cells.push_back(axis_cell(p.values[a], types[a]));
    }
    cells.emplace_back(p.key);
    if (auto e = c.change(insert, cells)) return e;
  }
  if (auto e = set_meta(c, "name", table.name)) return e;
  if (auto e = set_meta(c, "question", std::string(to_string(table.question)))) return e;
  return set_meta(c, "design", digest);
}

std::optional<Error> Results::set_points(const PointTable& table) {
  SN_ASSERT(table.question == question_);
  name_ = table.name;
  return connection_->atomically([&] { return write_points(table); });
}

std::optional<Error> Results::take_points(const Results& other) {
  if (!meta(*connection_, "design").empty()) return std::nullopt;
  const auto rows = other.connection_->ask("select * from points order by point");
  if (!rows) return rows.error().front();
  PointTable table{.name = other.name_, .question = question_, .axes = {}, .points = {}};
  const std::size_t axes = rows->columns.size() - 3;  // point, scenario, key
  table.axes.assign(rows->columns.begin() + 2, rows->columns.end() - 1);
  for (std::size_t i = 0; i < rows->rows.size(); ++i) {
    PointTable::Point& p = table.points.emplace_back();
    p.scenario = text_at(*rows, i, 1);
    for (std::size_t a = 0; a < axes; ++a) p.values.push_back(text_at(*rows, i, a + 2));
    p.key = text_at(*rows, i, axes + 2);
  }
  return set_points(table);
}

Result<std::unordered_set<std::string>> Results::keys() const {
  const auto rows = connection_->ask(fmt::format("select key from {}", table_of(question_)));
  if (!rows) return fail(rows.error());
  std::unordered_set<std::string> out;
  for (std::size_t i = 0; i < rows->rows.size(); ++i) out.insert(text_at(*rows, i, 0));
  return out;
}

std::string Results::insert_statement() const {
  std::string names = "key";
  std::string values = "$1";
  std::size_t at = 1;
  for (const RowColumn& c : columns_of(question_)) {
    names += ", " + quoted_name(c.name);
    values += fmt::format(", ${}", ++at);
  }
  return fmt::format("insert into {} ({}) values ({}) on conflict (key) do nothing",
                     table_of(question_), names, values);
}

std::optional<Error> Results::add(const std::string& key, const Row& row, double seconds) {
  std::vector<Cell> cells = {key};
  cells.insert(cells.end(), row.begin(), row.end());
  return connection_->atomically([&]() -> std::optional<Error> {
    if (auto e = connection_->change(insert_statement(), cells)) return e;
    return connection_->change("insert into pace values ($1, $2) on conflict (key) do nothing",
                               {key, seconds});
  });
}

std::optional<Error> Results::add_all(const Results& other) {
  std::string names = "key";
  for (const RowColumn& c : columns_of(question_)) names += ", " + quoted_name(c.name);
  const auto rows = other.connection_->ask(
      fmt::format("select {} from {} order by key", names, table_of(question_)));
  if (!rows) return rows.error().front();
  return connection_->atomically([&]() -> std::optional<Error> {
    for (const std::vector<Cell>& row : rows->rows) {
      if (auto e = connection_->change(insert_statement(), row)) return e;
    }
    return std::nullopt;
  });
}

}  // namespace sn::sweep
