// sn/facility/cost.cc
//
// Capital, energy, space and maintenance of a rack (see cost.h).

#include "sn/facility/cost.h"

#include <algorithm>
#include <cmath>

namespace sn::facility {

namespace {

double d(std::int64_t n) { return static_cast<double>(n); }

std::optional<Money> find(const NamedPrices& prices, const std::string& name) {
  const auto at =
      std::find_if(prices.begin(), prices.end(), [&](const auto& p) { return p.first == name; });
  if (at == prices.end()) return std::nullopt;
  return at->second;
}

double gbps(Bandwidth b) { return b.si() * 8e-9; }

std::vector<CostRow> rows_of(const hw::Rack& rack, const Plant& plant, const Prices& prices,
                             Money chip, Power full) {
  std::vector<CostRow> out;
  const auto add = [&](std::string item, double count, Money each) {
    if (count > 0.0) out.push_back({std::move(item), count, each, each * count});
  };
  add("gpu", d(rack.gpus), chip);
  for (const PartKind k : all_parts) {
    double count = 0.0;
    for (const Place p : all_places) {
      count += d(plant.at(p).count * plant.at(p).module.part(k).count);
    }
    if (prices.part.of(k) > Money{}) add(std::string(to_string(k)), count, prices.part.of(k));
  }
  const bool optical = plant.optics.scale_up > EnergyPerByte{};
  const double lanes = d(rack.gpus) * gbps(rack.scale_up.link.bandwidth);
  const Money listed = optical ? prices.optics_per_gbps : prices.copper_per_gbps;
  add(optical ? "ScaleUp optics, Gbit/s" : "ScaleUp copper, Gbit/s",
      optical ? lanes * d(plant.optics.ends) : lanes,
      plant.optics.medium.empty() ? listed : plant.optics.per_gbps);
  const double out_rate = d(rack.gpus) * rack.nic_share() * gbps(rack.nic.bandwidth);
  add("ScaleOut optics, Gbit/s", out_rate, prices.optics_per_gbps);
  add("ScaleOut switches, Gbit/s", out_rate, prices.network_per_gbps);
  add("power and cooling, kW", full.si() * 1e-3, prices.power_cooling_per_kw);
  Money sum;
  for (const CostRow& r : out) sum += r.total;
  add("boards, chassis, assembly", 1.0, sum * prices.other);
  return out;
}

}  // namespace

Money PartPrices::of(PartKind kind) const {
  switch (kind) {
    case PartKind::cpu:
      return cpu;
    case PartKind::memory:
      return memory;
    case PartKind::switch_chip:
      return switch_chip;
    case PartKind::nic:
      return nic;
    case PartKind::dpu:
      return dpu;
    case PartKind::drive:
      return drive;
    case PartKind::fan:
    case PartKind::board:
      break;
  }
  return Money{};
}

double Finance::annuity() const {
  if (interest <= 0.0) return 1.0 / years;
  return interest / (1.0 - std::pow(1.0 + interest, -years));
}

std::optional<Money> Prices::gpu_price(const std::string& chip) const { return find(gpu, chip); }
std::optional<Money> Prices::rack_price(const std::string& name) const { return find(rack, name); }

Prices names_of(const Node& tree) {
  Prices out;
  const auto fill = [&](const char* key, NamedPrices& to) {
    const Node* map = tree.find(key);
    if (map == nullptr) return;
    for (const Node::Member& m : map->members()) to.emplace_back(m.key, Money{});
  };
  fill("gpu", out.gpu);
  fill("rack", out.rack);
  return out;
}

std::optional<Cost> rack_cost(const hw::Rack& rack, const Plant& plant, const Prices& prices,
                              const Site& site, const CostBasis& basis) {
  const std::optional<Money> chip = prices.gpu_price(basis.chip);
  if (!chip) return std::nullopt;
  Cost out;
  out.capex_rows = rows_of(rack, plant, prices, *chip, basis.full);
  for (const CostRow& r : out.capex_rows) {
    out.capex += r.total;
    if (!r.item.starts_with("ScaleOut")) out.comparable += r.total;
  }
  if (const auto whole = prices.rack_price(basis.rack)) {
    const Money rest = *whole - out.comparable;
    out.capex_rows.push_back({"published whole, less its parts", 1.0, rest, rest});
    out.capex += rest;
  }
  const Finance& f = prices.finance;
  out.capital = out.capex * f.annuity();
  const Power mean = basis.mean * f.utilisation + basis.idle * (1.0 - f.utilisation);
  out.energy_kwh = mean.si() * 1e-3 * basis.pue * hours_a_year;
  out.energy = Money::from_si(site.tariff.si() * out.energy_kwh * 3.6e6);
  out.carbon_kg = out.energy_kwh * site.carbon_g_per_kwh * 1e-3;
  out.space = site.space_per_kw_month * (basis.full.si() * 1e-3 * 12.0);
  out.maintenance = out.capex * f.maintenance;
  const double used = d(rack.gpus) * hours_a_year * basis.up * f.utilisation;
  out.gpu_hour = used > 0.0 ? out.year() / used : Money{};
  return out;
}

}  // namespace sn::facility
