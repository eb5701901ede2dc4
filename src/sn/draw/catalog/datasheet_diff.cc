// sn/draw/catalog/datasheet_diff.cc
//
// Two entries beside each other as a table (see datasheet_diff.h).

#include "sn/draw/catalog/datasheet_diff.h"

#include <fmt/format.h>

#include "sn/base/report/report_json.h"
#include "sn/draw/kit/table.h"

namespace sn::draw {

using api::DatasheetDiff;
using api::DiffLine;

std::string diff_text(const DatasheetDiff& d, const TextStyle& style) {
  std::string out = heading(fmt::format("{} and {}", d.a, d.b), style) + "\n " + d.a + ": " +
                    d.a_title + "\n " + d.b + ": " + d.b_title + "\n\n";
  const std::string equal = fmt::format("{} value{} alike", d.equal, d.equal == 1 ? "" : "s");
  if (d.lines.empty()) return out + " no difference; " + equal + "\n";
  Table table({{"value of", Align::left},
               {"", Align::left},
               {d.a, Align::right},
               {"", Align::left},
               {d.b, Align::right},
               {"times", Align::right}});
  bool assumed = false;
  for (const DiffLine& l : d.lines) {
    assumed = assumed || l.a_assumed || l.b_assumed;
    table.row({l.path, l.a_assumed ? "*" : "", l.a.empty() ? "none" : l.a, l.b_assumed ? "*" : "",
               l.b.empty() ? "none" : l.b, l.ratio ? significant(*l.ratio) : "-"});
  }
  out += table.str(style) + "\n " + equal + "; times: " + d.b + " over " + d.a + "\n";
  return assumed ? out + " * assumption; supernode catalog show NAME has the reason\n" : out;
}

std::string diff_json(const DatasheetDiff& d) { return report_json(d); }

}  // namespace sn::draw
