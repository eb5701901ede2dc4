// sn/facility/plant_test.cc

#include "sn/facility/plant.h"

#include <gtest/gtest.h>

#include "sn/facility/facility_test_util.h"
#include "sn/facility/medium.h"

namespace sn::facility {
namespace {

TEST(EfficiencyCurve, IsLinearBetweenItsPoints) {
  EfficiencyCurve c;
  c.values = {0.90, 0.94, 0.95, 0.96, 0.95, 0.94};
  EXPECT_DOUBLE_EQ(c.at(0.1), 0.90);
  EXPECT_NEAR(c.at(0.15), 0.92, 1e-12);
  EXPECT_NEAR(c.at(0.4), 0.955, 1e-12);
  EXPECT_DOUBLE_EQ(c.at(1.3), 0.94);
}

TEST(EfficiencyCurve, KeepsItsFixedLossesBelowTheFirst) {
  EfficiencyCurve c;
  c.values = {0.90, 0.94, 0.95, 0.96, 0.95, 0.94};
  // 10 % out of 11.1 % in: 1.11 % of the rating is lost, also at 5 %.
  EXPECT_NEAR(c.at(0.05), 0.05 / (0.05 + 0.1 * (1.0 / 0.9 - 1.0)), 1e-12);
  EXPECT_EQ(c.at(0.0), 0.0);
}

TEST(EfficiencyCurve, PointsMayBeLeftOut) {
  EfficiencyCurve c;
  EXPECT_EQ(c.at(0.5), 1.0);                      // none given: no loss
  c.values = {0.90, 0.94, 0.0, 0.96, 0.0, 0.91};  // 80 PLUS has four
  EXPECT_NEAR(c.at(0.35), 0.95, 1e-12);
  EXPECT_NEAR(c.at(0.75), 0.935, 1e-12);
}

TEST(Plant, CountsFollowFromTheRack) {
  const Plant p = small_plant();
  EXPECT_EQ(p.at(Place::compute).count, 2);
  EXPECT_EQ(p.at(Place::host).count, 0);    // nothing is there
  EXPECT_EQ(p.at(Place::fabric).count, 1);  // two planes of 8 ports on two chips
}

TEST(Plant, HostsFollowTheOsImages) {
  Plant p = small_plant();
  p.at(Place::host).module.parts[0] = {1, Power::from_si(50.0), Power::from_si(200.0)};
  hw::Rack r = small_rack();
  complete(p, r);
  EXPECT_EQ(p.at(Place::host).count, 2);
  p.at(Place::host).count = 0;
  r.gpus_per_os = 8;
  complete(p, r);
  EXPECT_EQ(p.at(Place::host).count, 1);
}

TEST(Plant, SwitchChipsOfPlanesAndDomains) {
  hw::Rack r = small_rack();
  EXPECT_EQ(switch_chips(r), 2);
  r.scale_up.domain = 4;  // two domains with planes of their own
  EXPECT_EQ(switch_chips(r), 4);
  r.scale_up.switches = 7;  // said by the rack
  EXPECT_EQ(switch_chips(r), 7);
  r.scale_up.topology = "torus";
  EXPECT_EQ(switch_chips(r), 0);
}

std::string mistakes(const Plant& p) {
  Errors errors;
  check_plant(p, small_rack(), {}, errors);
  std::string out;
  for (const Error& e : errors) out += e.message + "\n";
  return out;
}

TEST(Plant, WhatCannotBe) {
  EXPECT_EQ(mistakes(small_plant()), "");
  Plant p = small_plant();
  p.at(Place::compute).count = 3;
  p.at(Place::fabric).module.parts[2] = {2, Power::from_si(300.0), Power::from_si(200.0)};
  p.at(Place::compute).module.parts[3].max = Power{};
  p.spare_shelves = 4;
  const std::string all = mistakes(p);
  EXPECT_NE(all.find("3 compute modules of 4 GPUs do not make the rack's 8"), std::string::npos);
  EXPECT_NE(all.find("switch.switch_chip draws 300 W idle"), std::string::npos);
  EXPECT_NE(all.find("compute.nic has no power"), std::string::npos);
  EXPECT_NE(all.find("4 of 4 shelves are spare"), std::string::npos);
  p.at(Place::shelf).count = 0;
  EXPECT_NE(mistakes(p).find("has no power shelves"), std::string::npos);
}

TEST(ShippedCatalog, EveryModuleAndPlantReads) {
  catalog::expect_all_read<Module>("module", 15);
  catalog::expect_all_read<Medium>("medium", 7);
  const catalog::Catalog shipped = catalog::shipped_catalog();
  for (const std::string& name : shipped.names(catalog::kind_named("plant"))) {
    SCOPED_TRACE(name);
    Plant plant;
    catalog::Params params;
    Errors errors;
    const Result<Node> tree = shipped.entry(catalog::kind_named("plant"), name);
    ASSERT_TRUE(tree.has_value()) << render(tree.error());
    catalog::read_entry(shipped, *tree, "", plant, params, errors);
    EXPECT_TRUE(errors.empty()) << render(errors);
    catalog::expect_provenance(params);
    catalog::expect_units(*tree, params);
    catalog::expect_round_trip(plant, params);
  }
}

TEST(ShippedCatalog, EveryRackHasAPlantThatFitsIt) {
  const catalog::Catalog shipped = catalog::shipped_catalog();
  for (const std::string& name : shipped.names(catalog::kind_named("rack"))) {
    SCOPED_TRACE(name);
    ASSERT_TRUE(shipped.has(catalog::kind_named("plant"), name));
    hw::Rack rack;
    Plant plant;
    catalog::Params params;
    Errors errors;
    catalog::read_entry(shipped, *shipped.entry(catalog::kind_named("rack"), name), "rack", rack,
                        params, errors);
    catalog::read_entry(shipped, *shipped.entry(catalog::kind_named("plant"), name), "plant", plant,
                        params, errors);
    hw::complete(rack);
    complete(plant, rack);
    check_plant(plant, rack, {}, errors);
    EXPECT_TRUE(errors.empty()) << render(errors);
  }
}

}  // namespace
}  // namespace sn::facility
