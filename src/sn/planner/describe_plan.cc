// sn/planner/describe_plan.cc
//
// What the report of `plan` holds, field by field (see report.h).

#include "sn/base/report/describe_error.h"
#include "sn/planner/report.h"
#include "sn/twin/report_parts.h"

namespace sn::llm {

void describe(ReportVisitor& v, const Interval& i) {
  v.type("Interval", "The middle 80 %.");
  v.number("low", "", i.low);
  v.number("high", "", i.high);
}

}  // namespace sn::llm

namespace sn::planner {

namespace {

void describe_evidence(ReportVisitor& v, Evidence evidence) {
  static constexpr Evidence all[] = {Evidence::published,      Evidence::calibrated,
                                     Evidence::interpolated,   Evidence::other_generation,
                                     Evidence::family_default, Evidence::assumption};
  v.choice("evidence", "how far the numbers behind it are measured", evidence, all);
}

/// GPU time of a mean request by part.
void describe_work(ReportVisitor& v, const llm::PartTimes& work) {
  v.begin_list("gpu_time_per_request", "by part of the model");
  for (std::size_t i = 0; i < (v.over_types() ? 1 : work.size()); ++i) {
    v.begin_object({}, {});
    v.type("PartTime", "GPU time of a mean request in one part.");
    v.text("part", "", to_string(static_cast<llm::Part>(i)));
    v.quantity("time_s", "", work[i]);
    v.end_object();
  }
  v.end_list();
}

}  // namespace

void describe(ReportVisitor& v, const TradeoffAxis& a) {
  static constexpr std::string_view units[] = {"s", ""};
  v.type("TradeoffAxis", "A metric that was asked for.");
  v.text("metric", "", a.name);
  v.text("title", "", a.title);
  v.choice("unit", "empty for a plain number", units[a.seconds ? 0 : 1], units);
  v.flag("more_is_better", "", a.more_is_better);
}

void describe(ReportVisitor& v, const TradeoffPoint& p) {
  v.type("TradeoffPoint", "A plan at some load, in two metrics.");
  v.number("x", "", p.x);
  v.number("y", "", p.y);
  v.number("load", "share of the plan's knee", p.load);
  v.count("rank", "of the candidate", p.rank);
  v.flag("front", "no other point is better in both", p.front);
  v.text("label", "", p.label);
}

void describe(ReportVisitor& v, const PlanSubject& s) {
  v.type("PlanSubject", "What was asked.");
  v.text("name", "of the scenario", s.name);
  v.text("model", "", s.model);
  v.text("machine", "", s.machine);
  v.text("workload", "origin and size", s.workload);
  v.object("rate", "", s.rate);
  v.list("slo", "", s.slo);
  v.count("gpus", "", s.gpus);
  v.count("scale_up_domain_gpus", "", s.domain);
  v.number("workload_requests_per_s", "at 1.0x", s.workload_rate);
  v.number("mean_input_tokens", "", s.mean_input);
  v.number("mean_output_tokens", "", s.mean_output);
}

void describe(ReportVisitor& v, const MemoryUse& m) {
  v.type("MemoryUse", "Memory of one GPU.");
  v.quantity("usable_bytes", "", m.usable);
  v.quantity("weights_bytes", "", m.weights);
  v.quantity("kv_bytes", "", m.kv);
  v.quantity("activations_bytes", "", m.activations);
  v.quantity("workspace_bytes", "", m.workspace);
}

void describe(ReportVisitor& v, const PoolReport& p) {
  v.type("PoolReport", "Instances of one role.");
  v.count("instances", "", p.replicas);
  v.count("gpus", "of all instances", p.gpus);
  llm::describe_fields(v, p.deployment);
  v.count("chunk_tokens", "prefill tokens of an attention rank and step", p.chunk);
  v.number("sequences_per_rank", "decoding", p.sequences);
  v.number("sequences_per_instance", "decoding", p.batch);
  v.object("memory_per_gpu", "", p.memory);
  v.number("kv_tokens_per_rank", "", p.memory.kv_tokens);
  v.number("kv_tokens_within", "of engines' logs with 80 %", p.memory.within);
}

void describe(ReportVisitor& v, const InstanceLoss& l) {
  v.type("InstanceLoss", "What is left when an instance of one pool is gone.");
  v.text("pool", "", l.pool);
  v.count("instances_left", "0: nobody serves any more", l.left);
  v.flag("meets_slo", "", l.meets_slo);
  v.number("good_share", "of requests: they meet every limit", l.good);
  v.object("ttft", "", l.ttft);
  v.object("tpot", "", l.tpot);
}

void describe(ReportVisitor& v, const OperatingLoad& o) {
  v.type("OperatingLoad", "A load below the knee that leaves room, played on the engine.");
  v.number("knee_share", "", o.share);
  v.number("multiple", "of the workload", o.multiple);
  v.number("requests_per_s", "", o.requests);
  v.number("good_share", "of requests: they meet every limit", o.good);
  v.number("goodput_requests_per_s", "", o.goodput);
  v.object("ttft", "", o.ttft);
  v.object("tpot", "", o.tpot);
  v.list("losses", "one a pool", o.losses);
}

void describe(ReportVisitor& v, const Intervals& i) {
  v.type("Intervals", "How far the models may be off.");
  v.object("ttft_mean_s", "", i.ttft);
  v.object("tpot_mean_s", "", i.tpot);
  v.object("output_tokens_per_s_per_gpu", "", i.output_per_gpu);
}

void describe(ReportVisitor& v, const Candidate& c) {
  v.type("Candidate", "One deployment at its rate.");
  v.count("rank", "", c.rank);
  v.count("place", "shared by neighbours that cannot be told apart", c.place);
  v.count("played_requests", "that the engine played for these figures; 0: formulas alone",
          c.played);
  v.number("screened_multiple", "that the formulas have for the knee", c.screened);
  v.flag("disaggregated", "", c.disaggregated);
  v.flag("meets_slo", "", c.meets_slo);
  v.text("limit", "what fails just above this rate", c.limit);
  describe_evidence(v, c.evidence);
  v.number("multiple", "of the workload's own rate", c.multiple);
  v.number("bound_output_tokens_per_s_per_gpu", "if every step ran at its physical bound",
           c.bound_per_gpu);
  v.object("interval80", "", c.intervals);
  v.optional("prefill", "null when aggregated", c.disaggregated, c.prefill);
  v.object("decode", "of an aggregated plan: its only pool", c.decode);
  v.object("state", "", c.state);
  v.optional("e2e", "end-to-end latency; null where the engine has not played it", c.played > 0,
             c.e2e);
  describe_work(v, c.work);
  v.optional("operating", "", c.operating);
  v.optional("running", "in its racks; null: the rack has no plant", c.running);
}

void describe(ReportVisitor& v, const ParetoPoint& p) {
  v.type("ParetoPoint", "A deployment at some load.");
  v.number("output_tokens_per_s_per_user", "", p.per_user);
  v.number("output_tokens_per_s_per_gpu", "", p.per_gpu);
  v.flag("front", "", p.front);
  v.flag("disaggregated", "", p.disaggregated);
  v.text("label", "", p.label);
}

void describe(ReportVisitor& v, const Tradeoff& t) {
  v.type("Tradeoff", "Plans along their load, below their knees, in two metrics.");
  v.object("x", "", t.x);
  v.object("y", "", t.y);
  v.list("points", "by x", t.points);
}

void describe(ReportVisitor& v, const BillLine& l) {
  v.type("BillLine", "Lines of one bill add up to its total.");
  v.text("item", "", l.item);
  v.quantity("time_s", "", l.time);
  v.number("share", "of the total", l.share);
  v.quantity("bound_s", "least time by physics; 0 where none is defined", l.bound);
}

void describe(ReportVisitor& v, const OperatorLine& l) {
  v.type("OperatorLine", "One operator of a step.");
  v.text("name", "", l.name);
  v.text("part", "", l.part);
  v.number("count", "executions", l.count);
  v.quantity("time_s", "of all executions", l.total);
  v.quantity("bound_s", "", l.bound);
  v.text("binds", "", l.binds);
}

void describe(ReportVisitor& v, const Elasticity& e) {
  v.type("Elasticity", "d ln(tokens/s per GPU) / d ln(parameter).");
  v.text("parameter", "path", e.param);
  v.text("value", "with its unit", e.value);
  v.number("elasticity", "over -10 % to +10 %", e.elasticity);
  v.number("change_at_0_9x", "relative, of the result", e.less);
  v.number("change_at_1_1x", "relative, of the result", e.more);
  v.text("source", "", e.source);
  describe_evidence(v, e.evidence);
}

void describe(ReportVisitor& v, const AssumptionLine& a) {
  v.type("AssumptionLine", "An assumed number and what it moves.");
  v.text("parameter", "path", a.param);
  v.text("value", "with its unit", a.value);
  v.text("note", "", a.note);
  v.number("change_at_0_8x", "relative, of tokens/s per GPU", a.result_low);
  v.number("change_at_1_2x", "relative, of tokens/s per GPU", a.result_high);
}

void describe(ReportVisitor& v, const Explanation& e) {
  v.type("Explanation", "Where the time of the first candidate goes.");
  v.text("ttft_binds", "", e.ttft_binds);
  v.list("ttft", "of the mean TTFT", e.ttft);
  v.text("tpot_binds", "", e.tpot_binds);
  v.list("tpot", "of the mean TPOT", e.tpot);
  v.list("prefill_step", "of a full chunk", e.prefill_step);
  v.list("decode_step", "", e.decode_step);
  v.list("elasticities", "by size", e.elasticities);
  v.list("assumptions", "by size of their effect", e.assumptions);
  v.list("modelling", "assumptions of the models themselves", e.modelling);
}

void describe(ReportVisitor& v, const TierDepth& d) {
  v.type("TierDepth", "The best plan with so many tiers of KV cache.");
  v.count("tiers", "HBM counted", d.tiers);
  v.text("text", "", d.text);
  v.text("plan", "", d.plan);
  v.count("gpus", "", d.gpus);
  v.number("multiple", "of the workload's own rate", d.multiple);
  v.number("output_tokens_per_s_per_gpu", "", d.output_per_gpu);
  v.number("prefix_hit_rate", "of input tokens, tiers included", d.hit_rate);
  v.quantity("ttft_p90_s", "", d.ttft_p90);
  v.text("limit", "what fails just above this rate", d.limit);
  v.flag("meets_slo", "", d.meets_slo);
  v.flag("played", "by the engine; else formulas alone", d.played);
}

void describe(ReportVisitor& v, const PlanReport& r) {
  v.type("PlanReport", "Deployments of a model on a machine, ranked.");
  v.document("supernode-plan");
  v.object("subject", "", r.subject);
  v.count("considered", "deployments", r.considered);
  v.count("fit", "deployments", r.fit);
  v.count("meet", "deployments", r.meet);
  v.flag("screened", "closed forms alone were asked for", r.screened);
  v.count("shortlisted", "deployments that the engine played", r.shortlisted);
  v.count("inputs", "numbers the result rests on", r.inputs);
  v.count("inputs_assumed", "", r.inputs_assumed);
  v.list("candidates", "by output tokens/s per GPU; the closest misses when none meets the SLO",
         r.candidates);
  v.list("kv_depths", "where search.kv asks for several; the rest is of the best of them",
         r.depths);
  v.list("filters", "that the candidates pass, as written", r.filters);
  v.optional("tradeoff", "of a pair of metrics that was asked for", r.tradeoff);
  v.list("pareto", "by tokens/s per user; off the front thinned", r.pareto);
  v.optional("explanation", "of the first candidate", r.explanation);
  v.flag("interrupted", "stopped on the way; what was found by then", r.interrupted);
  v.list("warnings", "", r.warnings);
}

void describe(ReportVisitor& v, const PlanReports& r) {
  v.type("PlanReports", "Several scenarios side by side.");
  v.document("supernode-plans");
  v.list("plans", "", r.plans);
}

}  // namespace sn::planner
