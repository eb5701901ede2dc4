// sn/evidence/serving/rows/vllm_bench.cc
//
// Results of `vllm bench serve --save-result` (benchmarks/serve.py): one JSON object with the load
// and the means, in milliseconds. Fields used: model_id, num_prompts, completed, max_concurrency,
// total_input_tokens, total_output_tokens, duration, mean_ttft_ms, mean_tpot_ms. The machine and
// the deployment stand in the name of the file (serving_points.h).

#include <fmt/format.h>

#include <charconv>
#include <filesystem>

#include "sn/base/document/document.h"
#include "sn/base/text/text.h"
#include "sn/evidence/serving/rows/engine_versions.h"
#include "sn/evidence/serving/rows/serving_points.h"

namespace sn::evidence {

namespace {

namespace fs = std::filesystem;

/// "tp4-dp2-ep8" to ranks; false for anything else.
bool parse_parallel(std::string_view text, llm::Parallelism& out) {
  for (const std::string& part : split(text, "-")) {
    if (part.size() < 3) return false;
    std::int64_t value = 0;
    const auto [end, code] = std::from_chars(part.data() + 2, part.data() + part.size(), value);
    if (code != std::errc() || end != part.data() + part.size() || value < 1 || value > 65536) {
      return false;
    }
    const std::string_view what = std::string_view(part).substr(0, 2);
    if (what == "tp") out.tp = value;
    if (what == "dp") out.dp = value;
    if (what == "pp") out.pp = value;
    if (what == "ep") out.ep = value;
    if (what != "tp" && what != "dp" && what != "pp" && what != "ep") return false;
  }
  return true;
}

bool parse_name(const std::string& name, ServingPoint& p) {
  std::string stem = fs::path(name).filename().string();
  if (!stem.ends_with(".json")) return false;
  stem.resize(stem.size() - 5);
  const std::vector<std::string> parts = split(stem, "__");
  if (parts.size() < 4) return false;
  const auto dash = parts[1].find('-');
  p.system = chip_entry(parts[0]);
  p.framework = framework_entry(parts[1].substr(0, dash));
  p.version = dash == std::string::npos ? "" : parts[1].substr(dash + 1);
  if (!p.version.empty()) p.framework = engine_entry(p.framework, p.version);
  p.precision_name = parts[2];
  p.decode.workers = 1;
  return !p.framework.empty() && parse_parallel(parts[3], p.decode.parallel);
}

void read_result(const Node& node, ServingPoint& p, Errors& errors) {
  MapReader r(node, "result", errors);
  const Range counts{0.0, 1e12};
  const auto need = [&](std::string_view key) {
    return r.require(key) != nullptr ? r.number(key, counts).value_or(0.0) : 0.0;
  };
  if (r.require("model_id") != nullptr) p.model = model_entry(r.text("model_id").value_or(""));
  p.requests = need("completed");
  const double input = need("total_input_tokens");
  const double output = need("total_output_tokens");
  const double duration = need("duration");
  const double ttft = need("mean_ttft_ms");
  const double tpot = need("mean_tpot_ms");
  const Node* clients = r.get("max_concurrency");
  p.concurrency = clients == nullptr || clients->text() == "null"
                      ? 0.0
                      : r.number("max_concurrency", counts).value_or(0.0);
  if (!errors.empty()) return;
  if (p.requests < 1.0 || input <= 0.0 || output <= 0.0 || duration <= 0.0 || ttft <= 0.0 ||
      tpot <= 0.0) {
    r.report(ErrorCode::range, "tokens, duration, TTFT and TPOT must be above zero", nullptr);
    return;
  }
  p.input = input / p.requests;
  p.output = output / p.requests;
  p.ttft = ttft * 1e-3;
  p.tpot = tpot * 1e-3;
  p.total_per_gpu = (input + output) / duration / static_cast<double>(p.gpus());
  if (p.concurrency <= 0.0) p.skip = "an open loop: give --max-concurrency";
}

}  // namespace

std::optional<ServingFile> read_vllm_bench(const std::string& name, const std::string& text) {
  ServingPoint p;
  if (!parse_name(name, p)) return std::nullopt;
  ServingFile out;
  out.name = name;
  p.file = name;
  p.line = 1;
  p.name = fs::path(name).filename().string();
  p.speculation = "none";
  const Result<Node> node = parse_document(name, text);
  if (!node) {
    out.faults = node.error();
    return out;
  }
  read_result(*node, p, out.faults);
  if (!out.faults.empty()) return out;
  finish(p);
  out.points.push_back(std::move(p));
  return out;
}

}  // namespace sn::evidence
