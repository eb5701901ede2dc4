// sn/evidence/serving/describe_serving.cc
//
// What the report of `validate serving` holds, field by field (see validate_serving.h).

#include <cmath>

#include "sn/base/report/describe_error.h"
#include "sn/evidence/serving/validate_serving.h"

namespace sn::evidence {

namespace {

constexpr ServingMetric metrics[] = {ServingMetric::ttft, ServingMetric::tpot,
                                     ServingMetric::tput_per_gpu};
static_assert(std::size(metrics) == serving_metric_count);

/// The members of a report, without its name.
void describe_members(ReportVisitor& v, const ServingReport& r) {
  v.count("rows", "", r.rows);
  v.count("predicted", "rows", r.predicted);
  v.list("skipped", "rows that no model predicts", r.skipped);
  v.begin_object("metrics", "of all rows");
  for (const ServingMetric m : metrics) {
    v.object(to_string(m), "", r.metrics[static_cast<std::size_t>(m)].all);
  }
  v.end_object();
  v.begin_object("held_out", "of rows that no fit has seen");
  for (const ServingMetric m : metrics) {
    v.object(to_string(m), "", r.metrics[static_cast<std::size_t>(m)].held_out);
  }
  v.end_object();
  v.begin_object("interval_coverage", "share of rows inside their 80 %; null without rows");
  for (const ServingMetric m : metrics) {
    const double covered = r.metrics[static_cast<std::size_t>(m)].covered;
    v.optional(to_string(m), "", std::isfinite(covered), covered);
  }
  v.end_object();
}

}  // namespace

void describe(ReportVisitor& v, const ServingReport& r) {
  v.type("ServingGroup", "Points of one kind.");
  v.text("group", "", r.name);
  describe_members(v, r);
}

void describe(ReportVisitor& v, const ServingFileReport& f) {
  v.type("ServingFile", "A file of measured deployments.");
  v.text("file", "", f.report.name);
  describe_members(v, f.report);
  v.list("groups", "", f.groups);
  v.list("faults", "", f.faults);
}

void describe(ReportVisitor& v, const ServingMiss& m) {
  v.type("ServingMiss", "A point far from its prediction.");
  v.text("where", "file and line", m.where);
  v.text("point", "", m.name);
  v.choice("metric", "TTFT and TPOT in seconds, throughput in tokens/s per GPU", m.metric, metrics);
  v.flag("fitted", "", m.fitted);
  v.number("measured", "", m.measured);
  v.number("predicted", "", m.predicted);
}

void describe(ReportVisitor& v, const EvidenceWidth& e) {
  v.type("EvidenceWidth", "Width of 80 % intervals beside the errors that they stand for.");
  v.text("evidence", "generation of the chip and version of the engine", e.evidence);
  v.flag("disaggregated", "", e.disaggregated);
  v.text("metric", "", e.metric);
  v.count("fitted", "points", e.fitted);
  v.count("others", "points never fitted", e.others);
  v.optional("needed", "standard deviation of the logarithm; null without fitted points",
             std::isfinite(e.needed), e.needed);
  v.optional("mape", "of points never fitted; null without", std::isfinite(e.error), e.error);
  v.optional("half_width", "median, over the prediction; null without points never fitted",
             std::isfinite(e.half_width), e.half_width);
  v.optional("covered", "share of points never fitted; null without", std::isfinite(e.covered),
             e.covered);
}

void describe(ReportVisitor& v, const ScaleCase& c) {
  static constexpr CasePhase phases[] = {CasePhase::prefill, CasePhase::decode, CasePhase::serving};
  v.type("ScaleCase", "A published supernode figure on which nothing is fitted.");
  v.text("case", "", c.name);
  v.text("title", "", c.title);
  v.text("citation", "", c.citation);
  v.text("chip", "", c.chip);
  v.count("gpus", "", c.gpus);
  v.choice("phase", "", c.phase, phases);
  v.number("published_tokens_per_s_per_gpu", "", c.published);
  v.number("predicted_tokens_per_s_per_gpu", "", c.predicted);
  v.begin_object("interval80", "of the prediction");
  v.number("low", "", c.interval.low);
  v.number("high", "", c.interval.high);
  v.end_object();
  v.number("step_s", "of serving, the mean TPOT", c.step);
}

void describe(ReportVisitor& v, const ReplayMetric& m) {
  v.type("ReplayMetric", "One latency of a recorded run and of its replay.");
  v.text("name", "", m.name);
  v.number("mean_measured_s", "", m.mean_measured);
  v.number("mean_predicted_s", "", m.mean_predicted);
  v.number("p99_measured_s", "", m.p99_measured);
  v.number("p99_predicted_s", "", m.p99_predicted);
}

void describe(ReportVisitor& v, const ReplayReport& r) {
  v.type("ReplayReport", "A recorded run, request by request.");
  v.text("run", "", r.name);
  v.text("chip", "", r.chip);
  v.text("model", "", r.model);
  v.count("requests", "", r.requests);
  v.flag("met", "", r.met());
  v.list("metrics", "", r.metrics);
}

void describe(ReportVisitor& v, const ServingValidation& r) {
  v.type("ServingValidation", "Measured deployments, predicted.");
  v.document("supernode-serving-validation");
  v.list("files", "", r.files);
  v.begin_object("summary", "over all files");
  v.object("aggregated", "", r.aggregated);
  v.object("disaggregated", "", r.disaggregated);
  v.object("unlimited_aggregated", "no recipe says batches, budgets and slots: judged apart",
           r.unlimited_aggregated);
  v.object("unlimited_disaggregated", "", r.unlimited_disaggregated);
  v.object("assumed", "what their tables leave open is assumed", r.assumed);
  v.list("groups", "", r.groups);
  v.end_object();
  v.list("worst", "", r.worst);
  v.list("widths", "of intervals, by evidence", r.widths);
  v.begin_object("limits", "launch recipes of engines");
  v.count("rows", "", r.limits);
  v.count("found", "points that found theirs", r.limited);
  v.end_object();
  v.list("cases", "published supernodes", r.cases.cases);
  v.list("replays", "", r.replays.runs);
  v.list("ignored", "files that no reader takes", r.ignored);
  v.list("errors", "", r.errors);
  v.flag("interrupted", "stopped: points that were not reached are skipped, and say so",
         r.interrupted);
}

}  // namespace sn::evidence
