// sn/facility/cost_test.cc

#include "sn/facility/cost.h"

#include <gtest/gtest.h>

#include <cmath>

#include "sn/facility/facility_test_util.h"

namespace sn::facility {
namespace {

using namespace sn::literals;

Money usd(double x) { return Money::from_si(x); }

Prices simple() {
  Prices p;
  p.gpu = {{"toy", usd(1000.0)}};
  p.rack = {{"whole", usd(5000.0)}};
  p.part.nic = usd(100.0);
  p.part.switch_chip = usd(500.0);
  p.power_cooling_per_kw = usd(10.0);
  p.other = 0.5;
  p.finance = {.years = 5.0, .interest = 0.0, .maintenance = 0.1, .utilisation = 0.5};
  return p;
}

Site cheap() {
  Site s;
  s.tariff = Tariff::from_si(0.1 / 3.6e6);
  s.carbon_g_per_kwh = 500.0;
  s.space_per_kw_month = usd(2.0);
  return s;
}

const CostBasis basis = {
    .chip = "toy", .rack = "", .full = 10_kW, .mean = 8_kW, .idle = 2_kW, .pue = 1.2, .up = 0.9};

TEST(Annuity, PaysTheCapitalBack) {
  Finance f{.years = 5.0, .interest = 0.08, .maintenance = 0.0, .utilisation = 1.0};
  // Present value of the payments is the capital.
  double value = 0.0;
  for (int y = 1; y <= 5; ++y) value += f.annuity() / std::pow(1.08, y);
  EXPECT_NEAR(value, 1.0, 1e-12);
  f.interest = 0.0;
  EXPECT_DOUBLE_EQ(f.annuity(), 0.2);
}

TEST(RackCost, AddsUpByHand) {
  const auto c = rack_cost(small_rack(), small_plant(), simple(), cheap(), basis);
  ASSERT_TRUE(c.has_value());
  // 8 chips, 8 adapters, 2 switch chips, 10 kW; half as much again.
  const double capex = 1.5 * (8000.0 + 800.0 + 1000.0 + 100.0);
  EXPECT_NEAR(c->capex.si(), capex, 1e-9);
  EXPECT_NEAR(c->capital.si(), capex / 5.0, 1e-9);
  EXPECT_NEAR(c->maintenance.si(), capex / 10.0, 1e-9);
  EXPECT_NEAR(c->energy_kwh, 5.0 * 1.2 * 8766.0, 1e-9);  // 8 kW and 2 kW, half of the time each
  EXPECT_NEAR(c->energy.si(), 0.1 * c->energy_kwh, 1e-9);
  EXPECT_NEAR(c->carbon_kg, 0.5 * c->energy_kwh, 1e-9);
  EXPECT_NEAR(c->space.si(), 240.0, 1e-9);
  EXPECT_NEAR(c->gpu_hour.si(), c->year().si() / (8.0 * 8766.0 * 0.9 * 0.5), 1e-12);
  Money sum;
  for (const CostRow& r : c->capex_rows) sum += r.total;
  EXPECT_NEAR(sum.si(), c->capex.si(), 1e-9);
}

TEST(RackCost, AWholeRackGoesByItsPrice) {
  CostBasis sold = basis;
  sold.rack = "whole";
  const auto c = rack_cost(small_rack(), small_plant(), simple(), cheap(), sold);
  ASSERT_TRUE(c.has_value());
  EXPECT_NEAR(c->capex.si(), 5000.0, 1e-9);
  EXPECT_LT(c->capex_rows.back().total, Money{});
}

TEST(RackCost, OpticsAndNetworkByRate) {
  Prices p = simple();
  p.optics_per_gbps = usd(1.0);
  p.network_per_gbps = usd(2.0);
  p.copper_per_gbps = usd(0.1);
  const auto item = [&](const Plant& plant, std::string_view name) {
    const auto c = rack_cost(small_rack(), plant, p, cheap(), basis);
    for (const CostRow& r : c->capex_rows) {
      if (r.item.starts_with(name)) return r.total.si();
    }
    return 0.0;
  };
  EXPECT_NEAR(item(small_plant(), "ScaleOut switches"), 8.0 * 400.0 * 2.0, 1e-9);
  EXPECT_NEAR(item(small_plant(), "ScaleUp copper"), 8.0 * 800.0 * 0.1, 1e-9);
  Plant optical = small_plant();
  optical.optics.scale_up = EnergyPerByte::from_si(1e-11);
  EXPECT_NEAR(item(optical, "ScaleUp optics"), 8.0 * 800.0 * 2.0, 1e-9);
}

TEST(RackCost, HasNoneWithoutAPriceOfTheChip) {
  CostBasis other = basis;
  other.chip = "another";
  EXPECT_FALSE(rack_cost(small_rack(), small_plant(), simple(), cheap(), other).has_value());
}

TEST(ShippedCatalog, PricesHaveRanges) {
  const catalog::Catalog shipped = catalog::shipped_catalog();
  const Result<Node> tree = shipped.entry(catalog::kind_named("price"), "default");
  ASSERT_TRUE(tree.has_value());
  Prices p = names_of(*tree);
  catalog::Params params;
  Errors errors;
  catalog::read_entry(shipped, *tree, "", p, params, errors);
  EXPECT_TRUE(errors.empty()) << render(errors);
  catalog::expect_provenance(params);
  catalog::expect_units(*tree, params);
  EXPECT_GE(p.gpu.size(), 15u);
  EXPECT_NEAR(p.rack_price("cloudmatrix384").value_or(Money{}).si(), 8.2e6, 1.0);
  int without = 0;
  for (const catalog::Param& q : params) without += q.alternatives.empty() ? 1 : 0;
  EXPECT_LE(without, 1);  // the one price of CloudMatrix384
}

}  // namespace
}  // namespace sn::facility
