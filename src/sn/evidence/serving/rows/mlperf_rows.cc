// sn/evidence/serving/rows/mlperf_rows.cc
//
// Submissions to MLPerf Inference as points.
//
// A row says model, scenario, accelerator, how many, weight format, tokens per second and mean
// tokens of an answer; catalog/benchmarks says the rest. Results are output tokens per second of
// the whole system; rows that print "Queries/s" have values of the same size as the tokens of
// their Offline scenario, so the unit is a misprint and they are tokens as well.

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <string>

#include "sn/evidence/serving/rows/serving_tables.h"

namespace sn::evidence {

namespace {

struct Accelerator {
  std::string_view name;  // as submitted, or how it begins
  std::string_view chip;
};
/// "Virtualized" systems pass whole GPUs through: the chip is the same.
constexpr std::array<Accelerator, 11> accelerators = {{
    {"NVIDIA H100-SXM", "h100"},
    {"NVIDIA H200-SXM", "h200"},
    {"NVIDIA H200-NVL", "h200-nvl"},
    {"Virtualized NVIDIA H200-SXM", "h200"},
    {"NVIDIA B200-SXM", "b200"},
    {"NVIDIA GB200", "gb200"},
    {"NVIDIA GB300", "gb300"},
    {"NVIDIA RTX PRO 6000 Blackwell", "rtx-pro-6000"},
    {"AMD Instinct MI300X", "mi300x"},
    {"AMD Instinct MI325X", "mi325x"},
    {"AMD Instinct MI355X", "mi355x"},
}};

double tokens_per_sample(std::string_view accuracy) {
  constexpr std::string_view key = "TOKENS_PER_SAMPLE: ";
  const auto at = accuracy.find(key);
  if (at == std::string_view::npos) return 0.0;
  double value = 0.0;
  std::from_chars(accuracy.data() + at + key.size(), accuracy.data() + accuracy.size(), value);
  return std::isfinite(value) && value > 0.0 ? value : 0.0;
}

/// Software that says neither: LLMBoost and AMD's harnesses run vLLM.
std::string engine_of(std::string_view software) {
  const std::string low = lower(software);
  if (low.find("tensorrt") != std::string::npos) return "trtllm";
  if (low.find("sglang") != std::string::npos) return "sglang";
  const bool vllm = low.find("vllm") != std::string::npos ||
                    low.find("llmboost") != std::string::npos ||
                    low.find("pytorch") != std::string::npos;
  return vllm ? "vllm" : "";
}

/// Open submissions may run another model than their benchmark's: its folder is named for it.
void read_open_model(const ServingRow& row, ServingPoint& p) {
  if (row.text("Category") != "open") return;
  const std::string where = lower(row.text("Location"));
  if (where.find("pruned") != std::string::npos || where.find("finetuned") != std::string::npos) {
    p.skip = "a pruned model";
  }
  if (where.find("llama3_1-70b") != std::string::npos) p.model = "llama-3.1-70b";
  if (p.precision_name == "unset" && where.find("-fp8") != std::string::npos) {
    p.precision_name = "fp8";
  }
}

}  // namespace

void read_mlperf(const ServingRow& row, ServingPoint& p) {
  const std::string accelerator(row.text("Accelerator"));
  for (const Accelerator& a : accelerators) {
    if (accelerator.starts_with(a.name)) p.system = a.chip;
  }
  p.assumed = true;
  p.benchmark = std::string(row.text("Model"));
  for (const std::string_view end : {"-99.9", "-99"}) {
    if (p.benchmark.ends_with(end)) p.benchmark.resize(p.benchmark.size() - end.size());
  }
  p.benchmark = "mlperf-" + p.benchmark;
  p.scenario = lower(row.text("Scenario"));
  p.framework = engine_of(row.text("Software"));
  p.version = row.text("Software");
  p.precision_name = lower(row.text("weight_data_types"));
  if (p.precision_name == "mxfp4") p.precision_name = "fp4";
  p.speculation = "none";
  p.output = tokens_per_sample(row.text("Accuracy"));
  const std::int64_t gpus = row.count("n_devices", 0);
  p.decode.workers = gpus;
  if (const auto value = row.positive("Performance_Result"); value && gpus > 0) {
    p.output_per_gpu = *value / static_cast<double>(gpus);
  }
  p.skip = undescribed;
  read_open_model(row, p);
  if (accelerator.find(", ") != std::string::npos) {
    p.skip = "several accelerators in one system";
  } else if (p.system.empty()) {
    p.skip = accelerator + " is not in the catalog";
  }
  if (gpus <= 0 || gpus > 1024) p.skip = "number of accelerators is not stated";
  p.name = fmt::format("{} {} {} {}", p.benchmark, p.scenario, p.system, p.framework);
}

}  // namespace sn::evidence
