// sn/evidence/serving/replay_vllm.cc
//
// Reads recorded runs and plays them (see replay_vllm.h).

#include "sn/evidence/serving/replay_vllm.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>

#include "sn/base/document/document.h"
#include "sn/base/files/files.h"
#include "sn/evidence/serving/rows/measured_machines.h"
#include "sn/evidence/serving/rows/serving_points.h"
#include "sn/serving/engine/engine.h"
#include "sn/twin/simulate/simulate.h"

namespace sn::evidence {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view meta_ending = "_meta.json";
constexpr double dense_mean = 0.05;
constexpr double dense_p99 = 0.12;
constexpr double moe_target = 0.10;

/// What vLLM V1 runs with where a run does not say: max_num_seqs and max_num_batched_tokens of its
/// EngineArgs for a server, block_size of its CacheConfig.
struct VllmDefault {
  std::int64_t sequences = 256;
  std::int64_t tokens = 2048;
  std::int64_t block_tokens = 16;
};
constexpr VllmDefault vllm_default;

double seconds(Nanos t) { return static_cast<double>(t.count) * 1e-9; }

Error fault(const std::string& file, std::string message) {
  return {.code = ErrorCode::data, .message = std::move(message), .where = {.file = file}};
}

std::int64_t whole(const Node& root, std::string_view path, std::int64_t otherwise) {
  const Node* node = root.find(path);
  std::int64_t value = otherwise;
  if (node == nullptr || !node->is_scalar()) return otherwise;
  const std::string& text = node->text();
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() ? value : otherwise;
}

bool flag(const Node& root, std::string_view path, bool otherwise) {
  const Node* node = root.find(path);
  return node == nullptr || !node->is_scalar() ? otherwise : node->text() == "true";
}

std::optional<double> number(const Node& root, std::string_view key) {
  const Node* node = root.find(key);
  double value = 0.0;
  if (node == nullptr || !node->is_scalar()) return std::nullopt;
  const std::string& text = node->text();
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Letters and digits in lower case: "RTXPRO6000" and "rtx-pro-6000" are one.
std::string plain(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c >= 'A' && c <= 'Z') out += static_cast<char>(c - 'A' + 'a');
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) out += c;
  }
  return out;
}

/// The longest catalog name of `kind` that `text` starts with.
std::string entry_of(const catalog::Catalog& catalog, std::string_view kind,
                     std::string_view text) {
  std::string best;
  for (const std::string& name : catalog.names(*catalog::find_kind(kind))) {
    if (plain(text).starts_with(plain(name)) && name.size() > best.size()) best = name;
  }
  return best;
}

/// A line of the requests file before its clocks are joined.
struct Line {
  VllmRequest request;  // engine's clock
  double asked = 0.0;   // client's clock
  double queued = 0.0;
};

Result<std::vector<Line>> read_lines(const std::string& path, const std::string& text) {
  std::vector<Line> lines;
  Errors errors;
  std::size_t from = 0;
  for (int at = 1; from < text.size(); ++at) {
    const std::size_t end = std::min(text.find('\n', from), text.size());
    const std::string line = text.substr(from, end - from);
    from = end + 1;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const Result<Node> node = parse_document("request.json", line);
    Line out;
    std::size_t found = 0;
    if (node) {
      const auto take = [&](std::string_view key, double& into) {
        if (const auto value = number(*node, key)) {
          into = *value;
          ++found;
        }
      };
      out.request.input = whole(*node, "input_toks", 0);
      out.request.output = whole(*node, "output_toks", 0);
      take("arrival_time", out.asked);
      take("queued_ts", out.queued);
      take("scheduled_ts", out.request.scheduled);
      take("first_token_ts", out.request.first_token);
      take("last_token_ts", out.request.last_token);
    }
    if (found == 5 && out.request.input > 0 && out.request.output > 0) {
      lines.push_back(out);
    } else if (errors.size() < 8) {
      Error e = fault(path, "not a request with its lengths and five times");
      e.where.line = at;
      errors.push_back(std::move(e));
    }
  }
  if (!errors.empty()) return fail(std::move(errors));
  if (lines.empty()) return fail(fault(path, "no request"));
  return lines;
}

