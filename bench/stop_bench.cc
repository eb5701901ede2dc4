// bench/stop_bench.cc
//
// How long work goes on after its run is stopped: the target is 100 ms for every question.
//
// Each iteration starts a question on another thread, stops it after the given milliseconds and
// times what is left until it returns. A question that ends before its stop counts as nothing.
// SN_SHARED_DATA holds the measurements to validate; without it only published figures are.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>

#include "sn/api/evidence.h"
#include "sn/api/open.h"
#include "sn/api/plan.h"
#include "sn/api/simulate.h"

namespace sn::api {
namespace {

const catalog::Catalog& shipped() {
  static const Result<catalog::Catalog> catalog = open_catalog();
  return *catalog;
}

twin::World world_of(const char* file) {
  Result<Opened> opened = open({.file = file}, shipped());
  return opened && opened->world ? *std::move(opened->world) : twin::World{};
}

std::string data() {
  const char* folder = std::getenv("SN_SHARED_DATA");
  return folder != nullptr ? folder : "";
}

void measure(benchmark::State& state, const std::function<void(const Run&)>& question) {
  using Clock = std::chrono::steady_clock;
  for (auto _ : state) {
    const Run run({.threads = 2});
    Clock::time_point ended;
    std::thread worker([&] {
      question(run);
      ended = Clock::now();
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(state.range(0)));
    const Clock::time_point stopped = Clock::now();
    run.stop();
    worker.join();
    state.SetIterationTime(std::max(0.0, std::chrono::duration<double>(ended - stopped).count()));
  }
}

void BM_StopPlan(benchmark::State& state) {
  const twin::World world = world_of("scenarios/al128-deepseek-v3.yaml");
  measure(state, [&](const Run& run) { (void)plan(world, {.explain = true}, run); });
}
void BM_StopKnee(benchmark::State& state) {
  const twin::World world = world_of("scenarios/al128-deepseek-v3.yaml");
  measure(state, [&](const Run& run) { (void)simulate(world, {}, run); });
}
void BM_StopSimulation(benchmark::State& state) {
  twin::World world = world_of("scenarios/al128-deepseek-v3.yaml");
  world.load.rate = {.kind = twin::RateSpec::Kind::multiple, .value = 1.0};
  measure(state, [&](const Run& run) { (void)simulate(world, {}, run); });
}
void BM_StopKernels(benchmark::State& state) {
  measure(state, [&](const Run& run) {
    (void)validate({.data = data(), .collectives = false, .serving = false}, shipped(), run);
  });
}
void BM_StopCollectives(benchmark::State& state) {
  measure(state, [&](const Run& run) {
    (void)validate({.data = data(), .kernels = false, .serving = false}, shipped(), run);
  });
}
void BM_StopServing(benchmark::State& state) {
  measure(state, [&](const Run& run) {
    (void)validate({.data = data(), .kernels = false, .collectives = false}, shipped(), run);
  });
}

void at(benchmark::internal::Benchmark* b) {
  b->Arg(50)->Arg(500)->Arg(2000)->UseManualTime()->Iterations(3)->Unit(benchmark::kMillisecond);
}
BENCHMARK(BM_StopPlan)->Apply(at);
BENCHMARK(BM_StopKnee)->Apply(at);
BENCHMARK(BM_StopSimulation)->Apply(at);
BENCHMARK(BM_StopKernels)->Apply(at);
BENCHMARK(BM_StopCollectives)->Apply(at);
BENCHMARK(BM_StopServing)->Apply(at);

}  // namespace
}  // namespace sn::api
