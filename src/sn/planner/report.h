// sn/planner/report.h
//
// The answer to `plan`: plain values, no formatting. Described in describe_plan.cc; JSON form:
// schema/plan.schema.json.
//
// Times are seconds in `Time`, rates per second. Everything that a view prints is here; no view
// computes.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sn/base/report/report_visitor.h"
#include "sn/base/units/quantity.h"
#include "sn/llm/uncertainty.h"
#include "sn/serving/slo.h"
#include "sn/serving/steady/steady_state.h"
#include "sn/twin/world.h"

namespace sn::planner {

/// How far the numbers behind a result are backed by measurement.
enum class Evidence {
  published,         // a single number as its source gives it; never the badge of a result
  calibrated,        // fitted on measurements
  interpolated,      // between measurements of the user's own
  other_generation,  // fitted, but kernels of the plan were measured on another generation of chips
  family_default,    // plausible for a chip generation
  assumption,
};
[[nodiscard]] std::string_view to_string(Evidence evidence);

/// What was asked.
struct PlanSubject {
  std::string name;  // of the scenario
  std::string model;
  std::string machine;   // "128 x b200, ScaleUp 900 GB/s per direction, domain 128"
  std::string workload;  // origin and size
  twin::RateSpec rate;
  serving::Slo slo;
  std::int64_t gpus = 0;
  std::int64_t domain = 0;
  double workload_rate = 0.0;  // requests per second at 1.0x
  double mean_input = 0.0;
  double mean_output = 0.0;
};

/// Memory of one GPU of a pool, bytes.
struct MemoryUse {
  Bytes usable;
  Bytes weights;
  Bytes activations;
  Bytes workspace;
  Bytes kv;
  double kv_tokens = 0.0;  // per attention rank, and
  double within = 0.0;     // how far off they may be, with 80 % (llm::kv_within)
};

struct PoolReport {
  std::int64_t replicas = 0;
  std::int64_t gpus = 0;  // all replicas
  llm::Deployment deployment;
  std::int64_t chunk = 0;  // prefill tokens per rank and step
  double sequences = 0.0;  // decoding, per attention rank
  double batch = 0.0;      // decoding, per replica
  MemoryUse memory;
};

/// The middle 80 % around a plan's figures at its rate (llm/uncertainty.h): how far the models may
/// be off, first order. Rate and latencies are of one plan: where a step is slower, both are worse.
struct Intervals {
  llm::Interval ttft;            // s, mean
  llm::Interval tpot;            // s, mean
  llm::Interval output_per_gpu;  // tokens/s
};

/// What is left of an operating load when an instance of one pool is gone.
struct InstanceLoss {
  std::string pool;       // "prefill", "decode", "aggregated"
  std::int64_t left = 0;  // instances; 0: nobody serves any more
  bool meets_slo = false;
  double good = 0.0;  // share of requests that meet every limit
  serving::Percentiles ttft;
  serving::Percentiles tpot;
};

/// A load below the knee that leaves room, played on the engine.
struct OperatingLoad {
  double share = 0.0;     // of the knee
  double multiple = 0.0;  // of the workload
  double requests = 0.0;  // per second
  double good = 0.0;      // share of requests that meet every limit
  double goodput = 0.0;   // requests per second that do
  serving::Percentiles ttft;
  serving::Percentiles tpot;
  std::vector<InstanceLoss> losses;  // one a pool
};

/// One deployment at its rate.
struct Candidate {
  int rank = 0;
  int place = 0;            // shared by neighbours that cannot be told apart
  std::int64_t played = 0;  // requests that the engine played for these figures; 0: formulas alone
  double screened = 0.0;    // multiple that the formulas have for the knee
  std::optional<OperatingLoad> operating;
  llm::PartTimes work = {};  // GPU time of a mean request by part: what two plans have in common
  serving::ServingPlan plan;
  bool disaggregated = false;
  PoolReport prefill;  // replicas 0 when aggregated
  PoolReport decode;
  serving::SteadyState state;
  serving::Percentiles e2e;  // of requests that the engine played; else nothing
  double multiple = 0.0;     // of the workload's own rate
  bool meets_slo = false;
  std::string limit;           // what fails just above this rate
  double bound_per_gpu = 0.0;  // output tokens/s/GPU if every step ran at its physical bound
  Intervals intervals;
  Evidence evidence = Evidence::assumption;
  std::optional<facility::Running> running;  // in its racks; nothing without a plant
};

/// A point of tokens/s per GPU against tokens/s per user; `front` marks the Pareto front.
struct ParetoPoint {
  double per_user = 0.0;
  double per_gpu = 0.0;
  bool front = false;
  bool disaggregated = false;
  std::string label;  // "48 prefill + 80 decode, DP80 EP80"
};

/// A candidate's plan at some load, in two figures that a user chose.
struct TradeoffPoint {
  double x = 0.0;
  double y = 0.0;
  double load = 1.0;  // share of the plan's knee
  int rank = 0;       // of the candidate
  bool front = false;
  std::string label;
};

struct TradeoffAxis {
  std::string name;   // "J/tok"
  std::string title;  // "joules of the chips per output token"
  bool seconds = false;
  bool more_is_better = false;
};

/// Plans of the report along their load, below their knees; the front holds what no other point
/// beats in both figures.
struct Tradeoff {
  TradeoffAxis x;
  TradeoffAxis y;
  std::vector<TradeoffPoint> points;  // by x
};

/// One line of a bill. Lines of one bill add up to its total.
struct BillLine {
  std::string item;  // "attention", "dispatch+combine", "host", "waiting", ...
  Time time;
  double share = 0.0;  // of the total
  Time bound;          // least time by physics; zero where none is defined
};

/// One operator of a step, for the detailed bill.
struct OperatorLine {
  std::string name;
  std::string part;
  double count = 0.0;
  Time total;  // count executions
  Time bound;
  std::string binds;
};

struct Elasticity {
  std::string param;        // path
  std::string value;        // with unit
  double elasticity = 0.0;  // d ln(tokens/s per GPU) / d ln(parameter), over -10 % to +10 %
  double less = 0.0;        // relative change of the result with the parameter 10 % lower
  double more = 0.0;        // and 10 % higher; the two differ where another limit takes over
  std::string source;
  Evidence evidence = Evidence::assumption;
};

/// An assumed number and what happens to the result when it is 20 % off.
struct AssumptionLine {
  std::string param;
  std::string value;
  std::string note;
  double result_low = 0.0;   // relative change of tokens/s per GPU with the number at 0.8x
  double result_high = 0.0;  // at 1.2x (clamped to the parameter's range)
};

struct Explanation {
  std::vector<BillLine> ttft;              // of the mean TTFT
  std::vector<BillLine> tpot;              // of the mean TPOT
  std::vector<OperatorLine> prefill_step;  // operators of a full chunk
  std::vector<OperatorLine> decode_step;   // operators of a decode step
  std::string ttft_binds;                  // "compute: experts", ...
  std::string tpot_binds;
  std::vector<Elasticity> elasticities;     // by size
  std::vector<AssumptionLine> assumptions;  // by size of their effect
  std::vector<std::string> modelling;       // assumptions of the models themselves, in words
};

/// The best plan with so many tiers of KV cache (`search.kv`).
struct TierDepth {
  std::int64_t tiers = 1;  // HBM counted
  std::string text;        // "hbm", "hbm + 8.00 TB cxl-pool"
  std::string plan;
  std::int64_t gpus = 0;
  double multiple = 0.0;  // of the workload's own rate
  double output_per_gpu = 0.0;
  double hit_rate = 0.0;  // of input tokens, tiers included
  Time ttft_p90;
  std::string limit;
  bool meets_slo = false;
  bool played = false;  // by the engine; else formulas alone
};

struct PlanReport {
  PlanSubject subject;
  std::int64_t considered = 0;
  std::int64_t fit = 0;
  std::int64_t meet = 0;
  bool screened = false;         // closed forms alone were asked for
  std::int64_t shortlisted = 0;  // deployments that the engine played
  std::int64_t inputs = 0;       // numbers the result rests on
  std::int64_t inputs_assumed = 0;
  std::vector<Candidate>
      candidates;  // ranked by output tokens/s per GPU; the closest misses when none meets
  std::vector<TierDepth> depths;           // where `search.kv` asks for several; the rest of the
                                           // report is of the best of them
  std::vector<std::string> filters;        // that the candidates pass, as written
  std::optional<Tradeoff> tradeoff;        // of a pair of metrics that was asked for
  std::vector<ParetoPoint> pareto;         // by tokens/s per user; off the front thinned
  std::optional<Explanation> explanation;  // of the first candidate
  bool interrupted = false;                // stopped on the way; what was found by then
  Errors warnings;
};

/// Several scenarios, side by side.
struct PlanReports {
  std::vector<PlanReport> plans;
};

void describe(ReportVisitor& v, const PlanSubject& subject);
void describe(ReportVisitor& v, const MemoryUse& memory);
void describe(ReportVisitor& v, const PoolReport& pool);
void describe(ReportVisitor& v, const InstanceLoss& loss);
void describe(ReportVisitor& v, const OperatingLoad& load);
void describe(ReportVisitor& v, const Intervals& intervals);
void describe(ReportVisitor& v, const Candidate& candidate);
void describe(ReportVisitor& v, const ParetoPoint& point);
void describe(ReportVisitor& v, const TradeoffAxis& axis);
void describe(ReportVisitor& v, const TradeoffPoint& point);
void describe(ReportVisitor& v, const Tradeoff& tradeoff);
void describe(ReportVisitor& v, const BillLine& line);
void describe(ReportVisitor& v, const OperatorLine& line);
void describe(ReportVisitor& v, const Elasticity& elasticity);
void describe(ReportVisitor& v, const AssumptionLine& line);
void describe(ReportVisitor& v, const Explanation& explanation);
void describe(ReportVisitor& v, const TierDepth& depth);
void describe(ReportVisitor& v, const PlanReport& report);
void describe(ReportVisitor& v, const PlanReports& reports);

}  // namespace sn::planner
