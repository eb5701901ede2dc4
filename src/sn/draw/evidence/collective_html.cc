// sn/draw/evidence/collective_html.cc
//
// Measured collectives against their predictions as one HTML page (see html_page.h).
//
// The size classes of all files come first: the targets are on their medians. Then a drawing for
// each family of collectives, and every class of every file.

#include <fmt/format.h>

#include "sn/draw/evidence/collective_text.h"
#include "sn/draw/evidence/validation_html_parts.h"
#include "sn/draw/kit/html_page.h"
#include "sn/draw/kit/table.h"

namespace sn::draw {

namespace {

using evidence::CollectiveClass;
using evidence::CollectiveValidation;

std::string count(std::size_t n) { return std::to_string(n); }

/// Classes of all files, or of each.
std::string classes(const CollectiveValidation& v, bool of_all) {
  Table out(3, {"file", "family", "size", "rows", "predicted", "never fitted", "median", "p90",
                "bias", "busbw", "target of the median", ""});
  for (const CollectiveClass& c : v.classes) {
    if (c.file.empty() != of_all) continue;
    const bool any = c.held_out.n > 0;
    const std::string_view mark = html_mark(any, c.met());
    out.row({of_all ? "all" : c.file, c.family.empty() ? "all" : c.family, c.size, count(c.rows),
             count(c.predicted), count(c.held_out.n), any ? html_percent(c.held_out.median) : "-",
             any ? html_percent(c.held_out.p90) : "-", any ? signed_percent(c.held_out.bias) : "-",
             any ? html_percent(c.busbw.median) : "-", html_percent(c.target), std::string(mark)},
            mark);
  }
  return out.html();
}

/// By machine: how many size classes of a library meet their target there.
std::string machines(const evidence::Validation& v) {
  Table out(1, {"machine", "tables", "on target", "rows", "predicted", "mean error", "never fitted",
                "skipped = 100 %"});
  for (const evidence::Summary& s : v.chips) {
    out.row({s.name, count(s.tables), count(s.met), count(s.rows), count(s.predicted),
             html_percent(s.mape), html_percent(s.held_out), html_percent(s.adjusted)});
  }
  return out.html();
}

std::string title_block(const CollectiveValidation& v) {
  std::size_t judged = 0;
  std::size_t met = 0;
  for (const CollectiveClass& c : v.classes) {
    if (!c.file.empty() || c.held_out.n == 0) continue;
    ++judged;
    met += c.met() ? 1 : 0;
  }
  const evidence::Summary& all = v.validation.all;
  return html_title_block("Collectives: predicted against measured",
                          "errors are of rows that no fit has seen; targets are on their median",
                          {{"SIZE CLASSES", fmt::format("{} of {} on target", met, judged)},
                           {"TABLES", fmt::format("{} of {} on target", all.met, all.tables)},
                           {"ROWS PREDICTED", fmt::format("{} of {}", all.predicted, all.rows)}});
}

}  // namespace

std::string collectives_section(const CollectiveValidation& v) {
  std::string out = "<section id=\"collectives\">\n" + title_block(v);
  out += "<h2>By size</h2>\n" + classes(v, true);
  out += html_sheets(v.validation, false);
  out += "<h2>By machine</h2>\n" + machines(v.validation);
  out += "<h2>By file, family and size</h2>\n" +
         html_folded(count(v.classes.size()) + " classes", classes(v, false));
  out += html_worst_rows(v.validation);
  out += html_skips(v.validation, collectives_not_read(v.validation));
  out += html_parameters(v.validation);
  return out + "</section>\n";
}

std::string collectives_html(const CollectiveValidation& v) {
  return html_page("Supernode: collectives, predicted against measured", collectives_section(v));
}

}  // namespace sn::draw
