// sn/fabric/flow/flow_model_test.cc

#include "sn/fabric/flow/flow_model.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>

#include "sn/fabric/topology/build.h"

namespace sn::fabric {
namespace {

using namespace sn::literals;

/// Eight GPUs of 100 GB/s sustained (2 planes), 1 us from one to another, no host images to speak
/// of.
hw::Cluster eight() {
  hw::Cluster c;
  c.rack.name = "eight";
  c.rack.gpus = 8;
  c.rack.gpus_per_os = 8;
  c.rack.scale_up.link = {.bandwidth = 100_GB_per_s, .efficiency = 1.0, .endpoint_latency = 400_ns};
  c.rack.scale_up.fabric_switch = {.ports = 8, .port_bandwidth = 50_GB_per_s, .latency = 200_ns};
  c.rack.nic = {.bandwidth = 50_GB_per_s, .efficiency = 1.0, .latency = 1_us};
  c.rack.host_link = {.bandwidth = 63_GB_per_s, .efficiency = 1.0, .endpoint_latency = 250_ns};
  c.scale_out.latency = 3_us;
  c.scale_out.oversubscription = 1.0;
  c.scale_out.segment = 64;
  c.dcn = {.name = "d", .bandwidth = 12_GB_per_s, .efficiency = 1.0, .latency = 50_us};
  hw::complete(c);
  return c;
}

struct Machine {
  Topology topology;
  Router router;

