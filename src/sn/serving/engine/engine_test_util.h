// sn/serving/engine/engine_test_util.h
//
// Engines for tests: a small model on a catalog machine, requests by hand, lives collected.

#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "sn/serving/engine/engine.h"
#include "sn/serving/steady/serving_test_util.h"

namespace sn::serving {

/// Collects everything that an engine tells.
class Collector final : public EngineObserver {
 public:
  void on_step(const StepRecord& step) override {
    ++steps;
    busy += static_cast<double>(step.end.count - step.begin.count) * 1e-9;
    gaps += step.gaps;
    gap_sum += static_cast<double>(step.gap.count) * 1e-9 * static_cast<double>(step.gaps);
    ends.push_back(step.end);
    prompt_tokens += step.prefill_tokens;
  }
  void on_gap(const RequestRecord&, Nanos, Nanos gap) override {
    ++gaps;
    gap_sum += static_cast<double>(gap.count) * 1e-9;
  }
  void on_transfer(const RequestRecord&, Nanos begin, Nanos end, Bytes size) override {
    ++transfers;
    exposed += static_cast<double>(end.count - begin.count) * 1e-9;
    moved += size.si();
  }
  void on_end(const RequestRecord& record) override { lives.push_back(record); }

  std::int64_t steps = 0;
  std::int64_t gaps = 0;
  std::int64_t transfers = 0;
  double busy = 0.0;
  double gap_sum = 0.0;
  double exposed = 0.0;
  double moved = 0.0;
  double prompt_tokens = 0.0;
  std::vector<Nanos> ends;
  std::vector<RequestRecord> lives;
};

/// Llama-3.1-8B on one HGX H100 unless said otherwise.
inline const TestBed& small_bed() {
  static const TestBed bed = test_bed("hgx-h100", 1, "llama-3.1-8b");
  return bed;
}

inline ProgramFactory factory_of(const TestBed& bed, const llm::Deployment& deployment) {
  return [&bed, deployment](const hw::Conditions& conditions) {
    return std::make_shared<const llm::StepProgram>(
        llm::compile(bed.model, deployment, bed.machine(), conditions));
  };
}

inline PoolSpec pool_spec(const TestBed& bed, std::int64_t instances,
                          const llm::Parallelism& parallel, const Batching& batching,
                          std::int64_t pages) {
  PoolSpec pool;
  pool.instances = instances;
  pool.deployment = {.parallel = parallel, .precision = {}};
  pool.batching = batching;
  pool.kv_pages = pages;
  pool.compile = factory_of(bed, pool.deployment);
  pool.start_time = Time::from_si(2.0);
  pool.kv_bandwidth = Bandwidth::from_si(50e9);
  return pool;
}

inline EngineSpec spec_of(std::vector<PoolSpec> pools) {
  DeploymentSpec d;
  d.pools = std::move(pools);
  if (d.pools.size() == 2) d.pools.front().decodes = false;
  d.page_tokens = 16;
  d.block_tokens = 64;
  d.kv_bytes_per_token = Bytes::from_si(131072.0);
  d.transfer_layers = 32.0;
  d.transfer_start = Time::from_si(10e-6);
  EngineSpec spec;
  spec.deployments.push_back(std::move(d));
  return spec;
}

inline Request request_of(double seconds, std::int64_t input, std::int64_t output,
                          std::vector<std::uint64_t> blocks = {}) {
  Request r;
  r.arrival = *to_nanos(Time::from_si(seconds));
  r.input_tokens = input;
  r.output_tokens = output;
  r.blocks = std::move(blocks);
  return r;
}

inline void run_to_end(ServingEngine& engine) {
  while (const auto next = engine.next_wakeup()) engine.advance(*next);
}

/// Submits in order of arrival and runs to the end.
inline void run_all(ServingEngine& engine, const std::vector<Request>& requests) {
  for (const Request& r : requests) {
    engine.advance(r.arrival);
    engine.submit(r, r.arrival);
  }
  run_to_end(engine);
}

inline double seconds(Nanos a, Nanos b) { return static_cast<double>(b.count - a.count) * 1e-9; }

}  // namespace sn::serving
