// bench/packet_bench.cc
//
// The packet fidelity: permutation and all-to-all of 128 hosts at 400 Gbit/s over a two-tier Clos,
// and an all-reduce of 1 GiB on 128 GPUs by direct reduce-scatter and all-gather, credits and
// virtual channels on.

#include <benchmark/benchmark.h>

#include <vector>

#include "sn/fabric/packet/packet_model.h"
#include "sn/fabric/topology/build.h"

namespace {

using namespace sn;
using namespace sn::fabric;
using namespace sn::literals;

hw::Cluster cluster(std::int64_t racks, std::int64_t gpus) {
  hw::Cluster c;
  c.racks = racks;
  c.rack.gpus = gpus;
  c.rack.gpus_per_os = std::min<std::int64_t>(8, gpus);
  c.rack.scale_up.link = {
      .bandwidth = 900_GB_per_s, .efficiency = 0.82, .endpoint_latency = 150_ns};
  c.rack.scale_up.fabric_switch = {.ports = gpus, .port_bandwidth = 50_GB_per_s, .latency = 250_ns};
  c.rack.nic = {.bandwidth = 50_GB_per_s, .efficiency = 0.96, .latency = 500_ns};
  c.rack.host_link = {.bandwidth = 63_GB_per_s, .efficiency = 0.9, .endpoint_latency = 250_ns};
  // Leaves of 16 hosts and 16 uplinks.
  c.scale_out = {.name = "o", .latency = 1_us, .oversubscription = 1.0, .segment = 16};
  c.scale_out.topology = "fat_tree";
  c.dcn = {.name = "d", .bandwidth = 12_GB_per_s, .efficiency = 0.9, .latency = 50_us};
  hw::complete(c);
  return c;
}

void run(benchmark::State& state, PacketModel& m) {
  std::vector<TransferModel::Tag> done;
  while (m.next(done)) done.clear();
  state.counters["simulated_us"] = m.now().to_time().si() * 1e6;
  state.counters["packets"] = static_cast<double>(m.counts().delivered);
  state.counters["events"] = static_cast<double>(m.counts().events);
  state.counters["packets/s"] =
      benchmark::Counter(static_cast<double>(m.counts().delivered), benchmark::Counter::kIsRate);
}

void hosts(benchmark::State& state, Transport transport, bool all) {
  const Topology t = *build_topology(cluster(128, 1));
  const std::vector<DeviceId>& g = t.gpus();
  for (auto _ : state) {
    Router router(t);
    PacketModel m(router, {.scale_out = transport});
    for (std::size_t k = 1; k < 128; ++k) {
      if (!all && k != 37) continue;
      for (std::size_t i = 0; i < 128; ++i) {
        m.start(g[i], g[(i + k) % 128], all ? 128 << 10 : 16 << 20, i);
      }
    }
    run(state, m);
  }
}

void permutation_roce(benchmark::State& s) { hosts(s, Transport::roce, false); }
void permutation_uec(benchmark::State& s) { hosts(s, Transport::uec, false); }
void all_to_all_roce(benchmark::State& s) { hosts(s, Transport::roce, true); }
void all_to_all_uec(benchmark::State& s) { hosts(s, Transport::uec, true); }
BENCHMARK(permutation_roce)->Unit(benchmark::kMillisecond);
BENCHMARK(permutation_uec)->Unit(benchmark::kMillisecond);
BENCHMARK(all_to_all_roce)->Unit(benchmark::kMillisecond);
BENCHMARK(all_to_all_uec)->Unit(benchmark::kMillisecond);

void scale_up_all_reduce(benchmark::State& state) {
  const Topology t = *build_topology(cluster(1, 128));
  const std::vector<DeviceId>& g = t.gpus();
  const std::int64_t share = (std::int64_t{1} << 30) / state.range(0) / 128;
  for (auto _ : state) {
    Router router(t);
    PacketModel m(router, {.scale_up = protocol("alink")});
    std::vector<TransferModel::Tag> done;
    for (int phase = 0; phase < 2; ++phase) {
      for (std::size_t k = 1; k < 128; ++k) {
        for (std::size_t i = 0; i < 128; ++i) m.start(g[i], g[(i + k) % 128], share, i);
      }
      if (phase == 0) {
        while (m.next(done)) done.clear();
      }
    }
    run(state, m);
  }
}
BENCHMARK(scale_up_all_reduce)->Arg(64)->Arg(1)->Unit(benchmark::kMillisecond)->Iterations(1);

}  // namespace
