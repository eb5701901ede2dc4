// sn/hw/conditions_test.cc
//
// Each factor scales what it names and nothing else.

#include "sn/hw/conditions.h"

#include <gtest/gtest.h>

namespace sn::hw {
namespace {

using namespace sn::literals;

Cluster machine() {
  Cluster c;
  c.rack.chip.peak = {.bf16 = 1000_TFLOP_per_s,
                      .fp8 = 2000_TFLOP_per_s,
                      .fp4 = 4000_TFLOP_per_s,
                      .int8 = 1500_TFLOP_per_s};
  c.rack.chip.hbm_bandwidth = 4_TB_per_s;
  c.rack.chip.l2_bandwidth = 10_TB_per_s;
  c.rack.chip.tdp = 700_W;
  c.rack.scale_up.link.bandwidth = 900_GB_per_s;
  c.rack.nic.bandwidth = 50_GB_per_s;
  c.rack.host_link.bandwidth = 63_GB_per_s;
  return c;
}

TEST(Conditions, NominalChangesNothing) {
  const Cluster c = under({}, machine());
  EXPECT_EQ(c.rack.chip.peak.fp8, 2000_TFLOP_per_s);
  EXPECT_EQ(c.rack.chip.hbm_bandwidth, 4_TB_per_s);
  EXPECT_EQ(c.rack.scale_up.link.bandwidth, 900_GB_per_s);
  EXPECT_EQ(c.rack.nic.bandwidth, 50_GB_per_s);
}

TEST(Conditions, ClockScalesCoresAndCacheButNotMemory) {
  const Cluster c = under({.clock = 0.5}, machine());
  EXPECT_EQ(c.rack.chip.peak.bf16, 500_TFLOP_per_s);
  EXPECT_EQ(c.rack.chip.peak.fp8, 1000_TFLOP_per_s);
  EXPECT_EQ(c.rack.chip.peak.fp4, 2000_TFLOP_per_s);
  EXPECT_EQ(c.rack.chip.peak.int8, 750_TFLOP_per_s);
  EXPECT_EQ(c.rack.chip.l2_bandwidth, 5_TB_per_s);
  EXPECT_EQ(c.rack.chip.hbm_bandwidth, 4_TB_per_s);
  EXPECT_EQ(c.rack.chip.tdp, 700_W);
}

TEST(Conditions, EachLinkHasItsOwnFactor) {
  const Cluster c = under({.hbm = 0.75, .scale_up = 0.5, .scale_out = 0.25}, machine());
  EXPECT_EQ(c.rack.chip.hbm_bandwidth, 3_TB_per_s);
  EXPECT_EQ(c.rack.scale_up.link.bandwidth, 450_GB_per_s);
  EXPECT_EQ(c.rack.nic.bandwidth, 12.5_GB_per_s);
  EXPECT_EQ(c.rack.host_link.bandwidth, 63_GB_per_s);
  EXPECT_EQ(c.rack.chip.peak.bf16, 1000_TFLOP_per_s);
}

TEST(Conditions, ThoseOfAWholeAndOfAPartMultiply) {
  const Conditions machine{.clock = 0.8, .hbm = 0.5, .scale_up = 0.5, .alive = true};
  const Conditions instance{.clock = 0.5, .scale_up = 0.5, .scale_out = 0.25, .alive = false};
  const Conditions both{
      .clock = 0.4, .hbm = 0.5, .scale_up = 0.25, .scale_out = 0.25, .alive = false};
  EXPECT_EQ(machine * instance, both);
  EXPECT_EQ(instance * machine, both);
  EXPECT_EQ(machine * Conditions{}, machine);
}

TEST(ConditionsDeath, FactorsOutsideTheUnitIntervalAreAProgrammersMistake) {
  EXPECT_DEATH(static_cast<void>(under({.clock = 0.0}, machine())), "clock");
  EXPECT_DEATH(static_cast<void>(under({.hbm = 1.5}, machine())), "hbm");
}

}  // namespace
}  // namespace sn::hw
