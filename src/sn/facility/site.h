// sn/facility/site.h
//
// Where a rack stands: what power and space cost there, how much carbon a kWh is, how warm it is;
// and the PUE that follows from the climate.
//
//   PUE = 1 / (1 - distribution) + pumps * L + crah * A + rejection + (L p(L) + A p(A)) / COP
//
// L, A: shares of the heat in liquid and air; p: share of the year in which water that is cold
// enough cannot be had without a chiller. Wet bulbs of a year are taken as normal; a tower brings
// water to `tower` above the wet bulb, a heat exchanger adds `approach`. Limits: no day and night,
// no partial load, no water bill.

#pragma once

#include <string>

#include "sn/base/units/quantity.h"
#include "sn/catalog/param.h"

namespace sn::facility {

using catalog::Need;
using Tariff = Quantity<Money::dimension - Energy::dimension>;

struct Climate {
  double wet_bulb_celsius = 0.0;  // mean of a year
  double spread_kelvin = 0.0;     // standard deviation

  /// Share of the year above `celsius`.
  [[nodiscard]] double above(double celsius) const;

  friend bool operator==(const Climate&, const Climate&) = default;
};

template <class V>
void describe(V& v, Climate& c) {
  v.ratio("wet_bulb_celsius", c.wet_bulb_celsius, -30.0, 35.0);
  v.ratio("spread_kelvin", c.spread_kelvin, 0.1, 30.0);
}

/// The building's machinery around the racks.
struct Building {
  double distribution = 0.0;     // lost in UPS, transformers, cables; share of what comes in
  double pumps = 0.0;            // of liquid heat
  double crah = 0.0;             // fans that move air heat, share of it
  double rejection = 0.0;        // fans of towers, share of all heat
  double cop = 1.0;              // of chillers
  double tower_kelvin = 0.0;     // above the wet bulb
  double approach_kelvin = 0.0;  // of the heat exchanger between facility water and the rack's loop
  double air_celsius = 0.0;      // water that room coolers take

  friend bool operator==(const Building&, const Building&) = default;
};

template <class V>
void describe(V& v, Building& b) {
  v.ratio("distribution", b.distribution, 0.0, 0.5);
  v.ratio("pumps", b.pumps, 0.0, 0.5);
  v.ratio("crah", b.crah, 0.0, 1.0);
  v.ratio("rejection", b.rejection, 0.0, 0.5);
  v.ratio("cop", b.cop, 1.0, 20.0);
  v.ratio("tower_kelvin", b.tower_kelvin, 0.0, 30.0);
  v.ratio("approach_kelvin", b.approach_kelvin, 0.0, 30.0);
  v.ratio("air_celsius", b.air_celsius, 5.0, 40.0);
}

/// An entry of catalog/sites.
struct Site {
  std::string name;
  Tariff tariff;
  double carbon_g_per_kwh = 0.0;
  Money space_per_kw_month;  // colocation: building, cooling, standby power; energy apart
  Climate climate;
  Building building;

  friend bool operator==(const Site&, const Site&) = default;
};

template <class V>
void describe(V& v, Site& s) {
  v.quantity("tariff", s.tariff, Tariff{}, Tariff::from_si(5.0 / 3.6e6));
  v.ratio("carbon_g_per_kwh", s.carbon_g_per_kwh, 0.0, 2000.0);
  v.quantity("space_per_kw_month", s.space_per_kw_month, Money{}, Money::from_si(1e5));
  v.group("climate", s.climate);
  v.group("building", s.building);
}

struct Pue {
  double value = 1.0;
  double distribution = 0.0;  // its terms above 1
  double pumps = 0.0;
  double fans = 0.0;
  double chillers = 0.0;
  double liquid_chilled = 0.0;  // share of the year
  double air_chilled = 0.0;
};

/// `liquid`: share of the heat; `supply_celsius`: of the coolant at the rack.
[[nodiscard]] Pue pue_of(const Building& building, const Climate& climate, double liquid,
                         double supply_celsius);

}  // namespace sn::facility
