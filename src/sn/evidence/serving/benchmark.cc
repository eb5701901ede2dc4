// sn/evidence/serving/benchmark.cc
//
// See the header.

#include "sn/evidence/serving/benchmark.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sn/base/document/document.h"

namespace sn::evidence {

namespace {

constexpr Range ranks = {1.0, 1024.0};

/// Reads one entry; every error with its place.
class BenchmarkReader {
 public:
  BenchmarkReader(const Node& entry, const catalog::SourceBook& sources, Errors& errors)
      : reader_(entry, "benchmark", errors), sources_(sources), errors_(errors) {}

  void read(Benchmark& out) {
    static_cast<void>(reader_.get("name"));  // the catalog puts it there
    static_cast<void>(reader_.require("title"));
    check_source(reader_);
    if (reader_.require("model") != nullptr) out.model = reader_.text("model").value_or("");
    out.input = length("input");
    out.output = length("output");
    out.spread = leaf("spread", {0.0, 1.0});
    read_limits(out);
    if (const Node* list = reader_.require("deployments")) {
      for (const Node& item : list->items()) out.deployments.push_back(deployment(item));
    }
    reader_.finish();
  }

 private:
  void check_source(MapReader& r) {
    const Node* node = r.require("source");
    if (node != nullptr && sources_.find(node->text()) == nullptr) {
      r.report(ErrorCode::unknown_name, "unknown source '" + node->text() + "'", node);
    }
  }

  double length(std::string_view key) { return leaf(key, {1.0, 1e6}); }

  double leaf(std::string_view key, Range range) {
    const Node* node = reader_.require(key);
    if (node == nullptr) return range.min;
    MapReader r(*node, std::string(key), errors_);
    check_source(r);
    static_cast<void>(r.text("note"));
    static_cast<void>(r.choice("confidence", {"high", "medium", "low"}));
    const double value = r.number("value", range).value_or(range.min);
    r.finish();
    return value;
  }

  void read_limits(Benchmark& out) {
    const Node* node = reader_.get("limits");
    if (node == nullptr) return;
    for (const Node::Member& m : node->members()) {
      MapReader r(m.value, "limits", errors_);
      LatencyLimits& limit = out.limits[m.key];
      limit.ttft = latency(r, "ttft");
      limit.tpot = latency(r, "tpot");
      r.finish();
    }
  }

  static double latency(MapReader& r, std::string_view key) {
    const Time least = Time::from_si(1e-6);
    const Time most = Time::from_si(1e3);
    return r.require(key) == nullptr ? 1.0 : r.quantity(key, least, most).value_or(least).si();
  }

  static std::vector<std::string> names(MapReader& r, std::string_view key) {
    std::vector<std::string> out;
    const Node* node = r.require(key);
    if (node == nullptr) return out;
    for (const Node& item : node->items()) out.push_back(item.text());
    return out;
  }

  BenchmarkDeployment deployment(const Node& item) {
    BenchmarkDeployment out;
    MapReader r(item, "deployments", errors_);
    out.chips = names(r, "chips");
    out.scenarios = names(r, "scenarios");
    const auto count = [&](std::string_view key) { return r.integer(key, ranks).value_or(1); };
    out.parallel = {.tp = count("tp"), .dp = count("dp"), .pp = count("pp"), .ep = count("ep")};
    out.decode_workers = count("instances");
    if (const Node* node = r.get("prefill")) {
      MapReader p(*node, "prefill", errors_);
      out.prefill.workers = p.integer("instances", ranks).value_or(1);
      out.prefill.parallel.tp = p.integer("tp", ranks).value_or(1);
      p.finish();
    }
    out.least_gpus = r.integer("gpus", ranks).value_or(0);
    out.engine.batch = r.integer("batch", {1.0, 1e5}).value_or(0);
    out.engine.tokens = r.integer("tokens", {1.0, 1e6}).value_or(0);
    check_source(r);
    static_cast<void>(r.choice("confidence", {"high", "medium", "low"}));
    static_cast<void>(r.text("note"));
    r.finish();
    return out;
  }

  MapReader reader_;
  const catalog::SourceBook& sources_;
  Errors& errors_;
};

bool has(const std::vector<std::string>& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

/// Instances are alike and share nothing: one stands for all, but where prompts are done elsewhere.
void deploy(const BenchmarkDeployment& d, ServingPoint& p) {
  p.disaggregated = d.prefill.workers > 0;
  p.prefill = d.prefill;
  p.decode = {p.disaggregated ? d.decode_workers : 1, d.parallel};
  p.engine = d.engine;
}

void describe(const Benchmark& b, ServingPoint& p) {
  if (p.model.empty()) p.model = b.model;
  p.input = b.input * (1.0 + b.spread);
  p.output = (p.output > 0.0 ? p.output : b.output) * (1.0 + b.spread);
  p.range = (1.0 - b.spread) / (1.0 + b.spread);
  const auto known = [&](const BenchmarkDeployment& d) {
    return d.holds(p.system, p.scenario, p.decode.workers);
  };
  const auto at = std::find_if(b.deployments.begin(), b.deployments.end(), known);
  if (at == b.deployments.end()) {
    p.skip = fmt::format("no deployment on {} is known", p.system);
    return;
  }
  const std::int64_t gpus = p.decode.workers;  // what the row has: GPUs of the submission
  deploy(*at, p);
  if (gpus % p.gpus() != 0) p.skip = "the deployment does not divide the GPUs of the system";
  // As many at once as the engine takes; all others wait.
  p.concurrency = static_cast<double>(p.engine.batch * p.decode.parallel.dp * p.decode.workers *
                                      p.decode.parallel.pp);
  p.requests = 10.0 * p.concurrency;
  if (const auto limit = b.limits.find(p.scenario); limit != b.limits.end()) {
    p.load = LoadKind::limited;
    p.limits = limit->second;
  }
}

}  // namespace

bool BenchmarkDeployment::holds(std::string_view chip, std::string_view scenario,
                                std::int64_t gpus) const {
  return has(chips, chip) && has(scenarios, scenario) && gpus >= least_gpus;
}

Result<Benchmark> read_benchmark(const Node& entry, const catalog::SourceBook& sources) {
  Benchmark out;
  Errors errors;
  BenchmarkReader(entry, sources, errors).read(out);
  if (!errors.empty()) return fail(std::move(errors));
  return out;
}

void describe_benchmarks(ServingFiles& files, const catalog::Catalog& catalog) {
  const catalog::CatalogKind& kind = *catalog::find_kind("benchmark");
  std::map<std::string, Benchmark> known;
  for (const std::string& name : catalog.names(kind)) {
    const Result<Node> entry = catalog.entry(kind, name);
    Result<Benchmark> benchmark =
        entry ? read_benchmark(*entry, catalog.sources()) : Result<Benchmark>(fail(entry.error()));
    if (benchmark) {
      known.emplace(name, *std::move(benchmark));
    } else {
      files.errors.insert(files.errors.end(), benchmark.error().begin(), benchmark.error().end());
    }
  }
  for (ServingFile& f : files.files) {
    for (ServingPoint& p : f.points) {
      if (p.benchmark.empty() || p.skip != undescribed) continue;
      p.skip.clear();
      const auto at = known.find(p.benchmark);
      if (at == known.end()) {
        p.skip = fmt::format("benchmark '{}' is not in the catalog", p.benchmark);
        continue;
      }
      describe(at->second, p);
      finish(p);
    }
  }
}

}  // namespace sn::evidence
