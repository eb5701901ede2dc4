// sn/facility/availability_test.cc
//
// Closed forms by hand, and Monte Carlo within its own interval of them.

#include "sn/facility/availability.h"

#include <gtest/gtest.h>

#include <cmath>

namespace sn::facility {
namespace {

constexpr double hour = 3600.0;

UnitModel sixteen() {
  // One failure in 1,000 h a unit, half of them for 2 h and half for 20 h; the rack once in 2,000
  // h.
  return {.units = 16,
          .kinds = {{Rate::from_si(5e-4 / hour), Time::from_si(2.0 * hour)},
                    {Rate::from_si(5e-4 / hour), Time::from_si(20.0 * hour)}},
          .crews = 0,
          .whole = {{Rate::from_si(5e-4 / hour), Time::from_si(10.0 * hour)}}};
}

TEST(Availability, IsBinomial) {
  const UnitModel m = sixteen();
  EXPECT_NEAR(m.unit_off(), 0.011, 1e-12);
  EXPECT_NEAR(m.repair().si(), 11.0 * hour, 1e-6);
  const double p = 1.0 / 1.011;
  const AvailabilityTable t = availability(m, {16, 15});
  const double rack = 1.0 / 1.005;
  EXPECT_NEAR(t.policies[0].up, std::pow(p, 16.0) * rack, 1e-12);
  EXPECT_NEAR(t.policies[1].up, (std::pow(p, 16.0) + 16.0 * std::pow(p, 15.0) * (1.0 - p)) * rack,
              1e-12);
  EXPECT_NEAR(t.mean_units, 16.0 * p, 1e-12);
  // All sixteen are lost at the rate at which one of them, or the rack, fails.
  EXPECT_NEAR(t.policies[0].losses.si(), t.policies[0].up * (16e-3 + 5e-4) / hour, 1e-15);
}

TEST(Availability, OneCrewIsTheQueueOfMachines) {
  // Two machines, one repairman, l = r: weights 1, 2 lr, 2 (lr)^2 = 1, 2, 2.
  const UnitModel m{
      .units = 2, .kinds = {{Rate::from_si(1.0), Time::from_si(1.0)}}, .crews = 1, .whole = {}};
  const std::vector<double> up = units_up(m);
  EXPECT_NEAR(up[2], 0.2, 1e-12);
  EXPECT_NEAR(up[1], 0.4, 1e-12);
  EXPECT_NEAR(up[0], 0.4, 1e-12);
}

void expect_agree(const UnitModel& m, const std::vector<std::int64_t>& needed) {
  const AvailabilityTable exact = availability(m, needed);
  const AvailabilityTable played = monte_carlo(m, needed, 4000, 7);
  EXPECT_EQ(played.years, 4000.0);
  for (std::size_t i = 0; i < needed.size(); ++i) {
    SCOPED_TRACE(needed[i]);
    // Twice the 95 % interval: one of ten thousand seeds is outside, and the seed is fixed.
    EXPECT_NEAR(played.policies[i].up, exact.policies[i].up, 2.0 * played.policies[i].up_error);
    EXPECT_NEAR(played.policies[i].losses.si(), exact.policies[i].losses.si(),
                2.0 * played.policies[i].losses_error);
    EXPECT_GT(played.policies[i].up_error, 0.0);
  }
  EXPECT_NEAR(played.mean_units, exact.mean_units, 2.0 * played.mean_units_error);
}

TEST(MonteCarlo, AgreesWithTheBinomial) { expect_agree(sixteen(), {16, 15, 14}); }

TEST(MonteCarlo, AgreesWithTheBirthAndDeathChain) {
  UnitModel m = sixteen();
  m.crews = 1;
  for (RepairKind& k : m.kinds) k.rate = k.rate * 5.0;  // a queue at the crew
  expect_agree(m, {16, 14, 12});
}

TEST(MonteCarlo, IsTheSameOnAnyNumberOfThreads) {
  const AvailabilityTable one = monte_carlo(sixteen(), {15}, 100, 3, sn::Run({.threads = 1}));
  const AvailabilityTable two = monte_carlo(sixteen(), {15}, 100, 3, sn::Run({.threads = 2}));
  EXPECT_EQ(one.policies[0].up, two.policies[0].up);
  EXPECT_EQ(one.events, two.events);
  const AvailabilityTable other = monte_carlo(sixteen(), {15}, 100, 4, sn::Run({.threads = 2}));
  EXPECT_NE(one.policies[0].up, other.policies[0].up);
}

TEST(MonteCarlo, NeverFailsWithoutRates) {
  const UnitModel m{.units = 4, .kinds = {}, .crews = 0, .whole = {}};
  const AvailabilityTable t = monte_carlo(m, {4}, 3, 1);
  EXPECT_EQ(t.policies[0].up, 1.0);
  EXPECT_EQ(t.events, 0u);
}

TEST(MonteCarlo, StopsWhenItIsTold) {
  const sn::Run run;
  run.stop();
  EXPECT_TRUE(monte_carlo(sixteen(), {16}, 1000, 1, run).interrupted);
}

}  // namespace
}  // namespace sn::facility
