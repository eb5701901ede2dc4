// sn/api/rack/rack_cost.cc
//
// Reads prices and site, costs a rack, and perturbs each price (see rack_cost.h).

#include "sn/api/rack/rack_cost.h"

#include <algorithm>
#include <cmath>

#include "sn/api/request_error.h"
#include "sn/base/units/units.h"

namespace sn::api {

namespace {

/// Prices and site with the numbers that they were read from.
struct Inputs {
  facility::Prices prices;
  facility::Site site;
  catalog::Params params;  // "prices...." then "site...."
  std::string prices_name;
  std::string site_name;
  std::string site_title;

  /// With other numbers, in the order of `params`.
  void assign(const std::vector<double>& values) {
    catalog::ParamAssigner assigner(values);
    describe(assigner, prices);
    catalog::ParamAssigner rest(values, assigner.next());
    describe(rest, site);
  }
};

std::string text_at(const Node& node, std::string_view key) {
  const Node* at = node.find(key);
  return at == nullptr ? std::string() : at->text();
}

Inputs read_inputs(const CostRequest& request, const Facility& f, const catalog::Catalog& catalog,
                   Errors& errors) {
  Inputs out;
  const Node named = Node::scalar(request.site);
  const Node& site = request.site.empty() ? *f.scenario.find("facility.site") : named;
  const Result<Node> prices =
      catalog.resolve(*catalog::find_kind("price"), *f.scenario.find("facility.prices"));
  const Result<Node> where = catalog.resolve(*catalog::find_kind("site"), site);
  for (const Result<Node>* r : {&prices, &where}) {
    if (!*r) errors.insert(errors.end(), r->error().begin(), r->error().end());
  }
  if (!errors.empty()) return out;
  out.prices = facility::names_of(*prices);
  catalog::read_entry(catalog, *prices, "prices", out.prices, out.params, errors);
  catalog::read_entry(catalog, *where, "site", out.site, out.params, errors);
  out.prices_name = text_at(*prices, "name");
  out.site_name = text_at(*where, "name");
  out.site_title = text_at(*where, "title");
  return out;
}

/// The cost of a rack as a function of the numbers of prices and site.
class CostModel {
 public:
  CostModel(const Facility& f, Power mean, double up, double liquid) : f_(f) {
    basis_.chip = f.rack.chip.name;
    // A chip that a scenario changed keeps its price.
    basis_.chip = basis_.chip.substr(0, basis_.chip.find(' '));
    const bool as_sold = f.name.find(' ') == std::string::npos && f.entry == f.name;
    if (as_sold) basis_.rack = f.name;
    basis_.full = facility::rack_power(f.rack, f.plant, facility::full_load()).input;
    basis_.idle = facility::rack_power(f.rack, f.plant, facility::idle_load()).input;
    basis_.mean = mean;
    basis_.up = up;
    liquid_ = liquid;
  }

  [[nodiscard]] std::optional<facility::Cost> at(const Inputs& in) {
    basis_.pue = pue(in).value;
    return facility::rack_cost(f_.rack, f_.plant, in.prices, in.site, basis_);
  }
  [[nodiscard]] facility::Pue pue(const Inputs& in) const {
    return facility::pue_of(in.site.building, in.site.climate, liquid_,
                            f_.plant.cooling.supply_celsius);
  }
  [[nodiscard]] const facility::CostBasis& basis() const { return basis_; }

