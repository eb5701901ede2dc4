// bench/plan_bench.cc
//
// Speed of planning: the main job and the size study as a whole, the knee of one plan, a real
// trace.
//
// Targets on two cores: a full plan of scenarios/al128-deepseek-v3.yaml in less than 2 s, the size
// study (five models on nine sizes of rack) in less than 20 s. Run from
// the root of the tree with --benchmark_repetitions=5 and read the best: other programs only add.
// The trace needs SN_SHARED_DATA; without it those two are skipped.

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <string>

#include "sn/base/files/files.h"
#include "sn/catalog/catalog.h"
#include "sn/planner/plan.h"
#include "sn/planner/vary.h"
#include "sn/serving/load/trace/trace.h"
#include "sn/twin/scenario/scenario.h"

namespace sn::planner {
namespace {

Result<twin::World> load(const std::string& path) {
  const Result<std::string> text = read_file(path);
  if (!text) return fail(text.error());
  const Result<Node> scenario = parse_document(path, *text);
  if (!scenario) return fail(scenario.error());
  const Result<catalog::Catalog> catalog = catalog::Catalog::embedded();
  if (!catalog) return fail(catalog.error());
  return twin::resolve(*scenario, *catalog, FileLoader::disk(), "");
}

Result<twin::World> main_job() { return load("scenarios/al128-deepseek-v3.yaml"); }

void BM_PlanMainJob(benchmark::State& state) {
  const Result<twin::World> world = main_job();
  if (!world) return state.SkipWithError(render(world.error()).c_str());
  const Run run({.threads = static_cast<int>(state.range(0))});
  const PlanOptions options{.explain = true};
  std::int64_t shapes = 0;
  for (auto _ : state) {
    const Result<PlanReport> report = plan(*world, options, run);
    if (!report) return state.SkipWithError(render(report.error()).c_str());
    shapes = report->considered;
  }
  state.counters["shapes"] = static_cast<double>(shapes);
}
BENCHMARK(BM_PlanMainJob)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();

/// The flagship question: five models on nine sizes of rack; alone, and at one number of GPUs.
void size_study(benchmark::State& state, const std::string& path) {
  const Result<std::string> text = read_file(path);
  if (!text) return state.SkipWithError(render(text.error()).c_str());
  const Result<Node> scenario = parse_document(path, *text);
  const Result<catalog::Catalog> catalog = catalog::Catalog::embedded();
  const Result<std::vector<VaryAxis>> axes =
      parse_axes({"model=deepseek-v3,sn-1t,sn-2.8t,sn-10t,llama-3.1-405b",
                  "cluster.rack.gpus=8,16,32,64,72,128,144,256,512"});
  if (!scenario || !catalog || !axes) return state.SkipWithError("the study is not readable");
  const FileLoader loader = FileLoader::disk();
  const Run run({.threads = static_cast<int>(state.range(0))});
  const PlanOptions options{.top = 1};
  std::size_t points = 0;
  for (auto _ : state) {
    const auto report = vary({*scenario, *catalog, loader, ""}, *axes, options, run);
    if (!report) return state.SkipWithError(render(report.error()).c_str());
    points = report->points.size();
  }
  state.counters["points"] = static_cast<double>(points);
}

void BM_SizeStudy(benchmark::State& state) { size_study(state, "scenarios/size-study.yaml"); }
BENCHMARK(BM_SizeStudy)
    ->Arg(1)
    ->Arg(2)
    ->Iterations(1)
    ->Unit(benchmark::kSecond)
    ->MeasureProcessCPUTime()
    ->UseRealTime();

void BM_SizeStudyAtOneTotal(benchmark::State& state) {
  size_study(state, "scenarios/size-study-total.yaml");
}
BENCHMARK(BM_SizeStudyAtOneTotal)
    ->Arg(2)
    ->Iterations(1)
    ->Unit(benchmark::kSecond)
    ->MeasureProcessCPUTime()
    ->UseRealTime();

void BM_ResolveMainJob(benchmark::State& state) {
  for (auto _ : state) {
    const Result<twin::World> world = main_job();
    if (!world) return state.SkipWithError(render(world.error()).c_str());
    benchmark::DoNotOptimize(world->machine.params.size());
  }
}
BENCHMARK(BM_ResolveMainJob)->Unit(benchmark::kMillisecond);

/// Knee of one plan, compilation included: what an elasticity costs twice.
void knee_of(benchmark::State& state, const serving::ServingPlan& shape) {
  const Result<twin::World> world = main_job();
  if (!world) return state.SkipWithError(render(world.error()).c_str());
  serving::ServingPlan plan = shape;
  plan.prefill.deployment.precision = world->machine.precisions.front();
  plan.decode.deployment.precision = world->machine.precisions.front();
  const serving::ServingInputs inputs = world->inputs();
  for (auto _ : state) {
    serving::ServingModel model(inputs, plan);
    benchmark::DoNotOptimize(model.knee(world->load.slo));
  }
}

void BM_KneeOfTwoPools(benchmark::State& state) {
  knee_of(state, {.prefill = {.deployment = {.parallel = {.pp = 8}, .precision = {}},
                              .replicas = 14,
                              .chunk = 8192},
                  .decode = {.deployment = {.parallel = {.dp = 16, .ep = 16}, .precision = {}},
                             .replicas = 1}});
}
BENCHMARK(BM_KneeOfTwoPools)->Unit(benchmark::kMicrosecond);

void BM_KneeAggregated(benchmark::State& state) {
  knee_of(state, {.prefill = {},
                  .decode = {.deployment = {.parallel = {.tp = 8}, .precision = {}},
                             .replicas = 16,
                             .chunk = 2048}});
}
BENCHMARK(BM_KneeAggregated)->Unit(benchmark::kMicrosecond);

Result<std::string> shared_trace() {
  const char* shared = std::getenv("SN_SHARED_DATA");
  const std::string folder = shared == nullptr ? "" : shared;
  return read_file(folder + "/traces/mooncake_conversation_trace.jsonl.gz");
}

void BM_ReadTrace(benchmark::State& state) {
  const Result<std::string> text = shared_trace();
  if (!text) return state.SkipWithError("the trace is not there: set SN_SHARED_DATA");
  for (auto _ : state) {
    const Result<serving::Trace> trace = serving::read_trace("conversation", *text);
    if (!trace) return state.SkipWithError(render(trace.error()).c_str());
    benchmark::DoNotOptimize(trace->requests.size());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text->size()));
}
BENCHMARK(BM_ReadTrace)->Unit(benchmark::kMillisecond);

void BM_SummariseTrace(benchmark::State& state) {
  const Result<std::string> text = shared_trace();
  if (!text) return state.SkipWithError("the trace is not there: set SN_SHARED_DATA");
  const Result<serving::Trace> trace = serving::read_trace("conversation", *text);
  if (!trace) return state.SkipWithError(render(trace.error()).c_str());
  for (auto _ : state) {
    const Result<serving::Workload> w =
        serving::summarise("conversation", "", trace->requests, trace->block_tokens);
    benchmark::DoNotOptimize(w.has_value());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(trace->requests.size()));
}
BENCHMARK(BM_SummariseTrace)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace sn::planner
