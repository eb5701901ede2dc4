// sn/draw/directions/directions_text.cc
//
// A row a combination, then what changed in each (see directions_views.h).

#include <fmt/format.h>

#include "sn/base/report/report_json.h"
#include "sn/base/text/text.h"
#include "sn/base/units/units.h"
#include "sn/draw/directions/directions_views.h"

namespace sn::draw {

namespace {

using api::DirectionRow;
using api::DirectionsReport;

std::string change(double here, double base, bool any) {
  if (!any || base <= 0.0) return "-";
  return fmt::format("{:+.1f} %", 100.0 * (here / base - 1.0));
}

std::string flag(bool on) { return on ? "yes" : "."; }

void add_row(Table& t, std::size_t i, const DirectionRow& r, const DirectionRow& base) {
  if (!r.failed.empty()) {
    t.row({std::to_string(i), flag(r.attach), flag(r.memory), flag(r.two_layers), flag(r.optics),
           "not played"});
    return;
  }
  t.row({i == 0 ? "base" : std::to_string(i), flag(r.attach), flag(r.memory), flag(r.two_layers),
         flag(r.optics), format(r.ttft), change(r.ttft.si(), base.ttft.si(), i > 0), format(r.tpot),
         change(r.tpot.si(), base.tpot.si(), i > 0),
         r.multiple > 0.0 ? significant(r.multiple) + "x" : "-",
         r.watts > 0.0 ? format(Power::from_si(r.watts)) : "-",
         r.million > 0.0 ? significant(r.million) : "-",
         r.up > 0.0 ? fixed(100.0 * r.up, 2) + " %" : "-",
         fixed(100.0 * r.scale_up_share, 1) + " %"});
}

}  // namespace

std::string directions_text(const DirectionsReport& r, const TextStyle& style) {
  std::string out = heading(fmt::format("{} ({})", r.name, r.machine), style);
  if (!out.ends_with('\n')) out += "\n";
  out += fmt::format(" {}    SLO  {}\n", r.plan, r.slo);
  out += fmt::format(
      " TTFT, TPOT, power and money at {}x the workload's rate; knee: the largest rate under the "
      "SLO\n\n",
      significant(r.multiple));
  Table t({{"", Align::left},
           {"attach", Align::left},
           {"memory", Align::left},
           {"2 layers", Align::left},
           {r.medium, Align::left},
           {"TTFT", Align::right},
           {"", Align::right},
           {"TPOT", Align::right},
           {"", Align::right},
           {"knee", Align::right},
           {"racks", Align::right},
           {"$/M out", Align::right},
           {"GPUs up", Align::right},
           {"ScaleUp", Align::right}},
          2);
  for (std::size_t i = 0; i < r.rows.size(); ++i) add_row(t, i, r.rows[i], r.rows.front());
  out += t.str(style);
  out +=
      "\n  attach: adapters, drives and CXL memory on ScaleUp; memory: loads and stores in place\n"
      "  of messages; ScaleUp: share of its ports that collectives and transfers hold\n\n"
      "  why (against the base, one transfer alone):\n";
  for (std::size_t i = 1; i < r.rows.size(); ++i) {
    const DirectionRow& row = r.rows[i];
    out += fmt::format("  {:>4}  {}\n", i, row.failed.empty() ? row.cause : row.failed);
  }
  if (r.interrupted) out += "\n  interrupted: rows without figures were not played\n";
  return out;
}

std::string directions_json(const DirectionsReport& r) { return report_json(r); }

}  // namespace sn::draw
