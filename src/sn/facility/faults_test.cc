// sn/facility/faults_test.cc

#include "sn/facility/faults.h"

#include <gtest/gtest.h>

#include <cmath>

#include "sn/facility/facility_test_util.h"

namespace sn::facility {
namespace {

constexpr double hour = 3600.0;

Failures shipped() {
  catalog::Params params;
  return catalog::read_shipped<Failures>(catalog::shipped_catalog(), "failure", "default", params);
}

TEST(Fleet, IsLlama3s) {
  const Fleet f = shipped().fleet;
  EXPECT_EQ(f.total(), 419);
  // 16,384 x 54 x 24 h = 21.23 million GPU-hours.
  EXPECT_NEAR(f.rate(Cause::gpu).si() * hour, 148.0 / 21'233'664.0, 1e-12);
  EXPECT_NEAR(f.rate(Cause::supply).si() * hour, 3.0 * 8.0 / 21'233'664.0, 1e-12);  // per server
  EXPECT_NEAR(mean_time(f, 16384).mean.si() / hour, 3.09, 0.01);
  EXPECT_NEAR(mean_time(f, 128).mean.si() / hour, 396.0, 1.0);
}

TEST(Fleet, ScopesAddUpToTheTotal) {
  const Fleet f = shipped().fleet;
  const double all = f.rate(Scope::chip).si() * 16384.0 + f.rate(Scope::host).si() * 2048.0 +
                     f.rate(Scope::job).si() * 16384.0;
  EXPECT_NEAR(all * 54.0 * 24.0 * hour, 419.0, 1e-9);
}

TEST(Fleet, IntervalIsThePoissonCounts) {
  const MeanTime t = mean_time(shipped().fleet, 16384);
  // Exact 95 % interval of 419: 379.8 to 461.1 (chi-square quantiles).
  EXPECT_NEAR(54.0 * 24.0 * hour / t.high.si(), 379.8, 0.5);
  EXPECT_NEAR(54.0 * 24.0 * hour / t.low.si(), 461.1, 0.5);
}

TEST(HeldAgainst, NodeRatesGiveTheProjectedMeans) {
  const HeldAgainst h = shipped().held_against;
  const auto mean = [&](std::int64_t gpus) {
    return 1.0 / (h.per_node.si() * static_cast<double>(gpus / h.gpus_per_node)) / hour;
  };
  EXPECT_NEAR(mean(16384), 1.8, 0.05);
  EXPECT_NEAR(mean(131072), 0.23, 0.005);
  EXPECT_NEAR(mean(1024), 28.8, 0.1);  // measured are 7.9 h: docs/rack.md
}

TEST(FaultClasses, OfASmallRack) {
  const Failures f = shipped();
  Errors errors;
  const auto classes = fault_classes(f, small_rack(), small_plant(), {}, errors);
  EXPECT_TRUE(errors.empty());
  ASSERT_EQ(classes.size(), 7u);
  EXPECT_EQ(classes[0].pieces, 8);
  EXPECT_EQ(classes[0].gpus, 4);  // the OS image
  EXPECT_NEAR((classes[0].each + classes[1].each).si(), f.fleet.rate(Scope::chip).si(), 1e-20);
  EXPECT_EQ(classes[2].pieces, 2);
  EXPECT_EQ(classes[4].name, "switch module");
  EXPECT_TRUE(classes[4].whole);  // the one tray there is
  // Jobs of the whole rack: chips, hosts, switches, rack and shelves, software.
  double sum = f.fleet.rate(Scope::job).si() * 8.0;
  for (const FaultClass& c : classes) sum += c.all().si();
  EXPECT_NEAR(interruptions(classes, f, 8).si(), sum, 1e-18);
}

TEST(FaultClasses, SwitchModulesTakeAShareOfScaleUp) {
  hw::Rack r = small_rack();
  Plant p = small_plant();
  p.at(Place::fabric).module.parts[2].count = 1;  // one chip a tray, two planes
  p.at(Place::fabric).count = 2;
  p.optics.scale_up = EnergyPerByte::from_si(1e-11);
  Errors errors;
  const auto classes = fault_classes(shipped(), r, p, {}, errors);
  EXPECT_DOUBLE_EQ(classes[4].scale_up, 0.5);
  EXPECT_EQ(classes[4].gpus, 0);  // nobody is down: the link is slower
  EXPECT_EQ(classes[5].pieces, 8 * 2 * 2);
  EXPECT_DOUBLE_EQ(classes[5].scale_up, 0.5);
}

TEST(ShelfClass, IsTheBinomialOfShelves) {
  Failures f = shipped();
  f.parts.shelf = Rate::from_si(0.01 / f.repair.replace.si());
  const FaultClass c = shelf_class(f, small_plant(), 8);
  const double q = 0.01 / 1.01;
  const double one = 4.0 * q * std::pow(1.0 - q, 3.0);
  const double none = std::pow(1.0 - q, 4.0);
  EXPECT_NEAR(c.each * c.repair, 1.0 - none - one, 1e-9);  // more than the one spare
}

TEST(FaultClasses, RateOfZeroIsToldOff) {
  Failures f = shipped();
  f.fleet.counts = {};
  Errors errors;
  static_cast<void>(fault_classes(f, small_rack(), small_plant(), {}, errors));
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_NE(errors.front().message.find("rate of zero"), std::string::npos);
}

}  // namespace
}  // namespace sn::facility
