// sn/draw/rack/reliability_text.cc
//
// A rack's failures as text, and as faults for a simulation (see rack_views.h).

#include <fmt/format.h>

#include "sn/base/units/units.h"
#include "sn/draw/rack/rack_parts.h"

namespace sn::draw {

namespace {

constexpr double year_s = 365.0 * 86400.0;

std::string hours(Time t) { return significant(t.si() / 3600.0) + " h"; }

std::string classes_text(const api::ReliabilityReport& r, const TextStyle& style) {
  Table table({{"what fails", Align::left},
               {"pieces"},
               {"a year, rack"},
               {"repair"},
               {"takes", Align::left}});
  for (const facility::FaultClass& c : r.classes) {
    table.row({c.name, std::to_string(c.pieces), significant(c.all().si() * year_s, 2),
               format(c.repair), c.takes});
  }
  return table.str(style);
}

std::string policies_text(const api::ReliabilityReport& r, const TextStyle& style) {
  Table table({{"GPUs in service"},
               {"spare"},
               {"up"},
               {"played, 95 %"},
               {"losses a year"},
               {"played, 95 %"},
               {"hours between"},
               {"GPUs expected"}});
  for (const api::SparePolicy& p : r.policies) {
    table.row({std::to_string(p.gpus), std::to_string(p.spares),
               fmt::format("{:.4f} %", 100.0 * p.exact.up),
               r.years > 0.0 ? fmt::format("{:.4f} +- {:.4f} %", 100.0 * p.played.up,
                                           100.0 * p.played.up_error)
                             : "-",
               significant(p.exact.losses.si() * year_s),
               r.years > 0.0 ? fmt::format("{} +- {}", significant(p.played.losses.si() * year_s),
                                           significant(p.played.losses_error * year_s, 2))
                             : "-",
               significant(p.between.si() / 3600.0), significant(p.expected, 4)});
  }
  return table.str(style);
}

std::string checks_text(const api::ReliabilityReport& r) {
  std::string out;
  for (const api::MeanTimeCheck& c : r.checks) {
    out += wrapped(fmt::format("- {}, {} GPUs: {}; published {} ({})", c.of, c.gpus, hours(c.ours),
                               hours(c.published), c.note),
                   4) +
           "\n";
  }
  return out;
}

}  // namespace

std::string reliability_text(const api::ReliabilityReport& r, const TextStyle& style) {
  std::string out = heading("Faults", style) + "\n" + classes_text(r, style) + "\n";
  out += fmt::format(" OS image   {} of {} GPUs; one fails every {}, back after {}\n", r.images,
                     r.gpus_per_image, hours(r.image_every), hours(r.image_repair));
  out += fmt::format(
      " job        on the whole rack: interrupted every {}; by the fleet's rates alone "
      "{} ({} to {}, 95 %)\n",
      hours(r.job_every), hours(r.fleet.mean), hours(r.fleet.low), hours(r.fleet.high));
  out += fmt::format(" capacity   {} GPUs up on average where work spreads over what is left\n\n",
                     significant(r.pooled, 4));
  out += policies_text(r, style);
  if (r.years > 0.0) {
    out += fmt::format("  closed form beside {} rack-years of Monte Carlo, {} events{}{}\n\n",
                       format_number(r.years), format_number(static_cast<double>(r.events), 9),
                       r.crews > 0 ? fmt::format(", {} repairs at a time", r.crews) : "",
                       r.interrupted ? "; interrupted" : "");
  }
  return out + checks_text(r);
}

std::string rack_faults_yaml(const api::RackReport& r) {
  const api::ReliabilityReport& f = r.reliability;
  return fmt::format(
      "# OS images of {}: supernode simulate --faults FILE. Rates: catalog/failures/{}.\n"
      "policy: requeue\n"
      "rates:\n"
      "- {{action: fail, of: image, every: {:.1f} h, repair: {:.2f} h}}\n",
      r.rack, f.failures, f.image_every.si() / 3600.0, f.image_repair.si() / 3600.0);
}

}  // namespace sn::draw
