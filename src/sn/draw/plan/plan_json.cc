// sn/draw/plan/plan_json.cc
//
// Writes reports as JSON (see plan_json.h).

#include "sn/draw/plan/plan_json.h"

#include "sn/base/json_writer.h"
#include "sn/draw/kit/error_json.h"
#include "sn/draw/plan/choice_views.h"

namespace sn::draw {

namespace {

using planner::Candidate;
using planner::Explanation;
using planner::PlanReport;

void write(JsonWriter& w, const planner::PlanSubject& s) {
  w.begin_object();
  w.member("name", s.name).member("model", s.model).member("machine", s.machine);
  w.member("workload", s.workload).member("rate", s.rate).member("slo", s.slo);
  w.member("gpus", s.gpus).member("scale_up_domain_gpus", s.domain);
  w.member("workload_requests_per_second", s.workload_rate);
  w.member("mean_input_tokens", s.mean_input).member("mean_output_tokens", s.mean_output);
  w.end_object();
}

void write(JsonWriter& w, const serving::Percentiles& p) {
  w.begin_object();
  w.member("mean", p.mean.si()).member("p50", p.p50.si());
  w.member("p90", p.p90.si()).member("p99", p.p99.si());
  w.end_object();
}

void write(JsonWriter& w, const planner::MemoryUse& m) {
  w.begin_object();
  w.member("usable", m.usable.si()).member("weights", m.weights.si());
  w.member("kv", m.kv.si()).member("activations", m.activations.si());
  w.member("workspace", m.workspace.si());
  w.end_object();
}

void write(JsonWriter& w, const planner::PoolReport& report, const serving::Pool& pool) {
  const llm::Parallelism& p = pool.deployment.parallel;
  const llm::Precision& precision = pool.deployment.precision;
  w.begin_object();
  w.member("replicas", report.replicas).member("gpus", report.gpus);
  w.member("parallel", report.parallel);
  w.member("tp", p.tp).member("cp", p.cp).member("dp", p.dp).member("pp", p.pp).member("ep", p.ep);
  w.key("precision").begin_object();
  w.member("weights", kernel::to_string(precision.weights));
  w.member("activations", kernel::to_string(precision.activations));
  w.member("kv", kernel::to_string(precision.kv));
  w.end_object();
  w.member("redundant_experts", pool.deployment.redundant);
  w.member("draft_tokens", report.draft_tokens).member("chunk_tokens", report.chunk);
  w.member("sequences_per_rank", report.sequences);
  w.member("sequences_per_replica", report.batch);
  w.key("memory_bytes_per_gpu");
  write(w, report.memory);
  w.member("kv_tokens_per_rank", report.memory.kv_tokens);
  w.end_object();
}

void write(JsonWriter& w, const serving::SteadyState& s) {
  w.begin_object();
  w.member("requests_per_second", s.requests).member("stable", s.stable);
  w.key("ttft_seconds");
  write(w, s.ttft);
  w.key("tpot_seconds");
  write(w, s.tpot);
  w.key("itl_seconds");
  write(w, s.itl);
  w.member("e2e_mean_seconds", s.e2e_mean.si());
  w.member("output_tokens_per_second", s.output_tokens);
  w.member("total_tokens_per_second", s.total_tokens);
  w.member("output_tokens_per_second_per_gpu", s.output_per_gpu);
  w.member("tokens_per_second_per_user", s.per_user);
  w.member("joules_per_output_token", s.energy_per_token);
  w.member("sequences_per_rank", s.sequences);
  w.member("prefill_utilisation", s.prefill_utilisation);
  w.member("kv_utilisation", s.kv_utilisation);
  w.member("prefix_hit_rate", s.hit_rate);
  w.end_object();
}

void write_interval(JsonWriter& w, std::string_view key, const llm::Interval& i) {
  w.key(key).begin_array().value(i.low).value(i.high).end_array();
}

void write(JsonWriter& w, const Candidate& c) {
  w.begin_object();
  w.member("rank", c.rank).member("disaggregated", c.disaggregated);
  w.member("meets_slo", c.meets_slo).member("limit", c.limit);
  w.member("evidence", planner::to_string(c.evidence));
  w.member("multiple_of_workload", c.multiple);
  w.member("bound_output_tokens_per_second_per_gpu", c.bound_per_gpu);
  w.key("interval80").begin_object();
  write_interval(w, "ttft_mean_seconds", c.intervals.ttft);
  write_interval(w, "tpot_mean_seconds", c.intervals.tpot);
  write_interval(w, "output_tokens_per_second_per_gpu", c.intervals.output_per_gpu);
  w.end_object();
  w.key("prefill");
  if (c.disaggregated) {
    write(w, c.prefill, c.plan.prefill);
  } else {
    w.null();
  }
  w.key("decode");
  write(w, c.decode, c.plan.decode);
  w.key("state");
  write(w, c.state);
  w.end_object();
}

void write(JsonWriter& w, const planner::ParetoPoint& p) {
  w.begin_object();
  w.member("tokens_per_second_per_user", p.per_user);
  w.member("output_tokens_per_second_per_gpu", p.per_gpu);
  w.member("front", p.front).member("disaggregated", p.disaggregated).member("label", p.label);
  w.end_object();
}

void write(JsonWriter& w, const planner::BillLine& line) {
  w.begin_object();
  w.member("item", line.item).member("seconds", line.time.si()).member("share", line.share);
  w.member("bound_seconds", line.bound.si());
  w.end_object();
}

void write(JsonWriter& w, const planner::OperatorLine& line) {
  w.begin_object();
  w.member("name", line.name).member("part", line.part).member("count", line.count);
  w.member("seconds", line.total.si()).member("bound_seconds", line.bound.si());
  w.member("binds", line.binds);
  w.end_object();
}

void write(JsonWriter& w, const planner::Elasticity& e) {
  w.begin_object();
  w.member("parameter", e.param).member("value", e.value).member("elasticity", e.elasticity);
  w.member("change_at_0_9x", e.less).member("change_at_1_1x", e.more);
  w.member("source", e.source).member("evidence", planner::to_string(e.evidence));
  w.end_object();
}

void write(JsonWriter& w, const planner::AssumptionLine& a) {
  w.begin_object();
  w.member("parameter", a.param).member("value", a.value).member("note", a.note);
  w.member("change_at_0_8x", a.result_low).member("change_at_1_2x", a.result_high);
  w.end_object();
}

void write(JsonWriter& w, const std::string& text) { w.value(text); }

void write(JsonWriter& w, const PlanReport& r);

template <class T>
void write_list(JsonWriter& w, std::string_view key, const std::vector<T>& items) {
  w.key(key).begin_array();
  for (const T& item : items) write(w, item);
  w.end_array();
}

void write(JsonWriter& w, const Explanation& e) {
  w.begin_object();
  w.member("ttft_binds", e.ttft_binds);
  write_list(w, "ttft", e.ttft);
  w.member("tpot_binds", e.tpot_binds);
  write_list(w, "tpot", e.tpot);
  write_list(w, "prefill_step", e.prefill_step);
  write_list(w, "decode_step", e.decode_step);
  write_list(w, "elasticities", e.elasticities);
  write_list(w, "assumptions", e.assumptions);
  write_list(w, "modelling", e.modelling);
  w.end_object();
}

void write(JsonWriter& w, const PlanReport& r) {
  w.begin_object();
  w.member("format", "supernode-plan").member("version", 1);
  w.key("subject");
  write(w, r.subject);
  w.member("considered", r.considered).member("fit", r.fit).member("meet", r.meet);
  w.member("inputs", r.inputs).member("inputs_assumed", r.inputs_assumed);
  write_list(w, "candidates", r.candidates);
  write_list(w, "filters", r.filters);
  w.key("tradeoff");
  if (r.tradeoff) {
    write_tradeoff(w, *r.tradeoff);
  } else {
    w.null();
  }
  write_list(w, "pareto", r.pareto);
  w.key("explanation");
  if (r.explanation) {
    write(w, *r.explanation);
  } else {
    w.null();
  }
  w.key("warnings").begin_array();
  for (const Error& e : r.warnings) write_error(w, e);
  w.end_array();
  w.end_object();
}

}  // namespace

std::string plan_json(const PlanReport& report) {
  JsonWriter w;
  write(w, report);
  return std::move(w).str();
}

void write_plan(JsonWriter& writer, const PlanReport& report) { write(writer, report); }

std::string plans_json(const std::vector<PlanReport>& reports) {
  JsonWriter w;
  w.begin_object();
  w.member("format", "supernode-plans").member("version", 1);
  write_list(w, "plans", reports);
  w.end_object();
  return std::move(w).str();
}

}  // namespace sn::draw
