// sn/draw/evidence/collective_text.cc
//
// Collectives as text and as JSON (see collective_text.h).

#include "sn/draw/evidence/collective_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "sn/base/report/report_json.h"

namespace sn::draw {

namespace {

std::string percent(double x) {
  return std::isfinite(x) ? fmt::format("{:.1f} %", 100.0 * x) : std::string("-");
}

std::string count(std::size_t n) { return std::to_string(n); }

struct Worst {
  const evidence::FileReport* file;
  const evidence::WorstCase* row;

  [[nodiscard]] double size() const { return std::abs(std::log(row->predicted / row->measured)); }
};

std::string worst_rows(const evidence::Validation& v, const TextStyle& style, std::size_t n) {
  std::vector<Worst> all;
  for (const evidence::FileReport& f : v.files) {
    for (const evidence::WorstCase& c : f.worst) all.push_back({&f, &c});
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Worst& a, const Worst& b) { return a.size() > b.size(); });
  if (all.size() > n) all.resize(n);
  if (all.empty()) return {};
  Table table({{"file:line", Align::left},
               {"machine", Align::left},
               {"family", Align::left},
               {"shape", Align::left},
               {"measured us"},
               {"predicted us"}});
  for (const Worst& w : all) {
    table.row({fmt::format("{}:{}", w.file->file, w.row->line), w.file->chip, w.file->family,
               w.row->shape, significant(w.row->measured * 1e6),
               significant(w.row->predicted * 1e6)});
  }
  return "\nFarthest from their prediction\n" + table.str(style);
}

std::string skipped_rows(const evidence::Validation& v, const TextStyle& style) {
  std::map<std::pair<std::string, std::string>, std::size_t> skipped;
  for (const evidence::FileReport& f : v.files) {
    for (const evidence::Skip& s : f.skipped) skipped[{f.file, s.reason}] += s.rows;
  }
  for (const auto& file : collectives_not_read(v)) skipped[file] = 0;
  if (skipped.empty()) return {};
  Table table({{"file", Align::left}, {"rows"}, {"why", Align::left}});
  for (const auto& [key, rows] : skipped) {
    table.row({key.first, rows > 0 ? count(rows) : std::string("all"), key.second});
  }
  return "\nNot predicted\n" + table.str(style);
}

}  // namespace

std::vector<std::pair<std::string, std::string>> collectives_not_read(
    const evidence::Validation& v) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const std::string& name : v.ignored) {
    if (name.find("simai_") == std::string::npos) continue;
    out.emplace_back(name, "ratios of unverified origin: not measurements");
  }
  return out;
}

std::string collectives_text(const evidence::CollectiveValidation& v, const TextStyle& style,
                             std::size_t worst) {
  Table table({{"file", Align::left},
               {"family", Align::left},
               {"size", Align::left},
               {"rows"},
               {"predicted"},
               {"unseen"},
               {"median"},
               {"p90"},
               {"bias"},
               {"busbw"},
               {"target"},
               {""}});
  for (const evidence::CollectiveClass& c : v.classes) {
    table.row({c.file.empty() ? std::string("all") : c.file, c.family.empty() ? "all" : c.family,
               c.size, count(c.rows), count(c.predicted), count(c.held_out.n),
               percent(c.held_out.median), percent(c.held_out.p90), percent(c.held_out.bias),
               percent(c.busbw.median), percent(c.target),
               c.held_out.n == 0 ? "-" : (c.met() ? "met" : "missed")});
  }
  return "Collectives: predicted against measured. Errors are of rows that no fit has seen;\n"
         "targets are on the median.\n" +
         table.str(style) + skipped_rows(v.validation, style) +
         worst_rows(v.validation, style, worst);
}

std::string collective_calibration_text(const evidence::CollectiveCalibration& c,
                                        const TextStyle& style) {
  Table fits(
      {{"entry", Align::left}, {"family", Align::left}, {"rows"}, {"median before"}, {"after"}});
  for (const evidence::CollectiveFit& f : c.fits) {
    const bool done = !f.fit.parameters.empty();
    fits.row({f.entry, f.family, count(f.rows), done ? percent(f.median_before) : "-",
              done ? percent(f.median) : "-"});
  }
  Table values({{"entry", Align::left}, {"parameter", Align::left}, {"value"}, {"error"}});
  for (const evidence::CollectiveFit& f : c.fits) {
    for (const evidence::FittedParameter& p : f.fit.parameters) {
      values.row({f.entry, p.name, fmt::format("{:.4g}", p.value),
                  p.determined ? percent(p.standard_error) : "not determined"});
    }
  }
  std::string out = "Fits of communication, by entry and family\n" + fits.str(style) +
                    "\nParameters, in base units\n" + values.str(style);
  if (c.undetermined.empty()) return out;
  out += "\nWhat the data cannot tell\n";
  for (const std::string& line : c.undetermined) out += "  " + line + "\n";
  return out;
}

