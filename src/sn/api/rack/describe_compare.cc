// sn/api/rack/describe_compare.cc
//
// What a comparison of racks holds, field by field.

#include "sn/api/rack/compare.h"

namespace sn::api {

namespace {

void describe_spread(ReportVisitor& v, ReportVisitor::Name name, ReportVisitor::Doc doc,
                     const Spread& s) {
  v.begin_object(name, doc);
  v.type("Spread", "A figure with its interval.");
  v.number("value", "", s.value);
  v.number("low", "", s.low);
  v.number("high", "", s.high);
  v.end_object();
}

void describe_carried(ReportVisitor& v, const Carried& c) {
  v.begin_object("carried", "with a model; null: none, or see reason");
  v.type("Carried", "What a rack carries under the SLO.");
  v.text("deployment", "", c.deployment);
  v.text("evidence", "", c.evidence);
  v.count("gpus", "", c.gpus);
  v.number("output_tokens_per_s", "", c.output);
  v.quantity("tpot_s", "mean", c.tpot);
  describe_spread(v, "output_tokens_per_s_per_gpu", "middle 80 % of the models' error", c.per_gpu);
  describe_spread(v, "output_tokens_per_s_per_kw", "of the racks' input", c.per_kw);
  describe_spread(v, "output_tokens_per_usd", "prices' ranges and models' error together",
                  c.per_dollar);
  describe_spread(v, "million_output_tokens_usd", "", c.million);
  v.end_object();
}

void describe_rack(ReportVisitor& v, const ComparedRack& r) {
  v.begin_object({}, {});
  v.type("ComparedRack", "One rack.");
  v.text("rack", "", r.rack);
  v.text("title", "", r.title);
  v.text("chip", "", r.chip);
  v.count("gpus", "", r.gpus);
  v.quantity("input_w", "at full load", r.input);
  v.quantity("feed_w", "", r.feed);
  v.number("assumed", "share of the input that nobody publishes", r.assumed);
  v.quantity("per_gpu_w", "", r.per_gpu);
  v.quantity("hbm_bytes", "", r.hbm);
  v.quantity("hbm_bytes_per_s", "", r.hbm_bandwidth);
  v.quantity("peak_flop_per_s", "of the narrowest format", r.peak);
  v.quantity("scale_up_bytes_per_s", "a GPU and direction", r.scale_up);
  v.count("domain", "GPUs of a ScaleUp domain", r.domain);
  v.optional("capex_usd", "null: no price", r.capex);
  if (v.maybe("gpu_hour", "used; null: no price", r.gpu_hour.has_value())) {
    const MoneyRange m = r.gpu_hour.value_or(MoneyRange{});
    describe_spread(v, "gpu_hour", "used; null: no price", {m.value.si(), m.low.si(), m.high.si()});
  }
  v.quantity("job_every_s", "mean time between interruptions of a job on it", r.job_every);
  v.number("up", "share of its GPUs", r.up);
  if (v.maybe("carried", "with a model; null: none, or see reason", r.carried.has_value())) {
    describe_carried(v, r.carried.value_or(Carried{}));
  }
  v.text("reason", "why something is missing", r.reason);
  v.end_object();
}

}  // namespace

void describe(ReportVisitor& v, const CompareReport& r) {
  v.type("CompareReport", "Racks side by side.");
  v.document("supernode-compare");
  v.text("model", "empty: racks alone", r.model);
  v.text("asked", "lengths, SLO, rate", r.asked);
  v.list("racks", "", r.racks, describe_rack);
  v.flag("interrupted", "stopped: racks are missing", r.interrupted);
}

}  // namespace sn::api
