// sn/fabric/packet/packet_model_test.cc

#include "sn/fabric/packet/packet_model.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "sn/fabric/flow/flow_model.h"
#include "sn/fabric/topology/build.h"

namespace sn::fabric {
namespace {

using namespace sn::literals;

/// `n` GPUs of 100 GB/s (2 planes), 0.8 of it sustained, 1 us from one to another.
hw::Cluster domain_of(std::int64_t n, std::int64_t racks = 1) {
  hw::Cluster c;
  c.rack.name = "rack";
  c.racks = racks;
  c.rack.gpus = n;
  c.rack.gpus_per_os = std::min<std::int64_t>(n, 8);
  c.rack.scale_up.link = {.bandwidth = 100_GB_per_s, .efficiency = 0.8, .endpoint_latency = 400_ns};
  c.rack.scale_up.fabric_switch = {.ports = n, .port_bandwidth = 50_GB_per_s, .latency = 200_ns};
  c.rack.nic = {.bandwidth = 50_GB_per_s, .efficiency = 0.9, .latency = 500_ns};
  c.rack.host_link = {.bandwidth = 63_GB_per_s, .efficiency = 0.9, .endpoint_latency = 250_ns};
  c.scale_out.latency = 3_us;
  c.scale_out.oversubscription = 1.0;
  c.scale_out.segment = n;
  c.dcn = {.name = "d", .bandwidth = 12_GB_per_s, .efficiency = 0.9, .latency = 50_us};
  hw::complete(c);
  return c;
}

struct Machine {
  Topology topology;
  Router router;

