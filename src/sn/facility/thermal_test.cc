// sn/facility/thermal_test.cc

#include "sn/facility/thermal.h"

#include <gtest/gtest.h>

#include <cmath>

#include "sn/facility/facility_test_util.h"

namespace sn::facility {
namespace {

Plant cooled() { return small_plant(); }

TEST(Loop, ByHand) {
  const Loop l = loop_at(small_rack(), cooled(), full_load());
  const double liquid = 0.75 * 8.34;  // kW
  EXPECT_NEAR(l.flow_l_per_min, 1.5 * liquid, 1e-9);
  EXPECT_NEAR(l.chip_l_per_min, 1.5, 1e-12);
  // 1 kW into 1.5 l/min of PG25: 9.5 K; a chip of 1 kW on 0.03 K/W.
  EXPECT_NEAR(l.return_celsius - 30.0, 1000.0 / (1.5 * 70.04), 0.01);
  EXPECT_NEAR(l.junction_celsius, 30.0 + 0.5 * 9.518 + 30.0, 0.01);
  EXPECT_EQ(l.clock, 1.0);
}

TEST(Loop, PumpPowerIsFlowTimesPressure) {
  // 525 l/min at 200 kPa and 0.69: 2.5 kW (facts of AL128).
  Plant p = cooled();
  p.cooling.flow_l_per_min_per_kw *= 525.0 / loop_at(small_rack(), p, full_load()).flow_l_per_min;
  EXPECT_NEAR(loop_at(small_rack(), p, full_load()).pumps.si(), 2536.0, 1.0);
}

TEST(Loop, ThrottlesWhereTheFlowIsTooLow) {
  const Loop l = loop_at(small_rack(), cooled(), full_load(), 0.1);
  EXPECT_GT(l.junction_celsius, 90.0);
  EXPECT_LT(l.clock, 1.0);
  EXPECT_NEAR(l.throttled_celsius, 90.0, 1e-6);
}

TEST(Pumps, CurveMeetsTheLoop) {
  const Cooling c = cooled().cooling;
  EXPECT_NEAR(flow_of_pumps(c, 2), 1.0, 1e-12);
  const double q = flow_of_pumps(c, 1);
  EXPECT_NEAR(q, std::sqrt(1.3 / 2.2), 1e-12);
  EXPECT_NEAR(1.3 - 0.3 * (2.0 * q) * (2.0 * q), q * q, 1e-12);  // head of one pump = loop
  EXPECT_EQ(flow_of_pumps(c, 0), 0.0);
}

TEST(LoseFlow, EndsWhereTheSteadyStateIs) {
  const HeatEvent e = lose_flow(small_rack(), cooled(), full_load(), "half", 0.5, 300.0);
  EXPECT_NEAR(e.end_celsius, loop_at(small_rack(), cooled(), full_load(), 0.5).junction_celsius,
              0.01);
  EXPECT_LT(e.throttle_s, 0.0);
  EXPECT_LT(e.trip_s, 0.0);
  ASSERT_EQ(e.points.size(), 301u);
  for (std::size_t i = 1; i < e.points.size(); ++i) {
    EXPECT_GE(e.points[i].junction_celsius, e.points[i - 1].junction_celsius - 1e-6);
  }
}

TEST(LoseFlow, WithoutFlowIsAdiabatic) {
  // 1 kW into 200 J/K: 5 K a second from 64.8 C; 90 C after 5.0 s, at once without flow.
  const HeatEvent e = lose_flow(small_rack(), cooled(), full_load(), "none", 0.0, 30.0, 0.0);
  const double start = e.points.front().junction_celsius;
  EXPECT_NEAR(e.throttle_s, (90.0 - start) / 5.0, 0.05);
  EXPECT_GT(e.trip_s, e.throttle_s);
  EXPECT_EQ(e.clock, 0.0);  // off
}

TEST(LoseFlow, ThrottleHoldsTheJunction) {
  const HeatEvent e = lose_flow(small_rack(), cooled(), full_load(), "tenth", 0.15, 600.0);
  EXPECT_GE(e.throttle_s, 0.0);
  EXPECT_LT(e.trip_s, 0.0);
  EXPECT_LT(e.clock, 1.0);
  EXPECT_NEAR(e.end_celsius, 90.0, 2.5);
  EXPECT_NEAR(e.clock, loop_at(small_rack(), cooled(), full_load(), 0.15).clock, 0.06);
}

TEST(LoseFlow, PackageAloneIsAnExponential) {
  // A coolant that stays where it is: huge flow, nothing but R C of the package.
  Plant p = cooled();
  p.cooling.flow_l_per_min_per_kw = 1e6;
  p.cooling.plate_exponent = 0.8;
  const double r0 = 0.03;
  const double r1 = 0.02 + 0.01 * std::pow(0.5, -0.8);
  const HeatEvent e = lose_flow(small_rack(), p, full_load(), "half", 0.5, 20.0, 0.0);
  const double tau = 200.0 * r1;
  for (const double t : {1.0, 5.0, 20.0}) {
    const double expected = 30.0 + 1000.0 * (r1 + (r0 - r1) * std::exp(-t / tau));
    EXPECT_NEAR(e.points[static_cast<std::size_t>(t)].junction_celsius, expected, 0.02);
  }
}

TEST(Air, CarriesTheRest) {
  // 17 kW at 15 K: 3,370 m3/h.
  EXPECT_NEAR(air_m3_per_h(Power::from_si(17000.0), 15.0), 3368.0, 2.0);
}

}  // namespace
}  // namespace sn::facility
