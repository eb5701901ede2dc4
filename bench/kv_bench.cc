// bench/kv_bench.cc
//
// A store below HBM with 100 million blocks: time of an insertion and of a look, memory of a block.
// Target: 100 million blocks in under 4 GB.

#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <vector>

#include "sn/kv/paged_cache.h"
#include "sn/kv/tier_store.h"

namespace {

double resident_gb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1e6;
}

void fill_a_store(benchmark::State& state) {
  const auto blocks = static_cast<std::int64_t>(state.range(0));
  for (auto _ : state) {
    sn::kv::TierStore store({.blocks = blocks});
    std::vector<std::uint64_t> keys;
    std::vector<std::uint64_t> evicted;
    std::uint64_t salt = 0;
    for (std::int64_t done = 0; done < blocks; done += 1000) {
      keys.clear();
      sn::kv::chain_keys(std::vector<std::uint64_t>(1000, 1), ++salt, keys);
      for (const std::uint64_t key : keys) store.insert(key, {}, evicted);
    }
    benchmark::DoNotOptimize(store.contains(keys.back()));
  }
  state.SetItemsProcessed(blocks * static_cast<std::int64_t>(state.iterations()));
  state.counters["peak_GB"] = resident_gb();
}
BENCHMARK(fill_a_store)->Arg(1'000'000)->Arg(100'000'000)->Unit(benchmark::kSecond)->Iterations(1);

}  // namespace
