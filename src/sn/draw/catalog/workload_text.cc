// sn/draw/catalog/workload_text.cc
//
// Workloads as text and JSON (see workload_text.h).

#include "sn/draw/catalog/workload_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "sn/base/histogram.h"
#include "sn/base/result.h"
#include "sn/base/units.h"

namespace sn::draw {

namespace {

using serving::Trace;
using serving::Workload;

constexpr std::array<double, 4> quantiles = {0.5, 0.9, 0.99, 1.0};
constexpr std::array<const char*, 4> quantile_keys = {"p50", "p90", "p99", "max"};

struct Lengths {
  Histogram input;
  Histogram output;
};

Lengths lengths_of(const Trace& trace) {
  Lengths out;
  for (const serving::Request& r : trace.requests) {
    out.input.add(static_cast<double>(r.input_tokens));
    out.output.add(static_cast<double>(std::max<std::int64_t>(1, r.output_tokens)));
  }
  return out;
}

std::string tokens(double v) { return format_number(std::round(v), 15); }

std::string length_table(const Lengths& lengths, const TextStyle& style) {
  TextTable table({{"tokens per request", Align::left},
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
  TextTable table({{"LRU cache, KV tokens", Align::right},
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

void write_lengths(JsonWriter& w, const Histogram& h) {
  w.begin_object();
  w.member("mean", h.mean());
  for (std::size_t i = 0; i < quantiles.size(); ++i) {
    w.member(quantile_keys[i], quantiles[i] < 1.0 ? h.quantile(quantiles[i]) : h.max());
  }
  w.end_object();
}

void write_members(JsonWriter& w, const Workload& load) {
  w.member("name", load.name).member("origin", load.origin).member("requests", load.requests);
  w.member("requests_per_second", load.rate.si()).member("dispersion", load.dispersion);
  w.member("mean_input_tokens", serving::mean_input(load));
  w.member("mean_output_tokens", serving::mean_output(load));
  w.member("max_input_tokens", load.input_max).member("max_output_tokens", load.output_max);
  w.member("block_tokens", load.block_tokens).member("classes", load.classes.size());
  w.key("hit_rate_curve").begin_array();
  for (const serving::HitRatePoint& p : load.hit_rate_curve) {
    w.begin_object();
    w.member("capacity_tokens", p.capacity_tokens).member("hit_rate", p.hit_rate);
    w.end_object();
  }
  w.end_array();
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

std::string workload_page(const Trace& trace, const Workload& w, const TextStyle& style) {
  std::string out =
      heading(shown(w.origin, 300) + " (" + trace.format + ")", style) + "\n" + arrivals(w);
  if (trace.out_of_order > 0) {
    out += fmt::format("  {} requests stood out of order and were sorted\n", trace.out_of_order);
  }
  if (trace.malformed > 0) {
    out += fmt::format("  {} malformed lines were left out\n", trace.malformed);
  }
  out += "\n" + length_table(lengths_of(trace), style) + "\n" + hit_rates(w, style);
  return out + "\n next   supernode workload " + file_name(style) + " --preset TITLE > NAME.yaml\n";
}

void write_workload_json(JsonWriter& w, const Workload& load) {
  w.begin_object();
  write_members(w, load);
  w.end_object();
}

std::string workload_json(const Trace& trace, const Workload& load) {
  const Lengths lengths = lengths_of(trace);
  JsonWriter w;
  w.begin_object();
  w.member("format", "supernode-workload").member("version", 1);
  w.member("trace_format", trace.format);
  w.member("malformed_lines", trace.malformed).member("out_of_order", trace.out_of_order);
  write_members(w, load);
  w.key("input_tokens");
  write_lengths(w, lengths.input);
  w.key("output_tokens");
  write_lengths(w, lengths.output);
  w.end_object();
  return std::move(w).str();
}

}  // namespace sn::draw
