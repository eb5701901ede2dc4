// sn/draw/validation_text.cc
//
// A validation as text (see validation_views.h).

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sn/draw/validation_views.h"

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
  TextTable table({{what, Align::left},
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
    table.row({s.name, count(s.tables), count(s.met), count(s.rows), percent(covered),
               percent(s.mape), percent(s.held_out), percent(s.adjusted), percent(s.bias),
               percent(s.floor)});
  }
  return table.str(style);
}

std::string tables(const Validation& v, const TextStyle& style) {
  TextTable table({{"file", Align::left},
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
  for (const FileReport& f : v.files) {
    for (const TableReport& t : f.tables) {
      table.row({f.file.substr(f.file.find_last_of('/') + 1), t.group, count(t.rows),
                 count(t.predicted), percent(t.latency.mape), percent(t.latency.median),
                 percent(t.latency.p90), t.predicted > 0 ? signed_percent(t.latency.bias) : "-",
                 percent(t.latency.floor), percent(t.target), t.met() ? "met" : "missed"});
    }
  }
  return table.str(style);
}

std::string skips(const Validation& v, const TextStyle& style) {
  TextTable table({{"file", Align::left}, {"rows"}, {"skipped because", Align::left}});
  bool any = false;
  for (const FileReport& f : v.files) {
    for (const evidence::Skip& s : f.skipped) {
      table.row({f.file.substr(f.file.find_last_of('/') + 1), count(s.rows), s.reason});
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
  TextTable table(
      {{"file:line", Align::left}, {"shape", Align::left}, {"measured"}, {"predicted"}, {"error"}});
  for (const Case& c : cases) {
    const std::string name = c.file->file.substr(c.file->file.find_last_of('/') + 1);
    table.row({fmt::format("{}:{}", name, c.row->line), c.row->shape, microseconds(c.row->measured),
               microseconds(c.row->predicted),
               signed_percent(c.row->predicted / c.row->measured - 1.0)});
  }
  return "\n" + heading("Worst rows", style) + "\n" + table.str(style);
}

std::string parameters(const Validation& v, const TextStyle& style) {
  if (v.parameters.empty()) return {};
  TextTable table({{"of", Align::left},
                   {"parameter", Align::left},
                   {"value"},
                   {"source", Align::left},
                   {"", Align::left}});
  for (const evidence::ParameterLine& p : v.parameters) {
    table.row({p.family, p.name, p.value, p.source, p.note});
  }
  return "\n" + heading("Parameters", style) + "\n" + table.str(style);
}

}  // namespace

std::string validation_text(const Validation& v, const TextStyle& style, std::size_t worst) {
  std::string out = heading("Predicted against measured", style) + "\n";
  out += fmt::format("  {} files, {} tables, {} rows, {} predicted\n", v.files.size(), v.all.tables,
                     v.all.rows, v.all.predicted);
  out +=
      "  means over tables (chip x framework x data type), unweighted; error = predicted / "
      "measured "
      "- 1;\n  target: of the family, or 1.5 x the table's noise floor where that is higher\n\n";
  out += summaries(v.families, "family", style) + "\n";
  std::vector<Summary> chips = v.chips;
  chips.push_back(v.all);
  out += summaries(chips, "chip", style);
  out += "\n" + heading("Tables", style) + "\n" + tables(v, style);
  out += skips(v, style);
  out += worst_cases(v, style, worst);
  out += parameters(v, style);
  return out;
}

}  // namespace sn::draw
