// sn/draw/plan/vary_text.cc
//
// Varied fields as a table and as JSON (see vary_views.h).

#include <fmt/format.h>

#include <algorithm>

#include "sn/base/report/report_json.h"
#include "sn/base/result.h"
#include "sn/draw/plan/plan_text_parts.h"
#include "sn/draw/plan/vary_views.h"
#include "sn/twin/report_parts.h"

namespace sn::draw {

namespace {

using planner::BillLine;
using planner::Candidate;
using planner::VaryPoint;
using planner::VaryReport;
using planner::VaryVerdict;

std::vector<std::string> cells_of(const VaryPoint& p) {
  std::vector<std::string> cells = p.values;
  cells.push_back(p.left_over > 0 ? fmt::format("{} of {}", p.gpus, p.gpus + p.left_over)
                  : p.gpus > 0    ? std::to_string(p.gpus)
                                  : "-");
  if (!p.best) {
    cells.push_back(shown(p.why_not, 110));
    return cells;
  }
  const Candidate& c = *p.best;
  cells.insert(cells.end(),
               {pools_text(c), c.disaggregated ? pool_text(c.prefill) : "-", decode_text(c.decode),
                seconds_text(c.state.ttft.p90), milliseconds_text(c.state.tpot.p90),
                significant(c.state.output_per_gpu), significant(c.state.per_user), c.limit,
                std::string(to_string(c.evidence))});
  return cells;
}

/// "model deepseek-v3: " for the combination that a verdict belongs to; empty with one axis.
std::string combination(const VaryReport& r, std::size_t verdict) {
  const std::size_t run = r.axes.back().values.size();
  std::string out;
  for (std::size_t a = 0; a + 1 < r.axes.size(); ++a) {
    out += (out.empty() ? "" : ", ") + r.axes[a].path + " " + r.points[verdict * run].values[a];
  }
  return out.empty() ? out : out + ": ";
}

std::string verdict_text(const VaryReport& r, std::size_t i) {
  if (!r.verdicts[i]) return combination(r, i) + "no value meets the SLO";
  const VaryVerdict& v = *r.verdicts[i];
  std::string out = combination(r, i) + flat_words(v);
  if (!v.below.empty()) out += "; below: " + v.below;
  if (!v.above.empty()) out += "; above: " + v.above;
  return out;
}

}  // namespace

std::string flat_words(const VaryVerdict& v) {
  if (v.flat_from == v.flat_to) {
    return fmt::format("optimum at {}, no other value within 5 %", v.best);
  }
  return fmt::format("optimum at {}, flat within 5 % from {} to {}", v.best, v.flat_from,
                     v.flat_to);
}

std::string vary_table(const VaryReport& r, const TextStyle& style) {
  std::string fields;
  std::vector<Column> columns;
  for (const planner::VaryAxis& a : r.axes) {
    fields += (fields.empty() ? "" : " x ") + a.path;
    columns.push_back({a.path, Align::right});
  }
  columns.push_back({"GPUs", Align::right});
  for (const char* header : {"pools (GPUs)", "prefill", "decode"}) {
    columns.push_back({header, Align::left});
  }
  for (const char* header : {"TTFT p90", "TPOT p90", "tok/s/GPU", "tok/s/user"}) {
    columns.push_back({header, Align::right});
  }
  columns.push_back({"limit", Align::left});
  columns.push_back({"evidence", Align::left});
  Table table(columns);
  for (const VaryPoint& p : r.points) table.row(cells_of(p));
  std::string out =
      heading(fmt::format("{} over {}      {}, {}    SLO  {}", r.subject.name, fields,
                          r.subject.workload, twin::to_string(r.subject.rate), vary_slo_text(r)),
              style) +
      "\n\n" + table.str(style) + "\n";
  for (std::size_t i = 0; i < r.verdicts.size(); ++i) {
    out += " " + wrapped(verdict_text(r, i), 3, 118) + "\n";
  }
  return out + "\n next             supernode plan " + file_name(style) + " --explain\n";
}

std::string vary_slo_text(const VaryReport& r) {
  std::string slo = serving::to_string(r.subject.slo);
  for (const planner::VaryAxis& a : r.axes) {
    if (a.path.starts_with("slo")) slo += " (" + a.path + " varied)";
  }
  return slo;
}

std::string vary_json(const VaryReport& r) { return report_json(r); }

}  // namespace sn::draw
