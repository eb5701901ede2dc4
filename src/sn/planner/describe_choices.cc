// sn/planner/describe_choices.cc
//
// What the reports of `plan --vary`, `plan --why-not` and of tenants hold, field by field.

#include "sn/base/report/describe_error.h"
#include "sn/planner/share/share.h"
#include "sn/planner/vary.h"
#include "sn/planner/why_not.h"
#include "sn/twin/report_parts.h"

namespace sn::planner {

void describe(ReportVisitor& v, const VaryAxis& a) {
  v.type("VaryAxis", "A field of the scenario and its values.");
  v.text("path", "", a.path);
  v.list("values", "as written", a.values);
}

void describe(ReportVisitor& v, const VaryPoint& p) {
  v.type("VaryPoint", "One combination.");
  v.list("values", "one per axis", p.values);
  v.count("gpus", "", p.gpus);
  v.count("left_over_gpus", "that fill no whole rack", p.left_over);
  v.flag("meets_slo", "", p.best.has_value());
  v.text("why_not", "the first error, or the closest miss; empty where the SLO is met", p.why_not);
  v.text("binds", "the largest part of the mean TPOT and of the mean TTFT", p.binds);
  v.list("gpu_time_per_output_token", "", p.bill);
  v.optional("best", "when a plan meets the SLO", p.best);
}

void describe(ReportVisitor& v, const VaryVerdict& r) {
  v.type("VaryVerdict", "What the values of the last axis come to.");
  v.text("best", "value of the varied axis", r.best);
  v.text("flat_from", "contiguous range within 5 % of the best", r.flat_from);
  v.text("flat_to", "", r.flat_to);
  v.text("below", "what is worse just below the range; empty at the end of the axis", r.below);
  v.text("above", "", r.above);
}

void describe(ReportVisitor& v, const VaryReport& r) {
  v.type("VaryReport", "One question over the values of scenario fields.");
  v.document("supernode-vary");
  v.object("subject", "of the first point that resolved", r.subject);
  v.list("axes", "", r.axes);
  v.list("points", "the last axis runs fastest", r.points);
  v.list("verdicts", "along the last axis; null where no point meets the SLO", r.verdicts,
         [](ReportVisitor& list, const std::optional<VaryVerdict>& verdict) {
           list.optional({}, {}, verdict);
         });
  v.flag("interrupted", "points that were not reached say so in why_not", r.interrupted);
}

void describe(ReportVisitor& v, const TimeAgainst& t) {
  v.type("TimeAgainst", "GPU time of an output token that goes to one item.");
  v.text("item", "", t.item);
  v.quantity("time_s", "", t.here);
  v.quantity("best_time_s", "in the best deployment", t.best);
}

void describe(ReportVisitor& v, const WhyNotReport& r) {
  v.type("WhyNotReport", "What rules a deployment out, or what it loses to the best.");
  v.document("supernode-why-not");
  v.object("subject", "", r.subject);
  v.object("plan", "the deployment that was asked about", r.plan);
  v.flag("ruled_out", "", r.ruled_out);
  v.flag("best_of_all", "", r.best_of_all);
  v.list("reasons", "each with its numbers", r.reasons);
  v.optional("candidate", "where it can run at all", r.candidate);
  v.optional("best", "of the plan; null where none meets the SLO", r.best);
  v.count("rank", "among the deployments compared; 0: not among them", r.rank);
  v.list("gpu_time_per_output_token", "by difference, largest first", r.times);
  v.flag("interrupted", "stopped: against what was found by then", r.interrupted);
}

void describe(ReportVisitor& v, const TenantReport& t) {
  static constexpr ShareKind all[] = {ShareKind::given, ShareKind::fixed_rate, ShareKind::max_min};
  v.type("TenantReport", "One tenant of a shared machine.");
  v.text("name", "", t.name);
  v.choice("share", "how it comes to its GPUs", t.kind, all);
  v.count("gpus", "its share; the plan of a given share may take fewer", t.gpus);
  v.number("weight", "", t.weight);
  v.object("plan", "of the share alone", t.plan);
}

void describe(ReportVisitor& v, const ShareReport& r) {
  v.type("ShareReport", "Several tenants on one machine.");
  v.document("supernode-share");
  v.text("name", "", r.name);
  v.text("machine", "", r.machine);
  v.count("gpus", "of the cluster", r.gpus);
  v.count("left_over_gpus", "in nobody's share", r.left_over);
  v.optional("common_multiple", "the least multiple / weight of the max-min tenants",
             r.common_multiple > 0.0, r.common_multiple);
  v.number("output_tokens_per_s", "all tenants", r.output_tokens);
  v.number("total_tokens_per_s", "input and output", r.total_tokens);
  v.number("output_tokens_per_s_per_gpu", "of the cluster", r.output_per_gpu);
  v.quantity("chip_power_w", "the tenants' work, and the idle ones", r.power);
  v.quantity("feed_power_w", "of all racks", r.feed);
  v.list("tenants", "in the scenario's order", r.tenants);
  v.list("modelling", "what is shared and may interfere, what is not", r.modelling);
  v.flag("interrupted", "stopped: the best shares found by then", r.interrupted);
  v.list("warnings", "", r.warnings);
}

}  // namespace sn::planner