void join_clocks(std::vector<Line> lines, VllmRun& run) {
  double offset = lines.front().queued - lines.front().asked;
  for (const Line& l : lines) offset = std::min(offset, l.queued - l.asked);
  double start = lines.front().asked;
  for (const Line& l : lines) start = std::min(start, l.asked);
  start += offset;
  for (Line& l : lines) {
    l.request.arrival = l.asked + offset - start;
    l.request.scheduled -= start;
    l.request.first_token -= start;
    l.request.last_token -= start;
    run.requests.push_back(l.request);
  }
  std::stable_sort(run.requests.begin(), run.requests.end(),
                   [](const auto& a, const auto& b) { return a.arrival < b.arrival; });
}

class Lives final : public serving::EngineObserver {
 public:
  explicit Lives(std::size_t count) : records(count) {}
  void on_end(const serving::RequestRecord& r) override { records[r.id] = r; }
  std::vector<serving::RequestRecord> records;
};

double quantile(std::vector<double> values, double q) {
  std::sort(values.begin(), values.end());
  const double at = q * static_cast<double>(values.size() - 1);
  const auto low = static_cast<std::size_t>(at);
  const std::size_t high = std::min(low + 1, values.size() - 1);
  return values[low] + (at - static_cast<double>(low)) * (values[high] - values[low]);
}

ReplayMetric compare(std::string name, const std::vector<double>& measured,
                     const std::vector<double>& predicted) {
  ReplayMetric m{.name = std::move(name)};
  std::vector<double> errors;
  const auto n = static_cast<double>(measured.size());
  for (std::size_t i = 0; i < measured.size(); ++i) {
    m.mean_measured += measured[i] / n;
    m.mean_predicted += predicted[i] / n;
    errors.push_back(std::abs(predicted[i] - measured[i]));
  }
  m.p99_measured = quantile(measured, 0.99);
  m.p99_predicted = quantile(predicted, 0.99);
  m.typical_error = quantile(std::move(errors), 0.5);
  return m;
}

Result<serving::EngineSpec> spec_of(const VllmRun& run, const twin::Machine& machine,
                                    serving::ServingPlan& plan) {
  plan.decode.deployment = {
      .parallel = {.tp = run.tp,
                   .dp = run.dp,
                   .pp = run.pp,
                   .ep = machine.model.is_moe() && run.expert_parallel ? run.tp * run.dp : 1},
      .precision = machine.precisions.front()};
  // A dense model's data parallelism is replicas.
  plan.decode.replicas = 1;
  if (!machine.model.is_moe()) {
    plan.decode.replicas = run.dp;
    plan.decode.deployment.parallel.dp = 1;
  }
  plan.decode.chunk = run.tokens;
  plan.decode.max_batch = run.sequences;
  const std::string why =
      llm::why_not(machine.model, plan.decode.deployment, machine.cluster.rack.scale_up.domain);
  if (!why.empty()) return fail(fault(run.name, "cannot be deployed: " + why));
  twin::SimulationOptions options;
  options.routing = serving::Routing::least_loaded;
  Result<serving::EngineSpec> spec = twin::engine_spec(machine, plan, options);
  if (!spec) return spec;
  serving::DeploymentSpec& d = spec->deployments.front();
  d.frontend = {};  // arrivals are those at the engine
  d.frontend_token = {};
  d.page_tokens = run.block_tokens;
  d.block_tokens = run.block_tokens;
  d.max_context = 0;
  serving::PoolSpec& pool = d.pools.front();
  pool.batching = {.tokens = run.tokens,
                   .decodes_in_budget = true,
                   .sequences = run.sequences,
                   .ahead = run.asynchronous};
  const auto page = static_cast<std::int64_t>(machine.kv_block);
  pool.kv_pages = run.blocks.value_or(pool.kv_pages * page / run.block_tokens);
  return spec;
}

}  // namespace

bool ReplayReport::met() const {
  return std::all_of(metrics.begin(), metrics.end(), [&](const ReplayMetric& m) {
    if (m.name == "schedule") return true;
    return std::abs(m.mean_ratio() - 1.0) <= mean_target &&
           std::abs(m.p99_ratio() - 1.0) <= p99_target;
  });
}

