// sn/evidence/serving/rows/serving_points.h
//
// Measured serving deployments: one operating point a row, with everything that a prediction may
// know.
//
// Recognised by name, wherever they lie below the folder:
//   aic_silicon_e2e*.csv[.gz]     aiconfigurator's sample of measured points: TTFT, TPOT (means)
//   inferencex_dsr1_0528*.csv[.gz] InferenceX: closed loop, lengths uniform in [0.8 L, L], ten
//                                 prompts for every concurrent one
//   trtllm_perf_overview.csv      TensorRT-LLM: all requests at once, most output tokens per second
//   mlperf_inference*.csv         MLPerf Inference: saturated, or the most within latency limits;
//                                 lengths, limits and deployments from catalog/benchmarks
//   inferencex_token_position_decode.csv  InferenceX: closed loop, fixed lengths, medians
//   published.csv                 figures of blogs and guides, where they describe a deployment
//   SYSTEM__ENGINE-VERSION__PRECISION__tpN[-dpN][-epN][__ANYTHING].json
//                                 what `vllm bench serve --save-result` wrote; the name says what
//                                 the file does not: "h200__vllm-0.19.0__fp8__tp4.json"
// Rows that no deployment describes are skipped with a reason; malformed ones are faults.
//
// What the tables leave open is decided here and said in each point: lengths and warm-up by the
// load generator, precision of the KV cache and of activations by the engine's defaults of the time
// (`conditions` names them). Source: PROVENANCE of the tables; launch scripts of InferenceX.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sn/base/result.h"
#include "sn/catalog/catalog.h"
#include "sn/hw/machine.h"
#include "sn/kernel/data_type.h"
#include "sn/llm/deployment.h"

namespace sn::evidence {

/// Why a point without its instances is not predicted before other tables gave them.
inline constexpr std::string_view not_stated = "number of instances is not stated";
/// Why a point of a benchmark is not predicted before the catalog described its load.
inline constexpr std::string_view undescribed = "the load of the benchmark is not described";

/// GPUs of one role: `workers` instances alike.
struct MeasuredPool {
  std::int64_t workers = 0;
  llm::Parallelism parallel;

