// sn/fabric/topology/topology_test.cc

#include <gtest/gtest.h>

#include <set>

#include "sn/fabric/fabric.h"
#include "sn/fabric/topology/build.h"
#include "sn/fabric/topology/measures.h"

namespace sn::fabric {
namespace {

using namespace sn::literals;

/// 8 GPUs of 4 x 50 GB/s, two OS images, an adapter of 50 GB/s for each GPU.
hw::Cluster small() {
  hw::Cluster c;
  c.rack.name = "small";
  c.rack.gpus = 8;
  c.rack.gpus_per_os = 4;
  c.rack.scale_up.link = {.bandwidth = 200_GB_per_s, .efficiency = 0.8, .endpoint_latency = 100_ns};
  c.rack.scale_up.fabric_switch = {.ports = 16, .port_bandwidth = 50_GB_per_s, .latency = 200_ns};
  c.rack.nic = {.bandwidth = 50_GB_per_s, .efficiency = 0.9, .latency = 1500_ns};
  c.rack.host_link = {.bandwidth = 63_GB_per_s, .efficiency = 0.82, .endpoint_latency = 250_ns};
  c.scale_out.latency = 3_us;
  c.scale_out.oversubscription = 1.0;
  c.scale_out.segment = 64;
  c.dcn = {.name = "d", .bandwidth = 12_GB_per_s, .efficiency = 0.9, .latency = 50_us};
  hw::complete(c);
  return c;
}

Topology built(const hw::Cluster& c) {
  Result<Topology> t = build_topology(c);
  EXPECT_TRUE(t.has_value());
  return *std::move(t);
}

TEST(Topology, SingleStageHasAPlaneForEachPort) {
  const Topology t = built(small());
  EXPECT_EQ(t.count(DeviceKind::gpu), 8);
  EXPECT_EQ(t.count(DeviceKind::up_switch), 4);       // 200 / 50
  EXPECT_EQ(t.count(LinkKind::scale_up), 8 * 4 * 2);  // both directions
  EXPECT_EQ(t.count(DeviceKind::cpu), 2);
  EXPECT_EQ(t.count(DeviceKind::nic), 8);
  EXPECT_EQ(t.count(DeviceKind::leaf), 4);  // four rails, one plane
  const auto link = t.find_link("rack0/gpu3/up/plane2");
  ASSERT_TRUE(link.has_value());
  EXPECT_EQ(t.devices()[t.links()[*link].to].name, "rack0/up/plane2");
  EXPECT_EQ(t.link_name(t.links()[*link].back), "rack0/up/plane2/to/rack0/gpu3");
}

TEST(Topology, NamesAreUniqueAndFoundAgain) {
  hw::Cluster c = small();
  c.racks = 3;
  c.scale_out.planes = 2;
  const Topology t = built(c);
  std::set<std::string> names;
  for (LinkId l = 0; l < t.links().size(); ++l) {
    const std::string name = t.link_name(l);
    EXPECT_TRUE(names.insert(name).second) << name;
    ASSERT_EQ(t.find_link(name), l) << name;
  }
  for (DeviceId d = 0; d < t.devices().size(); ++d) EXPECT_EQ(t.find(t.devices()[d].name), d);
  EXPECT_FALSE(t.device("rack0/gpu33", "--from").has_value());
  EXPECT_NE(t.device("rack0/gpu33", "--from").error()[0].hint.find("rack0/gpu3"),
            std::string::npos);
}

TEST(Topology, LatencyAndRateAreThoseOfThePath) {
  hw::Cluster c = small();
  c.racks = 2;
  const Topology t = built(c);
  const Fabric f = make_fabric(c);
  Router r(t);
  const auto near = r.path(*t.find("rack0/gpu0"), *t.find("rack0/gpu7"));
  EXPECT_EQ(near.size(), 2u);
  EXPECT_NEAR(r.latency(near).si(), f.scale_up.latency.si(), 1e-15);
  const TrunkId up = t.links()[near[0]].trunk;
  EXPECT_NEAR(r.trunk_rate(up).si(), f.scale_up.raw.si(), 1.0);
  // GPU, PCIe, adapter, leaf, adapter, PCIe, GPU: same rail, one leaf.
  const auto far = r.path(*t.find("rack0/gpu0"), *t.find("rack1/gpu0"));
  EXPECT_EQ(far.size(), 6u);
  // Two adapters, a third of 3 us, and the PCIe endpoints of both GPUs.
  EXPECT_NEAR(r.latency(far).si(), 2 * 1.5e-6 + 1e-6 + 2 * 250e-9, 1e-12);
  // Other rail: over a spine, not through a CPU.
  const auto other = r.path(*t.find("rack0/gpu0"), *t.find("rack1/gpu1"));
  EXPECT_EQ(other.size(), 8u);
  EXPECT_EQ(t.devices()[t.links()[other[3]].to].kind, DeviceKind::spine);
}

TEST(Topology, LeafSpineIsNonBlocking) {
  hw::Cluster c = small();
  c.rack.scale_up.stages = 2;
  c.rack.scale_up.fabric_switch.ports = 8;  // leaves of 4 down, 4 up
  const Topology t = built(c);
  EXPECT_EQ(t.count(DeviceKind::up_switch), 4 * (2 + 1));
  Router r(t);
  EXPECT_EQ(r.path(t.gpus()[0], t.gpus()[1]).size(), 2u);
  EXPECT_EQ(r.path(t.gpus()[0], t.gpus()[7]).size(), 4u);
  EXPECT_NEAR(measure(r).bisection_up.si(), 4 * 200e9, 1.0);
}

TEST(Topology, CloudMatrixHasTheSpinesOfItsCatalogEntry) {
  hw::Cluster c = small();
  c.rack.gpus = 384;
  c.rack.scale_up.domain = 384;
  c.rack.scale_up.stages = 2;
  c.rack.scale_up.link.bandwidth = 392_GB_per_s;
  c.rack.scale_up.fabric_switch.ports = 48;
  c.rack.scale_up.fabric_switch.port_bandwidth = 28_GB_per_s;
  const Topology t = built(c);
  std::int64_t spines = 0;
  for (const Device& d : t.devices()) {
    if (d.kind == DeviceKind::up_switch && d.name.find("/spine") != std::string::npos) ++spines;
  }
  EXPECT_EQ(spines, 112);  // seven planes of sixteen (CloudMatrix384)
}

TEST(Topology, MeshAndTorus) {
  hw::Cluster c = small();
  c.rack.scale_up.topology = "mesh";
  const Topology mesh = built(c);
  EXPECT_EQ(mesh.count(LinkKind::scale_up), 8 * 7);
  Router m(mesh);
  EXPECT_EQ(m.path(mesh.gpus()[1], mesh.gpus()[6]).size(), 1u);
  EXPECT_NEAR(measure(m).bisection_up.si(), 16 * 200e9 / 7, 1.0);

  c.rack.gpus = 16;
  c.rack.scale_up.domain = 16;
  c.rack.scale_up.topology = "torus";
  c.rack.scale_up.torus = "4x4";
  const Topology torus = built(c);
  EXPECT_EQ(torus.count(LinkKind::scale_up), 16 * 4);
  Router r(torus);
  EXPECT_EQ(measure(r).diameter, 4);                         // 2 + 2
  EXPECT_NEAR(measure(r).bisection_up.si(), 8 * 50e9, 1.0);  // 2 x 4 links of a quarter
}

TEST(Routing, ShiftsTakeAllPlanesAndFollowFaults) {
  const Topology t = built(small());
  Router r(t);
  std::set<LinkId> used;
  for (std::size_t i = 0; i < 8; ++i) {
    used.insert(r.path(t.gpus()[0], t.gpus()[i == 0 ? 1 : i])[0]);
  }
  EXPECT_EQ(used.size(), 4u);
  EXPECT_EQ(r.ways(t.gpus()[0], t.gpus()[1], 16).size(), 4u);
  const LinkId down = *t.find_link("rack0/gpu0/up/plane1");
  r.set_health(down, 0.0);
  for (const auto& way : r.ways(t.gpus()[0], t.gpus()[1], 16)) EXPECT_NE(way[0], down);
  EXPECT_NEAR(r.trunk_rate(t.links()[down].trunk).si(), 150e9, 1.0);
  // Without ScaleUp at all the PCIe tree is what is left.
  for (const LinkId l : t.out_of(t.gpus()[0])) {
    if (t.links()[l].kind == LinkKind::scale_up) r.set_health(l, 0.0);
  }
  const auto path = r.path(t.gpus()[0], t.gpus()[1]);
  ASSERT_EQ(path.size(), 4u);
  EXPECT_EQ(t.links()[path[0]].kind, LinkKind::pcie);
}

TEST(Routing, NothingIsReachedThroughAGpu) {
  const Topology t = built(small());
  Router r(t);
  for (const DeviceId a : t.gpus()) {
    for (const DeviceId b : t.gpus()) {
      const auto path = r.path(a, b, Choice::ecmp, 7);
      for (std::size_t i = 0; i + 1 < path.size(); ++i) {
        EXPECT_NE(t.devices()[t.links()[path[i]].to].kind, DeviceKind::gpu);
      }
    }
  }
  for (LinkId l = 0; l < t.links().size(); ++l) r.set_health(l, 0.0);
  EXPECT_FALSE(r.reaches(t.gpus()[0], t.gpus()[1]));
  EXPECT_TRUE(r.path(t.gpus()[0], t.gpus()[1]).empty());
}

TEST(Attach, AdaptersOnScaleUpTakePorts) {
  hw::Cluster c = small();
  c.attach.nic = hw::Attachment::scale_up;
  const Topology t = built(c);
  Router r(t);
  const auto path = r.path(*t.find("rack0/gpu0"), *t.find("rack0/os1/nic3"));
  ASSERT_EQ(path.size(), 2u);
  EXPECT_EQ(t.links()[path[1]].kind, LinkKind::scale_up);
  c.rack.scale_up.fabric_switch.ports = 8;  // all taken by GPUs
  const Result<Topology> none = build_topology(c);
  ASSERT_FALSE(none.has_value());
  EXPECT_NE(none.error()[0].message.find("8 ports"), std::string::npos);
}

TEST(Topology, TooLargeIsSaidBeforeItIsBuilt) {
  hw::Cluster c = small();
  c.racks = 200000;
  ASSERT_FALSE(build_topology(c).has_value());
  EXPECT_EQ(build_topology(c).error()[0].code, ErrorCode::limit);
}

}  // namespace
}  // namespace sn::fabric
