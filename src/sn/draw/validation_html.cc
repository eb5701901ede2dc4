// sn/draw/validation_html.cc
//
// A validation as one HTML page: no scripts, nothing from outside, prints on paper.

#include <fmt/format.h>

#include <cmath>

#include "sn/draw/sheet.h"
#include "sn/draw/validation_views.h"

namespace sn::draw {

namespace {

using evidence::Summary;

constexpr std::string_view style = R"(
  body { background: #f4ecd8; color: #2b2926; margin: 2rem auto; max-width: 76rem;
         font: 15px/1.5 "Latin Modern Roman", Georgia, serif; padding: 0 1rem; }
  h1, h2 { font-variant: small-caps; letter-spacing: .04em; font-weight: 600; }
  table { border-collapse: collapse; width: 100%; margin: 1rem 0; font-size: 13px; }
  th, td { border-bottom: 1px solid #b5a988; padding: .2rem .6rem; text-align: right; }
  th { border-bottom: 2px solid #2b2926; } th.l, td.l { text-align: left; }
  .missed { color: #a8501c; } .met { color: #24656a; } svg { max-width: 100%; height: auto; }
)";

std::string percent(double share) {
  return std::isfinite(share) ? fmt::format("{:.1f} %", 100.0 * share) : "-";
}

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

std::string summaries(const std::vector<Summary>& list, const std::string& what) {
  std::string out = "<table>\n" + row({what, "tables", "on target", "rows", "predicted", "MAPE",
                                       "never fitted", "skipped = 100 %", "|bias|", "floor"},
                                      1, "th");
  for (const Summary& s : list) {
    out += row({s.name, std::to_string(s.tables), std::to_string(s.met), std::to_string(s.rows),
                std::to_string(s.predicted), percent(s.mape), percent(s.held_out),
                percent(s.adjusted), percent(s.bias), percent(s.floor)},
               1, "td");
  }
  return out + "</table>\n";
}

std::string tables(const evidence::Validation& v) {
  std::string out = "<table>\n" + row({"file", "table", "rows", "predicted", "MAPE", "never fitted",
                                       "median", "p90", "bias", "floor", "target"},
                                      2, "th");
  for (const evidence::FileReport& f : v.files) {
    for (const evidence::TableReport& t : f.tables) {
      out += row({f.file, t.group, std::to_string(t.rows), std::to_string(t.predicted),
                  percent(t.latency.mape), percent(t.held_out.mape), percent(t.latency.median),
                  percent(t.latency.p90), signed_percent(t.latency.bias), percent(t.latency.floor),
                  percent(t.target)},
                 2, "td", t.met() ? "met" : "missed");
    }
  }
  return out + "</table>\n";
}

std::string parameters(const evidence::Validation& v) {
  std::string out = "<table>\n" + row({"of", "parameter", "value", "source", "note"}, 5, "th");
  for (const evidence::ParameterLine& p : v.parameters) {
    out += row({p.family, p.name, p.value, p.source, p.note}, 5, "td");
  }
  return out + "</table>\n";
}

}  // namespace

std::string validation_html(const evidence::Validation& v) {
  std::string out =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>Supernode: predicted against measured</title>\n<style>";
  out += style;
  out += "</style>\n</head>\n<body>\n<h1>Predicted against measured</h1>\n";
  out += fmt::format(
      "<p>{} files, {} tables, {} rows, {} predicted. Means over tables are "
      "unweighted; a table is one chip, framework and data type.</p>\n",
      v.files.size(), v.all.tables, v.all.rows, v.all.predicted);
  out += summaries(v.families, "family");
  out += summaries(v.chips, "chip");
  for (const evidence::Density& d : v.densities) {
    for (const Summary& s : v.families) {
      if (s.name != d.family || s.predicted == 0) continue;
      const std::string svg = validation_svg(d, s);
      out += svg.substr(svg.find("<svg"));  // no XML declaration inside HTML
    }
  }
  out += "<h2>Tables</h2>\n" + tables(v);
  out += "<h2>Parameters</h2>\n" + parameters(v);
  return out + "</body>\n</html>\n";
}

}  // namespace sn::draw
