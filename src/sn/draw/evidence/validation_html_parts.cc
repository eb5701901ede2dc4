// sn/draw/evidence/validation_html_parts.cc
//
// See the header.

#include "sn/draw/evidence/validation_html_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sn/draw/evidence/validation_views.h"
#include "sn/draw/kit/html_page.h"
#include "sn/draw/kit/table.h"

namespace sn::draw {

namespace {

using evidence::FileReport;
using evidence::Summary;
using evidence::Validation;

std::string count(std::size_t n) { return std::to_string(n); }

}  // namespace

std::string html_sheets(const Validation& v, bool overview) {
  std::vector<std::pair<const evidence::Density*, const Summary*>> plates;
  for (const Summary& s : v.families) {
    for (const evidence::Density& d : v.densities) {
      if (s.name == d.family && s.predicted > 0) plates.emplace_back(&d, &s);
    }
  }
  overview = overview && (v.families.size() > 1 || v.chips.size() > 1);
  const std::size_t all = plates.size() + (overview ? 1 : 0);
  std::size_t at = 1;
  std::string out;
  const auto sheet_of = [&] { return fmt::format("{} OF {}", at++, all); };
  if (overview) out += html_drawing(validation_matrix_svg(v, sheet_of()));
  int number = 1;
  for (const auto& [density, summary] : plates) {
    out += html_drawing(validation_svg(*density, *summary, number++, sheet_of()));
  }
  return out;
}

std::string html_skips(const Validation& v,
                       const std::vector<std::pair<std::string, std::string>>& not_read) {
  Table out(2, {"file", "because", "rows"});
  for (const FileReport& f : v.files) {
    for (const evidence::Skip& s : f.skipped) {
      out.row({f.file, s.reason, count(s.rows)});
    }
  }
  for (const auto& [file, because] : not_read) {
    out.row({file, because, "all"});
  }
  if (out.empty()) return {};
  return "<h2>Rows without a prediction</h2>\n" + out.html();
}

std::string html_worst_rows(const Validation& v) {
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
  if (cases.empty()) return {};
  std::stable_sort(cases.begin(), cases.end(),
                   [](const Case& a, const Case& b) { return a.error > b.error; });
  cases.resize(std::min(cases.size(), most));
  Table out(2, {"file", "shape", "line", "measured, us", "predicted, us", "error"});
  for (const Case& c : cases) {
    out.row({c.file->file, c.row->shape, std::to_string(c.row->line),
             significant(c.row->measured * 1e6), significant(c.row->predicted * 1e6),
             signed_percent(c.row->predicted / c.row->measured - 1.0)});
  }
  return "<h2>Rows farthest from their prediction</h2>\n" + out.html();
}

std::string html_parameters(const Validation& v) {
  Table counts(3, {"scope", "family", "of", "parameters", "allowed"});
  std::size_t most = 0;
  for (const evidence::BudgetLine& b : v.budget) {
    counts.row({b.scope, b.family, b.of, count(b.count), count(b.limit)});
    if (b.scope == "generation") most = std::max(most, b.count);
  }
  Table lines(7, {"scope", "family", "of", "parameter", "value", "source", "note"});
  for (const evidence::ParameterLine& p : v.parameters) {
    lines.row({p.scope, p.family, p.of, p.name, p.value, p.source, p.note});
  }
  std::string out = "<h2>Parameters</h2>\n";
  out +=
      v.budget.empty()
          ? fmt::format("<p>{} parameters.</p>\n", v.parameters.size())
          : fmt::format("<p>{} parameters; at most {} for a family on a generation of chips.</p>\n",
                        v.parameters.size(), most);
  if (!v.budget.empty()) out += html_folded("Counted, against the budget", counts.html());
  return out + html_folded("Every parameter with its source", lines.html());
}

}  // namespace sn::draw
