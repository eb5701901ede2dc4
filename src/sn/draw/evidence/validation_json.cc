// sn/draw/evidence/validation_json.cc
//
// A validation as JSON (see validation_views.h).

#include "sn/base/json_writer.h"
#include "sn/draw/evidence/validation_views.h"
#include "sn/draw/kit/error_json.h"

namespace sn::draw {

namespace {

using evidence::FileReport;
using evidence::Summary;
using evidence::TableReport;
using measured::Metrics;

void write(JsonWriter& w, const Metrics& m) {
  w.begin_object();
  w.member("mape", m.mape).member("median", m.median).member("p90", m.p90);
  w.member("bias", m.bias).member("floor", m.floor).member("n", std::uint64_t{m.n});
  w.end_object();
}

void write(JsonWriter& w, const std::vector<evidence::Skip>& skipped) {
  w.begin_array();
  for (const evidence::Skip& s : skipped) {
    w.begin_object().member("reason", s.reason).member("rows", std::uint64_t{s.rows}).end_object();
  }
  w.end_array();
}

void write_faults(JsonWriter& w, const Errors& errors) {
  w.begin_array();
  for (const Error& e : errors) write_error(w, e);
  w.end_array();
}

/// What a file and a table have in common; `busbw` of collectives.
template <class Report>
void write_counts(JsonWriter& w, const Report& r, const Metrics* busbw = nullptr) {
  w.member("rows", std::uint64_t{r.rows}).member("predicted", std::uint64_t{r.predicted});
  w.key("skipped");
  write(w, r.skipped);
  w.key("metrics").begin_object().key("latency");
  write(w, r.latency);
  w.end_object();
  w.key("held_out").begin_object().key("latency");
  write(w, r.held_out);
  if (busbw != nullptr && busbw->n > 0) {
    w.key("busbw");
    write(w, *busbw);
  }
  w.end_object();
}

void write(JsonWriter& w, const TableReport& t) {
  w.begin_object().member("group", t.group);
  write_counts(w, t, &t.busbw);
  w.member(t.by_median ? "target_median" : "target_mape", t.target).member("met", t.met());
  w.member("coverage_adjusted_mape", t.adjusted());
  w.end_object();
}

void write(JsonWriter& w, const FileReport& f) {
  w.begin_object().member("file", f.file).member("family", f.family);
  w.member("chip", f.chip).member("framework", f.framework).member("citation", f.citation);
  write_counts(w, f);
  w.key("groups").begin_array();
  for (const TableReport& t : f.tables) write(w, t);
  w.end_array().key("worst").begin_array();
  for (const evidence::WorstCase& c : f.worst) {
    w.begin_object().member("line", c.line).member("shape", c.shape);
    w.member("measured_s", c.measured).member("predicted_s", c.predicted).end_object();
  }
  w.end_array().key("faults");
  write_faults(w, f.faults);
  w.end_object();
}

void write_means(JsonWriter& w, const Summary& s) {
  w.member("tables", std::uint64_t{s.tables});
  w.member("tables_on_target", std::uint64_t{s.met}).member("rows", std::uint64_t{s.rows});
  w.member("predicted", std::uint64_t{s.predicted}).member("mape", s.mape);
  w.member("coverage_adjusted_mape", s.adjusted).member("held_out_mape", s.held_out);
  w.member("mean_absolute_bias", s.bias).member("floor", s.floor);
}

void write(JsonWriter& w, const Summary& s) {
  w.begin_object().member("name", s.name);
  write_means(w, s);
  w.end_object();
}

void write(JsonWriter& w, const std::vector<evidence::FamilyOnChip>& cells) {
  w.begin_array();
  for (const evidence::FamilyOnChip& c : cells) {
    w.begin_object().member("family", c.family).member("chip", c.chip);
    write_means(w, c.means);
    w.end_object();
  }
  w.end_array();
}

void write(JsonWriter& w, const std::vector<Summary>& all) {
  w.begin_array();
  for (const Summary& s : all) write(w, s);
  w.end_array();
}

}  // namespace

std::string validation_json(const evidence::Validation& v) {
  JsonWriter w;
  w.begin_object().key("files").begin_array();
  for (const FileReport& f : v.files) write(w, f);
  w.end_array().key("parameters").begin_array();
  for (const evidence::ParameterLine& p : v.parameters) {
    w.begin_object().member("scope", p.scope).member("family", p.family).member("of", p.of);
    w.member("name", p.name).member("value", p.value).member("source", p.source);
    w.member("confidence", p.confidence).member("note", p.note).end_object();
  }
  w.end_array().key("parameter_budget").begin_array();
  for (const evidence::BudgetLine& b : v.budget) {
    w.begin_object().member("scope", b.scope).member("family", b.family).member("of", b.of);
    w.member("count", std::uint64_t{b.count}).member("limit", std::uint64_t{b.limit}).end_object();
  }
  w.end_array().key("summary").begin_object().key("all");
  write(w, v.all);
  w.key("families");
  write(w, v.families);
  w.key("chips");
  write(w, v.chips);
  w.key("families_by_chip");
  write(w, v.cells);
  w.end_object().key("ignored").begin_array();
  for (const std::string& name : v.ignored) w.value(std::string_view(name));
  w.end_array().key("errors");
  write_faults(w, v.errors);
  w.end_object();
  return std::move(w).str();
}

}  // namespace sn::draw