  [[nodiscard]] std::int64_t gpus() const { return workers * parallel.gpus(); }
};

/// How prompts came.
enum class LoadKind {
  closed,   // `concurrency` clients, each sends its next request when the last one ended
  offline,  // all requests at once
  limited,  // a Poisson process, as fast as 99 % of the requests keep both limits
};

/// What 99 % of the requests must keep; 0 where nothing is limited.
struct LatencyLimits {
  double ttft = 0.0;  // s
  double tpot = 0.0;  // s
};

/// What an engine was started with, where it is known; 0: its defaults of the time.
struct EngineLimits {
  bool known = false;       // a recipe of this very run says it (engine_limits.h)
  std::int64_t batch = 0;   // sequences of an attention rank
  std::int64_t tokens = 0;  // of a step, decodes included; of disaggregated points in prefill
  std::int64_t prefill_batch = 0;  // prompts of a prefill rank at once
  std::int64_t kv_tokens = 0;      // that an attention rank holds
  std::int64_t prefill_kv_tokens = 0;
  double memory = 0.0;  // the engine's share of memory, in its own sense
  double prefill_memory = 0.0;
  std::int64_t frontends = 0;  // routers side by side
  std::int64_t poll = 0;       // decode steps between two looks at new requests
  std::int64_t balance = 0;    // steps that prompts wait for those of other attention ranks
  std::int64_t gather = 0;     // and for more of them, until a step holds
  double gathered = 0.0;       // this share of its tokens
  bool balances_experts = false;
  bool whole_prompts = false;  // prompts are not cut
  bool warm = false;           // the run began after as many requests as warm-up
};

struct ServingPoint {
  std::string file;
  int line = 0;
  std::string name;       // what a report calls it
  std::string system;     // "h200", "gb200", ...: a chip of the catalog
  std::string framework;  // "vllm", "sglang", "trtllm": an entry of the catalog
  std::string version;
  std::string model;  // catalog entry
  llm::Precision precision;
  std::string precision_name;  // as the table has it: "fp8"
  bool disaggregated = false;
  MeasuredPool prefill;  // disaggregated only
  MeasuredPool decode;   // or the mixed pool
  std::int64_t draft_tokens = 0;
  std::string speculation;  // "none", "mtp", "unknown"
  LoadKind load = LoadKind::closed;
  double input = 0.0;   // tokens, the largest of a uniform range
  double output = 0.0;  // tokens
  double range = 1.0;   // lengths are uniform in [range L, L]
  double concurrency = 0.0;
  double requests = 0.0;                 // of the whole run
  std::optional<double> ttft;            // s, mean
  std::optional<double> ttft_median;     // s; the mean holds the first contact of a cold engine
  std::optional<double> tpot;            // s, mean
  std::optional<double> total_per_gpu;   // input and output tokens/s over all GPUs
  std::optional<double> output_per_gpu;  // output tokens/s: per decode GPU where disaggregated
  std::optional<double> input_per_gpu;   // input tokens/s: per prefill GPU where disaggregated
  bool medians = false;                  // ttft and tpot are medians
  std::string benchmark;                 // entry of catalog/benchmarks that describes the load
  std::string scenario;                  // of that benchmark: "offline", "server", "interactive"
  LatencyLimits limits;                  // LoadKind::limited
  EngineLimits engine;
  std::string limits_key;       // of its row of limits where the name is none
  std::int64_t split_gpus = 0;  // that its table printed, where they were put right later
  bool assumed = false;         // what the table leaves open is assumed in part: judged apart
  bool ttft_queues = false;     // TTFT includes queueing outside the engine: not judged
  std::string skip;             // why no model predicts it; empty: predicted

  /// Whether `calibrate serving` may see it: one in four, by a hash of what was deployed; none
  /// whose load rests on the catalog or whose latencies are no means.
  [[nodiscard]] bool fitted() const;
  [[nodiscard]] std::int64_t gpus() const { return prefill.gpus() + decode.gpus(); }
};

struct ServingFile {
  std::string name;  // relative to the folder
  std::vector<ServingPoint> points;
  Errors faults;
};

struct ServingFiles {
  std::vector<ServingFile> files;    // by name
  std::vector<std::string> ignored;  // tables of other kinds
  std::size_t limits = 0;            // rows of engine_limits, and
  std::size_t limited = 0;           // points that found theirs
  Errors errors;
};

/// Reads every table below `directory`. The order does not depend on the file system.
[[nodiscard]] ServingFiles read_serving_files(const std::string& directory,
                                              const catalog::Catalog& catalog);

/// Reads one table by the name of its file; nothing when the name is of no known kind.
[[nodiscard]] std::optional<ServingFile> read_serving_table(const std::string& name,
                                                            std::string_view text);

/// Reads one result of `vllm bench serve` by its file's name; nothing when the name is another.
[[nodiscard]] std::optional<ServingFile> read_vllm_bench(const std::string& name,
                                                         const std::string& text);

/// Fills what follows from a point's own fields: whether anything is missing.
void finish(ServingPoint& point);
/// Formats that the engine runs for a release of a precision on a chip, and its KV cache.
///   fp4 without FP4 arithmetic: weights are widened, activations stay bf16
///   gpt-oss: MXFP4 experts on fp8 activations where the chip has them
///   KV cache: fp8 with quantised releases under TensorRT-LLM and beyond Hopper, else bf16
void set_formats(ServingPoint& point, const hw::Chip& chip);
/// Catalog entries by how tables name models, chips and engines; empty: none.
[[nodiscard]] std::string model_entry(std::string_view name);
[[nodiscard]] std::string chip_entry(std::string_view system);
[[nodiscard]] std::string framework_entry(std::string_view name);

}  // namespace sn::evidence
