// bench/training_bench.cc
//
// Speed of the search over parallelisations, on one core.
//
// Targets: 10,000 parallelisations priced per second, and the whole search of a 10T model on 8,192
// GPUs in 10 s.

#include <benchmark/benchmark.h>

#include "sn/llm/shipped_test_util.h"
#include "sn/training/recipe.h"
#include "sn/training/search.h"

namespace sn::training {
namespace {

struct MainJob {
  llm::ShippedModel model = llm::shipped_model("sn-10t");
  llm::ShippedMachine machine = llm::shipped_machine("al128", model.traits, 64);
  Job job;

  MainJob() {
    job.model = model.spec;
    job.sequence = 8192;
    job.batch = 2048;
    job.recipe = recipe_of(Stack::megatron_core, Math::fp8, true, machine.cluster.rack.chip);
  }
};

/// Items: parallelisations that were priced.
void BM_Search(benchmark::State& state) {
  const MainJob m;
  std::size_t priced = 0;
  for (auto _ : state) {
    priced += search(m.job, m.machine.view(), {.gpus = 8192}).priced;
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(priced));
}
BENCHMARK(BM_Search)->Unit(benchmark::kMillisecond);

/// Layers known: what one more plan takes.
void BM_KnownLayers(benchmark::State& state) {
  const MainJob m;
  const llm::StepMachine machine = m.machine.view();
  StepPricer pricer(m.job, machine);
  Plan plan{.tp = 4, .ep = 64, .pp = 8, .dp = 256};
  for (auto _ : state) {
    plan.pp = plan.pp == 8 ? 16 : 8;
    plan.dp = 2048 / plan.pp;
    benchmark::DoNotOptimize(pricer.step(plan));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_KnownLayers);

/// A layer of a new shape: its operators and collectives.
void BM_Layers(benchmark::State& state) {
  const MainJob m;
  const llm::StepMachine machine = m.machine.view();
  const LayerPricer pricer(m.job, machine);
  for (auto _ : state) {
    benchmark::DoNotOptimize(pricer.price({.tp = 4, .cp = 1, .ep = 64}));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_Layers);

}  // namespace
}  // namespace sn::training
