// bench/flow_bench.cc
//
// The flow fidelity: ring all-reduce and all-to-all of 1 GiB on 128 and 1,024 GPUs of one domain,
// and an all-to-all with one slow link and a size of its own for each rank.

#include <benchmark/benchmark.h>

#include <memory>
#include <vector>

#include "sn/fabric/flow/flow_model.h"
#include "sn/fabric/topology/build.h"

namespace {

using namespace sn;
using namespace sn::fabric;
using namespace sn::literals;

constexpr std::int64_t gib = std::int64_t{1} << 30;

/// `n` GPUs of 900 GB/s over 18 planes, a switch of `n` ports each.
hw::Cluster domain_of(std::int64_t n) {
  hw::Cluster c;
  c.rack.gpus = n;
  c.rack.gpus_per_os = 8;
  c.rack.scale_up.link = {
      .bandwidth = 900_GB_per_s, .efficiency = 0.82, .endpoint_latency = 150_ns};
  c.rack.scale_up.fabric_switch = {.ports = n, .port_bandwidth = 50_GB_per_s, .latency = 250_ns};
  c.rack.nic = {.bandwidth = 50_GB_per_s, .efficiency = 0.9, .latency = 1_us};
  c.rack.host_link = {.bandwidth = 63_GB_per_s, .efficiency = 0.82, .endpoint_latency = 250_ns};
  c.scale_out = {.name = "o", .latency = 3_us, .oversubscription = 1.0, .segment = 1024};
  c.dcn = {.name = "d", .bandwidth = 12_GB_per_s, .efficiency = 0.9, .latency = 50_us};
  hw::complete(c);
  return c;
}

/// 2 (n - 1) steps of one share each: what a rank has received it sends on.
double ring(Router& router, std::int64_t n, std::int64_t bytes) {
  FlowModel m(router, {});
  const std::vector<DeviceId>& g = router.topology().gpus();
  const auto ranks = static_cast<std::size_t>(n);
  std::vector<std::int64_t> left(ranks, 2 * (n - 1));
  for (std::size_t i = 0; i < ranks; ++i) m.start(g[i], g[(i + 1) % ranks], bytes / n, i);
  std::vector<TransferModel::Tag> done;
  while (m.next(done)) {
    for (const auto tag : done) {
      const std::size_t next = (tag + 1) % ranks;
      if (--left[next] > 0) m.start(g[next], g[(next + 1) % ranks], bytes / n, next);
    }
    done.clear();
  }
  return m.now().to_time().si();
}

void flow_ring(benchmark::State& state) {
  const std::int64_t n = state.range(0);
  const Topology t = *build_topology(domain_of(n));
  double seconds = 0.0;
  for (auto _ : state) {
    Router router(t);
    // Contention: one link has half of its rate.
    router.set_health(t.out_of(t.gpus()[3])[0], 0.5);
    seconds = ring(router, n, gib);
  }
  state.counters["simulated_us"] = seconds * 1e6;
}
BENCHMARK(flow_ring)->Arg(128)->Arg(1024)->Unit(benchmark::kMillisecond);

double all_to_all(Router& router, std::int64_t n, bool unequal) {
  FlowModel m(router, {});
  const std::vector<DeviceId>& g = router.topology().gpus();
  const auto ranks = static_cast<std::size_t>(n);
  for (std::size_t i = 0; i < ranks; ++i) {
    const std::int64_t bytes = gib / n + (unequal ? static_cast<std::int64_t>(i) * 64 : 0);
    for (std::size_t k = 1; k < ranks; ++k) m.start(g[i], g[(i + k) % ranks], bytes, i);
  }
  std::vector<TransferModel::Tag> done;
  while (m.next(done)) done.clear();
  return m.now().to_time().si();
}

void flow_all_to_all(benchmark::State& state) {
  const std::int64_t n = state.range(0);
  const Topology t = *build_topology(domain_of(n));
  double seconds = 0.0;
  for (auto _ : state) {
    Router router(t);
    seconds = all_to_all(router, n, false);
  }
  state.counters["simulated_us"] = seconds * 1e6;
}
BENCHMARK(flow_all_to_all)->Arg(128)->Arg(1024)->Unit(benchmark::kMillisecond);

void flow_all_to_all_unequal(benchmark::State& state) {
  const std::int64_t n = state.range(0);
  const Topology t = *build_topology(domain_of(n));
  double seconds = 0.0;
  for (auto _ : state) {
    Router router(t);
    router.set_health(t.out_of(t.gpus()[3])[0], 0.5);
    seconds = all_to_all(router, n, true);
  }
  state.counters["simulated_us"] = seconds * 1e6;
}
BENCHMARK(flow_all_to_all_unequal)->Arg(1024)->Unit(benchmark::kMillisecond);

}  // namespace
