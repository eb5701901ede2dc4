// sn/evidence/serving/rows/published_rows.cc
//
// Figures of blogs, papers and guides as points, where they describe a deployment and its load;
// every other row is skipped with what it lacks.

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <string>

#include "sn/evidence/serving/rows/serving_tables.h"

namespace sn::evidence {

namespace {

/// What is known of a group of rows by how their case is named.
struct PublishedGroup {
  std::string_view prefix;
  std::string_view system;  // chip of the catalog
  std::string_view framework;
  std::string_view skip;  // why none of them is a point
};
constexpr std::string_view as_case = "predicted as a case of the catalog: a step of a supernode";
constexpr std::array<PublishedGroup, 15> groups = {{
    {"ds_day6_traffic", "", "", "traffic of a fleet: no deployment and no load"},
    {"ds_", "", "", as_case},
    {"sgl_", "", "", as_case},
    {"cm384_ems", "", "", "a gain over another run, no rate"},
    {"cm384_", "", "", as_case},
    {"azure_h", "", "", "precision is not stated, nor which tokens the throughput counts"},
    {"azure_a100", "", "", "which tokens the throughput counts is not stated"},
    {"azure_gb200", "gb200", "trtllm", ""},
    {"mooncake_vllm_qwen3-8b", "h800", "vllm", ""},
    {"mooncake_sglang_qwen3-235b", "h20-3e", "sglang", ""},
    {"mooncake_a10", "", "", "A10 24GB is not in the catalog"},
    {"mooncake_ssd", "", "", "A100-SXM4-40GB is not in the catalog"},
    {"mooncake_store", "", "", "a gain over another run, no rate"},
    {"vllm_h200_wideep", "", "", "parallelism and lengths are not stated"},
    {"beluga", "", "", "a gain over another run, no rate"},
}};

/// "TP4" in "1P1D, TP8 each".
std::int64_t tensor_parallel(std::string_view text) {
  const auto at = text.find("TP");
  std::int64_t value = 0;
  if (at != std::string_view::npos) {
    std::from_chars(text.data() + at + 2, text.data() + text.size(), value);
  }
  return value > 0 && value <= 1024 ? value : 0;
}

double leading_number(std::string_view text) {
  double value = 0.0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value > 0.0 && value < 1e9 ? value : 0.0;
}

/// "1000 requests offline", or a number of clients.
void read_load(std::string_view text, ServingPoint& p) {
  p.concurrency = leading_number(text);
  p.requests = p.concurrency;
  if (text.find("offline") != std::string_view::npos) p.load = LoadKind::offline;
}

}  // namespace

void read_published(const ServingRow& row, ServingPoint& p) {
  const std::string_view name = row.text("case_id");
  const std::string_view metric = row.text("metric");
  p.name = name;
  p.skip = "no deployment is described";
  for (const PublishedGroup& g : groups) {
    if (!name.starts_with(g.prefix)) continue;
    p.system = g.system;
    p.framework = g.framework;
    p.skip = g.skip;
    break;
  }
  if (!p.skip.empty()) return;
  p.model = model_entry(row.text("model"));
  p.precision_name = lower(row.text("precision"));
  p.speculation = "none";
  p.input = leading_number(row.text("prompt_len"));
  p.output = leading_number(row.text("output_len"));
  read_load(row.text("batch_or_concurrency"), p);
  const std::int64_t tp = tensor_parallel(row.text("parallelism"));
  p.decode.workers = tp > 0 ? 1 : 0;
  p.decode.parallel.tp = tp;
  p.disaggregated = row.text("parallelism").starts_with("1P1D");
  if (p.disaggregated) {
    p.prefill = p.decode;
    p.requests = 50.0;  // the guide's number of prompts
  }
  const auto value = row.positive("value");
  if (metric == "throughput" && value && p.gpus() > 0) {
    p.output_per_gpu = *value / static_cast<double>(p.gpus());  // trtllm-bench: output tokens
  } else if (metric.starts_with("mean TTFT") && row.text("unit") == "ms") {
    if (value) p.ttft = *value * 1e-3;
  } else {
    p.skip = "a transfer of KV pages, not a rate or a latency of the deployment";
  }
}

}  // namespace sn::evidence
