// sn/draw/evidence/validation_text.cc
//
// A validation as text (see validation_views.h).

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sn/draw/evidence/validation_views.h"

namespace sn::draw {

namespace {

using evidence::FileReport;
using evidence::Summary;
using evidence::TableReport;
using evidence::Validation;
using evidence::WorstCase;

std::string percent(double share) {
  return std::isfinite(share) ? fmt::format("{:.1f} %", 100.0 * share) : "-";
}

std::string microseconds(double seconds) { return significant(seconds * 1e6) + " us"; }

std::string count(std::size_t n) { return std::to_string(n); }

std::string summaries(const std::vector<Summary>& list, const std::string& what,
                      const TextStyle& style) {
  Table table({{what, Align::left},
               {"tables"},
               {"on target"},
               {"rows"},
               {"coverage"},
               {"MAPE"},
               {"never fitted"},
               {"skipped = 100 %"},
               {"|bias|"},
               {"noise floor"}});
  for (const Summary& s : list) {
    const double covered =
        s.rows > 0 ? static_cast<double>(s.predicted) / static_cast<double>(s.rows) : 0.0;
    table.row({s.name.empty() ? "(row by row)" : s.name, count(s.tables), count(s.met),
               count(s.rows), percent(covered), percent(s.mape), percent(s.held_out),
               percent(s.adjusted), percent(s.bias), percent(s.floor)});
  }
  return table.str(style);
}

struct TableAt {
  const FileReport* file;
  const TableReport* table;

