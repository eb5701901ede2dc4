// sn/twin/simulate/simulation_report.h
//
// The answer to `simulate`: plain values, no formatting. Described in describe_simulation.cc; JSON
// form: schema/simulation.schema.json.
//
// Latencies are of requests that arrived after the warm-up and finished; throughput and utilisation
// of the time from the end of the warm-up to the last arrival. Definitions as in `vllm bench
// serve` (serving/slo.h). A request is good when it meets every limit of the SLO itself; goodput
// counts good requests.

#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sn/base/report/report_visitor.h"
#include "sn/base/result.h"
#include "sn/base/units/quantity.h"
#include "sn/facility/running.h"
#include "sn/serving/engine/engine_spec.h"
#include "sn/serving/load/request_source.h"
#include "sn/serving/slo.h"
#include "sn/serving/steady/steady_state.h"
#include "sn/twin/scenario/faults.h"

namespace sn::twin {

/// A delay over requests (or, for ITL, over tokens).
struct LatencySummary {
  std::uint64_t count = 0;
  Time mean;
  Time p50;
  Time p90;
  Time p95;
  Time p99;
  Time max;
  std::vector<std::pair<Time, double>> cdf;  // quantiles at equal steps of probability
};

struct SloResult {
  serving::SloTarget target;
  Time value;
  bool met = false;
};

/// Requests of one priority.
struct ClassResult {
  int priority = 0;
  std::uint64_t requests = 0;  // finished, measured
  double good = 0.0;           // share of those measured that met the SLO
  Time ttft_p90;
  Time tpot_p90;
};

enum class PoolRole { aggregated, prefill, decode };
[[nodiscard]] std::string_view to_string(PoolRole role);

struct PoolResult {
  PoolRole role = PoolRole::aggregated;
  serving::Pool pool;
  std::int64_t instances = 0;
  std::int64_t gpus = 0;
  std::int64_t steps = 0;
  double busy = 0.0;     // share of time that a step was running (first stage)
  double compute = 0.0;  // FLOPs done over what the peak rate would do in that time
  double memory = 0.0;   // HBM bytes moved, likewise
  double batch = 0.0;    // mean sequences of a step that decodes, per instance
  double chunk = 0.0;    // mean prompt tokens of a step that has any, per instance
  double held = 0.0;     // mean share of KV pages that requests hold
  double held_most = 0.0;
  double waiting = 0.0;  // mean requests
  double up = 0.0;       // mean share of its instances that took requests
  double joules = 0.0;   // of the chips, idle time included
};

/// A tier below HBM over the whole run, all its places together.
struct TierResult {
  std::string name;
  Bytes capacity;
  double filled = 0.0;        // share of it, at the end
  std::uint64_t looked = 0;   // blocks that were not in HBM, when requests were admitted
  std::uint64_t hits = 0;     // of them loaded from here
  std::uint64_t passed = 0;   // found here, and computed again: that was quicker
  std::uint64_t lost = 0;     // whose load a fault undid
  std::uint64_t evicted = 0;  // blocks
  Bytes read;
  Bytes written;
  Bandwidth read_rate;  // means over the run
  Bandwidth write_rate;
};

/// One layer of the fabric over a run in which traffic shares links (`fidelity.fabric: flow`).
struct LayerResult {
  fabric::Layer layer = fabric::Layer::scale_up;
  std::int64_t links = 0;
  Bytes transfers;    // over all links: hand-overs, loads, retrievals, prompts, weights
  Bytes collectives;  // of steps
  double mean = 0.0;  // share of the links' capacity that was used over the run
  std::string worst;  // the link that carried most of its capacity
  double worst_mean = 0.0;
  double worst_peak = 0.0;  // of transfers, at a sample
};

/// One window of time, for charts and CSV. Means over the window.
struct SeriesPoint {
  Time begin;
  double arrivals = 0.0;  // per second
  double finished = 0.0;  // per second
  double output = 0.0;    // tokens/s
  double input = 0.0;     // prompt tokens computed per second
  double waiting = 0.0;   // requests
  double decoding = 0.0;  // sequences
  double held = 0.0;      // share of all KV pages
  double cached = 0.0;    // share of all KV pages in the prefix cache
  double hit_rate = 0.0;  // of input tokens admitted
  double ttft = 0.0;      // mean of first tokens in this window, s
  double link = 0.0;      // share of the busiest link that transfers hold, mean over samples
};

/// One fault or repair as it happened.
struct FaultRecord {
  Time at;
  FaultAction action = FaultAction::fail;
  std::string target;         // "instance 2 of decode"
  std::int64_t requests = 0;  // that a failure met
};

struct FaultSummary {
  std::array<std::int64_t, 4> counts = {};  // by FaultAction
  std::int64_t requests = 0;                // that failures met: started again, or ended
  std::vector<FaultRecord> records;         // the first thousand