namespace {

/// Closed form and what was played, side by side.
std::string played_text(const api::CollectiveTable& t, const TextStyle& style) {
  Table table({{"size"},
               {"fidelity", Align::left},
               {"schedule", Align::left},
               {"time"},
               {"to analytic"},
               {"busbw"},
               {"fabric"},
               {"ideal"},
               {"ratio"}});
  table.row({"(B)", "", "", "(us)", "", "(GB/s)", "(us)", "(us)", ""});
  for (const api::CollectiveRow& r : t.rows) {
    const auto busbw = [&](Time time) {
      return fmt::format("{:.2f}", bus_bandwidth(t.op, t.group.ranks, r.size, time).si() * 1e-9);
    };
    const std::string size = fmt::format("{:.0f}", r.size.si());
    table.row({size, "analytic", std::string(r.timing.algorithm),
               fmt::format("{:.2f}", r.timing.time.si() * 1e6), "1.000", busbw(r.timing.time), "-",
               "-", "-"});
    for (const api::PlayedRow& p : r.played) {
      std::vector<std::string> cells{size, std::string(to_string(p.fidelity)),
                                     std::string(to_string(p.pattern))};
      if (p.done) {
        cells.insert(cells.end(), {fmt::format("{:.2f}", p.time.si() * 1e6),
                                   fmt::format("{:.3f}", p.time / r.timing.time), busbw(p.time),
                                   fmt::format("{:.2f}", p.fabric.si() * 1e6),
                                   fmt::format("{:.2f}", p.ideal.si() * 1e6),
                                   fmt::format("{:.3f}", p.fabric / p.ideal)});
      } else {
        cells.insert(cells.end(), {"too many", "packets", "-", "-", "-", "-"});
      }
      table.row(cells);
    }
  }
  return "\n# played: fabric, the schedule without software; ideal, its closed form; ratio of the "
         "two\n" +
         table.str(style);
}

/// The last moves of each chain.
std::string chains_text(const api::CollectiveTable& t, const TextStyle& style) {
  constexpr std::size_t shown_moves = 12;
  std::string out;
  for (const api::CollectiveRow& r : t.rows) {
    for (const api::PlayedRow& p : r.played) {
      if (p.chain.empty()) continue;
      Table table({{"begin us"}, {"end us"}, {"from"}, {"to"}, {"bytes"}, {"bytes/s"}});
      const std::size_t first = p.chain.size() > shown_moves ? p.chain.size() - shown_moves : 0;
      for (std::size_t i = first; i < p.chain.size(); ++i) {
        const collective::Waited& w = p.chain[i];
        table.row({fmt::format("{:.3f}", w.begin.si() * 1e6),
                   fmt::format("{:.3f}", w.end.si() * 1e6), std::to_string(w.from),
                   w.to == collective::Move::everyone ? "all" : std::to_string(w.to),
                   std::to_string(w.bytes),
                   significant(static_cast<double>(w.bytes) / (w.end - w.begin).si())});
      }
      out +=
          fmt::format("\n# {:.0f} B, {}: {} moves, each waited for the one before; the last {}\n",
                      r.size.si(), to_string(p.fidelity), p.chain.size(), p.chain.size() - first) +
          table.str(style);
    }
  }
  return out;
}

}  // namespace

std::string collective_table_text(const api::CollectiveTable& t, const TextStyle& style) {
  Table table({{"size"},
               {"count"},
               {"type"},
               {"time"},
               {"algbw"},
               {"busbw"},
               {"bound"},
               {"ratio"},
               {"algorithm", Align::left}});
  table.row({"(B)", "(elements)", "", "(us)", "(GB/s)", "(GB/s)", "(us)", "", ""});
  for (const api::CollectiveRow& r : t.rows) {
    const double seconds = r.timing.time.si();
    const double busbw = bus_bandwidth(t.op, t.group.ranks, r.size, r.timing.time).si();
    table.row(
        {fmt::format("{:.0f}", r.size.si()), fmt::format("{:.0f}", r.size.si() / 4.0), "float",
         fmt::format("{:.2f}", seconds * 1e6), fmt::format("{:.2f}", r.size.si() / seconds * 1e-9),
         fmt::format("{:.2f}", busbw * 1e-9), fmt::format("{:.2f}", r.timing.bound.si() * 1e6),
         fmt::format("{:.3f}", r.timing.bound / r.timing.time), std::string(r.timing.algorithm)});
  }
  return fmt::format(
             "# {} of {} ranks on {}, {} in a domain; kernels: {}; parameters: "
             "collectives {}\n"
             "# bound: least time by physics; ratio: bound over time\n",
             to_string(t.op), t.group.ranks, t.rack, t.group.per_domain, to_string(t.kernels),
             t.entry) +
         table.str(style) +
         (t.rows.empty() || t.rows.front().played.empty() ? std::string() : played_text(t, style)) +
         chains_text(t, style);
}

std::string collective_table_json(const api::CollectiveTable& t) { return report_json(t); }

}  // namespace sn::draw
