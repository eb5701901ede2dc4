// sn/draw/sweep/sweep_text.cc
//
// A sweep in words, and rows as tables (see sweep_views.h).

#include <fmt/format.h>

#include <algorithm>

#include "sn/base/report/report_json.h"
#include "sn/base/text/json_writer.h"
#include "sn/draw/sweep/sweep_views.h"

namespace sn::draw {

namespace {

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + "\"";
}

std::string shown_cell(const store::Cell& cell) {
  if (const auto* number = std::get_if<double>(&cell)) return significant(*number);
  const std::string text = store::cell_text(cell);
  return text.empty() ? "-" : shown(text, 40);
}

bool is_text(const store::Rows& rows, std::size_t column) {
  return std::any_of(rows.rows.begin(), rows.rows.end(), [&](const auto& row) {
    return std::holds_alternative<std::string>(row[column]);
  });
}

std::string point_words(const sweep::SweepReport& r, const sweep::BestPoint& p) {
  std::string out;
  for (std::size_t a = 0; a < p.values.size(); ++a) {
    out += (out.empty() ? "" : ", ") + r.axes[a] + " " + p.values[a];
  }
  return out;
}

}  // namespace

std::string sweep_text(const sweep::SweepReport& r, const TextStyle& style) {
  std::string out = heading(r.name, style) + "\n";
  out += fmt::format("{} points of {}, {} different; {} answered, {} of them now", r.points,
                     to_string(r.question), r.contents, r.answered, r.asked);
  out += fmt::format("\n{} meet, {} miss, {} cannot be, {} open\n\n", r.met, r.missed, r.impossible,
                     r.points - r.met - r.missed - r.impossible);
  if (!r.best.empty()) {
    Table table(2, {"scenario", "best point", r.objective, "point"});
    for (const sweep::BestPoint& b : r.best) {
      table.row({shown(b.scenario, 60), shown(point_words(r, b), 200), significant(b.objective),
                 std::to_string(b.point)});
    }
    out += table.str(style);
    for (const sweep::BestPoint& b : r.best) out += fmt::format("  {}: {}\n", b.point, b.what);
    out += "\n";
  }
  if (r.open() > 0 && r.seconds_each > 0.0) {
    out += fmt::format(" to go     {} of {} s each on one thread: {} s\n", r.open(),
                       significant(r.seconds_each, 2),
                       significant(static_cast<double>(r.open()) * r.seconds_each, 2));
  }
  if (r.interrupted) out += " interrupted: the same command goes on from here\n";
  out += fmt::format(" next      supernode sweep query {} \"select * from sweep\"\n", r.database);
  return out;
}

std::string sweep_json(const sweep::SweepReport& report) { return report_json(report); }

std::string rows_text(const store::Rows& rows, std::size_t most, const TextStyle& style) {
  std::vector<Column> columns;
  for (std::size_t c = 0; c < rows.columns.size(); ++c) {
    columns.push_back({shown(rows.columns[c]), is_text(rows, c) ? Align::left : Align::right});
  }
  Table table(std::move(columns));
  const std::size_t count = std::min(most, rows.rows.size());
  for (std::size_t i = 0; i < count; ++i) {
    std::vector<std::string> cells;
    for (const store::Cell& cell : rows.rows[i]) cells.push_back(shown_cell(cell));
    table.row(std::move(cells));
  }
  std::string out = table.str(style);
  if (count < rows.rows.size()) {
    out += fmt::format("  and {} more: --csv has all\n", rows.rows.size() - count);
  }
  return out;
}

std::string rows_csv(const store::Rows& rows) {
  std::string out;
  const auto line = [&](const std::vector<std::string>& cells) {
    for (std::size_t c = 0; c < cells.size(); ++c) out += (c == 0 ? "" : ",") + csv_cell(cells[c]);
    out += "\n";
  };
  line(rows.columns);
  for (const auto& row : rows.rows) {
    std::vector<std::string> cells;
    for (const store::Cell& cell : row) cells.push_back(store::cell_text(cell));
    line(cells);
  }
  return out;
}

std::string rows_json(const store::Rows& rows) {
  JsonWriter json;
  json.begin_array();
  for (const auto& row : rows.rows) {
    json.begin_object();
    for (std::size_t c = 0; c < row.size(); ++c) {
      json.key(rows.columns[c]);
      if (const auto* whole = std::get_if<std::int64_t>(&row[c])) {
        json.value(*whole);
      } else if (const auto* number = std::get_if<double>(&row[c])) {
        json.value(*number);
      } else if (const auto* text = std::get_if<std::string>(&row[c])) {
        json.value(std::string_view(*text));
      } else {
        json.null();
      }
    }
    json.end_object();
  }
  json.end_array();
  return std::move(json).str();
}

}  // namespace sn::draw
