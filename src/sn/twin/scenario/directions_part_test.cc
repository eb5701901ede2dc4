// sn/twin/scenario/directions_part_test.cc
//
// Directions change numbers that the models read anyway, and nothing else.

#include <gmock/gmock.h>

#include "sn/fabric/fabric.h"
#include "sn/twin/world_test_util.h"

namespace sn::twin {
namespace {

using testing::HasSubstr;

std::string text(const std::string& cluster, const std::string& more = "") {
  return "supernode: 1\ncluster: {" + cluster +
         "}\nmodel: llama-3.1-70b\nworkload: {preset: mooncake-conversation, rate: knee}\n"
         "slo: {ttft: {p90: 2 s}}\n" +
         more;
}

TEST(Directions, AMediumIsLaidOverTheLinkAndThePlant) {
  const World plain = world_of(text("rack: al128"));
  const World cpo = world_of(text("rack: {base: al128, scale_up: {medium: cpo}}"));
  const hw::Link& before = plain.machine.cluster.rack.scale_up.link;
  const hw::Link& after = cpo.machine.cluster.rack.scale_up.link;
  EXPECT_EQ(after.bandwidth, before.bandwidth);
  EXPECT_NEAR((after.endpoint_latency - before.endpoint_latency).si(), 5e-9, 1e-15);
  EXPECT_EQ(after.reach.si(), 500.0);
  ASSERT_TRUE(plain.facility && cpo.facility);
  EXPECT_NEAR(cpo.facility->plant.optics.scale_up.si(), 5.6e-12 * 8.0, 1e-16);
  EXPECT_NEAR(cpo.facility->plant.optics.failures.si() * 3600.0, 3.85e-7, 1e-12);
  EXPECT_EQ(with_values(cpo, param_values(cpo)).machine.cluster, cpo.machine.cluster);
  const World copper = world_of(text("rack: {base: al128, scale_up: {medium: copper}}"));
  EXPECT_EQ(copper.machine.cluster.rack.scale_up.link.endpoint_latency, before.endpoint_latency);
}

TEST(Directions, TwoLayersKeepTheBytesOfEveryPort) {
  const World three = world_of(text("rack: al128"));
  const World two = world_of(text("rack: al128, layers: 2"));
  const hw::Cluster& a = three.machine.cluster;
  const hw::Cluster& b = two.machine.cluster;
  // What leaves an OS image, adapters and DCN together: the DCN of two layers has both.
  const double adapters =
      a.rack.nic.bandwidth.si() * a.rack.nic_share() * static_cast<double>(a.rack.gpus_per_os);
  EXPECT_NEAR(b.dcn.bandwidth.si(), a.dcn.bandwidth.si() + adapters, 1.0);
  EXPECT_EQ(b.rack.nic, a.rack.nic);
  EXPECT_EQ(b.scale_out.latency, a.dcn.latency);
  EXPECT_EQ(with_values(two, param_values(two)).machine.cluster, b);
}

TEST(Directions, MemorySemanticsBeginWithALoadAndMoveBlocksByLoads) {
  const std::string kv = "kv: {tiers: [hbm, {cxl-pool: {share: 1 TB}}]}\n";
  const World message = world_of(text("rack: al128, semantics: message", kv));
  const World memory = world_of(text("rack: al128, semantics: memory", kv));
  EXPECT_EQ(message.machine.kv.tiers[0].mover.name, "cpu-staged");
  EXPECT_EQ(memory.machine.kv.tiers[0].mover.name, "gpu-load-store");
  EXPECT_EQ(memory.machine.collectives.point_to_point,
            fabric::make_fabric(memory.machine.cluster).scale_up.latency);
  EXPECT_GT(message.machine.collectives.point_to_point, memory.machine.collectives.point_to_point);
}

TEST(Directions, Mistakes) {
  const auto mistakes = [](const std::string& cluster) {
    const Result<World> world = resolve_text(text(cluster));
    return world ? "" : render(world.error());
  };
  EXPECT_THAT(mistakes("rack: al128, semantics: rdma"), HasSubstr("semantics"));
  EXPECT_THAT(mistakes("rack: al128, layers: 1"), HasSubstr("layers"));
  EXPECT_THAT(mistakes("rack: {base: al128, scale_up: {medium: cpu}}"), HasSubstr("did you mean"));
  EXPECT_THAT(mistakes("rack: {base: al128, span: 3 m, scale_up: {medium: copper}}"),
              HasSubstr("reaches"));
}

}  // namespace
}  // namespace sn::twin
