// sn/api/rack/describe_reliability.cc
//
// What is said of a rack's failures, field by field.

#include "sn/api/rack/rack_reliability.h"

namespace sn::api {

namespace {

double per_year(Rate r) { return r.si() * 365.0 * 86400.0; }

void describe_class(ReportVisitor& v, const facility::FaultClass& c) {
  v.begin_object({}, {});
  v.type("FaultClass", "What fails, and what goes with it.");
  v.text("name", "", c.name);
  v.text("takes", "the blast radius", c.takes);
  v.count("pieces", "in the rack", c.pieces);
  v.number("each_per_year", "", per_year(c.each));
  v.number("rack_per_year", "", per_year(c.all()));
  v.count("gpus", "out of service until the repair", c.gpus);
  v.number("scale_up", "share of its bandwidth that is left", c.scale_up);
  v.quantity("repair_s", "mean", c.repair);
  v.end_object();
}

void describe_policy(ReportVisitor& v, const SparePolicy& p) {
  v.begin_object({}, {});
  v.type("SparePolicy", "Serving with so many GPUs, all of them or none.");
  v.count("gpus", "in service", p.gpus);
  v.count("spares", "GPUs of the rack that are not", p.spares);
  v.number("up", "share of the time, closed form", p.exact.up);
  v.number("played_up", "by Monte Carlo", p.played.up);
  v.number("played_up_error", "half of its 95 % interval", p.played.up_error);
  v.number("losses_per_year", "of the service, closed form", per_year(p.exact.losses));
  v.number("played_losses_per_year", "", per_year(p.played.losses));
  v.number("played_losses_error", "half of the 95 % interval, per year",
           p.played.losses_error * 365.0 * 86400.0);
  v.quantity("between_s", "mean time between losses", p.between);
  v.number("expected_gpus", "in service, mean over time", p.expected);
  v.end_object();
}

}  // namespace

void describe(ReportVisitor& v, const ReliabilityReport& r) {
  v.type("ReliabilityReport", "How often a rack fails, and what spares make of it.");
  v.text("failures", "entry of catalog/failures", r.failures);
  v.list("classes", "", r.classes, describe_class);
  v.count("images", "OS images: up or down as a whole", r.images);
  v.count("gpus_per_image", "", r.gpus_per_image);
  v.quantity("image_every_s", "mean time between failures of one image", r.image_every);
  v.quantity("image_repair_s", "mean", r.image_repair);
  v.quantity("job_every_s", "mean time between interruptions of a job on the rack", r.job_every);
  v.quantity("fleet_every_s", "the same by the fleet's rates alone", r.fleet.mean);
  v.quantity("fleet_every_low_s", "95 % interval of the fleet's count", r.fleet.low);
  v.quantity("fleet_every_high_s", "", r.fleet.high);
  v.number("pooled_gpus", "up, mean over time", r.pooled);
  v.number("pooled_error", "Monte Carlo's, half of the 95 % interval", r.pooled_error);
  v.list("policies", "", r.policies, describe_policy);
  v.number("years", "of one rack that were played", r.years);
  v.count("events", "failures and repairs in them", r.events);
  v.count("crews", "repairs at a time; 0: as many as it takes", r.crews);
  v.list("checks", "means that others publish", r.checks,
         [](ReportVisitor& list, const MeanTimeCheck& c) {
           list.begin_object({}, {});
           list.type("MeanTimeCheck", "A published mean beside what rates give.");
           list.text("of", "", c.of);
           list.count("gpus", "", c.gpus);
           list.quantity("ours_s", "", c.ours);
           list.quantity("published_s", "", c.published);
           list.text("note", "", c.note);
           list.end_object();
         });
  v.flag("interrupted", "stopped: fewer years than asked for", r.interrupted);
}

}  // namespace sn::api
