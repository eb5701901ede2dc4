// sn/evidence/serving/replay_vllm.h
//
// Recorded vLLM runs, request by request: arrivals and lengths as they were, scheduling and token
// times predicted by the ServingEngine that `simulate` uses, compared one by one.
//
// A run is two files, NAME_meta.json (model, engine arguments, KV blocks where known) and
// NAME_requests.jsonl (plain or compressed): per request input_toks, output_toks, arrival_time
// (clock of the client), queued_ts, scheduled_ts, first_token_ts, last_token_ts (clock of the
// engine, s). NAME starts with the chip. The two clocks are joined at the request that was queued
// soonest after its arrival. Latencies count from arrival:
//   TTFT = first_token - arrival, E2E = last_token - arrival, TPOT = (last - first) / (output - 1)
//
// The scheduler is vLLM's v1 with asynchronous scheduling, the engine's default since 0.11: a step
// is put together while the one before runs. Nothing is fitted here. Source of the runs:
// LLMServingSim (casys-kaist), bench/examples.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sn/base/result.h"
#include "sn/base/run.h"
#include "sn/catalog/catalog.h"

namespace sn::evidence {

struct VllmRequest {
  std::int64_t input = 0;
  std::int64_t output = 0;
  double arrival = 0.0;  // s, on the engine's clock, from the first arrival
  double scheduled = 0.0;
  double first_token = 0.0;
  double last_token = 0.0;
};

struct VllmRun {
  std::string name;
  std::string chip;  // catalog names
  std::string model;
  std::int64_t tp = 1;
  std::int64_t dp = 1;
  std::int64_t pp = 1;
  bool expert_parallel = false;
  bool asynchronous = true;
  std::int64_t sequences = 256;
  std::int64_t tokens = 2048;
  std::optional<std::int64_t> blocks;  // of the KV cache, per rank; as measured
  std::int64_t block_tokens = 16;
  std::vector<VllmRequest> requests;  // by arrival
};

/// One metric over the requests of a run, s.
struct ReplayMetric {
  std::string name;  // "TTFT", "TPOT", "E2E", "schedule"
  double mean_measured = 0.0;
  double mean_predicted = 0.0;
  double p99_measured = 0.0;
  double p99_predicted = 0.0;
  double typical_error = 0.0;  // median over requests of |predicted - measured|

  [[nodiscard]] double mean_ratio() const { return mean_predicted / mean_measured; }
  [[nodiscard]] double p99_ratio() const { return p99_predicted / p99_measured; }
};

struct ReplayReport {
  std::string name;
  std::string chip;
  std::string model;
  std::string deployment;
  std::size_t requests = 0;
  std::int64_t preemptions = 0;
  double mean_target = 0.0;  // relative errors asked for
  double p99_target = 0.0;
  std::vector<ReplayMetric> metrics;
  double last_measured = 0.0;  // s, when the run ended
  double last_predicted = 0.0;

  [[nodiscard]] bool met() const;
};

struct ReplayReports {
  std::vector<ReplayReport> runs;
  Errors errors;  // of runs that could not be read or predicted
};

/// Reads NAME of `directory`.
[[nodiscard]] Result<VllmRun> read_vllm_run(const std::string& directory, const std::string& name);

/// Stopped, an error.
[[nodiscard]] Result<ReplayReport> replay_vllm(const VllmRun& run, const catalog::Catalog& catalog,
                                               const Run& stop = Run());

/// All runs below `directory`, by name. No run is no error.
[[nodiscard]] ReplayReports replay_vllm_runs(const std::string& directory,
                                             const catalog::Catalog& catalog,
                                             const Run& run = Run());

/// A table of ratios, one row a run and metric.
[[nodiscard]] std::string replay_text(const ReplayReports& reports);

}  // namespace sn::evidence