  explicit Machine(const hw::Cluster& c) : topology(*build_topology(c)), router(topology) {}
  DeviceId gpu(std::size_t i) const { return topology.gpus()[i]; }
};

/// Seconds at which each tag is done.
std::map<std::uint64_t, double> play(TransferModel& m) {
  std::map<std::uint64_t, double> out;
  std::vector<TransferModel::Tag> done;
  while (m.next(done)) {
    for (const auto tag : done) out[tag] = m.now().to_time().si();
    done.clear();
  }
  return out;
}

TEST(FlowModel, OneTransferTakesLatencyAndBytesOverRate) {
  Machine m(eight());
  FlowModel f(m.router, {});
  f.start(m.gpu(0), m.gpu(1), 1'000'000, 7);
  const auto at = play(f);
  EXPECT_NEAR(at.at(7), 1e-6 + 1e6 / 100e9, 2e-12);
}

TEST(FlowModel, IncastShares) {
  Machine m(eight());
  FlowModel f(m.router, {});
  for (std::size_t i = 1; i < 5; ++i) f.start(m.gpu(i), m.gpu(0), 1'000'000, i);
  for (const auto& [tag, t] : play(f)) EXPECT_NEAR(t, 1e-6 + 4e6 / 100e9, 1e-9) << tag;
}

TEST(FlowModel, WhoStaysSpeedsUp) {
  Machine m(eight());
  FlowModel f(m.router, {});
  f.start(m.gpu(1), m.gpu(0), 1'000'000, 1);
  f.start(m.gpu(2), m.gpu(0), 3'000'000, 2);
  // Both at 50 GB/s until 20 us; then 2 MB at 100 GB/s.
  const auto at = play(f);
  EXPECT_NEAR(at.at(1), 21e-6, 1e-9);
  EXPECT_NEAR(at.at(2), 41e-6, 1e-9);
}

TEST(FlowModel, SecondTransferOfAPairSharesItsWay) {
  Machine m(eight());
  FlowModel f(m.router, {});
  f.start(m.gpu(1), m.gpu(0), 3'000'000, 1);
  f.start(m.gpu(1), m.gpu(0), 1'000'000, 2);
  f.wait(10_us, 3);
  const auto at = play(f);
  EXPECT_NEAR(at.at(3), 10e-6, 1e-12);
  EXPECT_NEAR(at.at(2), 21e-6, 1e-9);
  EXPECT_NEAR(at.at(1), 41e-6, 1e-9);
}

TEST(FlowModel, ADegradedPlaneSlowsItsGpuAlone) {
  Machine m(eight());
  m.router.set_health(*m.topology.find_link("rack0/gpu1/up/plane0"), 0.5);
  FlowModel f(m.router, {});
  f.start(m.gpu(1), m.gpu(0), 1'000'000, 1);
  f.start(m.gpu(2), m.gpu(3), 1'000'000, 2);
  const auto at = play(f);
  EXPECT_NEAR(at.at(1), 1e-6 + 1e6 / 75e9, 1e-9);
  EXPECT_NEAR(at.at(2), 11e-6, 1e-9);
}

TEST(FlowModel, BackgroundTakesItsShare) {
  Machine m(eight());
  FlowModel f(m.router, {.background = {.scale_up = 0.5}});
  f.start(m.gpu(1), m.gpu(0), 1'000'000, 1);
  EXPECT_NEAR(play(f).at(1), 21e-6, 1e-9);
}

TEST(FlowModel, InSwitchReductionSendsEachByteOnceUpAndDown) {
  Machine m(eight());
  FlowModel f(m.router, {});
  f.start_in_switch(m.topology.gpus(), 1'000'000, 1);
  EXPECT_NEAR(play(f).at(1), 11e-6, 1e-9);
  EXPECT_NEAR(f.carried(*m.topology.find_link("rack0/gpu5/up/plane1")), 0.5e6, 1.0);
}

TEST(FlowModel, HashedFlowsCollideWhereSprayedOnesDoNot) {
  hw::Cluster c = eight();
  c.racks = 2;
  c.scale_out.segment = 8;  // every rack its own leaves: all goes over spines
  c.scale_out.topology = "fat_tree";
  Machine m(c);
  const auto slowest = [&](bool ecmp) {
    FlowModel f(m.router, {.ecmp = ecmp});
    for (std::size_t i = 0; i < 8; ++i) f.start(m.gpu(i), m.gpu(8 + i), 5'000'000, i);
    double last = 0.0;
    for (const auto& [tag, t] : play(f)) last = std::max(last, t);
    return last;
  };
  EXPECT_NEAR(slowest(false), 5e6 / 50e9 + 5.5e-6, 0.1e-6);  // 100 us and the way
  EXPECT_GT(slowest(true), 1.9 * slowest(false));            // two on one uplink at least
}

RC_GTEST_PROP(FlowModelProperty, EveryTransferIsDoneOnceAndNotBeforeItsBound, ()) {
  hw::Cluster c = eight();
  c.racks = 2;
  Machine m(c);
  // Faults that leave everything reachable: single planes down or slow.
  for (int i = *rc::gen::inRange(0, 4); i > 0; --i) {
    const auto g = static_cast<std::size_t>(*rc::gen::inRange(0, 16));
    const LinkId l = m.topology.out_of(m.gpu(g))[0];
    m.router.set_health(l, *rc::gen::element(0.0, 0.3, 1.0));
  }
  FlowModel f(m.router, {.ecmp = *rc::gen::arbitrary<bool>()});
  const int n = *rc::gen::inRange(1, 60);
  std::vector<double> bound;
  std::vector<double> into(16, 0.0);
  for (int i = 0; i < n; ++i) {
    const auto a = static_cast<std::size_t>(*rc::gen::inRange(0, 16));
    const auto b = (a + static_cast<std::size_t>(*rc::gen::inRange(1, 16))) % 16;
    const std::int64_t bytes = *rc::gen::inRange(1, 1 << 22);
    f.start(m.gpu(a), m.gpu(b), bytes, static_cast<std::uint64_t>(i));
    into[b] += static_cast<double>(bytes);
    bound.push_back(static_cast<double>(bytes) / 163e9);  // ScaleUp and adapter at once
  }
  const auto at = play(f);
  RC_ASSERT(at.size() == static_cast<std::size_t>(n));
  double last = 0.0;
  for (const auto& [tag, t] : at) {
    RC_ASSERT(t > bound[tag]);
    last = std::max(last, t);
  }
  for (const double bytes : into) RC_ASSERT(last >= bytes / 163e9);
}

}  // namespace
}  // namespace sn::fabric