  /// How far above its target; tables without a prediction are listed by their reason instead.
  [[nodiscard]] double excess() const {
    return table->predicted > 0 ? table->latency.mape / table->target : 0.0;
  }
};

std::string short_name(const FileReport& f) { return f.file.substr(f.file.find_last_of('/') + 1); }

std::string tables(const Validation& v, const TextStyle& style, const ValidationDetail& detail) {
  constexpr std::size_t page = 40;
  std::vector<TableAt> listed;
  for (const FileReport& f : v.files) {
    for (const TableReport& t : f.tables) listed.push_back({&f, &t});
  }
  const std::size_t all = listed.size();
  const bool every = detail.tables || all <= page;
  if (!every) {
    std::stable_sort(listed.begin(), listed.end(),
                     [](const TableAt& a, const TableAt& b) { return a.excess() > b.excess(); });
    listed.resize(std::min(all, detail.worst));
  }
  if (listed.empty()) return {};
  Table table({{"file", Align::left},
               {"table", Align::left},
               {"rows"},
               {"predicted"},
               {"MAPE"},
               {"median"},
               {"p90"},
               {"bias"},
               {"floor"},
               {"target"},
               {"", Align::left}});
  for (const TableAt& at : listed) {
    const TableReport& t = *at.table;
    table.row({short_name(*at.file), t.group, count(t.rows), count(t.predicted),
               percent(t.latency.mape), percent(t.latency.median), percent(t.latency.p90),
               t.predicted > 0 ? signed_percent(t.latency.bias) : "-", percent(t.latency.floor),
               percent(t.target),
               t.predicted == 0 ? ""
               : t.met()        ? "met"
                                : "missed"});
  }
  const std::string title =
      every ? "Tables"
            : fmt::format("Tables farthest from their target, {} of {}", listed.size(), all);
  return "\n" + heading(title, style) + "\n" + table.str(style);
}

std::string skips(const Validation& v, const TextStyle& style) {
  Table table({{"file", Align::left}, {"rows"}, {"skipped because", Align::left}});
  bool any = false;
  for (const FileReport& f : v.files) {
    for (const evidence::Skip& s : f.skipped) {
      table.row({short_name(f), count(s.rows), s.reason});
      any = true;
    }
  }
  return any ? "\n" + heading("Rows without a prediction", style) + "\n" + table.str(style) : "";
}

std::string worst_cases(const Validation& v, const TextStyle& style, std::size_t most) {
  struct Case {
    const FileReport* file;
    const WorstCase* row;
    double error;
  };
  std::vector<Case> cases;
  for (const FileReport& f : v.files) {
    for (const WorstCase& c : f.worst) {
      cases.push_back({&f, &c, std::abs(std::log(c.predicted / c.measured))});
    }
  }
  std::stable_sort(cases.begin(), cases.end(),
                   [](const Case& a, const Case& b) { return a.error > b.error; });
  if (cases.size() > most) cases.resize(most);
  if (cases.empty()) return {};
  Table table(
      {{"file:line", Align::left}, {"shape", Align::left}, {"measured"}, {"predicted"}, {"error"}});
  for (const Case& c : cases) {
    table.row({fmt::format("{}:{}", short_name(*c.file), c.row->line), c.row->shape,
               microseconds(c.row->measured), microseconds(c.row->predicted),
               signed_percent(c.row->predicted / c.row->measured - 1.0)});
  }
  return "\n" + heading("Worst rows", style) + "\n" + table.str(style);
}

std::string parameters(const Validation& v, const TextStyle& style) {
  Table table({{"scope", Align::left},
               {"family", Align::left},
               {"of", Align::left},
               {"parameter", Align::left},
               {"value"},
               {"source", Align::left},
               {"", Align::left}});
  for (const evidence::ParameterLine& p : v.parameters) {
    table.row({p.scope, p.family, p.of, p.name, p.value, p.source, p.note});
  }
  return table.str(style);
}

/// Parameters by scope and family: how many each owner has at most.
std::string budget(const Validation& v, const TextStyle& style, bool list) {
  if (v.budget.empty()) return {};
  struct Line {
    std::string scope;
    std::string family;
    std::size_t owners = 0;
    std::size_t total = 0;
    std::size_t most = 0;
    std::size_t limit = 0;
  };
  std::vector<Line> lines;
  for (const evidence::BudgetLine& b : v.budget) {
    const auto same = [&](const Line& l) { return l.scope == b.scope && l.family == b.family; };
    auto at = std::find_if(lines.begin(), lines.end(), same);
    if (at == lines.end()) {
      lines.push_back({b.scope, b.family, 0, 0, 0, b.limit});
      at = lines.end() - 1;
    }
    ++at->owners;
    at->total += b.count;
    at->most = std::max(at->most, b.count);
  }
  Table table({{"parameters of", Align::left},
               {"each", Align::left},
               {"of them"},
               {"in all"},
               {"at most"},
               {"allowed"}});
  for (const Line& l : lines) {
    table.row({l.family, l.scope == "generation" ? "generation of chips" : l.scope, count(l.owners),
               count(l.total), count(l.most), count(l.limit)});
  }
  const auto unsure =
      std::count_if(v.parameters.begin(), v.parameters.end(),
                    [](const evidence::ParameterLine& p) { return p.confidence == "low"; });
  std::string out = "\n" + heading("Parameters", style) + "\n" + table.str(style);
  out += fmt::format(
      "  {} parameters; {} of them the data does not determine, or nothing was fitted\n",
      v.parameters.size(), unsure);
  return list ? out + "\n" + parameters(v, style) : out;
}

/// MAPE of every family on every chip.
std::string cells(const Validation& v, const TextStyle& style) {
  if (v.families.size() < 2 || v.chips.size() < 2) return {};
  std::vector<Column> columns = {{"MAPE", Align::left}};
  for (const Summary& c : v.chips) columns.push_back({c.name.empty() ? "(row by row)" : c.name});
  Table table(columns);
  for (const Summary& f : v.families) {
    std::vector<std::string> row = {f.name};
    for (const Summary& c : v.chips) {
      const auto at = std::find_if(v.cells.begin(), v.cells.end(), [&](const auto& cell) {
        return cell.family == f.name && cell.chip == c.name;
      });
      row.push_back(at == v.cells.end() ? "" : percent(at->means.mape));
    }
    table.row(std::move(row));
  }
  return "\n" + table.str(style);
}

std::string citations(const Validation& v, const TextStyle& style) {
  std::vector<std::string> seen;
  std::string out;
  for (const FileReport& f : v.files) {
    if (f.citation.empty()) continue;
    if (std::find(seen.begin(), seen.end(), f.citation) != seen.end()) continue;
    seen.push_back(f.citation);
    out += "  " + wrapped(f.citation, 2) + "\n";
  }
  return out.empty() ? out : "\n" + heading("Published figures", style) + "\n" + out;
}

}  // namespace

std::string validation_text(const Validation& v, const TextStyle& style,
                            const ValidationDetail& detail) {
  std::string out = heading("Predicted against measured", style) + "\n";
  out += fmt::format("  {} files, {} tables, {} rows, {} predicted\n", v.files.size(), v.all.tables,
                     v.all.rows, v.all.predicted);
  out +=
      "  means over tables (chip x framework x data type), unweighted; error = predicted / "
      "measured - 1;\n  target: of the family, or 1.5 x the table's noise floor where that is "
      "higher\n\n";
  out += summaries(v.families, "family", style) + "\n";
  std::vector<Summary> chips = v.chips;
  chips.push_back(v.all);
  out += summaries(chips, "chip", style);
  out += cells(v, style);
  out += tables(v, style, detail);
  out += skips(v, style);
  out += worst_cases(v, style, detail.worst);
  out += budget(v, style, detail.parameters);
  out += citations(v, style);
  return out;
}

}  // namespace sn::draw
