// sn/draw/rack/cost_text.cc
//
// What a rack costs, as text (see rack_views.h).

#include <fmt/format.h>

#include "sn/base/units/units.h"
#include "sn/draw/rack/rack_parts.h"

namespace sn::draw {

namespace {

std::string dollars(Money m) { return significant(m.si()); }

std::string range(const api::MoneyRange& r) {
  return fmt::format("{} $ ({} to {})", dollars(r.value), dollars(r.low), dollars(r.high));
}

std::string thousands(Money m) { return fixed(m.si() * 1e-3, 1); }

std::string capex_text(const api::CostReport& r, const TextStyle& style) {
  Table table({{"capital", Align::left}, {"count"}, {"$ each"}, {"k$"}, {"share"}});
  for (const facility::CostRow& x : r.cost.capex_rows) {
    table.row({x.item, format_number(x.count, 6), dollars(x.each), thousands(x.total),
               fixed(100.0 * (x.total / r.cost.capex), 1) + " %"});
  }
  table.rule();
  table.row({"rack", "", "", thousands(r.cost.capex), "100.0 %"});
  std::string out = table.str(style);
  if (r.published_rack) {
    out +=
        fmt::format("  published: {} for the whole; its parts, ScaleOut apart, add up to {} ({})\n",
                    format(*r.published_rack), format(r.cost.comparable),
                    signed_percent(r.cost.comparable / *r.published_rack - 1.0));
  }
  return out;
}

std::string tokens_text(const api::TokenCost& t) {
  std::string out = fmt::format(" tokens     a million out: {}; in and out together: {}\n",
                                range(t.output), range(t.blended));
  if (t.prefill > Money{}) {
    out += fmt::format(" by pool    {} $ a million in (prefill), {} $ a million out (decode)\n",
                       dollars(t.prefill), dollars(t.decode));
  }
  return out + fmt::format(
                   " energy     {} J an output token at the building's meter; {} g CO2 a "
                   "million\n",
                   significant(t.joules), significant(t.carbon_g));
}

std::string effects_text(const api::CostReport& r, const TextStyle& style) {
  if (r.effects.empty()) return {};
  Table table({{"price", Align::left},
               {"value"},
               {"low"},
               {"high"},
               {"GPU-hour at low"},
               {"at high"},
               {"range", Align::left}});
  for (const api::PriceEffect& e : r.effects) {
    table.row({e.param, e.value, e.low, e.high, signed_percent(e.at_low), signed_percent(e.at_high),
               e.assumed_range ? "20 % off, one source" : "of the sources"});
  }
  return "\n" + table.str(style);
}

}  // namespace

std::string cost_text(const api::CostReport& r, const TextStyle& style) {
  const facility::Cost& c = r.cost;
  std::string out = heading("Cost", style) + "\n" + capex_text(r, style) + "\n";
  out += fmt::format(" a year     {} k$: capital {}, energy {}, space {}, maintenance {}\n",
                     thousands(c.year()), thousands(c.capital), thousands(c.energy),
                     thousands(c.space), thousands(c.maintenance));
  out += fmt::format(
      " site       {} ({}): PUE {} (distribution {}, pumps {}, fans {}, chillers {}); {} MWh and "
      "{} "
      "t CO2 a year\n",
      r.site, r.site_title, fixed(r.pue.value, 3), fixed(r.pue.distribution, 3),
      fixed(r.pue.pumps, 3), fixed(r.pue.fans, 3), fixed(r.pue.chillers, 3),
      significant(c.energy_kwh * 1e-3), significant(c.carbon_kg * 1e-3));
  out +=
      fmt::format(" GPU-hour   {}, used {} of the time; {} k$ a MW and year\n", range(r.gpu_hour),
                  fixed(100.0 * r.utilisation, 0) + " %", thousands(r.mw_year));
  if (r.tokens) out += tokens_text(*r.tokens);
  out += wrapped(fmt::format("prices: catalog show prices/{}; not in it: staff, software, taxes, "
                             "carbon of making the parts",
                             r.prices.substr(0, r.prices.find(' '))),
                 1) +
         "\n";
  return out + effects_text(r, style);
}

}  // namespace sn::draw
