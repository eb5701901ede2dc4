// sn/draw/catalog/workload_text.cc
//
// Workloads as text and JSON (see workload_text.h).

#include "sn/draw/catalog/workload_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "sn/base/histogram.h"
#include "sn/base/report/report_json.h"
#include "sn/base/result.h"
#include "sn/base/units/units.h"

namespace sn::draw {

namespace {

using serving::TraceFacts;
using serving::TraceLengths;
using serving::Workload;

constexpr std::array<double, 4> quantiles = {0.5, 0.9, 0.99, 1.0};

std::string tokens(double v) { return format_number(std::round(v), 15); }

std::string length_table(const TraceLengths& lengths, const TextStyle& style) {
  Table table({{"tokens per request", Align::left},
               {"mean", Align::right},
               {"p50", Align::right},
               {"p90", Align::right},
               {"p99", Align::right},
               {"max", Align::right}});
  const auto row = [&](const char* name, const Histogram& h) {
    std::vector<std::string> cells = {name, tokens(h.mean())};
    for (const double q : quantiles) cells.push_back(tokens(q < 1.0 ? h.quantile(q) : h.max()));
    table.row(std::move(cells));
  };
  row("input", lengths.input);
  row("output", lengths.output);
  return table.str(style);
}

std::string arrivals(const Workload& w) {
  return fmt::format(
      "  {} requests, {} requests/s, index of dispersion {} in 10 s windows "
      "(Poisson: 1)\n",
      tokens(static_cast<double>(w.requests)), significant(w.rate.si()), significant(w.dispersion));
}

std::string hit_rates(const Workload& w, const TextStyle& style) {
  if (w.hit_rate_curve.empty()) {
    return "  no block hashes: the prefix cache hit rate of this workload is unknown\n";
  }
  Table table({{"LRU cache, KV tokens", Align::right},
               {"hit rate, % of blocks", Align::right},
               {"mean cached input, tokens", Align::right}});
  for (std::size_t i = 0; i < w.hit_rate_curve.size(); ++i) {
    const serving::HitRatePoint& p = w.hit_rate_curve[i];
    double cached = 0.0;
    for (const serving::RequestClass& c : w.classes) {
      if (i < c.cached.size()) cached += c.weight * c.cached[i];
    }
    const bool last = i + 1 == w.hit_rate_curve.size();
    table.row({tokens(p.capacity_tokens) + (last ? " (all)" : "      "),
               fixed(100.0 * p.hit_rate, 1), tokens(cached)});
  }
  return table.str(style);
}

}  // namespace

std::string workload_statistics(const Workload& w, const TextStyle& style) {
  std::string out = arrivals(w);
  out +=
      fmt::format("  input {} tokens on average, {} at most; output {} on average, {} at most\n\n",
                  tokens(serving::mean_input(w)), tokens(w.input_max),
                  tokens(serving::mean_output(w)), tokens(w.output_max));
  return out + hit_rates(w, style);
}

std::string workload_page(const api::WorkloadReport& report, const TextStyle& style) {
  const serving::TraceFacts& trace = report.trace;
  const Workload& w = report.workload;
  std::string out =
      heading(shown(w.origin, 300) + " (" + trace.format + ")", style) + "\n" + arrivals(w);
  if (trace.out_of_order > 0) {
    out += fmt::format("  {} requests stood out of order and were sorted\n", trace.out_of_order);
  }
  if (trace.malformed > 0) {
    out += fmt::format("  {} malformed lines were left out\n", trace.malformed);
  }
  out += "\n" + length_table(report.lengths, style) + "\n" + hit_rates(w, style);
  return out + "\n next   supernode workload " + file_name(style) + " --preset TITLE > NAME.yaml\n";
}

std::string workload_json(const api::WorkloadReport& report) { return report_json(report); }

}  // namespace sn::draw
