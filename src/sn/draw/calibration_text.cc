// sn/draw/calibration_text.cc
//
// Fits as tables of text (see calibration_text.h).

#include "sn/draw/calibration_text.h"

#include <fmt/format.h>

#include <cmath>

namespace sn::draw {

std::string calibration_text(const evidence::Calibration& c, const TextStyle& style) {
  TextTable families({{"family", Align::left},
                      {"tables"},
                      {"rows fitted"},
                      {"error before"},
                      {"error after"},
                      {"steps"}});
  TextTable parameters(
      {{"parameter", Align::left}, {"value"}, {"standard error"}, {"", Align::left}});
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
  return heading("Fits", style) + "\n" + families.str(style) + "\n" +
         heading("Parameters (SI units)", style) + "\n" + parameters.str(style);
}

}  // namespace sn::draw
