// sn/facility/cost.h
//
// What a rack costs to have and to run.
//
//   capital a year   capex * i / (1 - (1 + i)^-years)
//   energy           input * PUE * hours * tariff
//   space            kW at full load * 12 months
//   maintenance      share of the capex
//   a GPU-hour       all of it / (GPUs * hours * share of the time up * utilisation)
//
// Capex is the sum of the parts that the plant counts; a share on top is for everything that it
// does not (boards, chassis, cables, assembly). Limits: list prices, no taxes, no staff, no
// software, no residual value; carbon of operation alone. Sources: catalog/prices, catalog/sites.

#pragma once

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sn/base/document/document.h"
#include "sn/facility/plant.h"
#include "sn/facility/power.h"
#include "sn/facility/site.h"

namespace sn::facility {

using NamedPrices = std::vector<std::pair<std::string, Money>>;

/// Of the parts that a module counts; fans and boards are in `Prices::other`.
struct PartPrices {
  Money cpu;
  Money memory;
  Money switch_chip;
  Money nic;
  Money dpu;
  Money drive;

  /// Zero for fans and boards.
  [[nodiscard]] Money of(PartKind kind) const;

  friend bool operator==(const PartPrices&, const PartPrices&) = default;
};

template <class V>
void describe(V& v, PartPrices& p) {
  const Money most = Money::from_si(1e7);
  v.quantity("cpu", p.cpu, Money{}, most);
  v.quantity("memory", p.memory, Money{}, most);
  v.quantity("switch_chip", p.switch_chip, Money{}, most);
  v.quantity("nic", p.nic, Money{}, most);
  v.quantity("dpu", p.dpu, Money{}, most);
  v.quantity("drive", p.drive, Money{}, most);
}

struct Finance {
  double years = 1.0;
  double interest = 0.0;
  double maintenance = 0.0;  // of the capex a year
  double utilisation = 1.0;

  /// Yearly payment for a unit of capital.
  [[nodiscard]] double annuity() const;

  friend bool operator==(const Finance&, const Finance&) = default;
};

template <class V>
void describe(V& v, Finance& f) {
  v.ratio("years", f.years, 0.5, 30.0);
  v.ratio("interest", f.interest, 0.0, 1.0);
  v.ratio("maintenance", f.maintenance, 0.0, 1.0);
  v.ratio("utilisation", f.utilisation, 0.01, 1.0);
}

/// An entry of catalog/prices. `gpu` and `rack` hold whatever names the entry has: `names_of` fills
/// them before it is read.
struct Prices {
  NamedPrices gpu;
  NamedPrices rack;  // whole, as published: the sum of the parts is held against it
  PartPrices part;
  Money copper_per_gbps;   // of a ScaleUp link
  Money optics_per_gbps;   // one end
  Money network_per_gbps;  // ScaleOut beyond the rack, per Gbit/s of its adapters
  Money power_cooling_per_kw;
  double other = 0.0;  // share of the rest
  Finance finance;

  [[nodiscard]] std::optional<Money> gpu_price(const std::string& chip) const;
  [[nodiscard]] std::optional<Money> rack_price(const std::string& name) const;

  friend bool operator==(const Prices&, const Prices&) = default;
};

[[nodiscard]] Prices names_of(const Node& tree);

template <class V>
void describe(V& v, Prices& p) {
  const Money most = Money::from_si(1e9);
  for (auto& [name, price] : p.gpu) v.quantity("gpu." + name, price, Money{}, most);
  for (auto& [name, price] : p.rack) v.quantity("rack." + name, price, Money{}, most);
  v.group("part", p.part);
  v.quantity("link.copper_per_gbps", p.copper_per_gbps, Money{}, most);
  v.quantity("link.optics_per_gbps", p.optics_per_gbps, Money{}, most);
  v.quantity("link.network_per_gbps", p.network_per_gbps, Money{}, most);
  v.quantity("body.power_cooling_per_kw", p.power_cooling_per_kw, Money{}, most);
  v.ratio("body.other", p.other, 0.0, 2.0);
  v.group("finance", p.finance);
}

/// What the cost of one year rests on, beside prices.
struct CostBasis {
  std::string chip;  // its name among the prices
  std::string rack;  // likewise, where the whole is as it is sold; empty: by its parts
  Power full;        // input at full load: what is contracted
  Power mean;        // input while in use
  Power idle;        // input while not
  double pue = 1.0;
  double up = 1.0;  // share of the time
};

struct CostRow {
  std::string item;
  double count = 0.0;
  Money each;
  Money total;
};

struct Cost {
  std::vector<CostRow> capex_rows;
  Money capex;
  Money comparable;  // parts that the price of a whole rack holds: without ScaleOut
  Money capital;     // these four a year
  Money energy;
  Money space;
  Money maintenance;
  double energy_kwh = 0.0;  // a year, PUE included
  double carbon_kg = 0.0;   // a year
  Money gpu_hour;           // used

  [[nodiscard]] Money year() const { return capital + energy + space + maintenance; }
};

/// Nothing where the chip has no price.
[[nodiscard]] std::optional<Cost> rack_cost(const hw::Rack& rack, const Plant& plant,
                                            const Prices& prices, const Site& site,
                                            const CostBasis& basis);

inline constexpr double hours_a_year = 8766.0;

}  // namespace sn::facility
