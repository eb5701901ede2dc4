// sn/facility/site_test.cc

#include "sn/facility/site.h"

#include <gtest/gtest.h>

#include "sn/catalog/catalog_test_util.h"

namespace sn::facility {
namespace {

constexpr Building building = {.distribution = 0.05,
                               .pumps = 0.01,
                               .crah = 0.04,
                               .rejection = 0.02,
                               .cop = 5.0,
                               .tower_kelvin = 5.0,
                               .approach_kelvin = 4.0,
                               .air_celsius = 20.0};

TEST(Climate, IsNormal) {
  const Climate c{.wet_bulb_celsius = 10.0, .spread_kelvin = 5.0};
  EXPECT_NEAR(c.above(10.0), 0.5, 1e-12);
  EXPECT_NEAR(c.above(15.0), 0.158655, 1e-6);
  EXPECT_NEAR(c.above(0.0), 0.977250, 1e-6);
}

TEST(Pue, AddsItsTerms) {
  // Water of 36 C is needed at the coolers of a loop of 45 C: at 5 K above the wet bulb, 36 C of
  // it.
  const Climate mild{.wet_bulb_celsius = 15.0, .spread_kelvin = 5.0};
  const Pue p = pue_of(building, mild, 0.8, 45.0);
  EXPECT_NEAR(p.distribution, 1.0 / 0.95 - 1.0, 1e-12);
  EXPECT_NEAR(p.pumps, 0.008, 1e-12);
  EXPECT_NEAR(p.fans, 0.008 + 0.02, 1e-12);
  EXPECT_LT(p.liquid_chilled, 1e-4);
  EXPECT_NEAR(p.air_chilled, 0.5, 1e-12);  // 20 C less 5 K are the mean wet bulb
  EXPECT_NEAR(p.chillers, 0.2 * 0.5 / 5.0, 1e-4);
  EXPECT_NEAR(p.value, 1.0 + p.distribution + p.pumps + p.fans + p.chillers, 1e-12);
}

TEST(Pue, ColdWaterInAHotClimateTakesChillersAllYear) {
  const Climate hot{.wet_bulb_celsius = 25.0, .spread_kelvin = 1.0};
  EXPECT_GT(pue_of(building, hot, 1.0, 25.0).liquid_chilled, 0.999);
  EXPECT_LT(pue_of(building, hot, 1.0, 45.0).liquid_chilled, 0.001);
  EXPECT_EQ(pue_of(building, hot, 0.0, 25.0).liquid_chilled, 0.0);
}

TEST(Pue, WarmerLoopsAndColderPlacesAreNeverWorse) {
  double before = 2.0;
  for (double supply = 20.0; supply <= 50.0; supply += 5.0) {
    const double now = pue_of(building, {18.0, 6.0}, 0.9, supply).value;
    EXPECT_LE(now, before);
    before = now;
  }
  before = 1.0;
  for (double wet = 0.0; wet <= 30.0; wet += 5.0) {
    const double now = pue_of(building, {wet, 6.0}, 0.9, 32.0).value;
    EXPECT_GE(now, before);
    before = now;
  }
}

TEST(ShippedCatalog, SitesRead) {
  catalog::expect_all_read<Site>("site", 8);
  const catalog::Catalog shipped = catalog::shipped_catalog();
  catalog::Params params;
  const Site oregon = catalog::read_shipped<Site>(shipped, "site", "us-oregon", params);
  EXPECT_DOUBLE_EQ(oregon.carbon_g_per_kwh, 79.0);
  // Google's fleet has 1.09; the survey's average of 1.54 is of older rooms.
  const Pue p = pue_of(oregon.building, oregon.climate, 0.87, 32.0);
  EXPECT_GT(p.value, 1.05);
  EXPECT_LT(p.value, 1.15);
}

}  // namespace
}  // namespace sn::facility
