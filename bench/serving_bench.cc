// bench/serving_bench.cc
//
// Speed of the serving engine on one core: steps of pure decode, short requests, a prefix cache
// under eviction, a generator of ten million requests.
//
// Targets: 1,000,000 steps/s of pure decode for one instance and for 64 lockstep ranks; 10,000
// requests/s with 512 input and 64 output tokens. Run with --benchmark_repetitions=5 and read the
// best: other programs only add.

#include <benchmark/benchmark.h>

#include "sn/kv/paged_cache.h"
#include "sn/llm/shipped_test_util.h"
#include "sn/serving/engine/engine.h"
#include "sn/serving/load/request_source.h"

namespace sn::serving {
namespace {

using kernel::DataType;

/// A model on a rack, and an engine of one aggregated pool of it.
struct Bed {
  Bed(const std::string& name, const std::string& rack, llm::Parallelism parallel)
      : model(llm::shipped_model(name)),
        machine(llm::shipped_machine(rack, model.traits)),
        deployment{.parallel = parallel,
                   .precision = {DataType::fp8, DataType::fp8, DataType::fp8}} {}

  [[nodiscard]] EngineSpec spec(std::int64_t instances, std::int64_t chunk) const {
    PoolSpec pool;
    pool.instances = instances;
    pool.deployment = deployment;
    pool.batching = {.tokens = chunk, .decodes_in_budget = false, .sequences = 4096};
    pool.kv_pages = 1'000'000;
    pool.compile = [this](const hw::Conditions& conditions) {
      return std::make_shared<const llm::StepProgram>(
          compile(model.spec, deployment, machine.view(), conditions));
    };
    EngineSpec out;
    out.deployments.emplace_back();
    out.deployments[0].pools = {pool};
    out.deployments[0].routing = Routing::least_loaded;
    out.deployments[0].queue_limit = 1 << 30;
    return out;
  }

  llm::ShippedModel model;
  llm::ShippedMachine machine;
  llm::Deployment deployment;
};

class Steps final : public EngineObserver {
 public:
  void on_step(const StepRecord&) override { ++steps; }
  std::int64_t steps = 0;
};

/// `each` sequences on every rank, decoding for ever.
void decode(benchmark::State& state, const Bed& bed, std::int64_t each) {
  Steps seen;
  ServingEngine engine(bed.spec(1, 1 << 20), &seen);
  Request request;
  request.input_tokens = 2000;
  request.output_tokens = 1'000'000;
  Nanos now;
  for (std::int64_t i = 0; i < each * bed.deployment.parallel.dp; ++i) engine.submit(request, now);
  now.count += 120'000'000'000;
  engine.advance(now);  // prompts done
  seen.steps = 0;
  for (auto _ : state) {
    now.count += 1'000'000'000;
    engine.advance(now);
  }
  state.SetItemsProcessed(seen.steps);
}

void BM_DecodeOneInstance(benchmark::State& state) {
  const Bed bed("llama-3.1-70b", "hgx-h200", {.tp = 8});
  decode(state, bed, state.range(0));
}
BENCHMARK(BM_DecodeOneInstance)->Arg(1)->Arg(64)->Iterations(200);

void BM_DecodeLockstep64(benchmark::State& state) {
  const Bed bed("deepseek-v3", "al128", {.dp = 64, .ep = 64});
  decode(state, bed, state.range(0));
}
BENCHMARK(BM_DecodeLockstep64)->Arg(1)->Arg(16)->Iterations(200);

/// 512 tokens in, 64 out, on eight instances of two GPUs at about two thirds of their capacity.
void BM_ShortRequests(benchmark::State& state) {
  const Bed bed("llama-3.1-8b", "hgx-h200", {.tp = 1});
  constexpr std::int64_t batch = 20'000;
  for (auto _ : state) {
    ServingEngine engine(bed.spec(8, 8192));
    Request request;
    request.input_tokens = 512;
    request.output_tokens = 64;
    for (std::int64_t i = 0; i < batch; ++i) {
      request.arrival.count += 1'500'000;  // 667 requests/s
      engine.advance(request.arrival);
      engine.submit(request, request.arrival);
    }
    while (const auto next = engine.next_wakeup()) engine.advance(*next);
  }
  state.SetItemsProcessed(state.iterations() * batch);
}
BENCHMARK(BM_ShortRequests)->Unit(benchmark::kMillisecond);

/// Requests of 24 blocks that share half of them with one of a thousand prompts; 20,000 blocks fit.
void BM_PrefixCache(benchmark::State& state) {
  kv::PagedCache cache({.pages = 20'000, .policy = static_cast<kv::Eviction>(state.range(0))});
  std::vector<std::uint64_t> hashes(24);
  std::vector<std::uint64_t> keys;
  std::uint64_t n = 0;
  std::int64_t blocks = 0;
  for (auto _ : state) {
    ++n;
    for (std::size_t i = 0; i < hashes.size(); ++i) {
      hashes[i] = i < 12 ? 1000 * i + n * 7919 % 1000 : 1'000'000 + 24 * n + i;
    }
    keys.clear();
    kv::chain_keys(hashes, 0, keys);
    const std::size_t hit = cache.match(keys);
    kv::NodeId leaf = cache.pin(keys, hit);
    benchmark::DoNotOptimize(cache.allocate(static_cast<std::int64_t>(keys.size() - hit)));
    for (std::size_t i = hit; i < keys.size(); ++i) leaf = cache.extend(leaf, keys[i], 1, 512);
    cache.release(leaf, Nanos{static_cast<std::int64_t>(n)});
    blocks += static_cast<std::int64_t>(keys.size());
  }
  state.SetItemsProcessed(blocks);
}
BENCHMARK(BM_PrefixCache)->DenseRange(0, 3);

/// Ten million requests one by one, in the memory of one.
void BM_TenMillionRequests(benchmark::State& state) {
  SyntheticSpec spec;
  spec.requests = 10'000'000;
  spec.input = {.kind = LengthDistribution::Kind::lognormal,
                .min = 1,
                .max = 131'072,
                .median = 1'000,
                .p90 = 8'000};
  spec.output = {.kind = LengthDistribution::Kind::uniform, .min = 10, .max = 500};
  for (auto _ : state) {
    const auto source = synthetic_source(spec, 1);
    Request request;
    std::int64_t tokens = 0;
    while (source->next(request)) tokens += request.input_tokens;
    benchmark::DoNotOptimize(tokens);
  }
  state.SetItemsProcessed(state.iterations() * spec.requests);
}
BENCHMARK(BM_TenMillionRequests)->Unit(benchmark::kMillisecond)->Iterations(1);

}  // namespace
}  // namespace sn::serving
