// sn/draw/rack/rack_text.cc
//
// The datasheet of a rack as text, and its JSON (see rack_views.h).

#include <fmt/format.h>

#include <cmath>

#include "sn/base/report/report_json.h"
#include "sn/base/units/units.h"
#include "sn/draw/rack/rack_parts.h"

namespace sn::draw {

namespace {

std::string kilowatts(Power p) { return fixed(p.si() * 1e-3, 2); }
std::string percent(double share) { return fixed(100.0 * share, 1) + " %"; }

std::string spaced(std::string text) {
  for (char& c : text) {
    if (c == '_') c = ' ';
  }
  return text;
}

std::string head(const api::RackReport& r, const TextStyle& style) {
  std::string out = heading(
      fmt::format("{}: {} x {}, {} to an OS image; load {}", r.title.empty() ? r.rack : r.title,
                  r.gpus, r.chip, r.gpus_per_os, r.load),
      style);
  out += "\n";
  if (r.plan) {
    out += wrapped(fmt::format("deployment {}, {} tokens/s out on {} GPUs: {} of the dynamic power "
                               "of a chip",
                               r.plan->deployment, significant(r.plan->output_tokens), r.plan->gpus,
                               percent(r.chip_share)),
                   1) +
           "\n";
  }
  return out;
}

std::string modules_text(const api::RackReport& r, const TextStyle& style) {
  Table table(
      {{"place", Align::left}, {"modules"}, {"GPUs"}, {"height U"}, {"module", Align::left}});
  for (const api::RackModule& m : r.modules) {
    table.row({m.place, std::to_string(m.count), m.gpus > 0 ? std::to_string(m.gpus) : "",
               m.height_u > 0.0 ? significant(m.height_u, 2) : "-",
               fmt::format("{} ({})", m.name, m.title)});
  }
  std::string out = table.str(style);
  if (r.weight_kg > 0.0) {
    out += fmt::format("  known weight of the modules: {} kg\n", significant(r.weight_kg));
  }
  return out;
}

std::string bill_text(const api::RackReport& r, const TextStyle& style) {
  Table table({{"place", Align::left},
               {"part", Align::left},
               {"pieces"},
               {"W each"},
               {"kW"},
               {"share"},
               {"evidence", Align::left}});
  const Power all = r.power.input;
  for (const api::RackPowerRow& x : r.rows) {
    table.row({x.row.place, spaced(x.row.item), std::to_string(x.row.count),
               fixed(x.row.each.si(), 1), kilowatts(x.row.total),
               all > Power{} ? percent(x.row.total / all) : "-",
               x.grade.empty() ? "derived" : x.grade + (x.assumed ? " *" : "")});
  }
  table.rule();
  table.row({"rack", "input", "", "", kilowatts(all), "100.0 %", ""});
  std::string out = table.str(style);
  out += wrapped(
      fmt::format(
          "* not published: {} kW of the {} rest on assumptions or memory (supernode catalog "
          "show plants/{})",
          kilowatts(r.assumed), kilowatts(all), r.plant.substr(0, r.plant.find(' '))),
      2);
  return out + "\n";
}

std::string chain_text(const api::RackReport& r) {
  const facility::PowerReport& p = r.power;
  std::string out;
  if (p.bus_amperes > 0.0) {
    out += fmt::format(" busbar     {} A, {} lost\n", significant(p.bus_amperes),
                       format(p.busbar_loss));
  }
  out += fmt::format(" supplies   {} of {} without the spare ones; {} efficient at {} of all\n",
                     format(p.output), format(p.capacity), percent(p.supply_efficiency),
                     percent(p.supply_share));
  out += fmt::format(" feed       {}, {} {}\n", format(r.feed),
                     format(Power::from_si(std::abs((r.feed - p.input).si()))),
                     r.feed >= p.input ? "free" : "too little");
  out += fmt::format(" heat       {} into liquid ({}), {} into air\n", format(p.liquid),
                     percent(p.input > Power{} ? p.liquid / p.input : 0.0), format(p.air));
  out += fmt::format(" chips      {}, of which {} in their regulators\n", format(p.chips),
                     format(p.regulators));
  if (r.published) {
    const api::PublishedPower& x = *r.published;
    const std::string range =
        x.low < x.high ? format(x.low) + " to " + format(x.high) : format(x.used);
    out += fmt::format(
        " published  {} at full load; the parts add up to {}, residual {:+.2f} kW "
        "({})\n",
        range, format(x.used - x.residual), x.residual.si() * 1e-3,
        signed_percent(x.residual / x.used));
  } else {
    out += " published  no total\n";
  }
  return out;
}

std::string fits_text(const api::RackReport& r) {
  std::string out;
  for (const api::RackFit& f : r.fits) {
    if (!f.possible) {
      out += fmt::format(" at {} GPUs: cannot be built: {}\n", f.gpus, f.reason);
      continue;
    }
    out += fmt::format(" at {} GPUs: a chip of up to {} fits {}; the rest draws {} a GPU{}\n",
                       f.gpus, format(f.by_feed), format(r.feed), format(f.rest),
                       f.by_cooling > Power{} && f.by_cooling < f.by_feed
                           ? ", and cooling allows " + format(f.by_cooling)
                           : "");
  }
  return out;
}

std::string extras_text(const api::RackReport& r) {
  std::string out;
  if (r.swing) {
    const facility::Swing& s = r.swing->wave;
    out += fmt::format(
        " swing      {} to {} (a square wave, {} at the crest), {} on average; stored energy "
        "carries "
        "the step for {}; the crest is {} the pulse rating\n",
        format(s.low), format(s.high), percent(r.swing->duty), format(r.swing->mean),
        format(s.carried), s.within_pulse ? "within" : "above");
  }
  if (r.cap) {
    const facility::Capped& c = r.cap->result;
    out += fmt::format(" cap        {} ({}): {}; clock {} of nominal", format(r.cap->cap),
                       r.cap->policy, format(c.input), percent(c.high_clock));
    if (c.high_share < 1.0) {
      out += fmt::format(" for {} of the chips, {} for the rest", percent(c.high_share),
                         percent(c.low_clock));
    }
    out += c.held ? "" : "; not held";
    if (const api::ClockEffect* e = clock_effect(r, c.conditions().clock); e != nullptr) {
      const double nominal = r.plan->clocks.front().knee_tokens;
      out += fmt::format("; the plan's knee {} tokens/s out ({})", significant(e->knee_tokens),
                         signed_percent(e->knee_tokens / nominal - 1.0));
    }
    out += "\n";
  }
  return out;
}

}  // namespace

std::string rack_text(const api::RackReport& r, const TextStyle& style) {
  std::string out = head(r, style) + "\n" + modules_text(r, style) + "\n" + bill_text(r, style) +
                    "\n" + chain_text(r) + extras_text(r) + "\n" + fits_text(r) + "\n" +
                    heat_text(r, style) + "\n" + reliability_text(r.reliability, style);
  if (r.cost) out += "\n" + cost_text(*r.cost, style);
  for (const Error& w : r.warnings) out += wrapped(" warning: " + w.message, 10) + "\n";
  return out;
}

const api::ClockEffect* clock_effect(const api::RackReport& r, double clock) {
  if (!r.plan) return nullptr;
  for (const api::ClockEffect& e : r.plan->clocks) {
    if (std::abs(e.clock - clock) < 0.00501) return &e;
  }
  return nullptr;
}

std::string rack_json(const api::RackReport& r) { return report_json(r); }

}  // namespace sn::draw
