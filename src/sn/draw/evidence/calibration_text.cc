// sn/draw/evidence/calibration_text.cc
//
// Fits as tables of text (see calibration_text.h).

#include "sn/draw/evidence/calibration_text.h"

#include <fmt/format.h>

#include <cmath>

namespace sn::draw {

std::string calibration_text(const evidence::Calibration& c, const TextStyle& style) {
  Table families({{"family", Align::left},
                  {"tables"},
                  {"rows fitted"},
                  {"error before"},
                  {"error after"},
                  {"steps"}});
  Table parameters({{"parameter", Align::left}, {"value"}, {"standard error"}, {"", Align::left}});
  for (const evidence::FamilyFit& f : c.families) {
    families.row({std::string(kernel::to_string(f.family)), std::to_string(f.tables),
                  std::to_string(f.rows), fmt::format("{:.1f} %", 100.0 * f.mape_before),
                  fmt::format("{:.1f} %", 100.0 * f.mape), std::to_string(f.fit.iterations)});
    for (const evidence::FittedParameter& p : f.fit.parameters) {
      parameters.row({p.name, fmt::format("{:.4g}", p.value),
                      std::isfinite(p.standard_error)
                          ? fmt::format("{:.1f} %", 100.0 * p.standard_error)
                          : "-",
                      p.determined ? "" : "the data does not determine it"});
    }
  }
  std::size_t total = 0;
  std::size_t unsure = 0;
  for (const evidence::FamilyFit& f : c.families) {
    total += f.fit.parameters.size();
    for (const evidence::FittedParameter& p : f.fit.parameters) unsure += p.determined ? 0 : 1;
  }
  std::string out = heading("Fits", style) + "\n" + families.str(style);
  for (const std::string& note : c.notes) out += "  " + wrapped(note, 2) + "\n";
  out +=
      "\n  No row is dropped: a residual far beyond 6 % counts linearly, not squared (soft-L1 loss "
      "of\n  ln(predicted / measured)); every table has the same weight.\n";
  out += "\n" + heading("Parameters (SI units)", style) + "\n" + parameters.str(style);
  out += fmt::format("  {} parameters, of which the data does not determine {}\n", total, unsure);
  return out;
}

std::string leave_out_text(const std::vector<evidence::LeftOut>& experiments,
                           const TextStyle& style) {
  const auto percent = [](double share) { return fmt::format("{:.1f} %", 100.0 * share); };
  std::string out = heading("Chips that no fit has seen", style) + "\n";
  out +=
      "  everything is fitted anew without the tables of the chips named, which are then "
      "predicted;\n  asked for: 15 % from the same or the adjacent generation, 25 % from two "
      "generations away or\n  for a data type that no other chip was measured with\n";
  for (const evidence::LeftOut& x : experiments) {
    std::string names;
    for (const std::string& chip : x.chips) names += (names.empty() ? "" : ", ") + chip;
    Table table({{"without " + names, Align::left},
                 {"tables"},
                 {"within"},
                 {"rows"},
                 {"MAPE"},
                 {"asked for"},
                 {"worst table"},
                 {"|bias|"},
                 {"new data types"}});
    const auto add = [&](const evidence::LeftOutFamily& f) {
      table.row({f.family, std::to_string(f.tables), std::to_string(f.met), std::to_string(f.rows),
                 percent(f.mape), percent(f.target), percent(f.worst), percent(f.bias),
                 f.new_types > 0.0 ? percent(f.new_types) : ""});
    };
    for (const evidence::LeftOutFamily& f : x.families) add(f);
    table.rule();
    add(x.all);
    out += "\n" + table.str(style);
    for (const std::string& line : x.values) out += "  " + line + "\n";
  }
  return out;
}

}  // namespace sn::draw
