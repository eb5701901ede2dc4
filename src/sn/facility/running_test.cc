// sn/facility/running_test.cc

#include "sn/facility/running.h"

#include <gtest/gtest.h>

#include "sn/facility/facility_test_util.h"
#include "sn/facility/power.h"

namespace sn::facility {
namespace {

Surroundings around() {
  Surroundings a;
  a.plant = small_plant();
  a.plant.use = {.host = 0.5, .network = 0.5};
  catalog::Params params;
  a.failures =
      catalog::read_shipped<Failures>(catalog::shipped_catalog(), "failure", "default", params);
  a.prices.gpu = {{"toy", Money::from_si(1000.0)}};
  a.prices.finance = {.years = 5.0, .interest = 0.0, .maintenance = 0.0, .utilisation = 1.0};
  a.site.tariff = Tariff::from_si(0.1 / 3.6e6);
  a.site.carbon_g_per_kwh = 360.0;
  a.site.climate = {.wet_bulb_celsius = 0.0, .spread_kelvin = 1.0};
  a.site.building = {.cop = 5.0, .air_celsius = 20.0};
  return a;
}

hw::Rack toys() {
  hw::Rack r = small_rack();
  r.chip.name = "toy (modified)";
  return r;
}

TEST(Running, FollowsFromTheSameRack) {
  // 100 tokens/s at 28 J of the chips on 4 of 8 GPUs: 700 W a chip.
  const Running r =
      running_figures(toys(), around(),
                      {.gpus = 4, .chip_joules_per_token = 28.0, .output = 100.0, .total = 400.0});
  const PowerLoad load{.name = "", .chip = 600.0 / 900.0, .host = 0.5, .network = 0.5};
  EXPECT_NEAR(r.input.si(), 0.5 * rack_power(toys(), around().plant, load).input.si(), 1e-9);
  EXPECT_NEAR(r.rack_joules, r.input.si() / 100.0, 1e-12);
  EXPECT_NEAR(r.building_joules, r.rack_joules, 1e-9);  // nothing of the building is lost
  EXPECT_NEAR(r.carbon_g, r.building_joules * 1e6 / 3.6e6 * 360.0, 1e-9);
  ASSERT_TRUE(r.priced);
  EXPECT_NEAR(r.per_million_output.si(), r.gpu_hour.si() * 4.0 / 3600.0 * 1e4, 1e-9);
  EXPECT_NEAR(r.per_million_tokens.si(), r.per_million_output.si() / 4.0, 1e-9);
  EXPECT_GT(r.up, 0.99);
  EXPECT_LT(r.up, 1.0);
  EXPECT_GT(r.junction_celsius, 30.0);
  EXPECT_EQ(r.clock, 1.0);
}

TEST(Running, WithoutAPriceOrATokenNothingIsMadeUp) {
  Surroundings a = around();
  a.prices.gpu.clear();
  const Running r = running_figures(toys(), a, {.gpus = 8});
  EXPECT_FALSE(r.priced);
  EXPECT_EQ(r.per_million_output, Money{});
  EXPECT_EQ(r.rack_joules, 0.0);
  EXPECT_GT(r.input, Power{});
}

TEST(UnitModel, TakesImagesAndTheRack) {
  Errors errors;
  const auto classes = fault_classes(around().failures, small_rack(), small_plant(), {}, errors);
  const UnitModel m = unit_model(classes, 2);
  EXPECT_EQ(m.units, 2);
  EXPECT_EQ(m.kinds.size(), 4u);
  double all = 0.0;
  for (const FaultClass& c : classes) {
    if (c.image) all += c.all().si();
  }
  EXPECT_NEAR(m.rate().si() * 2.0, all, 1e-20);
}

}  // namespace
}  // namespace sn::facility
