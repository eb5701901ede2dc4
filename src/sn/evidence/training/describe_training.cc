// sn/evidence/training/describe_training.cc
//
// What the report of `validate training` holds, field by field (see validate_training.h).

#include "sn/base/report/describe_error.h"
#include "sn/evidence/training/validate_training.h"

namespace sn::evidence {

namespace {
constexpr TrainingQuantity quantities[] = {TrainingQuantity::step, TrainingQuantity::memory};
}  // namespace

void describe(ReportVisitor& v, const TrainingRow& r) {
  v.type("TrainingRow", "A measured step or memory beside its prediction.");
  v.text("where", "file and line", r.where);
  v.text("group", "", r.group);
  v.text("name", "model, machine and parallelisation", r.name);
  v.choice("quantity", "", r.quantity, quantities);
  v.flag("fitted", "a stretch was fitted to it", r.fitted);
  v.number("measured", "seconds of a step; bytes of a GPU, or a share of them", r.measured);
  v.number("predicted", "", r.predicted);
  v.text("assumed", "what the table leaves open", r.assumed);
}

void describe(ReportVisitor& v, const TrainingGroup& g) {
  v.type("TrainingGroup", "Rows that are judged together.");
  v.text("group", "", g.name);
  v.count("rows", "", g.rows);
  v.count("predicted", "rows", g.predicted);
  v.list("skipped", "rows that no model predicts", g.skipped);
  v.object("metrics", "of all rows", g.metrics);
  v.object("held_out", "of rows that no fit has seen", g.held_out);
  v.number("target", "mean absolute error asked for", g.target);
  v.flag("met", "by the rows that no fit has seen", g.met());
}

void describe(ReportVisitor& v, const TrainingValidation& t) {
  v.type("TrainingValidation", "Measured training predicted, row by row.");
  v.list("groups", "", t.groups);
  v.list("rows", "those with a prediction", t.rows);
  v.list("errors", "", t.errors);
  v.flag("interrupted", "", t.interrupted);
}

}  // namespace sn::evidence
