// sn/draw/directions/claims_text.cc
//
// A claim a paragraph: claimed, found, conditions, verdict (see claims_views.h).

#include <fmt/format.h>

#include <algorithm>

#include "sn/base/report/report_json.h"
#include "sn/base/text/text.h"
#include "sn/base/units/units.h"
#include "sn/draw/directions/claims_views.h"

namespace sn::draw {

namespace {

using api::ClaimPoint;
using api::ClaimResult;

std::string amount(double value, const std::string& unit) {
  if (unit == "%") return fmt::format("{:+.1f} %", 100.0 * value);
  return significant(value) + (unit == "x" ? "x" : unit.empty() ? "" : " " + unit);
}

std::string claimed(const ClaimResult& c) {
  if (c.low == c.high) return amount(c.low, c.unit);
  return amount(c.low, c.unit) + " to " + amount(c.high, c.unit);
}

std::string found(const ClaimResult& c) {
  std::string out;
  for (const ClaimPoint& p : c.points) {
    out += out.empty() ? "" : "\n                ";
    out += p.why_not.empty() ? amount(p.found, c.found_unit) : "no number: " + p.why_not;
    if (!p.at.empty()) out += " at " + p.at;
    if (p.holds && c.points.size() > 1) out += "  <- within the claim";
  }
  return out;
}

}  // namespace

std::string claims_text(const api::ClaimsReport& r, const TextStyle& style) {
  std::string out = heading("Claims", style);
  if (!out.ends_with('\n')) out += "\n";
  for (const ClaimResult& c : r.claims) {
    out += fmt::format("\n {}: {}\n", c.id, c.title);
    out += fmt::format("   claimed      {} ({:.0f} % tolerance); {}\n", claimed(c),
                       100.0 * c.tolerance, c.citation);
    out += fmt::format("   measured as  {}\n", c.measure);
    out += fmt::format("   conditions   {}\n", c.conditions);
    out += fmt::format("   found        {}\n", found(c));
    out += fmt::format("   verdict      {}\n", api::to_string(c.verdict));
    if (!c.note.empty()) out += "   note         " + wrapped(c.note, 16, 118) + "\n";
  }
  if (r.interrupted) out += "\n interrupted: claims without figures were not run\n";
  return out;
}

std::string claims_json(const api::ClaimsReport& r) { return report_json(r); }

}  // namespace sn::draw
