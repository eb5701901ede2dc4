// sn/draw/plan/why_not_text.cc
//
// Why a deployment is not the answer, as text and JSON (see choice_views.h).

#include <fmt/format.h>

#include "sn/base/report/report_json.h"
#include "sn/base/text/utf8.h"
#include "sn/base/units/units.h"
#include "sn/draw/plan/choice_views.h"
#include "sn/draw/plan/plan_text_parts.h"

namespace sn::draw {

namespace {

constexpr std::size_t page_width = 118;
constexpr std::size_t most_items = 6;
constexpr double least_difference = 1e-6;  // seconds of GPU time a token

std::string verdict_of(const planner::WhyNotReport& r) {
  if (r.ruled_out) return "ruled out";
  if (r.best_of_all) return "nothing speaks against it";
  return r.best ? "possible, but not the best" : "possible";
}

std::string times(const planner::WhyNotReport& r, const TextStyle& style) {
  Table table({{"GPU time of an output token", Align::left},
               {"here", Align::right},
               {"#1", Align::right},
               {"more", Align::right}});
  std::size_t rows = 0;
  for (const planner::TimeAgainst& t : r.times) {
    const double more = (t.here - t.best).si();
    if (std::abs(more) < least_difference || rows++ == most_items) break;
    table.row({t.item, format(t.here), format(t.best),
               (more > 0.0 ? "+" : "-") + format(Time::from_si(std::abs(more)))});
  }
  return rows == 0 ? std::string() : "\n" + table.str(style);
}

}  // namespace

std::string why_not_text(const planner::WhyNotReport& r, const TextStyle& style) {
  std::string out = heading(shown(r.subject.name + " (" + r.subject.machine + ")", 300), style);
  out += "\n why not " + shown(planner::deployment_text(r.plan), 200) + "?\n\n " + verdict_of(r) +
         "\n";
  for (const std::string& reason : r.reasons) {
    out += "  - " + wrapped(shown(reason, 1000), 4, page_width) + "\n";
  }
  if (r.best)
    out += " #1 is " + pools_text(*r.best) + ": " +
           (r.best->disaggregated ? pool_text(r.best->prefill) + " + " : "") +
           decode_text(r.best->decode) + "\n";
  return out + times(r, style);
}

std::string why_not_json(const planner::WhyNotReport& r) { return report_json(r); }

}  // namespace sn::draw
