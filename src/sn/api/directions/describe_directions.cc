// sn/api/directions/describe_directions.cc
//
// The report of `supernode directions`, described once.

#include "sn/api/directions/directions.h"
#include "sn/base/report/describe_error.h"

namespace sn::api {

void describe(ReportVisitor& v, const Probes& p) {
  v.type("Probes", "Single transfers alone; 0: there is no such thing in the scenario.");
  v.quantity("kv_fetch_s", "a mean prompt from the first tier below HBM", p.kv_fetch);
  v.quantity("hand_over_s", "a mean prompt's cache to the decode pool", p.hand_over);
  v.quantity("all_reduce_64k_s", "", p.all_reduce);
  v.quantity("dispatch_s", "one token a rank", p.exchange);
  v.quantity("retrieval_s", "", p.retrieval);
  v.quantity("cold_start_s", "weights of an OS image", p.cold_start);
  v.quantity("checkpoint_s", "weights to a store", p.checkpoint);
  v.quantity("scale_up_s", "one way through the domain", p.scale_up);
}

void describe(ReportVisitor& v, const DirectionRow& r) {
  v.type("DirectionRow", "One combination of directions.");
  v.flag("attach_scale_up", "adapters, drives and CXL memory hang on ScaleUp", r.attach);
  v.flag("memory_semantics", "", r.memory);
  v.flag("two_layers", "", r.two_layers);
  v.flag("optics", "", r.optics);
  v.number("multiple", "largest of the workload's rate that meets the SLO; 0: not looked for",
           r.multiple);
  v.quantity("ttft_mean_s", "at the operating load", r.ttft);
  v.quantity("ttft_p90_s", "", r.ttft_p90);
  v.quantity("tpot_mean_s", "", r.tpot);
  v.number("output_tokens_per_s_per_gpu", "", r.output_per_gpu);
  v.number("watts", "of the deployment's racks; 0 without a plant", r.watts);
  v.number("dollars_per_million_output", "0 without prices", r.million);
  v.number("up_share", "of GPUs", r.up);
  v.number("scale_up_utilisation", "of ports, transfers and collectives", r.scale_up_share);
  v.number("scale_up_transfer_bytes", "", r.scale_up_transfers);
  v.number("dcn_utilisation", "", r.dcn_share);
  v.number("prefix_hit_rate", "of input tokens, tiers included", r.hit_rate);
  v.quantity("reach_m", "of the ScaleUp medium", r.reach);
  v.count("domain_gpus", "", r.domain);
  v.object("probes", "", r.probes);
  v.text("cause", "what differs from the base", r.cause);
  v.text("failed", "why it could not be played", r.failed);
}

void describe(ReportVisitor& v, const DirectionsReport& r) {
  v.type("DirectionsReport", "Four directions of GPU-centric machines on one deployment.");
  v.document("supernode-directions");
  v.text("name", "of the scenario", r.name);
  v.text("machine", "", r.machine);
  v.text("plan", "that all combinations play", r.plan);
  v.text("medium", "of the rows with optics", r.medium);
  v.text("slo", "", r.slo);
  v.number("multiple", "operating load, of the workload's rate", r.multiple);
  v.list("rows", "the base first", r.rows);
  v.flag("interrupted", "", r.interrupted);
  v.list("warnings", "", r.warnings);
}

}  // namespace sn::api
