// sn/evidence/serving/benchmark.h
//
// Public serving benchmarks, from catalog/benchmarks: what its data set asks for, which latencies
// it allows, and how submitters are known to have deployed.
//
// Lengths are uniform in mean x [1 - spread, 1 + spread]. A deployment holds for the chips and
// scenarios that it names; the first that fits is taken. `batch` and `tokens` are what the engine
// was started with (sequences of an attention rank; tokens of a step, decodes included).

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sn/catalog/catalog.h"
#include "sn/evidence/serving/rows/serving_points.h"

namespace sn::evidence {

struct BenchmarkDeployment {
  std::vector<std::string> chips;
  std::vector<std::string> scenarios;
  std::int64_t least_gpus = 0;  // of the submission
  llm::Parallelism parallel;
  EngineLimits engine;
  MeasuredPool prefill;  // of a disaggregated one
  std::int64_t decode_workers = 1;

  [[nodiscard]] bool holds(std::string_view chip, std::string_view scenario,
                           std::int64_t gpus) const;
};

struct Benchmark {
  std::string model;    // catalog entry
  double input = 0.0;   // mean tokens of a prompt
  double output = 0.0;  // mean tokens of an answer, where a row does not say
  double spread = 0.0;
  std::map<std::string, LatencyLimits, std::less<>> limits;  // by scenario
  std::vector<BenchmarkDeployment> deployments;
};

[[nodiscard]] Result<Benchmark> read_benchmark(const Node& entry,
                                               const catalog::SourceBook& sources);

/// Completes the points of benchmarks: lengths, limits, deployment. Points whose benchmark or
/// deployment the catalog does not have are skipped with the reason; errors of entries are joined.
void describe_benchmarks(ServingFiles& files, const catalog::Catalog& catalog);

}  // namespace sn::evidence