Result<VllmRun> read_vllm_run(const std::string& directory, const std::string& name) {
  const std::string meta = directory + "/" + name + std::string(meta_ending);
  const Result<std::string> text = read_file(meta, 1u << 24);
  if (!text) return fail(text.error());
  const Result<Node> node = parse_document(meta, *text);
  if (!node) return fail(node.error());
  std::string requests = directory + "/" + name + "_requests.jsonl";
  for (const char* ending : {".gz", ".zst"}) {
    std::error_code ignored;
    if (!fs::exists(requests, ignored) && fs::exists(requests + ending, ignored)) {
      requests += ending;
    }
  }
  const Result<std::string> body = read_file(requests, 1u << 28);
  if (!body) return fail(body.error());
  Result<std::vector<Line>> lines = read_lines(requests, *body);
  if (!lines) return fail(lines.error());
  VllmRun run;
  run.name = name;
  const Node* model = node->find("model");
  if (model == nullptr) return fail(fault(meta, "no 'model'"));
  run.model = model->text().substr(model->text().find_last_of('/') + 1);
  run.chip = name.substr(0, name.find('_'));
  run.tp = whole(*node, "engine_kwargs.tensor_parallel_size", 1);
  run.dp = whole(*node, "engine_kwargs.data_parallel_size", 1);
  run.pp = whole(*node, "engine_kwargs.pipeline_parallel_size", 1);
  run.expert_parallel = flag(*node, "engine_kwargs.enable_expert_parallel", false);
  run.asynchronous = flag(*node, "resolved_config.scheduler_config.async_scheduling", true);
  run.sequences = whole(*node, "engine_kwargs.max_num_seqs", vllm_default.sequences);
  run.tokens = whole(*node, "engine_kwargs.max_num_batched_tokens", vllm_default.tokens);
  run.block_tokens =
      std::max<std::int64_t>(1, whole(*node, "kv_cache.block_size", vllm_default.block_tokens));
  const std::int64_t blocks = whole(*node, "kv_cache.num_gpu_blocks", 0);
  if (blocks > 0) run.blocks = blocks;
  join_clocks(*std::move(lines), run);
  return run;
}

namespace {

void submit_all(const VllmRun& run, serving::ServingEngine& engine, const Run& stop) {
  std::uint64_t block = 0;
  for (const VllmRequest& r : run.requests) {
    if (stop.stopped()) return;
    serving::Request request;
    request.arrival = {std::llround(r.arrival * 1e9)};
    request.input_tokens = r.input;
    request.output_tokens = r.output;
    // Nobody shares a prefix, but a preempted request finds what is left of its own.
    const std::int64_t blocks = (r.input + r.output) / run.block_tokens;
    while (static_cast<std::int64_t>(request.blocks.size()) < blocks) {
      request.blocks.push_back(++block);
    }
    engine.advance(request.arrival);
    engine.submit(request, request.arrival);
  }
}

/// Times of each request, measured beside predicted, into the metrics of the report.
void compare_requests(const VllmRun& run, const std::vector<serving::RequestRecord>& records,
                      ReplayReport& report) {
  std::array<std::vector<double>, 4> measured;
  std::array<std::vector<double>, 4> predicted;
  for (std::size_t i = 0; i < run.requests.size(); ++i) {
    const VllmRequest& r = run.requests[i];
    const serving::RequestRecord& p = records[i];
    const auto each = static_cast<double>(std::max<std::int64_t>(1, r.output - 1));
    const double first = seconds(p.first_token);
    const double last = seconds(p.last_token);
    measured[0].push_back(r.first_token - r.arrival);
    predicted[0].push_back(first - r.arrival);
    measured[1].push_back((r.last_token - r.first_token) / each);
    predicted[1].push_back((last - first) / each);
    measured[2].push_back(r.last_token - r.arrival);
    predicted[2].push_back(last - r.arrival);
    measured[3].push_back(r.scheduled - r.arrival);
    predicted[3].push_back(seconds(p.scheduled) - r.arrival);
    report.preemptions += p.preempted;
    report.last_measured = std::max(report.last_measured, r.last_token);
    report.last_predicted = std::max(report.last_predicted, last);
  }
  for (std::size_t m = 0; m < 4; ++m) {
    constexpr std::array<const char*, 4> names = {"TTFT", "TPOT", "E2E", "schedule"};
    report.metrics.push_back(compare(names[m], measured[m], predicted[m]));
  }
}

}  // namespace

