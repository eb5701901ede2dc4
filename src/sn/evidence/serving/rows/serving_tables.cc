// sn/evidence/serving/rows/serving_tables.cc
//
// See the header.

#include "sn/evidence/serving/rows/serving_tables.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <string>

#include "sn/evidence/serving/rows/engine_limits.h"
#include "sn/evidence/serving/rows/engine_versions.h"

namespace sn::evidence {

namespace {

constexpr std::int64_t node_gpus = 8;

/// Several tables print tp x ep for an instance whose tp ranks are its ep ranks.
std::int64_t true_ranks(std::int64_t printed, std::int64_t ep, std::int64_t expert_tp) {
  const bool doubled = printed > node_gpus && ep == expert_tp && ep * expert_tp == printed;
  return doubled ? ep : printed;
}

llm::Parallelism aic_parallel(const ServingRow& row, const std::string& prefix) {
  const auto n = [&](const char* column) {
    return std::max<std::int64_t>(1, row.count(prefix + column, 1));
  };
  llm::Parallelism p;
  p.tp = n("tp_size");
  p.dp = n("attention_dp_size");
  p.pp = n("pp_size");
  p.ep = n("moe_ep_size");
  const std::int64_t ranks = true_ranks(p.tp * p.dp, p.ep, n("moe_tp_size"));
  if (ranks != p.tp * p.dp) (p.dp > 1 ? p.dp : p.tp) = ranks;
  p.ep = std::min(p.ep, p.tp * p.dp);
  return p;
}

double number_after(std::string_view text, std::string_view key) {
  const auto at = text.find(key);
  if (at == std::string_view::npos) return 0.0;
  double value = 0.0;
  const char* begin = text.data() + at + key.size();
  std::from_chars(begin, text.data() + text.size(), value);
  return std::isfinite(value) ? std::max(value, 0.0) : 0.0;
}

void read_aic(const ServingRow& row, ServingPoint& p) {
  p.name = row.text("id");
  p.system = chip_entry(row.text("system"));
  p.framework = framework_entry(row.text("backend"));
  p.version = row.text("backend_version");
  p.framework = engine_entry(p.framework, p.version);
  p.model = model_entry(row.text("model_path"));
  p.precision_name = row.has("precision") ? lower(row.text("precision")) : "bf16";
  p.disaggregated = row.text("mode") == "disagg";
  p.input = row.positive("isl").value_or(0.0);
  p.output = row.positive("osl").value_or(0.0);
  p.ttft = row.positive("silicon_ttft_ms", 1e-3);
  p.tpot = row.positive("silicon_tpot_ms", 1e-3);
  const std::string spec = lower(row.text("spec_method"));
  p.speculation = spec.starts_with("none") ? "none" : spec.empty() ? "unknown" : spec;
  p.ttft_queues = row.text("flags").find("queueing") != std::string_view::npos;
  const std::string_view source = row.text("silicon_data_source");
  // Points that come from InferenceX were loaded as it does; others with fixed lengths.
  p.range = source.find("gap-analysis") == std::string_view::npos ? 0.8 : 1.0;
  p.concurrency = number_after(source, "silicon_concurrency=");
  if (p.disaggregated) {
    p.prefill = {row.count("prefill_num_workers", 0), aic_parallel(row, "prefill_")};
    p.decode = {row.count("decode_num_workers", 0), aic_parallel(row, "decode_")};
  } else {
    p.decode = {1, aic_parallel(row, "")};
    if (p.concurrency <= 0.0) {
      p.concurrency = static_cast<double>(row.count("batch_size", 0) * p.decode.parallel.dp);
    }
  }
  p.requests = 10.0 * p.concurrency;
}

/// `gpus` of the whole pool where the table has them right, 0 where it does not.
MeasuredPool inferencex_pool(const ServingRow& row, const std::string& side, std::int64_t gpus) {
  MeasuredPool pool;
  pool.workers = row.count(side + "_num_workers", 0);
  const std::int64_t tp = std::max<std::int64_t>(1, row.count(side + "_tp", 1));
  const std::int64_t ep = std::max<std::int64_t>(1, row.count(side + "_ep", 1));
  std::int64_t ranks = tp;
  if (gpus > 0 && pool.workers > 0 && gpus % pool.workers == 0) ranks = gpus / pool.workers;
  if (gpus > 0 && pool.workers == 0) ranks = gpus;  // of all instances, until limits say how many
  const bool attention_dp = row.flag(side + "_dp_attention");
  pool.parallel.tp = attention_dp ? 1 : ranks;
  pool.parallel.dp = attention_dp ? ranks : 1;
  pool.parallel.ep = ranks > tp ? ranks : std::min(ep, ranks);
  return pool;
}

/// A run whose throughput is not a fifth of what its clients must have had at its own latencies
/// (Little's law): one of the two is wrong, and latencies agree with those of other runs.
void drop_contradiction(ServingPoint& p) {
  if (!p.total_per_gpu || !p.ttft || !p.tpot || p.disaggregated) return;
  const double mean = 0.5 * (1.0 + p.range);
  const double requests = p.concurrency / (*p.ttft + *p.tpot * mean * p.output);
  const double total = requests * mean * (p.input + p.output) / static_cast<double>(p.gpus());
  if (*p.total_per_gpu > 0.2 * total) return;
  p.total_per_gpu.reset();
  p.output_per_gpu.reset();
  p.input_per_gpu.reset();
}

void read_inferencex(const ServingRow& row, ServingPoint& p) {
  p.system = chip_entry(row.text("hardware"));
  p.framework = framework_entry(row.text("framework"));
  p.version = row.text("image");
  if (p.framework != "vllm") p.framework = engine_entry(p.framework, p.version);  // ATOM has none
  if (p.framework == "sglang" && p.system.starts_with("mi")) p.framework = "sglang-rocm";
  p.model = model_entry(row.text("model"));
  p.precision_name = lower(row.text("precision"));
  p.speculation = lower(row.text("spec_method"));
  if (p.speculation == "mtp") p.draft_tokens = 1;
  p.disaggregated = row.flag("disagg");
  p.input = row.positive("isl").value_or(0.0);
  p.output = row.positive("osl").value_or(0.0);
  p.concurrency = row.positive("conc").value_or(0.0);
  p.requests = 10.0 * p.concurrency;
  p.range = 0.8;
  p.ttft = row.positive("mean_ttft");
  p.tpot = row.positive("mean_tpot");
  p.ttft_median = row.positive("median_ttft");
  p.total_per_gpu = row.positive("tput_per_gpu");
  p.output_per_gpu = row.positive("output_tput_per_gpu");
  p.input_per_gpu = row.positive("input_tput_per_gpu");
  if (p.disaggregated) {
    p.prefill = inferencex_pool(row, "prefill", row.count("num_prefill_gpu", 0));
    p.decode = inferencex_pool(row, "decode", row.count("num_decode_gpu", 0));
  } else {
    p.decode = inferencex_pool(row, "prefill", 0);
    p.decode.workers = 1;
  }
  drop_contradiction(p);
  p.limits_key = inferencex_key(row.csv());
  p.name = fmt::format("{} {} {} {}x{} c{:.0f}", p.system, row.text("framework"), p.precision_name,
                       row.text("isl"), row.text("osl"), p.concurrency);
}

void read_trtllm_overview(const ServingRow& row, ServingPoint& p) {
  p.system = chip_entry(row.text("gpu"));
  p.framework = "trtllm";
  p.model = model_entry(row.text("model"));
  p.precision_name = lower(row.text("precision"));
  p.speculation = "none";
  p.load = LoadKind::offline;
  p.input = row.positive("isl").value_or(0.0);
  p.output = row.positive("osl").value_or(0.0);
  p.requests = row.positive("num_requests").value_or(0.0);
  p.concurrency = p.requests;
  const std::int64_t gpus = row.count("n_gpus", 0);
  const bool attention_dp = row.text("parallelism").starts_with("DEP");
  p.decode.workers = 1;
  p.decode.parallel.tp = attention_dp ? 1 : gpus;
  p.decode.parallel.dp = attention_dp ? gpus : 1;
  if (attention_dp) p.decode.parallel.ep = gpus;
  const std::optional<double> value = row.positive("value");
  if (row.text("metric") == "output_tok_per_s_per_gpu") {
    p.output_per_gpu = value;
  } else if (row.text("metric") == "output_tok_per_s_total" && value && gpus > 0) {
    p.output_per_gpu = *value / static_cast<double>(gpus);
  } else {
    p.skip = "unknown metric";
  }
  p.name = fmt::format("{} x {} {} {} {}x{}", gpus, p.system, row.text("model"), p.precision_name,
                       row.text("isl"), row.text("osl"));
}

/// What the launch scripts of the token-position runs say and their rows do not. Source:
/// SemiAnalysisAI/InferenceX experimental/token_position_decode_slo/*/serve_*_sbatch.sh: vLLM
/// nightly of 2026-02, eight GPUs of a partition whose name is the only word about them.
/// MiniMax-M2.5 has the configuration of M2. Prompts cached from an earlier run (vLLM's prefix
/// cache is on, the server stays up between runs) are not known and not modelled.
struct TokenPositionRun {
  std::string_view model;   // part of the lowered name
  std::string_view system;  // by the partition: "h200"; "main" says nothing
  std::string_view weights;
  std::string_view speculation;
};
constexpr std::array<TokenPositionRun, 3> token_position_runs = {{
    {"minimax-m2.5", "h200", "fp8", "none"},
    {"qwen3.5-397b", "h200", "bf16", "none"},
    {"glm-5", "", "fp8", "mtp"},
}};

/// Files are named .../minimax_m25_vllm_tep8_isl1024_osl128_conc16.json.
void read_token_position(const ServingRow& row, ServingPoint& p) {
  const std::string_view file = row.text("file");
  const std::string model = lower(row.text("model_id"));
  p.name = file.substr(file.rfind('/') + 1);
  p.framework = "vllm";
  p.assumed =
      true;  // experimental upstream; accelerator and settings from launch scripts beside it
  p.model = model_entry(model);
  for (const TokenPositionRun& run : token_position_runs) {
    if (model.find(run.model) == std::string::npos) continue;
    p.system = run.system;
    p.precision_name = run.weights;
    p.speculation = run.speculation;
  }
  const double prompts = row.positive("completed").value_or(0.0);
  p.requests = prompts;
  p.concurrency = row.positive("max_concurrency").value_or(0.0);
  const double input = row.positive("total_input_tokens").value_or(0.0);
  const double output = row.positive("total_output_tokens").value_or(0.0);
  if (prompts > 0.0) {
    p.input = input / prompts;
    p.output = output / prompts;
  }
  const bool attention_dp = file.find("_dep") != std::string_view::npos;
  const bool experts = attention_dp || file.find("_tep") != std::string_view::npos;
  p.decode.workers = 1;
  (attention_dp ? p.decode.parallel.dp : p.decode.parallel.tp) = node_gpus;
  if (experts) p.decode.parallel.ep = node_gpus;
  p.medians = true;
  p.ttft = row.positive("median_ttft");
  p.tpot = row.positive("median_tpot");
  if (const auto span = row.positive("duration")) {
    p.total_per_gpu = (input + output) / *span / static_cast<double>(node_gpus);
  }
  if (p.system.empty()) p.skip = "neither table nor launch script says the accelerator";
  if (p.model.empty())
    p.skip = "layers of " + std::string(row.text("model_id")) + " are not modelled";
}

constexpr std::array<ServingTable, 6> tables = {{
    {"aic_silicon_e2e", {"system", "backend", "silicon_tpot_ms", "silicon_data_source"}, read_aic},
    {"inferencex_dsr1", {"hardware", "framework", "conc", "mean_tpot"}, read_inferencex},
    {"trtllm_perf_overview", {"gpu", "model", "parallelism", "value"}, read_trtllm_overview},
    {"mlperf_inference", {"Model", "Scenario", "Accelerator", "Performance_Result"}, read_mlperf},
    {"inferencex_token_position",
     {"model_id", "max_concurrency", "duration", "file"},
     read_token_position},
    {"published", {"case_id", "prompt_len", "metric", "value"}, read_published},
}};

}  // namespace

/// "published" is a whole name: collectives have published figures as well.
const ServingTable* serving_table_of(std::string_view stem) {
  for (const ServingTable& t : tables) {
    if (t.prefix == "published" ? stem == t.prefix : stem.starts_with(t.prefix)) return &t;
  }
  return nullptr;
}

}  // namespace sn::evidence
