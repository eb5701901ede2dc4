// sn/api/rack/describe_heat.cc
//
// What is said of a rack's heat, field by field.

#include "sn/api/rack/rack_heat.h"

namespace sn::api {

namespace {

void describe_loop(ReportVisitor& v, ReportVisitor::Name name, ReportVisitor::Doc doc,
                   const facility::Loop& l) {
  v.begin_object(name, doc);
  v.type("HeatLoop", "The coolant loop and a chip on it; zeros without liquid cooling.");
  v.number("flow_l_per_min", "of the rack", l.flow_l_per_min);
  v.number("chip_l_per_min", "through the plate of one chip", l.chip_l_per_min);
  v.number("drop_kpa", "", l.drop_kpa);
  v.quantity("pumps_w", "", l.pumps);
  v.number("supply_celsius", "", l.supply_celsius);
  v.number("return_celsius", "", l.return_celsius);
  v.number("junction_celsius", "at nominal clock", l.junction_celsius);
  v.number("clock", "that keeps the junction at the throttle point, or 1", l.clock);
  v.number("throttled_celsius", "junction at that clock", l.throttled_celsius);
  v.end_object();
}

void describe_event(ReportVisitor& v, const facility::HeatEvent& e) {
  v.begin_object({}, {});
  v.type("HeatEvent", "A loss of flow at time zero.");
  v.text("name", "", e.name);
  v.number("flow", "share that is left", e.flow);
  v.number("throttle_s", "until clocks fall; negative: never", e.throttle_s);
  v.number("trip_s", "until chips go off; negative: never", e.trip_s);
  v.number("clock", "at the end; 0: off", e.clock);
  v.number("junction_celsius", "highest", e.junction_celsius);
  v.number("end_celsius", "junction at the end", e.end_celsius);
  v.end_object();
}

}  // namespace

void describe(ReportVisitor& v, const HeatReport& r) {
  v.type("HeatReport", "Temperatures and flows, and what a loss of flow does.");
  v.flag("liquid", "false: all heat goes into air, and no junction is modelled", r.liquid);
  describe_loop(v, "loop", "at the load", r.loop);
  describe_loop(v, "full", "at full load", r.full);
  v.number("throttle_celsius", "junction", r.throttle_celsius);
  v.number("trip_celsius", "", r.trip_celsius);
  v.number("air_m3_per_h", "that carries the rest of the heat", r.air_m3_per_h);
  v.number("pump_share", "of the rack's input", r.pump_share);
  v.list("events", "", r.events, describe_event);
  v.text("course_of", "the event that was asked for; empty: none", r.course.name);
  v.list("course", "second by second", r.course.points,
         [](ReportVisitor& list, const facility::HeatPoint& p) {
           list.begin_object({}, {});
           list.type("HeatPoint", "One moment after a loss of flow.");
           list.number("time_s", "", p.time_s);
           list.number("junction_celsius", "", p.junction_celsius);
           list.number("return_celsius", "", p.return_celsius);
           list.number("clock", "share of nominal", p.clock);
           list.number("flow", "share of the design's", p.flow);
           list.quantity("chip_w", "", p.chip);
           list.end_object();
         });
}

}  // namespace sn::api
