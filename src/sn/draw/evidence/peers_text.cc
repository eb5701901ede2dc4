// sn/draw/evidence/peers_text.cc
//
// Tables of peers (see peers_text.h).

#include "sn/draw/evidence/peers_text.h"

#include <fmt/format.h>

#include <cmath>

#include "sn/base/report/report_json.h"
#include "sn/draw/kit/table.h"

namespace sn::draw {

namespace {

std::string milliseconds(Time time) { return significant(time.si() * 1e3, 4); }

std::string nearer(const evidence::PeerFigure& f) {
  if (!f.ours) return "-";
  return std::abs(*f.our_error()) < std::abs(f.their_error()) ? "ours" : "theirs";
}

}  // namespace

std::string peers_markdown(const evidence::PeerReport& report) {
  std::string out =
      "# Peers\n\n<!-- Written by `supernode validate peers --data FOLDER`. -->\n\n"
      "Public cases of other programs with what they published, beside what this one says of the "
      "same run.\nBoth errors are against the measurement; whoever is nearer is named, also where "
      "it is not us.\n";
  for (const evidence::PeerComparison& p : report.peers) {
    out += fmt::format("\n## {}\n\n{}\n\n{}\n\n", p.title, p.citation, p.method);
    out +=
        "| run | figure | measured ms | theirs | error | ours | error | nearer |\n"
        "|---|---|---:|---:|---:|---:|---:|---|\n";
    for (const evidence::PeerFigure& f : p.figures) {
      out += fmt::format("| {} | {} {} | {} | {} | {} | {} | {} | {} |\n", f.run, f.metric,
                         f.statistic, milliseconds(f.measured), milliseconds(f.theirs),
                         signed_percent(f.their_error()), f.ours ? milliseconds(*f.ours) : "-",
                         f.ours ? signed_percent(*f.our_error()) : "-", nearer(f));
    }
    out += fmt::format(
        "\nMean absolute error: theirs {} %, ours {} %; nearer: they {} times, "
        "we {} times.\n",
        significant(100.0 * p.their_mean), significant(100.0 * p.our_mean), p.theirs_nearer,
        p.ours_nearer);
  }
  return out;
}

std::string peers_json(const evidence::PeerReport& report) { return report_json(report); }

}  // namespace sn::draw
