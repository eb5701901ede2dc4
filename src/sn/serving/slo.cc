// sn/serving/slo.cc
//
// Objectives in words (see slo.h).

#include "sn/serving/slo.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "sn/base/units/units.h"

namespace sn::serving {

namespace {

struct Held {
  double quantile;
  Time Percentiles::* value;
};
constexpr Held held[] = {{0.5, &Percentiles::p50},
                         {0.9, &Percentiles::p90},
                         {0.95, &Percentiles::p95},
                         {0.99, &Percentiles::p99}};
constexpr double same = 1e-9;  // quantiles are read from text: "p95" is 95 / 100

}  // namespace

std::string quantile_name(double quantile) {
  return quantile < 0.0 ? "mean" : "p" + std::to_string(std::lround(quantile * 100.0));
}

std::string to_string(const SloTarget& target) {
  constexpr const char* names[] = {"TTFT", "TPOT", "E2E"};
  return std::string(names[static_cast<std::size_t>(target.metric)]) + " " +
         quantile_name(target.quantile) + " " + format(target.limit);
}

Time value_at(const Percentiles& percentiles, double quantile) {
  if (quantile < 0.0) return percentiles.mean;
  for (const Held& h : held) {
    if (quantile <= h.quantile + same) return percentiles.*h.value;
  }
  return percentiles.p99;
}

bool holds_quantile(double quantile) {
  if (quantile < 0.0) return true;
  return std::any_of(std::begin(held), std::end(held),
                     [&](const Held& h) { return std::abs(quantile - h.quantile) <= same; });
}

std::string to_string(const Slo& slo) {
  std::string out;
  for (const SloTarget& t : slo) out += (out.empty() ? "" : ", ") + to_string(t);
  return out;
}

}  // namespace sn::serving
