// sn/draw/validation_html.cc
//
// A validation as one HTML page: no scripts, nothing from outside, prints on paper.
//
// Sheets first (the overview, then a family each), figures below them; what is long is folded.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sn/draw/sheet.h"
#include "sn/draw/validation_views.h"

namespace sn::draw {

namespace {

using evidence::FileReport;
using evidence::Summary;
using evidence::TableReport;
using evidence::Validation;

constexpr std::string_view style = R"(
  body { background: #f4ecd8; color: #2b2926; margin: 2rem auto; max-width: 76rem; padding: 0 1rem;
         font: 14px/1.5 'Routed Gothic','osifont','Jost','Futura','Century Gothic','DejaVu Sans',
         sans-serif; }
  h1, h2 { text-transform: uppercase; letter-spacing: .08em; font-weight: 600;
           margin: 2rem 0 .5rem; }
  h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1rem; border-bottom: 2px solid #2b2926; }
  header { border: 2px solid #2b2926; background: #e9ddc0; display: grid;
           grid-template-columns: 2fr 1fr 1fr 1fr; margin-bottom: 1.5rem; }
  header div { border-left: 1px solid #2b2926; padding: .5rem .8rem; }
  header div:first-child { border-left: 0; }
  header small { display: block; font-size: .65rem; letter-spacing: .08em; }
  .scroll { overflow-x: auto; }
  table { border-collapse: collapse; width: 100%; margin: .8rem 0; font-size: 12px; }
  th, td { border-bottom: 1px solid #b5a988; padding: .15rem .5rem; text-align: right;
           font-variant-numeric: tabular-nums; vertical-align: top; }
  th { border-bottom: 2px solid #2b2926; font-weight: 600; } th.l, td.l { text-align: left; }
  td:not(.l) { white-space: nowrap; }
  tr.missed td { color: #8d4014; } tr.met td { color: #24656a; }
  summary { cursor: pointer; letter-spacing: .04em; padding: .3rem 0; }
  svg { max-width: 100%; height: auto; margin: .6rem 0; }
  @media (max-width: 45rem) { header { grid-template-columns: 1fr; }
                              header div { border-left: 0; border-top: 1px solid #2b2926; } }
  @media print { body { max-width: none; margin: 0; } svg { break-inside: avoid; } }
)";

std::string percent(double share) {
  return std::isfinite(share) ? fmt::format("{:.1f} %", 100.0 * share) : "-";
}

std::string count(std::size_t n) { return std::to_string(n); }

/// One row; cells before `left` are text.
std::string row(const std::vector<std::string>& cells, std::size_t left, const char* tag,
                const char* mark = "") {
  std::string out = *mark != '\0' ? fmt::format("<tr class=\"{}\">", mark) : "<tr>";
  for (std::size_t i = 0; i < cells.size(); ++i) {
    out += fmt::format("<{}{}>{}</{}>", tag, i < left ? " class=\"l\"" : "", escaped_xml(cells[i]),
                       tag);
  }
  return out + "</tr>\n";
}

std::string table(const std::string& rows) {
  return "<div class=\"scroll\"><table>\n" + rows + "</table></div>\n";
}

std::string folded(const std::string& title, const std::string& body) {
  return "<details><summary>" + escaped_xml(title) + "</summary>\n" + body + "</details>\n";
}

std::string summaries(const std::vector<Summary>& list, const std::string& what) {
  std::string out = row({what, "tables", "on target", "rows", "predicted", "MAPE", "never fitted",
                         "skipped = 100 %", "|bias|", "noise floor"},
                        1, "th");
  for (const Summary& s : list) {
    out += row({s.name.empty() ? "(row by row)" : s.name, count(s.tables), count(s.met),
                count(s.rows), count(s.predicted), percent(s.mape), percent(s.held_out),
                percent(s.adjusted), percent(s.bias), percent(s.floor)},
               1, "td");
  }
  return table(out);
}

std::string tables(const Validation& v) {
  std::string out = row({"file", "table", "rows", "predicted", "MAPE", "never fitted",
                         "skipped = 100 %", "median", "p90", "bias", "floor", "target", ""},
                        2, "th");
  for (const FileReport& f : v.files) {
    for (const TableReport& t : f.tables) {
      const bool any = t.predicted > 0;
      out += row({f.file, t.group, count(t.rows), count(t.predicted), percent(t.latency.mape),
                  percent(t.held_out.mape), percent(t.adjusted()), percent(t.latency.median),
                  percent(t.latency.p90), any ? signed_percent(t.latency.bias) : "-",
                  percent(t.latency.floor), percent(t.target),
                  !any      ? ""
                  : t.met() ? "met"
                            : "missed"},
                 2, "td",
                 !any      ? ""
                 : t.met() ? "met"
                           : "missed");
    }
  }
  return table(out);
}

std::string skips(const Validation& v) {
  std::string out;
  for (const FileReport& f : v.files) {
    for (const evidence::Skip& s : f.skipped) {
      out += row({f.file, s.reason, count(s.rows)}, 2, "td");
    }
  }
  if (out.empty()) return out;
  return "<h2>Rows without a prediction</h2>\n" +
         table(row({"file", "because", "rows"}, 2, "th") + out);
}

std::string worst_rows(const Validation& v) {
  struct Case {
    const FileReport* file;
    const evidence::WorstCase* row;
    double error;
  };
  constexpr std::size_t most = 40;
  std::vector<Case> cases;
  for (const FileReport& f : v.files) {
    for (const evidence::WorstCase& c : f.worst) {
      cases.push_back({&f, &c, std::abs(std::log(c.predicted / c.measured))});
    }
  }
  std::stable_sort(cases.begin(), cases.end(),
                   [](const Case& a, const Case& b) { return a.error > b.error; });
  cases.resize(std::min(cases.size(), most));
  std::string out =
      row({"file", "shape", "line", "measured, us", "predicted, us", "error"}, 2, "th");
  for (const Case& c : cases) {
    out += row({c.file->file, c.row->shape, std::to_string(c.row->line),
                significant(c.row->measured * 1e6), significant(c.row->predicted * 1e6),
                signed_percent(c.row->predicted / c.row->measured - 1.0)},
               2, "td");
  }
  return table(out);
}

std::string parameters(const Validation& v) {
  std::string counts = row({"scope", "family", "of", "parameters", "allowed"}, 3, "th");
  std::size_t most = 0;
  for (const evidence::BudgetLine& b : v.budget) {
    counts += row({b.scope, b.family, b.of, count(b.count), count(b.limit)}, 3, "td");
    if (b.scope == "generation") most = std::max(most, b.count);
  }
  std::string lines =
      row({"scope", "family", "of", "parameter", "value", "source", "note"}, 7, "th");
  for (const evidence::ParameterLine& p : v.parameters) {
    lines += row({p.scope, p.family, p.of, p.name, p.value, p.source, p.note}, 7, "td");
  }
  return fmt::format("<p>{} parameters; at most {} for a family on a generation of chips.</p>\n",
                     v.parameters.size(), most) +
         folded("Counted, against the budget", table(counts)) +
         folded("Every parameter with its source", table(lines));
}

std::string citations(const Validation& v) {
  std::string out;
  for (const FileReport& f : v.files) {
    if (!f.citation.empty()) out += row({f.file, f.citation}, 2, "td");
  }
  return out.empty()
             ? out
             : "<h2>Published figures</h2>\n" + table(row({"entry", "from"}, 2, "th") + out);
}

std::string inlined(const std::string& svg) {
  return svg.substr(svg.find("<svg"));  // no XML declaration inside HTML
}

std::string sheets(const Validation& v) {
  std::vector<std::pair<const evidence::Density*, const Summary*>> plates;
  for (const Summary& s : v.families) {
    for (const evidence::Density& d : v.densities) {
      if (s.name == d.family && s.predicted > 0) plates.emplace_back(&d, &s);
    }
  }
  const bool overview = v.families.size() > 1 || v.chips.size() > 1;
  const std::size_t all = plates.size() + (overview ? 1 : 0);
  std::size_t at = 1;
  std::string out;
  const auto sheet_of = [&] { return fmt::format("{} OF {}", at++, all); };
  if (overview) out += inlined(validation_matrix_svg(v, sheet_of()));
  int number = 1;
  for (const auto& [density, summary] : plates) {
    out += inlined(validation_svg(*density, *summary, number++, sheet_of()));
  }
  return out;
}

std::string title_block(const Validation& v) {
  return fmt::format(
      "<header><div><h1>Predicted against measured</h1>means over tables, unweighted; a table is "
      "one chip, framework and data type</div>\n<div><small>TABLES</small>{} of {} on "
      "target</div>\n<div><small>ROWS PREDICTED</small>{} of {}</div>\n<div><small>MEAN "
      "ERROR</small>{}; skipped rows as 100 %: {}</div></header>\n",
      v.all.met, v.all.tables, v.all.predicted, v.all.rows, percent(v.all.mape),
      percent(v.all.adjusted));
}

}  // namespace

std::string validation_html(const Validation& v) {
  std::string out =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>Supernode: predicted against measured</title>\n<style>";
  out += style;
  out += "</style>\n</head>\n<body>\n" + title_block(v) + sheets(v);
  out += "<h2>By family</h2>\n" + summaries(v.families, "family");
  out += "<h2>By chip</h2>\n" + summaries(v.chips, "chip");
  out += "<h2>Tables</h2>\n" + folded(count(v.all.tables) + " tables", tables(v));
  out += "<h2>Rows farthest from their prediction</h2>\n" + worst_rows(v);
  out += skips(v);
  out += "<h2>Parameters</h2>\n" + parameters(v);
  out += citations(v);
  return out + "</body>\n</html>\n";
}

}  // namespace sn::draw
