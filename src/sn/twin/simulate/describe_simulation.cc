// sn/twin/simulate/describe_simulation.cc
//
// What the reports of `simulate` hold, field by field (see simulation_report.h).

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sn/base/report/describe_error.h"
#include "sn/base/units/units.h"
#include "sn/twin/report_parts.h"
#include "sn/twin/simulate/simulate_shared.h"
#include "sn/twin/simulate/simulation_report.h"

namespace sn::twin {

std::string_view to_string(PoolRole role) {
  return role == PoolRole::aggregated ? "aggregated"
         : role == PoolRole::prefill  ? "prefill"
                                      : "decode";
}

std::string_view to_string(Failure::Kind kind) {
  constexpr std::string_view names[] = {"none",        "target",        "queue_full",
                                        "queue_grows", "requests_lost", "load_ends"};
  return names[static_cast<std::size_t>(kind)];
}

std::string to_string(const Failure& failure) {
  switch (failure.kind) {
    case Failure::Kind::none:
      break;
    case Failure::Kind::target:
      return serving::to_string(failure.target);
    case Failure::Kind::queue_full:
      return "the queue, which is full";
    case Failure::Kind::queue_grows:
      return "the queue, which grows";
    case Failure::Kind::requests_lost:
      return "requests that are lost";
    case Failure::Kind::load_ends:
      return fmt::format("the load itself: {} requests arrive in {}, and take {} each",
                         format_number(static_cast<double>(failure.requests), 3),
                         format(failure.last_arrival), format(failure.mean_e2e));
  }
  return {};
}

namespace {

constexpr Failure::Kind failures[] = {Failure::Kind::none,          Failure::Kind::target,
                                      Failure::Kind::queue_full,    Failure::Kind::queue_grows,
                                      Failure::Kind::requests_lost, Failure::Kind::load_ends};

void describe_requests(ReportVisitor& v, const SimulationReport& r) {
  v.begin_object("requests", "all of them, by how they ended");
  v.count("submitted", "", r.requests);
  for (std::size_t i = 0; i < r.endings.size(); ++i) {
    std::string name(serving::to_string(static_cast<serving::Ending>(i)));
    std::ranges::replace(name, ' ', '_');
    v.count(name, "", r.endings[i]);
  }
  v.count("measured", "after the warm-up", r.measured);
  v.count("preemptions", "", r.preemptions);
  v.count("out_of_order", "", r.out_of_order);
  v.end_object();
}

void describe_faults(ReportVisitor& v, const SimulationReport& r) {
  static constexpr std::string_view policies[] = {"requeue", "fail"};
  v.begin_object("faults", "what broke, by order of time");
  if (v.maybe("policy", "null without faults", !r.fault_policy.empty())) {
    v.choice("policy", "null without faults", r.fault_policy, policies);
  }
  v.count("requests", "that failures met: started again, or ended", r.faults.requests);
  for (std::size_t i = 0; i < r.faults.counts.size(); ++i) {
    v.count(to_string(static_cast<FaultAction>(i)), "", r.faults.counts[i]);
  }
  v.list("events", "the first thousand", r.faults.records);
  v.end_object();
}

void describe_subject(ReportVisitor& v, const SimulationReport& r) {
  using kv::Eviction;
  using serving::Routing;
  static constexpr Routing routings[] = {Routing::round_robin, Routing::least_loaded,
                                         Routing::prefix_aware, Routing::session_sticky,
                                         Routing::completion_aware};
  static constexpr Eviction evictions[] = {Eviction::lru, Eviction::lfu, Eviction::s3_fifo,
                                           Eviction::ttl};
  static constexpr std::string_view scalings[] = {"time", "copies"};
  v.text("name", "of the scenario", r.name);
  v.text("model", "", r.model);
  v.text("machine", "", r.machine);
  v.text("workload", "where its requests come from", r.workload);
  v.choice("routing", "", r.routing, routings);
  v.choice("eviction", "of the prefix cache", r.eviction, evictions);
  v.list("slo", "", r.slo);
  v.choice("scaling", "how the multiple was reached", scalings[static_cast<std::size_t>(r.scaling)],
           scalings);
  v.count("gpus", "of the plan", r.gpus);
  v.number("multiple", "of the workload's own rate; searched for when knee is true", r.multiple);
  v.flag("knee", "", r.knee);
  v.text("limit", "of a knee: what fails just above", to_string(r.limit));
  v.choice("limit_kind", "", r.limit.kind, failures);
  v.list("probes", "what the search for the knee tried", r.probes);
}

void describe_rates(ReportVisitor& v, const SimulationReport& r) {
  v.number("requests_per_s", "arrived after the warm-up", r.request_rate);
  v.number("good_share", "of measured requests: they meet every limit of the SLO", r.good);
  v.number("goodput_requests_per_s", "good requests", r.goodput);
  v.number("output_tokens_per_s", "", r.output_tokens);
  v.number("total_tokens_per_s", "input and output", r.total_tokens);
  v.number("output_tokens_per_s_per_gpu", "", r.output_per_gpu);
  v.number("energy_per_output_token_j", "of the chips", r.joules_per_token);
  v.optional("running", "in its racks; null: the rack has no plant", r.running);
  v.number("prefix_hit_rate", "share of input tokens", r.hit_rate);
  v.number("block_hit_rate", "share of hashed blocks", r.hit_blocks);
  v.number("loaded_share", "of input tokens: from tiers below HBM", r.loaded);
  v.list("tiers", "below HBM, top down", r.tiers);
  v.list("layers", "of the fabric, at flow fidelity", r.layers);
  v.count("transfers", "of KV between pools", r.transfers);
  v.quantity("transferred_bytes", "", r.transferred);
  v.quantity("transfer_exposed_s", "mean", r.transfer_exposed);
}

}  // namespace

void describe(ReportVisitor& v, const LatencySummary& s) {
  v.type("Latency", "A delay over measured requests; ITL over tokens.");
  v.count("count", "", s.count);
  v.quantity("mean_s", "", s.mean);
  v.quantity("p50_s", "", s.p50);
  v.quantity("p90_s", "", s.p90);
  v.quantity("p95_s", "", s.p95);
  v.quantity("p99_s", "", s.p99);
  v.quantity("max_s", "", s.max);
}

void describe(ReportVisitor& v, const SloResult& t) {
  v.type("SloResult", "A target and what became of it.");
  describe_fields(v, t.target);
  v.quantity("value_s", "", t.value);
  v.flag("met", "", t.met);
}

void describe(ReportVisitor& v, const ClassResult& c) {
  v.type("PriorityResult", "Requests of one priority.");
  v.count("priority", "0 is served first", c.priority);
  v.count("requests", "finished, measured", c.requests);
  v.number("good_share", "", c.good);
  v.quantity("ttft_p90_s", "", c.ttft_p90);
  v.quantity("tpot_p90_s", "", c.tpot_p90);
}

void describe(ReportVisitor& v, const PoolResult& p) {
  static constexpr PoolRole roles[] = {PoolRole::aggregated, PoolRole::prefill, PoolRole::decode};
  v.type("PoolResult", "Instances of one role.");
  v.choice("role", "", p.role, roles);
  v.count("instances", "", p.instances);
  v.count("gpus", "of all instances", p.gpus);
  llm::describe_fields(v, p.pool.deployment);
  v.count("chunk_tokens", "prefill tokens of an attention rank and step", p.pool.chunk);
  v.count("steps", "", p.steps);
  v.number("busy_share", "of time: a step was running", p.busy);
  v.number("compute_utilisation", "FLOPs over those of the peak rate", p.compute);
  v.number("memory_utilisation", "HBM bytes moved, likewise", p.memory);
  v.number("sequences_per_instance", "mean of steps that decode", p.batch);
  v.number("prompt_tokens_per_step", "mean of steps that have any, per instance", p.chunk);
  v.number("kv_utilisation", "mean share of pages that requests hold", p.held);
  v.number("kv_utilisation_max", "", p.held_most);
  v.number("waiting_requests", "mean", p.waiting);
  v.number("up_share", "mean share of its instances that take requests", p.up);
  v.quantity("energy_j", "of the chips, idle time included", Energy::from_si(p.joules));
}

void describe(ReportVisitor& v, const TierResult& t) {
  v.type("TierResult", "A tier of KV cache below HBM, over the whole run.");
  v.text("name", "", t.name);
  v.quantity("capacity_bytes", "", t.capacity);
  v.number("filled", "share of it, at the end", t.filled);
  v.count("looked_blocks", "that were not in HBM when requests were admitted", t.looked);
  v.count("hit_blocks", "of them loaded from here", t.hits);
  v.count("passed_blocks", "found here and computed again, because that was quicker", t.passed);
  v.count("lost_blocks", "whose load a fault undid", t.lost);
  v.count("evicted_blocks", "", t.evicted);
  v.quantity("read_bytes", "", t.read);
  v.quantity("written_bytes", "", t.written);
  v.quantity("read_bytes_per_s", "mean", t.read_rate);
  v.quantity("written_bytes_per_s", "mean", t.write_rate);
}

void describe(ReportVisitor& v, const LayerResult& l) {
  static constexpr fabric::Layer layers[] = {fabric::Layer::scale_up, fabric::Layer::scale_out,
                                             fabric::Layer::dcn};
  v.type("LayerResult", "A layer of the fabric whose links traffic shares.");
  v.choice("layer", "", l.layer, layers);
  v.count("links", "", l.links);
  v.quantity("transfer_bytes", "hand-overs, loads, retrievals, prompts, weights", l.transfers);
  v.quantity("collective_bytes", "of steps", l.collectives);
  v.number("utilisation", "share of all links' capacity over the run", l.mean);
  v.text("worst_link", "that carried most of its capacity", l.worst);
  v.number("worst_utilisation", "", l.worst_mean);
  v.number("worst_peak", "share that transfers held at a sample", l.worst_peak);
}

void describe(ReportVisitor& v, const SeriesPoint& p) {
  v.type("SeriesPoint", "Means over one window.");
  v.quantity("begin_s", "", p.begin);
  v.number("arrivals_per_s", "", p.arrivals);
  v.number("finished_per_s", "", p.finished);
  v.number("output_tokens_per_s", "", p.output);
  v.number("input_tokens_per_s", "prompt tokens computed", p.input);
  v.number("waiting_requests", "", p.waiting);
  v.number("decoding_sequences", "", p.decoding);
  v.number("kv_utilisation", "share of pages that requests hold", p.held);
  v.number("kv_cached_share", "of pages, in the prefix cache", p.cached);
  v.number("prefix_hit_rate", "", p.hit_rate);
  v.number("ttft_mean_s", "of first tokens in this window", p.ttft);
  v.number("busiest_link_share", "that transfers hold, at flow fidelity", p.link);
}

void describe(ReportVisitor& v, const FaultRecord& f) {
  static constexpr FaultAction actions[] = {FaultAction::fail, FaultAction::drain,
                                            FaultAction::degrade, FaultAction::repair};
  v.type("FaultRecord", "A fault or repair as it happened.");
  v.quantity("at_s", "", f.at);
  v.choice("action", "", f.action, actions);
  v.text("target", "", f.target);
  v.count("requests", "that a failure met", f.requests);
}

void describe(ReportVisitor& v, const Unfinished& u) {
  v.type("Unfinished", "Requests that had not ended when the run did.");
  v.text("state", "", u.state);
  v.text("cause", "why nothing more happened to them", u.cause);
  v.count("requests", "", u.requests);
}

void describe(ReportVisitor& v, const KneeProbe& p) {
  v.type("KneeProbe", "One load that the search for the knee tried.");
  v.number("multiple", "", p.multiple);
  v.flag("met", "", p.met);
  v.flag("cut_short", "it was clear before the end", p.cut_short);
  v.optional("worst_ratio", "of a target's value to its limit; null where it has no bound",
             std::isfinite(p.worst), p.worst);
}

void describe(ReportVisitor& v, const SimulationReport& r) {
  v.type("SimulationReport", "A deployment under a request trace.");
  v.document("supernode-simulation");
  describe_subject(v, r);
  v.flag("meets_slo", "", r.meets_slo);
  v.flag("interrupted", "what follows is of the part that was run", r.interrupted);
  v.flag("cut_short", "stopped when the SLO could no longer be met", r.cut_short);
  v.text("cut_short_by", "", to_string(r.cut_short_by));
  v.choice("cut_short_by_kind", "", r.cut_short_by.kind, failures);
  v.flag("queue_grows", "by more than 2 % of the arrivals of the second half", r.growing);
  v.quantity("warm_up_s", "", r.warm_up);
  v.quantity("last_arrival_s", "", r.last_arrival);
  v.quantity("end_s", "of the last request", r.end);
  v.optional("saturated_s", "when the queue first was full", r.saturated);
  describe_requests(v, r);
  v.object("ttft", "", r.ttft);
  v.object("tpot", "", r.tpot);
  v.object("itl", "", r.itl);
  v.object("e2e", "", r.e2e);
  v.object("queue", "", r.queue);
  v.optional("load", "of blocks from below HBM, of requests that had any; null: none",
             r.load.count > 0, r.load);
  v.optional("retrieval", "from arrival until what is read from storage is there; null: nothing is",
             r.retrieval.count > 0, r.retrieval);
  v.list("targets", "", r.targets);
  v.list("priorities", "", r.classes);
  describe_faults(v, r);
  v.list("unfinished", "empty unless it was cut short or nothing more was due", r.unfinished);
  describe_rates(v, r);
  v.list("pools", "", r.pools);
  v.quantity("window_s", "", r.window);
  v.list("series", "", r.series);
  v.list("warnings", "", r.warnings);
}

void describe(ReportVisitor& v, const SimulationReports& r) {
  v.type("SimulationReports", "Several simulations side by side.");
  v.document("supernode-simulations");
  v.list("simulations", "", r.simulations);
}

void describe(ReportVisitor& v, const TenantResult& t) {
  v.type("TenantResult", "One tenant of a shared machine.");
  v.text("name", "", t.name);
  v.count("gpus", "of the share", t.gpus);
  v.object("simulation", "", t.report);
}

void describe(ReportVisitor& v, const SharedReport& r) {
  v.type("SharedSimulation", "Tenants of one machine at the same time, and the machine's sums.");
  v.document("supernode-shared-simulation");
  v.text("name", "", r.name);
  v.text("machine", "", r.machine);
  v.count("gpus", "of the cluster", r.gpus);
  v.count("left_over_gpus", "in nobody's share", r.left_over);
  v.flag("meets_slo", "all of them", r.meets_slo);
  v.flag("interrupted", "", r.interrupted);
  v.quantity("measured_s", "from the end of the warm-up", r.measured);
  v.number("requests_per_s", "", r.request_rate);
  v.number("goodput_requests_per_s", "", r.goodput);
  v.number("output_tokens_per_s", "", r.output_tokens);
  v.number("total_tokens_per_s", "input and output", r.total_tokens);
  v.number("output_tokens_per_s_per_gpu", "of the machine", r.output_per_gpu);
  v.number("energy_per_output_token_j", "of the chips", r.joules_per_token);
  v.list("tenants", "", r.tenants);
  v.list("warnings", "", r.warnings);
}

}  // namespace sn::twin
