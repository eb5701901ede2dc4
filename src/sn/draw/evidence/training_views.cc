// sn/draw/evidence/training_views.cc
//
// Measured training against its predictions (see training_views.h).

#include "sn/draw/evidence/training_views.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "sn/base/report/report_json.h"
#include "sn/draw/kit/html_page.h"

namespace sn::draw {

namespace {

using evidence::TrainingGroup;
using evidence::TrainingQuantity;
using evidence::TrainingRow;
using evidence::TrainingValidation;

Table groups_table(const TrainingValidation& v) {
  Table out(1, {"group", "rows", "predicted", "not fitted", "mean error", "median", "bias",
                "all rows", "target", ""});
  for (const TrainingGroup& g : v.groups) {
    const bool any = g.held_out.n > 0;
    const std::string_view mark = html_mark(any, g.met());
    out.row(
        {g.name, std::to_string(g.rows), std::to_string(g.predicted), std::to_string(g.held_out.n),
         any ? html_percent(g.held_out.mape) : "-", any ? html_percent(g.held_out.median) : "-",
         any ? signed_percent(g.held_out.bias) : "-",
         g.predicted > 0 ? html_percent(g.metrics.mape) : "-", html_percent(g.target),
         std::string(mark)},
        mark);
  }
  return out;
}

/// "1.42 s", "9.56 GiB", "49.4 %".
std::string value_of(const TrainingRow& r, double value) {
  if (r.quantity == TrainingQuantity::step) return significant(value) + " s";
  return value < 10.0 ? html_percent(value) : significant(value / 1073741824.0) + " GiB";
}

Table rows_table(const std::vector<const TrainingRow*>& rows) {
  Table out(2, {"row", "what", "measured", "predicted", "error", "fitted"});
  for (const TrainingRow* r : rows) {
    out.row({r->where, r->name, value_of(*r, r->measured), value_of(*r, r->predicted),
             signed_percent(r->error()), r->fitted ? "yes" : ""});
  }
  return out;
}

/// Never fitted, farthest first.
std::vector<const TrainingRow*> worst_of(const TrainingValidation& v, std::size_t n) {
  std::vector<const TrainingRow*> out;
  for (const TrainingRow& r : v.rows) {
    if (!r.fitted) out.push_back(&r);
  }
  std::stable_sort(out.begin(), out.end(), [](const TrainingRow* a, const TrainingRow* b) {
    return std::abs(std::log(a->predicted / a->measured)) >
           std::abs(std::log(b->predicted / b->measured));
  });
  if (out.size() > n) out.resize(n);
  return out;
}

std::string skips(const TrainingValidation& v) {
  Table out(2, {"group", "why", "rows"});
  for (const TrainingGroup& g : v.groups) {
    for (const evidence::Skip& s : g.skipped) {
      out.row({g.name, s.reason, std::to_string(s.rows)});
    }
  }
  return out.empty() ? std::string{} : out.str({});
}

}  // namespace

std::string training_validation_text(const TrainingValidation& v, const TextStyle& style,
                                     std::size_t worst) {
  std::string out = heading("Training: steps and memory, predicted against measured", style);
  out += "\n" + groups_table(v).str(style);
  const std::string without = skips(v);
  if (!without.empty()) out += "\nRows without a prediction\n" + without;
  if (worst > 0 && !v.rows.empty()) {
    out += "\nFarthest from their prediction, not fitted\n" +
           rows_table(worst_of(v, worst)).str(style);
  }
  if (v.interrupted) out += "\nStopped: of the tables that were done by then.\n";
  return out;
}

std::string training_validation_json(const TrainingValidation& v) { return report_json(v); }

std::string training_validation_html(const TrainingValidation& v) {
  std::string body = html_title_block("Training", "Measured steps and memories, predicted.",
                                      {{"ROWS", fmt::format("{} predicted", v.rows.size())}});
  body += groups_table(v).html();
  for (const TrainingGroup& g : v.groups) {
    std::vector<const TrainingRow*> rows;
    for (const TrainingRow& r : v.rows) {
      if (r.group == g.name) rows.push_back(&r);
    }
    if (!rows.empty()) body += html_folded(g.name, rows_table(rows).html());
  }
  return html_page("Training: predicted against measured", body);
}

}  // namespace sn::draw
