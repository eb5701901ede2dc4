// sn/api/rack/describe_cost.cc
//
// What is said of a rack's cost, field by field.

#include "sn/api/rack/rack_cost.h"

namespace sn::api {

namespace {

void describe_range(ReportVisitor& v, ReportVisitor::Name name, ReportVisitor::Doc doc,
                    const MoneyRange& r) {
  v.begin_object(name, doc);
  v.type("MoneyRange", "A figure, and what the ranges of its inputs make of it.");
  v.quantity("value_usd", "", r.value);
  v.quantity("low_usd", "", r.low);
  v.quantity("high_usd", "", r.high);
  v.end_object();
}

void describe_tokens(ReportVisitor& v, const TokenCost& t) {
  v.begin_object("tokens", "of the deployment; null: none");
  v.type("TokenCost", "What a million tokens cost, while the rack is used.");
  describe_range(v, "output", "a million output tokens, all of the cost on them", t.output);
  describe_range(v, "blended", "a million of input and output together", t.blended);
  v.quantity("prefill_usd", "a million input tokens, GPUs of the prefill pool; 0: one pool",
             t.prefill);
  v.quantity("decode_usd", "a million output tokens, GPUs of the decode pool", t.decode);
  v.number("energy_per_output_token_j", "of the building", t.joules);
  v.number("carbon_g", "CO2 of a million output tokens", t.carbon_g);
  v.end_object();
}

void describe_pue(ReportVisitor& v, const facility::Pue& p) {
  v.begin_object("pue", "of the building, by climate");
  v.type("RackPue", "The building's input over the racks', term by term.");
  v.number("value", "", p.value);
  v.number("distribution", "UPS, transformers, cables", p.distribution);
  v.number("pumps", "", p.pumps);
  v.number("fans", "room coolers and towers", p.fans);
  v.number("chillers", "", p.chillers);
  v.number("liquid_chilled", "share of the year that the liquid loop needs chillers",
           p.liquid_chilled);
  v.number("air_chilled", "likewise room air", p.air_chilled);
  v.end_object();
}

}  // namespace

void describe(ReportVisitor& v, const CostReport& r) {
  v.type("CostReport", "What a rack costs to have and to run.");
  v.text("prices", "entry of catalog/prices", r.prices);
  v.text("site", "entry of catalog/sites", r.site);
  v.text("site_title", "", r.site_title);
  describe_pue(v, r.pue);
  v.number("up", "share of the GPUs that are up", r.up);
  v.number("utilisation", "share of the hours that are used", r.utilisation);
  v.list("capex_rows", "", r.cost.capex_rows,
         [](ReportVisitor& list, const facility::CostRow& row) {
           list.begin_object({}, {});
           list.type("CostRow", "Parts of one kind.");
           list.text("item", "", row.item);
           list.number("count", "", row.count);
           list.quantity("each_usd", "", row.each);
           list.quantity("total_usd", "", row.total);
           list.end_object();
         });
  v.quantity("capex_usd", "", r.cost.capex);
  v.quantity("capital_usd", "a year", r.cost.capital);
  v.quantity("energy_usd", "a year", r.cost.energy);
  v.quantity("space_usd", "a year", r.cost.space);
  v.quantity("maintenance_usd", "a year", r.cost.maintenance);
  v.quantity("year_usd", "all four", r.cost.year());
  v.number("energy_kwh", "a year, PUE included", r.cost.energy_kwh);
  v.number("carbon_kg", "CO2 a year, of operation", r.cost.carbon_kg);
  describe_range(v, "gpu_hour", "a GPU-hour that is used", r.gpu_hour);
  v.quantity("mw_year_usd", "a MW of the rack's input for a year", r.mw_year);
  v.optional("published_rack_usd", "price of the whole; null: none", r.published_rack);
  v.quantity("comparable_usd", "parts that such a price holds: capex without ScaleOut",
             r.cost.comparable);
  if (v.maybe("tokens", "of the deployment; null: none", r.tokens.has_value())) {
    describe_tokens(v, r.tokens.value_or(TokenCost{}));
  }
  v.list("effects", "what each price does to a GPU-hour, where it was asked for", r.effects,
         [](ReportVisitor& list, const PriceEffect& e) {
           list.begin_object({}, {});
           list.type("PriceEffect", "One price at the ends of its range.");
           list.text("param", "", e.param);
           list.text("value", "", e.value);
           list.text("low", "", e.low);
           list.text("high", "", e.high);
           list.flag("assumed_range", "one source alone: 20 % off", e.assumed_range);
           list.number("at_low", "relative change of the cost of a GPU-hour", e.at_low);
           list.number("at_high", "", e.at_high);
           list.end_object();
         });
}

}  // namespace sn::api
