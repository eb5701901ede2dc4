// bench/kernel_bench.cc
//
// Speed of the kernel models on one core, one benchmark per family of operators, no result kept.
//
// Target: 1,000,000 dense products per second; the planner prices an attention in less than 1.5 us.
// Shapes change from call to call, so that no branch is learnt by heart. Run with
// --benchmark_repetitions=5 and read the best: other programs only add.

#include <benchmark/benchmark.h>

#include <cmath>

#include "sn/llm/shipped_test_util.h"

namespace sn::kernel {
namespace {

KernelModel shipped_kernels() {
  const llm::ShippedMachine machine = llm::shipped_machine("al128", {});
  return {machine.cluster.rack.chip, machine.kernels};
}

/// 1 to 8191, in an order that does not repeat soon.
double changing(std::int64_t i) { return 1.0 + static_cast<double>((i * 2654435761) % 8191); }

void BM_Gemm(benchmark::State& state, Library library, DataType type) {
  const KernelModel model = shipped_kernels();
  std::int64_t i = 0;
  for (auto _ : state) {
    ++i;
    benchmark::DoNotOptimize(model.gemm({.m = changing(i),
                                         .n = 64.0 * (1.0 + static_cast<double>(i % 128)),
                                         .k = 7168.0,
                                         .activation = type,
                                         .weight = type,
                                         .block = type == DataType::fp8,
                                         .library = library}));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(BM_Gemm, cublas_bf16, Library::cublas, DataType::bf16);
BENCHMARK_CAPTURE(BM_Gemm, deepgemm_fp8, Library::deepgemm, DataType::fp8);
BENCHMARK_CAPTURE(BM_Gemm, cutlass_fp4, Library::cutlass, DataType::fp4);

void BM_Moe(benchmark::State& state) {
  const KernelModel model = shipped_kernels();
  std::int64_t i = 0;
  for (auto _ : state) {
    const double tokens = changing(++i);
    benchmark::DoNotOptimize(model.moe({.tokens = tokens,
                                        .load = ExpertLoad::spread(tokens * 8.0, 32.0),
                                        .hidden = 7168.0,
                                        .inter = 2048.0}));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_Moe);

void BM_PrefillAttention(benchmark::State& state) {
  const KernelModel model = shipped_kernels();
  std::int64_t i = 0;
  for (auto _ : state) {
    const double tokens = changing(++i);
    benchmark::DoNotOptimize(model.prefill_attention({.sequences = 1.0,
                                                      .pairs = 0.5 * tokens * (tokens + 1.0),
                                                      .tokens = tokens,
                                                      .kv_tokens = tokens,
                                                      .heads = 64.0,
                                                      .kv_heads = 8.0,
                                                      .qk_dim = 128.0,
                                                      .v_dim = 128.0,
                                                      .kv_bytes = 4096.0}));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_PrefillAttention);

void BM_DecodeAttention(benchmark::State& state) {
  const KernelModel model = shipped_kernels();
  std::int64_t i = 0;
  for (auto _ : state) {
    const double sequences = changing(++i);
    benchmark::DoNotOptimize(model.decode_attention({.sequences = sequences,
                                                     .context = sequences * 4096.0,
                                                     .heads = 64.0,
                                                     .kv_heads = 8.0,
                                                     .head_dim = 128.0}));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_DecodeAttention);

void BM_MlaDecode(benchmark::State& state) {
  const KernelModel model = shipped_kernels();
  std::int64_t i = 0;
  for (auto _ : state) {
    const double sequences = changing(++i);
    benchmark::DoNotOptimize(model.mla_decode({.sequences = sequences,
                                               .context = sequences * 4096.0,
                                               .heads = 128.0,
                                               .latent = 512.0,
                                               .rope = 64.0}));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_MlaDecode);

void BM_Elementwise(benchmark::State& state) {
  const KernelModel model = shipped_kernels();
  std::int64_t i = 0;
  for (auto _ : state) {
    const double rows = changing(++i);
    benchmark::DoNotOptimize(model.elementwise({.bytes = rows * 28672.0, .rows = rows}));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_Elementwise);

}  // namespace
}  // namespace sn::kernel
