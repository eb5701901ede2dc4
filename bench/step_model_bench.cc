// bench/step_model_bench.cc
//
// Speed of the StepModel on DeepSeek-V3 over one AL128 (DP128 EP128, one MTP draft), on one core.
//
// Targets: 10,000 cold evaluations (compile and evaluate), 100,000 new shapes on a compiled program
// and 2,000,000 decode updates (same token counts, new context) per second. Run with
// --benchmark_repetitions=5 and read the best: other programs only add.

#include <benchmark/benchmark.h>

#include "sn/llm/shipped_test_util.h"

namespace sn::llm {
namespace {

using kernel::DataType;

struct MainJob {
  ShippedModel model = shipped_model("deepseek-v3");
  ShippedMachine machine = shipped_machine("al128", model.traits);
  Deployment deployment = {.parallel = {.dp = 128, .ep = 128},
                           .precision = {DataType::fp8, DataType::fp8, DataType::bf16},
                           .draft_tokens = 1};
};

BatchShape decode(double sequences, double context) {
  return {.decode_sequences = sequences, .decode_context = sequences * context};
}

void BM_ColdEvaluation(benchmark::State& state) {
  const MainJob job;
  double sequences = 1.0;
  for (auto _ : state) {
    const StepProgram program = compile(job.model.spec, job.deployment, job.machine.view());
    StepEvaluator evaluator(program, 1);
    sequences = sequences < 256.0 ? sequences + 0.37 : 1.0;
    benchmark::DoNotOptimize(evaluator.eval(decode(sequences, 4096.0)));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_ColdEvaluation);

void BM_NewShape(benchmark::State& state) {
  const MainJob job;
  const StepProgram program = compile(job.model.spec, job.deployment, job.machine.view());
  StepEvaluator evaluator(program);
  double sequences = 1.0;
  for (auto _ : state) {
    sequences = sequences < 256.0 ? sequences + 0.0037 : 1.0;
    benchmark::DoNotOptimize(evaluator.eval(decode(sequences, 4096.0)));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_NewShape);

/// As BM_NewShape, with a chunk of a prompt in the same step: the most operators a step can have.
void BM_NewMixedShape(benchmark::State& state) {
  const MainJob job;
  const StepProgram program = compile(job.model.spec, job.deployment, job.machine.view());
  StepEvaluator evaluator(program);
  BatchShape shape = decode(64.0, 4096.0);
  shape.prefill_context = 8192.0;
  shape.prefill_pairs = 1e6;
  for (auto _ : state) {
    shape.prefill_tokens = shape.prefill_tokens < 2048.0 ? shape.prefill_tokens + 0.037 : 1.0;
    benchmark::DoNotOptimize(evaluator.eval(shape));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_NewMixedShape);

void BM_DecodeUpdate(benchmark::State& state) {
  const MainJob job;
  const StepProgram program = compile(job.model.spec, job.deployment, job.machine.view());
  StepEvaluator evaluator(program);
  BatchShape shape = decode(128.0, 1000.0);
  for (auto _ : state) {
    shape.decode_context += 128.0;
    benchmark::DoNotOptimize(evaluator.eval(shape));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_DecodeUpdate);

void BM_Gemm(benchmark::State& state) {
  const MainJob job;
  const kernel::KernelModel kernels(job.machine.cluster.rack.chip, job.machine.kernels);
  kernel::Gemm gemm{
      .m = 1.0, .n = 4096.0, .k = 7168.0, .activation = DataType::fp8, .weight = DataType::fp8};
  for (auto _ : state) {
    gemm.m = gemm.m < 8192.0 ? gemm.m + 1.0 : 1.0;
    benchmark::DoNotOptimize(kernels.gemm(gemm));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_Gemm);

void BM_AllReduce(benchmark::State& state) {
  const MainJob job;
  const collective::CollectiveTimer timer(fabric::make_fabric(job.machine.cluster),
                                          job.machine.collectives);
  double size = 1.0;
  for (auto _ : state) {
    size = size < 1e10 ? size * 1.01 : 1.0;
    benchmark::DoNotOptimize(
        timer.time(collective::Op::all_reduce, {128, 128}, Bytes::from_si(size)));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_AllReduce);

}  // namespace
}  // namespace sn::llm