  [[nodiscard]] bool any() const { return counts != std::array<std::int64_t, 4>{}; }
};

/// Requests that had not ended when the run did.
struct Unfinished {
  std::string state;  // "waiting", "decoding", ...
  std::string cause;  // why nothing more happened to them
  std::int64_t requests = 0;
};

/// What a run failed by.
struct Failure {
  enum class Kind { none, target, queue_full, queue_grows, requests_lost, load_ends };
  Kind kind = Kind::none;
  serving::SloTarget target = {};  // of Kind::target
  // Of Kind::load_ends: arrivals that end before requests are through show no knee.
  std::uint64_t requests = 0;
  Time last_arrival = {};
  Time mean_e2e = {};

  friend bool operator==(const Failure&, const Failure&) = default;
};
[[nodiscard]] std::string_view to_string(Failure::Kind kind);
/// "TTFT p90 2 s", "the queue, which is full"; empty of none.
[[nodiscard]] std::string to_string(const Failure& failure);

/// One probe of the search for the knee.
struct KneeProbe {
  double multiple = 0.0;
  bool met = false;
  bool cut_short = false;  // it was clear before the end
  double worst = 0.0;      // largest ratio of a target's value to its limit
};

struct SimulationReport {
  std::string name;
  std::string model;
  std::string machine;
  std::string workload;
  serving::ServingPlan plan;
  serving::Routing routing = serving::Routing::completion_aware;
  kv::Eviction eviction = kv::Eviction::lru;
  serving::Slo slo;
  serving::Scaling scaling = serving::Scaling::time;  // how the multiple was reached
  std::int64_t gpus = 0;                              // of the plan
  double multiple = 1.0;                              // of the workload's own rate
  bool knee = false;                                  // `multiple` was searched for
  Failure limit;                                      // of a knee: what fails just above
  std::vector<KneeProbe> probes;

  std::uint64_t requests = 0;  // submitted
  std::array<std::uint64_t, serving::ending_count> endings = {};
  std::uint64_t preemptions = 0;
  std::uint64_t out_of_order = 0;
  std::uint64_t measured = 0;  // requests after warm-up
  Time warm_up;
  Time last_arrival;
  Time end;  // of the last request
  bool interrupted = false;
  bool cut_short = false;  // stopped when the SLO could no longer be met
  Failure cut_short_by;
  FaultSummary faults;
  std::string fault_policy;            // "requeue", "fail"; empty without faults
  std::vector<Unfinished> unfinished;  // every other request ended, and is among `endings`
  bool growing = false;                // the queue grew by more than 2 % of the arrivals to the end
  std::optional<Time> saturated;       // when the queue first was full

  LatencySummary ttft;
  LatencySummary tpot;
  LatencySummary itl;
  LatencySummary e2e;
  LatencySummary queue;
  LatencySummary load;  // of requests with blocks below HBM: from its start to the last of them
  LatencySummary retrieval;  // from arrival until what is read from storage is there
  std::vector<SloResult> targets;
  bool meets_slo = false;
  double good = 0.0;           // share of measured requests
  double goodput = 0.0;        // good requests per second
  double request_rate = 0.0;   // arrived per second after warm-up
  double output_tokens = 0.0;  // per second
  double total_tokens = 0.0;   // input and output
  double output_per_gpu = 0.0;
  double joules_per_token = 0.0;
  std::optional<facility::Running> running;  // in its racks; nothing without a plant
  double hit_rate = 0.0;                     // of input tokens
  double hit_blocks = 0.0;                   // of hashed blocks
  double loaded = 0.0;                       // of input tokens: from tiers below HBM
  std::vector<TierResult> tiers;             // top down
  std::vector<LayerResult> layers;           // of a fabric at flow fidelity; else none
  std::uint64_t transfers = 0;
  Bytes transferred;
  Time transfer_exposed;  // mean
  std::vector<ClassResult> classes;
  std::vector<PoolResult> pools;
  Time window;
  std::vector<SeriesPoint> series;
  Errors warnings;

  /// Every target was met, and the run was not cut short because one could not be.
  [[nodiscard]] bool met() const { return meets_slo && !cut_short; }
  /// Nothing more was due, and yet requests had not ended.
  [[nodiscard]] bool stuck() const { return !unfinished.empty() && !interrupted && !cut_short; }
};

/// Several scenarios, side by side.
struct SimulationReports {
  std::vector<SimulationReport> simulations;
};

void describe(ReportVisitor& v, const LatencySummary& summary);
void describe(ReportVisitor& v, const SloResult& result);
void describe(ReportVisitor& v, const ClassResult& result);
void describe(ReportVisitor& v, const PoolResult& pool);
void describe(ReportVisitor& v, const TierResult& tier);
void describe(ReportVisitor& v, const LayerResult& layer);
void describe(ReportVisitor& v, const SeriesPoint& point);
void describe(ReportVisitor& v, const FaultRecord& record);
void describe(ReportVisitor& v, const Unfinished& requests);
void describe(ReportVisitor& v, const KneeProbe& probe);
void describe(ReportVisitor& v, const SimulationReport& report);
void describe(ReportVisitor& v, const SimulationReports& reports);

}  // namespace sn::twin
