// sn/draw/evidence/serving_json.cc
//
// Measured deployments predicted, as JSON (see serving_views.h).

#include "sn/base/json_writer.h"
#include "sn/draw/evidence/serving_views.h"
#include "sn/draw/kit/error_json.h"

namespace sn::draw {

namespace {

using evidence::ServingReport;

void write(JsonWriter& w, const measured::Metrics& m) {
  w.begin_object();
  w.member("mape", m.mape).member("median", m.median).member("p90", m.p90);
  w.member("bias", m.bias).member("floor", m.floor).member("n", std::uint64_t{m.n});
  w.end_object();
}

/// The members of a report, without braces.
void write_members(JsonWriter& w, const ServingReport& r) {
  w.member("rows", std::uint64_t{r.rows}).member("predicted", std::uint64_t{r.predicted});
  w.key("skipped").begin_array();
  for (const evidence::Skip& s : r.skipped) {
    w.begin_object().member("reason", s.reason).member("rows", std::uint64_t{s.rows}).end_object();
  }
  w.end_array();
  for (const bool held_out : {false, true}) {
    w.key(held_out ? "held_out" : "metrics").begin_object();
    for (std::size_t i = 0; i < r.metrics.size(); ++i) {
      w.key(to_string(static_cast<evidence::ServingMetric>(i)));
      write(w, held_out ? r.metrics[i].held_out : r.metrics[i].all);
    }
    w.end_object();
  }
  w.key("interval_coverage").begin_object();
  for (std::size_t i = 0; i < r.metrics.size(); ++i) {
    w.member(to_string(static_cast<evidence::ServingMetric>(i)), r.metrics[i].covered);
  }
  w.end_object();
}

void write(JsonWriter& w, const ServingReport& r) {
  w.begin_object().member("group", r.name);
  write_members(w, r);
  w.end_object();
}

void write_faults(JsonWriter& w, const Errors& errors) {
  w.begin_array();
  for (const Error& e : errors) write_error(w, e);
  w.end_array();
}

void write(JsonWriter& w, const evidence::ScaleCase& c) {
  w.begin_object().member("case", c.name).member("title", c.title).member("citation", c.citation);
  w.member("chip", c.chip).member("gpus", c.gpus);
  w.member("phase", to_string(c.phase));
  w.member("published_per_gpu", c.published).member("predicted_per_gpu", c.predicted);
  w.member("interval80_low", c.interval.low).member("interval80_high", c.interval.high);
  w.member("step_s", c.step).end_object();
}

void write(JsonWriter& w, const evidence::ReplayReport& r) {
  w.begin_object().member("run", r.name).member("chip", r.chip).member("model", r.model);
  w.member("requests", std::uint64_t{r.requests}).member("met", r.met());
  w.key("metrics").begin_array();
  for (const evidence::ReplayMetric& m : r.metrics) {
    w.begin_object().member("name", m.name);
    w.member("mean_measured_s", m.mean_measured).member("mean_predicted_s", m.mean_predicted);
    w.member("p99_measured_s", m.p99_measured).member("p99_predicted_s", m.p99_predicted);
    w.end_object();
  }
  w.end_array().end_object();
}

}  // namespace

std::string serving_validation_json(const evidence::ServingValidation& v) {
  JsonWriter w;
  w.begin_object().key("files").begin_array();
  for (const evidence::ServingFileReport& f : v.files) {
    w.begin_object().member("file", f.report.name);
    write_members(w, f.report);
    w.key("groups").begin_array();
    for (const ServingReport& r : f.groups) write(w, r);
    w.end_array().key("faults");
    write_faults(w, f.faults);
    w.end_object();
  }
  w.end_array().key("summary").begin_object();
  w.key("aggregated");
  write(w, v.aggregated);
  w.key("disaggregated");
  write(w, v.disaggregated);
  w.key("assumed");
  write(w, v.assumed);
  w.key("groups").begin_array();
  for (const ServingReport& r : v.groups) write(w, r);
  w.end_array().end_object().key("worst").begin_array();
  for (const evidence::ServingMiss& m : v.worst) {
    w.begin_object().member("where", m.where).member("point", m.name);
    w.member("metric", to_string(m.metric)).member("fitted", m.fitted);
    w.member("measured", m.measured);
    w.member("predicted", m.predicted).end_object();
  }
  w.end_array().key("cases").begin_array();
  for (const evidence::ScaleCase& c : v.cases.cases) write(w, c);
  w.end_array().key("replays").begin_array();
  for (const evidence::ReplayReport& r : v.replays.runs) write(w, r);
  w.end_array().key("ignored").begin_array();
  for (const std::string& name : v.ignored) w.value(std::string_view(name));
  w.end_array().key("errors");
  write_faults(w, v.errors);
  w.end_object();
  return std::move(w).str();
}

}  // namespace sn::draw
