// sn/evidence/common/describe_validation.cc
//
// What the report of `validate` holds, field by field (see validation.h).

#include <cmath>

#include "sn/base/report/describe_error.h"
#include "sn/evidence/common/validation.h"

namespace sn {

namespace {

/// Null where there is nothing to take a mean of.
void figure(ReportVisitor& v, std::string_view name, std::string_view doc, double value) {
  v.optional(name, doc, std::isfinite(value), value);
}

}  // namespace

namespace measured {

void describe(ReportVisitor& v, const Metrics& m) {
  v.type("Metrics", "Errors, predicted / measured - 1; null where there are none.");
  figure(v, "mape", "mean of the absolute error", m.mape);
  figure(v, "median", "of the absolute error", m.median);
  figure(v, "p90", "of the absolute error", m.p90);
  figure(v, "bias", "median of the signed error", m.bias);
  figure(v, "floor", "noise floor; null when no row has neighbours", m.floor);
  v.count("n", "rows", m.n);
}

}  // namespace measured

namespace evidence {

namespace {

/// What a file and a table have in common.
template <class Report>
void describe_counts(ReportVisitor& v, const Report& r) {
  v.count("rows", "", r.rows);
  v.count("predicted", "rows", r.predicted);
  v.list("skipped", "rows that no model predicts", r.skipped);
  v.begin_object("metrics", "of all rows");
  v.object("latency", "", r.latency);
  v.end_object();
}

void describe_means(ReportVisitor& v, const Summary& s) {
  v.count("tables", "", s.tables);
  v.count("tables_on_target", "", s.met);
  v.count("rows", "", s.rows);
  v.count("predicted", "rows", s.predicted);
  figure(v, "mape", "", s.mape);
  figure(v, "coverage_adjusted_mape", "a skipped row is an error of 100 %", s.adjusted);
  figure(v, "held_out_mape", "of rows that no fit has seen", s.held_out);
  figure(v, "mean_absolute_bias", "", s.bias);
  figure(v, "floor", "", s.floor);
}

}  // namespace

void describe(ReportVisitor& v, const Skip& s) {
  v.type("Skip", "Rows left out, and why.");
  v.text("reason", "", s.reason);
  v.count("rows", "", s.rows);
}

void describe(ReportVisitor& v, const WorstCase& c) {
  v.type("WorstCase", "A row far from its prediction.");
  v.count("line", "", c.line);
  v.text("shape", "", c.shape);
  v.number("measured_s", "", c.measured);
  v.number("predicted_s", "", c.predicted);
}

void describe(ReportVisitor& v, const TableReport& t) {
  static constexpr std::string_view of[] = {"mape", "median"};
  v.type("TableReport", "What one model prediction is judged by.");
  v.text("group", "", t.group);
  describe_counts(v, t);
  v.begin_object("held_out", "of rows that no fit has seen");
  v.object("latency", "", t.held_out);
  v.optional("busbw", "of collectives", t.busbw.n > 0, t.busbw);
  v.end_object();
  v.number("target", "error asked for", t.target);
  v.choice("target_of", "the median: of the held-out rows", of[t.by_median ? 1 : 0], of);
  v.flag("met", "", t.met());
  figure(v, "coverage_adjusted_mape", "a skipped row is an error of 100 %", t.adjusted());
}

void describe(ReportVisitor& v, const FileReport& f) {
  v.type("FileReport", "A file of measurements.");
  v.text("file", "", f.file);
  v.text("family", "of operators", f.family);
  v.text("chip", "", f.chip);
  v.text("framework", "", f.framework);
  v.text("citation", "of published figures; empty: the reader's own file", f.citation);
  describe_counts(v, f);
  v.begin_object("held_out", "of rows that no fit has seen");
  v.object("latency", "", f.held_out);
  v.end_object();
  v.list("groups", "its tables", f.tables);
  v.list("worst", "by |ln(predicted / measured)|", f.worst);
  v.list("faults", "malformed rows, a truncated file", f.faults);
}

void describe(ReportVisitor& v, const Summary& s) {
  v.type("Summary", "Means over tables.");
  v.text("name", "a family or a chip", s.name);
  describe_means(v, s);
}

void describe(ReportVisitor& v, const FamilyOnChip& c) {
  v.type("FamilyOnChip", "Means over the tables of one family on one chip.");
  v.text("family", "", c.family);
  v.text("chip", "", c.chip);
  describe_means(v, c.means);
}

void describe(ReportVisitor& v, const ParameterLine& p) {
  v.type("ParameterLine", "A fitted or assumed number that predictions rest on.");
  v.text("scope", "", p.scope);
  v.text("family", "", p.family);
  v.text("of", "", p.of);
  v.text("name", "", p.name);
  v.text("value", "with its unit", p.value);
  v.text("source", "", p.source);
  v.text("confidence", "", p.confidence);
  v.text("note", "", p.note);
}

void describe(ReportVisitor& v, const BudgetLine& b) {
  v.type("BudgetLine", "How many parameters one family has.");
  v.text("scope", "", b.scope);
  v.text("family", "", b.family);
  v.text("of", "", b.of);
  v.count("count", "", b.count);
  v.count("limit", "", b.limit);
}

void describe(ReportVisitor& v, const Validation& r) {
  v.type("Validation", "Measured tables, predicted.");
  v.document("supernode-validation");
  v.list("files", "", r.files);
  v.list("parameters", "", r.parameters);
  v.list("parameter_budget", "", r.budget);
  v.begin_object("summary", "unweighted means over tables");
  v.object("all", "", r.all);
  v.list("families", "", r.families);
  v.list("chips", "", r.chips);
  v.list("families_by_chip", "", r.cells);
  v.end_object();
  v.list("ignored", "files that no reader takes", r.ignored);
  v.list("errors", "of the folder and of whole files", r.errors);
  v.flag("interrupted", "stopped: of the files that were done by then", r.interrupted);
}

}  // namespace evidence

}  // namespace sn