Result<ReplayReport> replay_vllm(const VllmRun& run, const catalog::Catalog& catalog,
                                 const Run& stop) {
  ServingPoint point;
  point.file = run.name;
  point.framework = "vllm";
  point.system = entry_of(catalog, "chip", run.chip);
  point.model = entry_of(catalog, "model", run.model);
  if (point.system.empty() || point.model.empty()) {
    return fail(fault(
        run.name, fmt::format("the catalog has no {} '{}'", point.system.empty() ? "chip" : "model",
                              point.system.empty() ? run.chip : run.model)));
  }
  point.decode = {.workers = run.dp, .parallel = {.tp = run.tp, .pp = run.pp}};
  MeasuredMachines machines(catalog);
  const Result<const twin::Machine*> known = machines.of(point);
  if (!known) return fail(known.error());
  twin::Machine machine = **known;
  if (run.asynchronous) {
    // A step is put together, and the last one's tokens are handed out, while the next one runs.
    machine.framework.host_decode = {};
    machine.framework.host_sequence = {};
  }
  serving::ServingPlan plan;
  Result<serving::EngineSpec> spec = spec_of(run, machine, plan);
  if (!spec) return fail(spec.error());
  Lives lives(run.requests.size());
  serving::ServingEngine engine(*std::move(spec), &lives);
  submit_all(run, engine, stop);
  for (auto next = engine.next_wakeup(); next && !stop.stopped(); next = engine.next_wakeup()) {
    engine.advance(*next);
  }
  if (stop.stopped()) return fail(interrupted("the replay of " + run.name));

  ReplayReport report{.name = run.name,
                      .chip = point.system,
                      .model = point.model,
                      .deployment = twin::plan_text(plan),
                      .requests = run.requests.size(),
                      .metrics = {}};
  report.mean_target = machine.model.is_moe() ? moe_target : dense_mean;
  report.p99_target = machine.model.is_moe() ? moe_target : dense_p99;
  compare_requests(run, lives.records, report);
  return report;
}

ReplayReports replay_vllm_runs(const std::string& directory, const catalog::Catalog& catalog,
                               const Run& stop) {
  ReplayReports out;
  std::vector<std::pair<std::string, std::string>> runs;  // folder, name
  std::error_code error;
  for (fs::recursive_directory_iterator at(directory, error), end; !error && at != end;
       at.increment(error)) {
    const std::string file = at->path().filename().string();
    if (!file.ends_with(meta_ending)) continue;
    const std::string name = file.substr(0, file.size() - meta_ending.size());
    const std::string requests = (at->path().parent_path() / (name + "_requests.jsonl")).string();
    if (fs::exists(requests) || fs::exists(requests + ".gz") || fs::exists(requests + ".zst")) {
      runs.emplace_back(at->path().parent_path().string(), name);
    }
  }
  std::sort(runs.begin(), runs.end());
  for (const auto& [folder, name] : runs) {
    if (stop.stopped()) break;
    const Result<VllmRun> run = read_vllm_run(folder, name);
    Result<ReplayReport> report =
        run ? replay_vllm(*run, catalog, stop) : Result<ReplayReport>(fail(run.error()));
    if (stop.stopped()) break;
    if (report) out.runs.push_back(*std::move(report));
    if (!report) {
      out.errors.insert(out.errors.end(), report.error().begin(), report.error().end());
    }
  }
  return out;
}

std::string replay_text(const ReplayReports& reports) {
  std::string out;
  for (const ReplayReport& r : reports.runs) {
    out += fmt::format("{}: {} on {}, {}; {} requests, {} preemptions predicted\n", r.name, r.model,
                       r.chip, r.deployment, r.requests, r.preemptions);
    out += fmt::format("  {:<9} {:>10} {:>10} {:>7}  {:>10} {:>10} {:>7}  {:>10}\n", "ms",
                       "measured", "predicted", "ratio", "p99", "predicted", "ratio", "typ. error");
    for (const ReplayMetric& m : r.metrics) {
      out += fmt::format(
          "  {:<9} {:>10.1f} {:>10.1f} {:>7.3f}  {:>10.1f} {:>10.1f} {:>7.3f}  {:>10.1f}\n", m.name,
          1e3 * m.mean_measured, 1e3 * m.mean_predicted, m.mean_ratio(), 1e3 * m.p99_measured,
          1e3 * m.p99_predicted, m.p99_ratio(), 1e3 * m.typical_error);
    }
    out += fmt::format(
        "  ends at {:.1f} s, predicted {:.1f} s; targets mean {:.0f} %, p99 {:.0f} %: {}\n",
        r.last_measured, r.last_predicted, 100.0 * r.mean_target, 100.0 * r.p99_target,
        r.met() ? "met" : "missed");
  }
  return out;
}

}  // namespace sn::evidence
