// sn/draw/evidence/validation_html.cc
//
// A validation of kernels as one HTML page (see html_page.h).
//
// Sheets first (the overview, then a family each), figures below them; what is long is folded.

#include <fmt/format.h>

#include "sn/draw/evidence/validation_html_parts.h"
#include "sn/draw/evidence/validation_views.h"
#include "sn/draw/kit/html_page.h"
#include "sn/draw/kit/table.h"

namespace sn::draw {

namespace {

using evidence::FileReport;
using evidence::Summary;
using evidence::TableReport;
using evidence::Validation;

std::string count(std::size_t n) { return std::to_string(n); }

std::string summaries(const std::vector<Summary>& list, const std::string& what) {
  Table out(1, {what, "tables", "on target", "rows", "predicted", "MAPE", "never fitted",
                "skipped = 100 %", "|bias|", "noise floor"});
  for (const Summary& s : list) {
    out.row({s.name.empty() ? "(row by row)" : s.name, count(s.tables), count(s.met), count(s.rows),
             count(s.predicted), html_percent(s.mape), html_percent(s.held_out),
             html_percent(s.adjusted), html_percent(s.bias), html_percent(s.floor)});
  }
  return out.html();
}

std::string tables(const Validation& v) {
  Table out(2, {"file", "table", "rows", "predicted", "MAPE", "never fitted", "skipped = 100 %",
                "median", "p90", "bias", "floor", "target", ""});
  for (const FileReport& f : v.files) {
    for (const TableReport& t : f.tables) {
      const bool any = t.predicted > 0;
      const std::string_view mark = html_mark(any, t.met());
      out.row({f.file, t.group, count(t.rows), count(t.predicted), html_percent(t.latency.mape),
               html_percent(t.held_out.mape), html_percent(t.adjusted()),
               html_percent(t.latency.median), html_percent(t.latency.p90),
               any ? signed_percent(t.latency.bias) : "-", html_percent(t.latency.floor),
               html_percent(t.target), std::string(mark)},
              mark);
    }
  }
  return out.html();
}

std::string citations(const Validation& v) {
  Table out(2, {"entry", "from"});
  for (const FileReport& f : v.files) {
    if (!f.citation.empty()) out.row({f.file, f.citation});
  }
  return out.empty() ? "" : "<h2>Published figures</h2>\n" + out.html();
}

std::string title_block(const Validation& v) {
  return html_title_block(
      "Kernels: predicted against measured",
      "means over tables, unweighted; a table is one chip, framework and data type",
      {{"TABLES", fmt::format("{} of {} on target", v.all.met, v.all.tables)},
       {"ROWS PREDICTED", fmt::format("{} of {}", v.all.predicted, v.all.rows)},
       {"MEAN ERROR", fmt::format("{}; skipped rows as 100 %: {}", html_percent(v.all.mape),
                                  html_percent(v.all.adjusted))}});
}

}  // namespace

std::string validation_section(const Validation& v) {
  std::string out = "<section id=\"kernels\">\n" + title_block(v) + html_sheets(v, true);
  out += "<h2>By family</h2>\n" + summaries(v.families, "family");
  out += "<h2>By chip</h2>\n" + summaries(v.chips, "chip");
  out += "<h2>Tables</h2>\n" + html_folded(count(v.all.tables) + " tables", tables(v));
  out += html_worst_rows(v) + html_skips(v) + html_parameters(v) + citations(v);
  return out + "</section>\n";
}

std::string validation_html(const Validation& v) {
  return html_page("Supernode: kernels, predicted against measured", validation_section(v));
}

}  // namespace sn::draw
