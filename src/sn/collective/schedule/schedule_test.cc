// sn/collective/schedule/schedule_test.cc

#include "sn/collective/schedule/schedule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "sn/collective/schedule/fidelity.h"
#include "sn/fabric/flow/flow_model.h"
#include "sn/fabric/topology/build.h"

namespace sn::collective {
namespace {

using namespace sn::literals;
using fabric::Router;
using fabric::Topology;

hw::Cluster cluster_of(std::int64_t gpus, std::int64_t racks = 1) {
  hw::Cluster c;
  c.rack.name = "rack";
  c.racks = racks;
  c.rack.gpus = gpus;
  c.rack.gpus_per_os = gpus;
  c.rack.scale_up.link = {.bandwidth = 400_GB_per_s, .efficiency = 0.8, .endpoint_latency = 150_ns};
  c.rack.scale_up.fabric_switch = {.ports = 64, .port_bandwidth = 50_GB_per_s, .latency = 200_ns};
  c.rack.nic = {.bandwidth = 50_GB_per_s, .efficiency = 0.9, .latency = 500_ns};
  c.rack.host_link = {.bandwidth = 63_GB_per_s, .efficiency = 0.9, .endpoint_latency = 250_ns};
  c.scale_out = {.name = "o", .latency = 3_us, .oversubscription = 1.0, .segment = 256};
  c.dcn = {.name = "d", .bandwidth = 12_GB_per_s, .efficiency = 0.9, .latency = 50_us};
  hw::complete(c);
  return c;
}

struct Machine {
  hw::Cluster cluster;
  Topology topology;
  Router router;
  fabric::Fabric fabric;

  explicit Machine(const hw::Cluster& c)
      : cluster(c),
        topology(*fabric::build_topology(c)),
        router(topology),
        fabric(fabric::make_fabric(c)) {}

