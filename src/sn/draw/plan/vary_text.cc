// sn/draw/plan/vary_text.cc
//
// Varied fields as a table and as JSON (see vary_views.h).

#include <fmt/format.h>

#include <algorithm>

#include "sn/base/json_writer.h"
#include "sn/base/result.h"
#include "sn/draw/plan/plan_text_parts.h"
#include "sn/draw/plan/vary_views.h"

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
  std::string out = combination(r, i) + fmt::format("optimum at {}, flat within 5 % from {} to {}",
                                                    v.best, v.flat_from, v.flat_to);
  if (!v.below.empty()) out += "; below: " + v.below;
  if (!v.above.empty()) out += "; above: " + v.above;
  return out;
}

void write_verdict(JsonWriter& json, const std::optional<VaryVerdict>& verdict) {
  if (!verdict) {
    json.null();
    return;
  }
  json.begin_object();
  json.member("best", std::string_view(verdict->best));
  json.member("flat_from", std::string_view(verdict->flat_from));
  json.member("flat_to", std::string_view(verdict->flat_to));
  json.member("below", std::string_view(verdict->below));
  json.member("above", std::string_view(verdict->above));
  json.end_object();
}

void write_point(JsonWriter& json, const VaryPoint& p) {
  json.begin_object().key("values").begin_array();
  for (const std::string& v : p.values) json.value(std::string_view(v));
  json.end_array().member("gpus", p.gpus).member("gpus_left_over", p.left_over);
  json.member("meets_slo", p.best.has_value());
  json.member("why_not", std::string_view(p.why_not)).member("binds", std::string_view(p.binds));
  json.key("gpu_seconds_per_output_token").begin_object();
  for (const BillLine& l : p.bill) json.member(l.item, l.time.si());
  json.end_object().key("best");
  if (p.best) {
    const Candidate& c = *p.best;
    json.begin_object();
    json.member("pools", std::string_view(pools_text(c)));
    json.member("prefill", std::string_view(c.disaggregated ? pool_text(c.prefill) : ""));
    json.member("decode", std::string_view(decode_text(c.decode)));
    json.member("output_tokens_per_second_per_gpu", c.state.output_per_gpu);
    json.member("output_tokens_per_second_per_user", c.state.per_user);
    json.member("requests_per_second", c.state.requests);
    json.member("ttft_p90_seconds", c.state.ttft.p90.si());
    json.member("tpot_p90_seconds", c.state.tpot.p90.si());
    json.member("joules_per_token", c.state.energy_per_token);
    json.member("limit", std::string_view(c.limit));
    json.member("evidence", to_string(c.evidence));
    json.end_object();
  } else {
    json.null();
  }
  json.end_object();
}

}  // namespace

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
  TextTable table(columns);
  for (const VaryPoint& p : r.points) table.row(cells_of(p));
  std::string out = heading(fmt::format("{} over {}      {}, {}    SLO  {}", r.subject.name, fields,
                                        r.subject.workload, r.subject.rate, r.subject.slo),
                            style) +
                    "\n\n" + table.str(style) + "\n";
  for (std::size_t i = 0; i < r.verdicts.size(); ++i) {
    out += " " + wrapped(verdict_text(r, i), 3, 118) + "\n";
  }
  return out + "\n next             supernode plan " + file_name(style) + " --explain\n";
}

std::string vary_json(const VaryReport& r) {
  JsonWriter json;
  json.begin_object().member("format", "supernode-vary").member("version", 1);
  json.member("name", std::string_view(r.subject.name));
  json.member("workload", std::string_view(r.subject.workload));
  json.member("slo", std::string_view(r.subject.slo));
  json.key("axes").begin_array();
  for (const planner::VaryAxis& a : r.axes) {
    json.begin_object().member("path", std::string_view(a.path)).key("values").begin_array();
    for (const std::string& v : a.values) json.value(std::string_view(v));
    json.end_array().end_object();
  }
  json.end_array().key("points").begin_array();
  for (const VaryPoint& p : r.points) write_point(json, p);
  json.end_array().key("verdicts").begin_array();
  for (const std::optional<VaryVerdict>& v : r.verdicts) write_verdict(json, v);
  json.end_array().end_object();
  return std::move(json).str();
}

}  // namespace sn::draw