  explicit Machine(const hw::Cluster& c) : topology(*build_topology(c)), router(topology) {}
  DeviceId gpu(std::size_t i) const { return topology.gpus()[i]; }
};

std::map<std::uint64_t, double> play(TransferModel& m) {
  std::map<std::uint64_t, double> out;
  std::vector<TransferModel::Tag> done;
  while (m.next(done)) {
    for (const auto tag : done) out[tag] = m.now().to_time().si();
    done.clear();
  }
  return out;
}

TEST(Protocol, FramingByHand) {
  // 16 accesses of 256 + 16 B = 4352 B in 7 flits of 628 B, 640 B each.
  EXPECT_EQ(protocol("ualink").wire(4096), 7 * 640);
  EXPECT_EQ(protocol("ualink").wire(64), 640);
  EXPECT_EQ(protocol("nvlink").wire(256), 272);
  EXPECT_EQ(protocol("sue").wire(4096), 16 * 272 + 34);
  EXPECT_EQ(protocol("sue").wire(1), 84);    // the smallest frame
  EXPECT_EQ(protocol("ub").wire(512), 540);  // 532 B in flits of 20
  EXPECT_EQ(protocol("").wire(77), 77);
  EXPECT_EQ(ethernet().wire(4096), 4178);
  for (const Protocol& p : protocols()) {
    EXPECT_GT(p.efficiency(), 0.85) << p.name;
    EXPECT_LT(p.efficiency(), 1.0) << p.name;
    EXPECT_LT(64.0 / static_cast<double>(p.wire(64)), p.efficiency()) << p.name;
  }
}

TEST(PacketModel, OneTransferTakesLatencyAndBytesOverTheSustainedRate) {
  Machine m(domain_of(4));
  PacketModel p(m.router, {});
  p.start(m.gpu(0), m.gpu(1), 8 << 20, 3);
  // 2 x 50 GB/s, 0.8 of it; one unit of 4 KiB longer through the switch would be store-and-forward.
  const double wanted = 1e-6 + (8 << 20) / 80e9;
  EXPECT_NEAR(play(p).at(3), wanted, 0.002 * wanted);
  EXPECT_EQ(p.delivered_bytes(), 8 << 20);
}

TEST(PacketModel, SmallestMessagePaysItsFlitAndTheWay) {
  Machine m(domain_of(4));
  PacketModel p(m.router, {.scale_up = protocol("ualink")});
  p.start(m.gpu(0), m.gpu(1), 64, 1);
  EXPECT_NEAR(play(p).at(1), 1e-6 + 640 / 50e9, 1e-10);
}

TEST(PacketModel, IncastIsSharedAndHeldBackByCredits) {
  Machine m(domain_of(8));
  PacketModel p(m.router, {});
  for (std::size_t i = 1; i < 8; ++i) p.start(m.gpu(i), m.gpu(0), 1 << 20, i);
  const auto at = play(p);
  const double all = 1e-6 + 7.0 * (1 << 20) / 80e9;
  for (const auto& [tag, t] : at) EXPECT_NEAR(t, all, 0.03 * all) << tag;
  // No more than the input buffers stands before the GPU's link.
  const LinkId down = m.topology.links()[*m.topology.find_link("rack0/gpu0/up/plane0")].back;
  EXPECT_GT(p.longest_queue(down), 100'000);
  EXPECT_LT(p.longest_queue(down), 3'000'000);
}

TEST(PacketModel, BitErrorsCostARoundTripEach) {
  Machine m(domain_of(4));
  PacketModel clean(m.router, {.scale_up = protocol("ualink")});
  PacketModel dirty(m.router, {.scale_up = protocol("ualink"), .bit_errors = 1e-6});
  clean.start(m.gpu(0), m.gpu(1), 4 << 20, 1);
  dirty.start(m.gpu(0), m.gpu(1), 4 << 20, 1);
  const double a = play(clean).at(1);
  const double b = play(dirty).at(1);
  // 1024 units of 35,840 bit over two links: 1 - (1 - 1e-6)^35840 = 3.5 % of each fail.
  EXPECT_NEAR(static_cast<double>(dirty.counts().repeated), 2048 * 0.0365, 25);
  EXPECT_GT(b, 1.2 * a);
  EXPECT_EQ(dirty.delivered_bytes(), 4 << 20);
}

TEST(PacketModel, InSwitchReductionSendsEachByteOnceUpAndDown) {
  Machine m(domain_of(8));
  PacketModel p(m.router, {});
  p.start_in_switch(m.topology.gpus(), 4 << 20, 9);
  const double wanted = 1e-6 + (4 << 20) / 80e9;
  EXPECT_NEAR(play(p).at(9), wanted, 0.01 * wanted);
  EXPECT_EQ(p.delivered_bytes(), 8 * (4 << 20));
  EXPECT_NEAR(p.carried(*m.topology.find_link("rack0/gpu5/up/plane1")), 2 << 20, 1.0);
}

TEST(PacketModel, HashedFlowsCollideAndSprayedOnesDoNot) {
  hw::Cluster c = domain_of(8, 2);
  c.scale_out.topology = "fat_tree";
  Machine m(c);
  const auto slowest = [&](Transport transport) {
    PacketModel p(m.router, {.scale_out = transport});
    for (std::size_t i = 0; i < 8; ++i) p.start(m.gpu(i), m.gpu(8 + i), 4 << 20, i);
    double last = 0.0;
    for (const auto& [tag, t] : play(p)) last = std::max(last, t);
    EXPECT_EQ(p.delivered_bytes(), 8 * (4 << 20));
    return last;
  };
  const double alone = (4 << 20) / 45e9 + 4.5e-6;
  EXPECT_NEAR(slowest(Transport::uec), alone, 0.1 * alone);
  EXPECT_GT(slowest(Transport::roce), 1.6 * alone);
}

TEST(PacketModel, IncastOverTheNetworkPausesOrTrims) {
  Machine m(domain_of(1, 17));
  for (const Transport transport : {Transport::roce, Transport::uec}) {
    PacketSetup setup{.scale_out = transport};
    setup.congestion_control = false;
    PacketModel p(m.router, setup);
    for (std::size_t i = 1; i < 17; ++i) p.start(m.gpu(i), m.gpu(0), 2 << 20, i);
    double last = 0.0;
    for (const auto& [tag, t] : play(p)) last = std::max(last, t);
    const double wanted = 16.0 * (2 << 20) / 45e9;
    EXPECT_GT(last, wanted);
    EXPECT_LT(last, 1.15 * wanted);
    EXPECT_EQ(p.counts().pauses > 0, transport == Transport::roce);
    EXPECT_EQ(p.counts().trimmed > 0, transport == Transport::uec);
    EXPECT_EQ(p.delivered_bytes(), 16 * (2 << 20));
  }
}

TEST(PacketModel, CongestionControlKeepsQueuesShorterThanPausesDo) {
  Machine m(domain_of(1, 9));
  std::array<std::uint64_t, 2> pauses{};
  for (const bool control : {false, true}) {
    PacketSetup setup;
    setup.congestion_control = control;
    setup.mark_from = 100'000;
    setup.mark_all = 400'000;
    PacketModel p(m.router, setup);
    for (std::size_t i = 1; i < 9; ++i) p.start(m.gpu(i), m.gpu(0), 32 << 20, i);
    play(p);
    pauses[control ? 1 : 0] = p.counts().pauses;
    EXPECT_EQ(p.counts().marked > 0, true);
  }
  EXPECT_LT(pauses[1], pauses[0] / 2);
}

TEST(PacketModel, DcnDropsAndSendsAgain) {
  Machine m(domain_of(1, 9));
  // Hosts would rather take ScaleOut.
  for (LinkId l = 0; l < m.topology.links().size(); ++l) {
    if (m.topology.links()[l].kind == LinkKind::scale_out) m.router.set_health(l, 0.0);
  }
  PacketSetup setup;
  setup.drop_at = 100'000;
  PacketModel p(m.router, setup);
  const auto cpu = [&](int i) { return *m.topology.find("rack" + std::to_string(i) + "/os0/cpu"); };
  for (int i = 1; i < 9; ++i) p.start(cpu(i), cpu(0), 1 << 20, static_cast<std::uint64_t>(i));
  EXPECT_EQ(play(p).size(), 8u);
  EXPECT_GT(p.counts().dropped, 0u);
  EXPECT_EQ(p.delivered_bytes(), 8 << 20);
}

TEST(PacketModel, ADeadlockIsNamed) {
  // A ring of four without a second channel: everybody two steps ahead, buffers of one unit.
  hw::Cluster c = domain_of(4);
  c.rack.scale_up.topology = "torus";
  c.rack.scale_up.torus = "4x1";
  Machine m(c);
  PacketSetup setup{.channels = 1, .credits = unit_bytes};
  for (std::size_t i = 0; i < 4; ++i) {  // one way around only
    m.router.set_health(*m.topology.find_link("rack0/gpu" + std::to_string((i + 1) % 4) +
                                              "/to/rack0/gpu" + std::to_string(i)),
                        0.0);
  }
  const auto run = [&](PacketModel& p) {
    for (std::size_t i = 0; i < 4; ++i) p.start(m.gpu(i), m.gpu((i + 3) % 4), 1 << 20, i);
    return play(p).size();
  };
  PacketModel one(m.router, setup);
  EXPECT_LT(run(one), 4u);
  const std::vector<std::string> cycle = one.stuck();
  ASSERT_EQ(cycle.size(), 4u);
  EXPECT_NE(std::find(cycle.begin(), cycle.end(), "rack0/gpu3/to/rack0/gpu0"), cycle.end());
  setup.channels = 2;  // a dateline
  PacketModel two(m.router, setup);
  EXPECT_EQ(run(two), 4u);
  EXPECT_TRUE(two.stuck().empty());
}

TEST(PacketModel, SameCallsSameTimes) {
  Machine m(domain_of(4, 4));
  std::vector<std::map<std::uint64_t, double>> runs;
  for (int i = 0; i < 2; ++i) {
    PacketModel p(m.router, {.bit_errors = 1e-8});
    for (std::size_t a = 0; a < 16; ++a) {
      for (std::size_t b = 0; b < 16; ++b) {
        if (a != b) p.start(m.gpu(a), m.gpu(b), 100'000 + static_cast<int>(a), a * 16 + b);
      }
    }
    runs.push_back(play(p));
  }
  EXPECT_EQ(runs[0].size(), 240u);
  EXPECT_EQ(runs[0], runs[1]);
}

/// What a fluid makes of the same transfers.
TEST(Fidelities, AgreeOnPermutationAndAllToAll) {
  Machine m(domain_of(16));
  const auto last = [&](TransferModel& model, bool all) {
    for (std::size_t k = 1; k < 16; ++k) {
      if (!all && k != 5) continue;
      for (std::size_t i = 0; i < 16; ++i) {
        model.start(m.gpu(i), m.gpu((i + k) % 16), 4 << 20, i);
      }
    }
    double t = 0.0;
    for (const auto& [tag, at] : play(model)) t = std::max(t, at);
    return t;
  };
  for (const bool all : {false, true}) {
    FlowModel flow(m.router, {});
    PacketModel packet(m.router, {.scale_up = protocol("ualink")});
    const double a = last(flow, all);
    const double b = last(packet, all);
    EXPECT_NEAR(b, a, 0.02 * a) << all;
  }
}

RC_GTEST_PROP(PacketModelProperty, EveryByteIsDeliveredOnceUnderFaults, ()) {
  Machine m(domain_of(4, 3));
  for (int i = *rc::gen::inRange(0, 6); i > 0; --i) {
    const auto g = static_cast<std::size_t>(*rc::gen::inRange(0, 12));
    const LinkId up = m.topology.out_of(m.gpu(g))[0];
    m.router.set_health(*rc::gen::element(up, m.topology.links()[up].back),
                        *rc::gen::element(0.0, 0.25, 0.5));
  }
  PacketSetup setup;
  setup.scale_up = *rc::gen::elementOf(protocols());
  setup.scale_out = *rc::gen::element(Transport::roce, Transport::uec);
  setup.bit_errors = *rc::gen::element(0.0, 1e-7, 1e-6);
  setup.seed = *rc::gen::arbitrary<std::uint64_t>();
  PacketModel p(m.router, setup);
  const int n = *rc::gen::inRange(1, 40);
  std::int64_t sum = 0;
  std::vector<double> into(12, 0.0);
  for (int i = 0; i < n; ++i) {
    const auto a = static_cast<std::size_t>(*rc::gen::inRange(0, 12));
    const auto b = (a + static_cast<std::size_t>(*rc::gen::inRange(1, 12))) % 12;
    const std::int64_t bytes = *rc::gen::inRange(1, 1 << 20);
    p.start(m.gpu(a), m.gpu(b), bytes, static_cast<std::uint64_t>(i));
    sum += bytes;
    into[b] += static_cast<double>(bytes);
  }
  const auto at = play(p);
  RC_ASSERT(at.size() == static_cast<std::size_t>(n));
  RC_ASSERT(p.delivered_bytes() == sum);
  double last = 0.0;
  for (const auto& [tag, t] : at) last = std::max(last, t);
  for (const double bytes : into) RC_ASSERT(last >= bytes / (100e9 + 63e9));
}

}  // namespace
}  // namespace sn::fabric