  FabricTime time(Fidelity f, Pattern p, Op op, Group g, Bytes size,
                  const fabric::Background& background = {}) {
    fabric::PacketSetup packets{.scale_out = fabric::Transport::uec, .background = background};
    Result<FabricTime> t = fabric_time(f, p, op, g, size, fabric, {router, packets}, Run(), true);
    EXPECT_TRUE(t.has_value()) << (t ? "" : t.error()[0].message);
    return t ? *t : FabricTime{};
  }
};

/// Bytes that leave and reach each rank.
std::vector<double> sums(const Schedule& s, bool out) {
  std::vector<double> sum(static_cast<std::size_t>(s.ranks()), 0.0);
  for (const Move& m : s.moves()) sum[out ? m.from : m.to] += static_cast<double>(m.bytes);
  return sum;
}

TEST(Schedule, EveryRankSendsWhatItsAlgorithmSays) {
  const Bytes size = Bytes::from_si(64e6);
  const Group g{16, 16};
  const auto sent = [&](Pattern p, Op op) {
    const std::vector<double> all = sums(*make_schedule(p, op, g, size), true);
    EXPECT_NEAR(*std::min_element(all.begin(), all.end()),
                *std::max_element(all.begin(), all.end()), 64.0)
        << to_string(p);
    return all[3] / size.si();
  };
  EXPECT_NEAR(sent(Pattern::ring, Op::all_reduce), 2.0 * 15 / 16, 1e-6);
  EXPECT_NEAR(sent(Pattern::ring, Op::all_gather), 15.0 / 16, 1e-6);
  EXPECT_NEAR(sent(Pattern::direct, Op::all_reduce), 2.0 * 15 / 16, 1e-6);
  EXPECT_NEAR(sent(Pattern::direct, Op::all_to_all), 15.0 / 16, 1e-6);
  EXPECT_NEAR(sent(Pattern::one_shot, Op::all_reduce), 15.0, 1e-6);
  EXPECT_NEAR(sent(Pattern::halving_doubling, Op::all_reduce), 2.0 * 15 / 16, 1e-6);
}

TEST(Schedule, TwoTreesMakeEveryRankWorkAlike) {
  const Schedule s = *make_schedule(Pattern::tree, Op::all_reduce, {32, 32}, Bytes::from_si(32e6));
  const std::vector<double> out = sums(s, true);
  // 2 S but for the ends of the trees.
  EXPECT_NEAR(std::accumulate(out.begin(), out.end(), 0.0), 2.0 * 31 * 32e6, 1e3);
  EXPECT_LE(*std::max_element(out.begin(), out.end()), 2.0 * 32e6 + 1.0);
}

TEST(Schedule, WhatCannotBeIsSaid) {
  const auto message = [](Pattern p, Op op, Group g) {
    const Result<Schedule> s = make_schedule(p, op, g, Bytes::from_si(1e6));
    return s ? std::string() : s.error()[0].message;
  };
  EXPECT_NE(message(Pattern::ring, Op::all_to_all, {8, 8}), "");
  EXPECT_NE(message(Pattern::tree, Op::all_gather, {8, 8}), "");
  EXPECT_NE(message(Pattern::in_switch, Op::all_reduce, {16, 8}), "");
  EXPECT_NE(message(Pattern::halving_doubling, Op::all_reduce, {12, 12}), "");
  EXPECT_NE(message(Pattern::direct, Op::all_to_all, {8192, 8}).find("20 million"),
            std::string::npos);
  EXPECT_EQ(message(Pattern::halving_doubling, Op::all_reduce, {16, 16}), "");
}

TEST(Fidelity, AgreeWithoutContention) {
  Machine m(cluster_of(16));
  const Bytes size = Bytes::from_si(256 << 20);
  const Group g{16, 16};
  struct Case {
    Pattern pattern;
    Op op;
  };
  for (const Case& c : {Case{Pattern::ring, Op::all_reduce}, Case{Pattern::direct, Op::all_reduce},
                        Case{Pattern::direct, Op::all_to_all}, Case{Pattern::ring, Op::all_gather},
                        Case{Pattern::halving_doubling, Op::all_reduce},
                        Case{Pattern::in_switch, Op::all_reduce}}) {
    const double flow = m.time(Fidelity::flow, c.pattern, c.op, g, size).ratio();
    EXPECT_NEAR(flow, 1.0, 0.002) << to_string(c.pattern);
    const double packet = m.time(Fidelity::packet, c.pattern, c.op, g, size).ratio();
    EXPECT_NEAR(packet, 1.0, 0.02) << to_string(c.pattern);
    EXPECT_GE(packet, 1.0 - 1e-9) << to_string(c.pattern);
  }
}

TEST(Fidelity, AgreeOverSeveralDomains) {
  Machine m(cluster_of(8, 2));
  const Group g{16, 8};
  const Bytes size = Bytes::from_si(64 << 20);
  for (const Pattern p : {Pattern::hierarchical, Pattern::ring}) {
    EXPECT_NEAR(m.time(Fidelity::flow, p, Op::all_reduce, g, size).ratio(), 1.0, 0.03)
        << to_string(p);
  }
  EXPECT_NEAR(m.time(Fidelity::flow, Pattern::direct, Op::all_to_all, g, size).ratio(), 1.0, 0.02);
  EXPECT_NEAR(m.time(Fidelity::packet, Pattern::hierarchical, Op::all_reduce, g, size).ratio(), 1.0,
              0.05);
  const double sprayed =
      m.time(Fidelity::packet, Pattern::direct, Op::all_to_all, g, Bytes::from_si(8 << 20)).ratio();
  // Transports start at line rate and send again what was trimmed: not the closed form's business.
  EXPECT_GT(sprayed, 1.0);
  EXPECT_LT(sprayed, 1.5);
  // Up and down again: no cycle of links that wait for one another.
  Result<FabricTime> roce = fabric_time(Fidelity::packet, Pattern::direct, Op::all_to_all, g, size,
                                        m.fabric, {m.router, {}}, sn::Run());
  ASSERT_TRUE(roce.has_value()) << roce.error()[0].message;
  EXPECT_GT(roce->ratio(), 1.0);
}

TEST(Fidelity, BackgroundHalvesARing) {
  Machine m(cluster_of(8));
  const Bytes size = Bytes::from_si(256 << 20);
  for (const Fidelity f : {Fidelity::flow, Fidelity::packet}) {
    const double r =
        m.time(f, Pattern::ring, Op::all_reduce, {8, 8}, size, {.scale_up = 0.5}).ratio();
    EXPECT_NEAR(r, 2.0, 0.04) << to_string(f);
  }
}

TEST(Fidelity, TheChainEndsWithTheTimeAndBeginsAtZero) {
  Machine m(cluster_of(8));
  const FabricTime t =
      m.time(Fidelity::flow, Pattern::ring, Op::all_reduce, {8, 8}, Bytes::from_si(8e6));
  ASSERT_EQ(t.chain.size(), 14u);  // 2 (N - 1) steps, each of which waits for the one before
  EXPECT_EQ(t.chain.front().begin.si(), 0.0);
  EXPECT_NEAR(t.chain.back().end.si(), t.played.si(), 1e-12);
  for (std::size_t i = 1; i < t.chain.size(); ++i) {
    EXPECT_EQ(t.chain[i].from, t.chain[i - 1].to);
    EXPECT_GE(t.chain[i].begin, t.chain[i - 1].begin);
  }
}

TEST(Fidelity, ASlowPlaneIsSeenByBothAndNotByTheClosedForm) {
  Machine m(cluster_of(8));
  m.router.set_health(*m.topology.find_link("rack0/gpu2/up/plane0"), 0.0);
  const Bytes size = Bytes::from_si(64 << 20);
  for (const Fidelity f : {Fidelity::flow, Fidelity::packet}) {
    const double r = m.time(f, Pattern::ring, Op::all_reduce, {8, 8}, size).ratio();
    EXPECT_NEAR(r, 8.0 / 7.0, 0.03) << to_string(f);  // seven of eight planes
  }
}

TEST(Exchange, SkewMakesOneRankTheBottleneck) {
  const ExpertExchange e{.tokens = 64,
                         .dispatch_bytes = Bytes::from_si(7168),
                         .combine_bytes = Bytes::from_si(14336),
                         .top_k = 4,
                         .experts = 32};
  Machine m(cluster_of(16));
  std::vector<double> seconds;
  for (const double skew : {0.0, 1.2}) {
    const auto bytes = routed_bytes(16, e, skew, 7);
    for (std::size_t i = 0; i < 16; ++i) EXPECT_EQ(bytes[i][i], 0);
    fabric::FlowModel flow(m.router, {});
    const Schedule s = make_exchange(bytes, 2.0);
    const Result<Played> p = play(s, flow, m.topology.gpus(), sn::Run());
    ASSERT_TRUE(p.has_value());
    seconds.push_back(p->time.si());
  }
  EXPECT_GT(seconds[1], 1.5 * seconds[0]);
}

TEST(Exchange, UniformRoutingReachesTheExpectedShareOfRanks) {
  const ExpertExchange e{.tokens = 4000,
                         .dispatch_bytes = Bytes::from_si(1000),
                         .combine_bytes = {},
                         .top_k = 8,
                         .experts = 256};
  const auto bytes = routed_bytes(8, e, 0.0, 3);
  double sum = 0.0;
  for (const auto& row : bytes) sum += std::accumulate(row.begin(), row.end(), 0.0);
  const double expected = 8 * 4000 * 1000.0 * 7 * hit_probability(256, 8, 8.0);
  EXPECT_NEAR(sum, expected, 0.01 * expected);
}

}  // namespace
}  // namespace sn::collective
