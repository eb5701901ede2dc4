// sn/facility/power_test.cc

#include "sn/facility/power.h"

#include <gtest/gtest.h>

#include <cmath>

#include "sn/facility/facility_test_util.h"

namespace sn::facility {
namespace {

using namespace sn::literals;

Power sum_of(const PowerReport& p) {
  Power sum;
  for (const PowerRow& r : p.rows) sum += r.total;
  return sum;
}

TEST(RackPower, AddsUpByHand) {
  const PowerReport p = rack_power(small_rack(), small_plant(), full_load());
  // Boards: 8 kW of chips, 8 x 20 W, 4 fans of 45 W; tray: 2 x 200 W.
  EXPECT_DOUBLE_EQ(p.chips.si(), 8000.0);
  EXPECT_DOUBLE_EQ(p.output.si(), 8000.0 + 160.0 + 180.0 + 400.0);
  EXPECT_DOUBLE_EQ(p.capacity.si(), 15000.0);
  EXPECT_NEAR(p.supply_share, 8740.0 / 20000.0, 1e-12);
  const double efficiency = 0.95 + 0.01 * (0.437 - 0.3) / 0.2;
  EXPECT_NEAR(p.supply_efficiency, efficiency, 1e-12);
  EXPECT_NEAR(p.input.si(), 8740.0 / efficiency, 1e-9);
  EXPECT_NEAR(sum_of(p).si(), p.input.si(), 1e-9);  // the bill adds up
  EXPECT_NEAR(p.liquid.si(), 0.75 * 8340.0, 1e-9);
  EXPECT_NEAR((p.air + p.liquid).si(), p.input.si(), 1e-9);  // all of it becomes heat
  EXPECT_NEAR(p.regulators.si(), 800.0, 1e-9);
}

TEST(RackPower, IdleAndInBetween) {
  const PowerReport idle = rack_power(small_rack(), small_plant(), idle_load());
  // Fans follow the cube of the heat: (480 + 0) / (4080) of a board without fans.
  const double board = 400.0 + 40.0;
  const double fan = 5.0 + 40.0 * std::pow(board / 4080.0, 3.0);
  EXPECT_NEAR(idle.output.si(), 2.0 * board + 4.0 * fan + 300.0, 1e-9);
  const PowerReport half = rack_power(small_rack(), small_plant(),
                                      {.name = "half", .chip = 0.5, .host = 0, .network = 0});
  EXPECT_DOUBLE_EQ(half.chips.si(), 8.0 * 550.0);
}

TEST(RackPower, BusbarAndOptics) {
  Plant p = small_plant();
  p.busbar = {.volts = 50.0, .micro_ohms = 1000.0};
  p.optics.scale_up = EnergyPerByte::from_si(8e-11);  // 10 pJ/bit
  p.optics.scale_out = EnergyPerByte::from_si(8e-11);
  const PowerReport r = rack_power(small_rack(), p, full_load());
  const double optics = 16.0 * 100e9 * 8e-11 + 8.0 * 50e9 * 8e-11;  // two ends; one adapter a chip
  const double amperes = (8740.0 + optics) / 50.0;
  EXPECT_NEAR(r.bus_amperes, amperes, 1e-9);
  EXPECT_NEAR(r.busbar_loss.si(), 1e-3 * amperes * amperes, 1e-9);
  EXPECT_NEAR(r.output.si(), 8740.0 + optics + r.busbar_loss.si(), 1e-9);
}

TEST(RackPower, MoreLoadNeverDrawsLess) {
  double before = 0.0;
  for (double x = 0.0; x <= 1.0; x += 0.05) {
    const double now =
        rack_power(small_rack(), small_plant(), {.name = "", .chip = x, .host = x, .network = x})
            .input.si();
    EXPECT_GT(now, before);
    before = now;
  }
}

TEST(DynamicShare, IsCapped) {
  const ChipPower c = small_plant().chip;
  EXPECT_DOUBLE_EQ(dynamic_share(c, 0.5, 0.5), 0.6);
  EXPECT_DOUBLE_EQ(dynamic_share(c, 1.0, 1.0), 1.0);
  EXPECT_DOUBLE_EQ(dynamic_share(c, 0.0, 0.0), 0.0);
}

TEST(ChipPowerWithin, FillsTheFeed) {
  hw::Rack r = small_rack();
  const Power limit = chip_power_within(r, small_plant(), r.feed);
  EXPECT_GT(limit, 1_kW);
  r.chip.tdp = limit;
  EXPECT_NEAR(rack_power(r, small_plant(), full_load()).input.si(), r.feed.si(), 0.01);
  EXPECT_EQ(chip_power_within(r, small_plant(), 100_W), Power{});  // the rest alone is above it
}

TEST(Swing, IsCarriedByStoredEnergy) {
  const PowerLoad low{.name = "", .chip = 0.25, .host = 1.0, .network = 1.0};
  const Swing s = swing_between(small_rack(), small_plant(), low, full_load());
  EXPECT_LT(s.low, s.high);
  const double step = rack_power(small_rack(), small_plant(), full_load()).output.si() -
                      rack_power(small_rack(), small_plant(), low).output.si();
  EXPECT_NEAR(s.carried.si(), 0.020 * 20000.0 / step, 1e-12);
  EXPECT_TRUE(s.within_pulse);
}

TEST(CapPower, ProportionalLowersAllClocks) {
  const Capped free =
      cap_power(small_rack(), small_plant(), full_load(), 20_kW, CapPolicy::proportional);
  EXPECT_DOUBLE_EQ(free.mean_clock(), 1.0);
  EXPECT_TRUE(free.held);
  const Capped c =
      cap_power(small_rack(), small_plant(), full_load(), 7_kW, CapPolicy::proportional);
  EXPECT_TRUE(c.held);
  EXPECT_NEAR(c.input.si(), 7000.0, 0.01);
  EXPECT_LT(c.high_clock, 1.0);
  EXPECT_DOUBLE_EQ(c.conditions().clock, c.high_clock);
  // The clock is what the exponent makes of the dynamic power.
  const PowerLoad at{.name = "", .chip = std::pow(c.high_clock, 2.0), .host = 1.0, .network = 1.0};
  EXPECT_NEAR(rack_power(small_rack(), small_plant(), at).input.si(), 7000.0, 0.01);
}

TEST(CapPower, HardIsNeverFasterThanProportional) {
  const PowerLoad some{.name = "", .chip = 0.9, .host = 0.2, .network = 0.2};
  const Capped hard = cap_power(small_rack(), small_plant(), some, 7_kW, CapPolicy::hard);
  const Capped soft = cap_power(small_rack(), small_plant(), some, 7_kW, CapPolicy::proportional);
  EXPECT_LE(hard.mean_clock(), soft.mean_clock());
  EXPECT_LE(hard.input, soft.input);  // it keeps room for a host that is not there
}

TEST(CapPower, PriorityKeepsSomeClocks) {
  const Capped c =
      cap_power(small_rack(), small_plant(), full_load(), 7_kW, CapPolicy::priority, 0.5);
  EXPECT_DOUBLE_EQ(c.high_clock, 1.0);
  EXPECT_LT(c.low_clock, 1.0);
  EXPECT_TRUE(c.held);
  EXPECT_NEAR(c.input.si(), 7000.0, 0.01);
  EXPECT_DOUBLE_EQ(c.conditions().clock, c.low_clock);  // work in step follows the slowest
}

TEST(CapPower, SaysThatItCannotBeHeld) {
  const Capped c =
      cap_power(small_rack(), small_plant(), full_load(), 1_kW, CapPolicy::proportional);
  EXPECT_FALSE(c.held);
  EXPECT_NEAR(c.high_clock, 0.5, 1e-9);  // the floor
}

}  // namespace
}  // namespace sn::facility