 private:
  const Facility& f_;
  facility::CostBasis basis_;
  double liquid_ = 0.0;
};

std::string text_of(const catalog::Param& p, double value) {
  return p.discrete ? format_number(value, 15) : format_quantity(value, p.dimension);
}

/// Each number at the ends of its range; by the size of what it does.
std::vector<PriceEffect> effects_of(const Inputs& in, CostModel& model, Money base) {
  std::vector<PriceEffect> out;
  std::vector<double> values;
  for (const catalog::Param& p : in.params) values.push_back(p.value);
  for (std::size_t i = 0; i < in.params.size(); ++i) {
    const catalog::Param& p = in.params[i];
    double low = p.value;
    double high = p.value;
    for (const catalog::Alternative& a : p.alternatives) {
      low = std::min(low, a.value);
      high = std::max(high, a.value);
    }
    const bool assumed = p.alternatives.empty();
    if (assumed) {
      low = std::max(p.min, p.value - 0.2 * std::abs(p.value));
      high = std::min(p.max, p.value + 0.2 * std::abs(p.value));
    }
    const auto change = [&](double x) {
      std::vector<double> moved = values;
      moved[i] = x;
      Inputs other = in;
      other.assign(moved);
      const std::optional<facility::Cost> c = model.at(other);
      return c && base > Money{} ? c->gpu_hour / base - 1.0 : 0.0;
    };
    PriceEffect e{.param = p.path,
                  .value = text_of(p, p.value),
                  .low = text_of(p, low),
                  .high = text_of(p, high),
                  .assumed_range = assumed,
                  .at_low = change(low),
                  .at_high = change(high)};
    if (std::max(std::abs(e.at_low), std::abs(e.at_high)) > 1e-4) out.push_back(std::move(e));
  }
  std::stable_sort(out.begin(), out.end(), [](const PriceEffect& a, const PriceEffect& b) {
    return std::max(std::abs(a.at_low), std::abs(a.at_high)) >
           std::max(std::abs(b.at_low), std::abs(b.at_high));
  });
  return out;
}

MoneyRange range_of(Money value, const std::vector<PriceEffect>& effects) {
  double below = 0.0;
  double above = 0.0;
  for (const PriceEffect& e : effects) {
    const double least = std::min({0.0, e.at_low, e.at_high});
    const double most = std::max({0.0, e.at_low, e.at_high});
    below += least * least;
    above += most * most;
  }
  return {value, value * std::max(0.0, 1.0 - std::sqrt(below)), value * (1.0 + std::sqrt(above))};
}

MoneyRange scaled(const MoneyRange& r, double factor) {
  return {r.value * factor, r.low * factor, r.high * factor};
}

TokenCost tokens_of(const ServedTokens& t, const CostReport& r, const facility::CostBasis& basis,
                    const Facility& f, double carbon_g_per_kwh) {
  TokenCost out;
  const double gpus = static_cast<double>(t.gpus);
  /// Dollars of all GPUs a second -> of a million tokens.
  const auto per_million = [](double rate) { return rate > 0.0 ? 1e6 / rate : 0.0; };
  const MoneyRange second = scaled(r.gpu_hour, gpus / 3600.0);
  out.output = scaled(second, per_million(t.output));
  out.blended = scaled(second, per_million(t.input + t.output));
  if (t.prefill_gpus > 0) {
    const double share = static_cast<double>(t.prefill_gpus) / gpus;
    out.prefill = second.value * (share * per_million(t.input));
    out.decode = second.value * ((1.0 - share) * per_million(t.output));
  }
  const double watts = basis.mean.si() * basis.pue * gpus / static_cast<double>(f.rack.gpus);
  out.joules = t.output > 0.0 ? watts / t.output : 0.0;
  out.carbon_g = out.joules * 1e6 / 3.6e6 * carbon_g_per_kwh;
  return out;
}

}  // namespace

Result<std::optional<CostReport>> rack_costs(const CostRequest& request, const Facility& f,
                                             const catalog::Catalog& catalog, Power mean_input,
                                             double up, const std::optional<ServedTokens>& served,
                                             Errors& warnings) {
  Errors errors;
  const Inputs in = read_inputs(request, f, catalog, errors);
  if (!errors.empty()) return fail(std::move(errors));
  const facility::PowerReport full = facility::rack_power(f.rack, f.plant, facility::full_load());
  CostModel model(f, mean_input, up, full.input > Power{} ? full.liquid / full.input : 0.0);
  const std::optional<facility::Cost> cost = model.at(in);
  if (!cost) {
    const std::string chip = model.basis().chip;
    warnings.push_back({.code = ErrorCode::missing,
                        .message = "no price of chip '" + chip + "': no cost is given",
                        .where = f.where,
                        .hint = "--set facility.prices.gpu." + chip + "='30 k$'"});
    return std::optional<CostReport>{};
  }
  CostReport out;
  out.prices = in.prices_name;
  out.site = in.site_name;
  out.site_title = in.site_title;
  out.pue = model.pue(in);
  out.up = up;
  out.utilisation = in.prices.finance.utilisation;
  out.cost = *cost;
  const std::vector<PriceEffect> effects = effects_of(in, model, cost->gpu_hour);
  out.gpu_hour = range_of(cost->gpu_hour, effects);
  out.mw_year =
      model.basis().full > Power{} ? cost->year() / (model.basis().full.si() * 1e-6) : Money{};
  const std::string rack = f.name.substr(0, f.name.find(' '));
  out.published_rack = in.prices.rack_price(rack);
  if (served && served->gpus > 0) {
    facility::CostBasis basis = model.basis();
    basis.pue = out.pue.value;
    out.tokens = tokens_of(*served, out, basis, f, in.site.carbon_g_per_kwh);
  }
  if (request.sensitivity) out.effects = effects;
  return std::optional<CostReport>(std::move(out));
}

}  // namespace sn::api
