// sn/api/rack/describe_rack.cc
//
// What the report of a rack holds, field by field.

#include "sn/api/rack/rack.h"
#include "sn/base/report/describe_error.h"

namespace sn::api {

namespace {

void describe_module(ReportVisitor& v, const RackModule& m) {
  v.begin_object({}, {});
  v.type("RackModule", "Modules of one place.");
  v.text("place", "", m.place);
  v.text("name", "of the catalog", m.name);
  v.text("title", "", m.title);
  v.count("count", "", m.count);
  v.count("gpus", "on one", m.gpus);
  v.number("height_u", "of one, rack units; 0: not known", m.height_u);
  v.number("weight_kg", "of one; 0: not known", m.weight_kg);
  v.end_object();
}

void describe_row(ReportVisitor& v, const RackPowerRow& r) {
  v.begin_object({}, {});
  v.type("RackPowerRow", "What the pieces of one kind draw.");
  v.text("place", "", r.row.place);
  v.text("item", "", r.row.item);
  v.count("count", "", r.row.count);
  v.quantity("each_w", "", r.row.each);
  v.quantity("total_w", "", r.row.total);
  v.text("param", "the number that it rests on; empty: derived", r.row.param);
  v.text("source", "", r.source);
  v.text("grade", "", r.grade);
  v.flag("assumed", "nothing is published", r.assumed);
  v.end_object();
}

void describe_fit(ReportVisitor& v, const RackFit& f) {
  v.begin_object({}, {});
  v.type("RackFit", "The limit of a chip that the envelope holds.");
  v.count("gpus", "", f.gpus);
  v.flag("possible", "", f.possible);
  v.text("reason", "why not", f.reason);
  v.quantity("chip_by_feed_w", "the rack at full load stays within its feed", f.by_feed);
  v.quantity("chip_by_cooling_w", "that the cooling of one chip removes; 0: not published",
             f.by_cooling);
  v.quantity("rest_per_gpu_w", "of the rack without the chips", f.rest);
  v.end_object();
}

void describe_power(ReportVisitor& v, const facility::PowerReport& p) {
  v.begin_object("power", "under the load");
  v.type("RackPower", "The sums of the power chain.");
  v.quantity("chips_w", "", p.chips);
  v.quantity("regulators_w", "lost in the chips' regulators, part of chips_w", p.regulators);
  v.quantity("busbar_loss_w", "", p.busbar_loss);
  v.number("bus_a", "current of the busbar", p.bus_amperes);
  v.quantity("output_w", "of the supplies", p.output);
  v.quantity("supply_loss_w", "", p.supply_loss);
  v.number("supply_share", "of the rating of all shelves", p.supply_share);
  v.number("supply_efficiency", "", p.supply_efficiency);
  v.quantity("capacity_w", "of the shelves without the spare ones", p.capacity);
  v.quantity("input_w", "what the feed gives", p.input);
  v.quantity("liquid_w", "heat into liquid", p.liquid);
  v.quantity("air_w", "heat into air", p.air);
  v.end_object();
}

void describe_swing(ReportVisitor& v, const RackSwing& s) {
  v.begin_object("swing", "of synchronous training, a square wave");
  v.type("RackSwing", "Crest and trough of all chips together.");
  v.quantity("low_w", "", s.wave.low);
  v.quantity("high_w", "", s.wave.high);
  v.number("duty", "share of the time at the crest", s.duty);
  v.quantity("mean_w", "", s.mean);
  v.quantity("carried_s", "that the supplies' stored energy carries the step", s.wave.carried);
  v.flag("within_pulse", "the crest is below the shelves' pulse rating", s.wave.within_pulse);
  v.end_object();
}

void describe_clock(ReportVisitor& v, const ClockEffect& c) {
  v.begin_object({}, {});
  v.type("ClockEffect", "The deployment at a clock below nominal.");
  v.number("clock", "share of nominal", c.clock);
  v.flag("carried", "the load is still carried", c.carried);
  v.quantity("tpot_s", "mean at that load; 0 where it is not carried", c.tpot);
  v.number("knee_output_tokens_per_s", "at the load that still meets the SLO", c.knee_tokens);
  v.end_object();
}

void describe_cap(ReportVisitor& v, const RackCap& c) {
  v.begin_object("cap", "on the input of the rack");
  v.type("RackCap", "Clocks that hold a cap.");
  v.text("policy", "", c.policy);
  v.quantity("cap_w", "", c.cap);
  v.flag("held", "false: even the lowest clock is above it", c.result.held);
  v.quantity("input_w", "", c.result.input);
  v.number("high_share", "of the chips with priority", c.result.high_share);
  v.number("high_clock", "theirs, share of nominal", c.result.high_clock);
  v.number("low_clock", "of the others", c.result.low_clock);
  v.number("mean_clock", "", c.result.mean_clock());
  v.end_object();
}

}  // namespace

void describe(ReportVisitor& v, const RackReport& r) {
  v.type("RackReport", "A rack as a physical thing, under one load.");
  v.document("supernode-rack");
  v.text("rack", "", r.rack);
  v.text("title", "", r.title);
  v.text("plant", "entry of catalog/plants", r.plant);
  v.text("chip", "", r.chip);
  v.count("gpus", "", r.gpus);
  v.count("gpus_per_os", "", r.gpus_per_os);
  v.text("load", "idle, plan, training or max", r.load);
  v.number("chip_share", "of a chip's dynamic power", r.chip_share);
  v.list("modules", "", r.modules, describe_module);
  v.number("weight_kg", "of the modules whose weight is known", r.weight_kg);
  describe_power(v, r.power);
  v.list("rows", "the bill of power; it adds up to input_w", r.rows, describe_row);
  v.quantity("assumed_w", "of it, what rests on assumptions or memory", r.assumed);
  v.quantity("feed_w", "", r.feed);
  if (v.maybe("published", "the total at full load; null: none", r.published.has_value())) {
    const PublishedPower p = r.published.value_or(PublishedPower{});
    v.begin_object("published", "the total at full load; null: none");
    v.type("PublishedPower", "What sources say of the total, beside the sum of the parts.");
    v.quantity("low_w", "least of the sources", p.low);
    v.quantity("high_w", "most of them", p.high);
    v.quantity("used_w", "", p.used);
    v.quantity("residual_w", "used_w less the sum of the parts at full load", p.residual);
    v.flag("within", "the sum of the parts lies between them", p.within);
    v.end_object();
  }
  v.list("fits", "", r.fits, describe_fit);
  if (v.maybe("swing", "of synchronous training, a square wave", r.swing.has_value())) {
    describe_swing(v, r.swing.value_or(RackSwing{}));
  }
  if (v.maybe("cap", "on the input of the rack", r.cap.has_value())) {
    describe_cap(v, r.cap.value_or(RackCap{}));
  }
  if (v.maybe("plan", "the deployment that makes the load", r.plan.has_value())) {
    const RackPlan p = r.plan.value_or(RackPlan{});
    v.begin_object("plan", "the deployment that makes the load");
    v.type("RackPlan", "The best deployment of the scenario.");
    v.text("deployment", "", p.deployment);
    v.number("output_tokens_per_s", "of all its GPUs", p.output_tokens);
    v.number("input_tokens_per_s", "", p.input_tokens);
    v.count("gpus", "", p.gpus);
    v.count("prefill_gpus", "0: one pool does both", p.prefill_gpus);
    v.number("racks", "that it fills", p.racks);
    v.number("load_requests_per_s", "that clocks are judged at: 80 % of the plan's", p.load);
    v.list("clocks", "of the cap and of the event", p.clocks, describe_clock);
    v.end_object();
  }
  v.object("heat", "", r.heat);
  v.object("reliability", "", r.reliability);
  v.optional("cost", "null: the chip has no price", r.cost);
  v.flag("interrupted", "stopped: see reliability", r.interrupted);
  v.list("warnings", "", r.warnings);
}

}  // namespace sn::api
