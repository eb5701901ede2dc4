// sn/fabric/fabric_test.cc
//
// Paths of a cluster and the delivery of one message, by hand.

#include "sn/fabric/fabric.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "sn/base/result.h"

namespace sn::fabric {
namespace {

using namespace sn::literals;

/// Three racks of 32 GPUs in domains of 16; segments of 64 GPUs, oversubscribed 2:1 beyond.
hw::Cluster small_cluster() {
  hw::Cluster c;
  c.racks = 3;
  c.rack.gpus = 32;
  c.rack.scale_up = {
      .link = {.bandwidth = 900_GB_per_s, .efficiency = 0.8, .endpoint_latency = 150_ns},
      .fabric_switch = {.ports = 16,
                        .port_bandwidth = 100_GB_per_s,
                        .latency = 100_ns,
                        .in_switch_reduction = true},
      .domain = 16};
  c.rack.nic = {.bandwidth = 50_GB_per_s, .efficiency = 0.9, .latency = Time::from_si(1.5e-6)};
  c.scale_out.latency = 2_us;
  c.scale_out.oversubscription = 2.0;
  c.scale_out.segment = 64;
  c.dcn.bandwidth = 25_GB_per_s;
  c.dcn.efficiency = 0.8;
  c.dcn.latency = 30_us;
  return c;
}

TEST(Fabric, HasTheThreeLayersOfItsCluster) {
  const Fabric f = make_fabric(small_cluster());
  EXPECT_EQ(f.domain, 16);
  EXPECT_EQ(f.domains, 6);  // 3 racks x 2
  EXPECT_EQ(f.segment, 64);
  EXPECT_TRUE(f.in_switch_reduction);

  EXPECT_EQ(f.scale_up.layer, Layer::scale_up);
  EXPECT_EQ(f.scale_up.raw, 900_GB_per_s);
  EXPECT_NEAR(f.scale_up.sustained.si(), 720e9, 1.0);
  EXPECT_NEAR(f.scale_up.latency.si(), 400e-9, 1e-15);  // 2 x 150 + 100 ns

  EXPECT_EQ(f.scale_out.layer, Layer::scale_out);
  EXPECT_EQ(f.scale_out.raw, 50_GB_per_s);
  EXPECT_NEAR(f.scale_out.sustained.si(), 45e9, 1.0);
  EXPECT_NEAR(f.scale_out.latency.si(), 5e-6, 1e-15);  // 2 x 1.5 + 2 us

  EXPECT_EQ(f.dcn.layer, Layer::dcn);
  EXPECT_NEAR(f.dcn.sustained.si(), 20e9, 1.0);
  EXPECT_EQ(f.dcn.latency, 30_us);
}

TEST(Fabric, GpusOfAnOsImageShareItsAdapters) {
  hw::Cluster c = small_cluster();
  c.rack.gpus_per_os = 8;
  EXPECT_EQ(make_fabric(c).scale_out.raw, 50_GB_per_s);
  c.rack.nics_per_os = 2;  // four GPUs an adapter
  EXPECT_NEAR(make_fabric(c).scale_out.raw.si(), 12.5e9, 1.0);
  EXPECT_NEAR(make_fabric(c).scale_out.sustained.si(), 11.25e9, 1.0);
  EXPECT_EQ(make_fabric(c).scale_out.latency, make_fabric(small_cluster()).scale_out.latency);
}

TEST(Fabric, OversubscriptionHoldsBeyondASegment) {
  const Fabric f = make_fabric(small_cluster());
  EXPECT_EQ(f.scale_out_for(64), f.scale_out);
  EXPECT_EQ(f.scale_out_for(65), f.scale_out_far);
  EXPECT_NEAR(f.scale_out_far.raw.si(), 25e9, 1.0);
  EXPECT_NEAR(f.scale_out_far.sustained.si(), 22.5e9, 1.0);
  EXPECT_EQ(f.scale_out_far.latency, f.scale_out.latency);
}

TEST(Delivery, IsLatencyPlusBytesOverTheSustainedRate) {
  const Fabric f = make_fabric(small_cluster());
  // 72 MB over 720 GB/s are 100 us, over 45 GB/s 1.6 ms, over 20 GB/s 3.6 ms.
  EXPECT_NEAR(delivery_time(f.scale_up, 72_MB).si(), 100.4e-6, 1e-12);
  EXPECT_NEAR(delivery_time(f.scale_out, 72_MB).si(), 1605e-6, 1e-12);
  EXPECT_NEAR(delivery_time(f.dcn, 72_MB).si(), 3630e-6, 1e-12);
  EXPECT_EQ(delivery_time(f.scale_up, 0_B), f.scale_up.latency);
  // Raw rates: 72 MB / 900 GB/s.
  EXPECT_NEAR(delivery_bound(f.scale_up, 72_MB).si(), 80e-6, 1e-12);
}

TEST(Delivery, OtherTrafficTakesItsShare) {
  const Fabric f = make_fabric(small_cluster());
  // Three quarters taken: 720 GB/s become 180.
  EXPECT_NEAR(delivery_time(f.scale_up, 72_MB, 0.75).si(), 400.4e-6, 1e-12);
}

TEST(Layer, HasANameForReports) {
  EXPECT_EQ(to_string(Layer::scale_up), "ScaleUp");
  EXPECT_EQ(to_string(Layer::scale_out), "ScaleOut");
  EXPECT_EQ(to_string(Layer::dcn), "DCN");
}

RC_GTEST_PROP(DeliveryProperties, NeverBeatsItsBoundAndNeverFallsWithSize, ()) {
  const Fabric f = make_fabric(small_cluster());
  const Path path = *rc::gen::element(f.scale_up, f.scale_out, f.scale_out_far, f.dcn);
  const auto size = *rc::gen::inRange<std::int64_t>(0, std::int64_t{1} << 40);
  const auto more = *rc::gen::inRange<std::int64_t>(0, std::int64_t{1} << 40);
  const double background = *rc::gen::inRange(0, 100) * 0.01;
  const Bytes bytes = Bytes::from_si(static_cast<double>(size));
  const Bytes larger = bytes + Bytes::from_si(static_cast<double>(more));
  RC_ASSERT(delivery_time(path, bytes, background) >= delivery_bound(path, bytes));
  RC_ASSERT(delivery_time(path, bytes, background) >= delivery_time(path, bytes));
  RC_ASSERT(delivery_time(path, larger, background) >= delivery_time(path, bytes, background));
}

}  // namespace
}  // namespace sn::fabric
