// sn/serving/steady/queueing.cc
//
// Queueing formulas and mixture quantiles (sources in queueing.h).

#include "sn/serving/steady/queueing.h"

#include <algorithm>
#include <cmath>

#include "sn/base/result.h"

namespace sn::serving {

namespace {

double total_weight(const std::vector<DelayClass>& classes) {
  double w = 0.0;
  for (const DelayClass& c : classes) w += c.weight;
  return w;
}

double class_cdf(const DelayClass& c, const Wait& wait, Time t) {
  const Time rest = t - c.offset;
  if (c.sigma > Time{}) return 0.5 * std::erfc(-(rest / c.sigma) / std::sqrt(2.0));
  return wait.cdf(rest);
}

}  // namespace

double Wait::cdf(Time t) const {
  if (t < Time{}) return 0.0;
  if (probability <= 0.0 || scale <= Time{}) return 1.0;
  return 1.0 - probability * std::exp(-(t / scale));
}

Wait queue_wait(double utilisation, double servers, Time service, double arrivals2,
                double service2) {
  SN_ASSERT(utilisation >= 0.0 && utilisation < 1.0 && servers > 0.0);
  if (utilisation == 0.0) return {};
  const double exponent = std::sqrt(2.0 * (servers + 1.0)) - 1.0;
  return {.probability = std::pow(utilisation, exponent),
          .scale = service * (0.5 * (arrivals2 + service2) / (servers * (1.0 - utilisation)))};
}

double delay_cdf(const std::vector<DelayClass>& classes, const Wait& wait, Time t) {
  double sum = 0.0;
  for (const DelayClass& c : classes) sum += c.weight * class_cdf(c, wait, t);
  const double w = total_weight(classes);
  return w > 0.0 ? sum / w : 1.0;
}

Time delay_mean(const std::vector<DelayClass>& classes, const Wait& wait) {
  Time sum;
  for (const DelayClass& c : classes) sum += c.offset * c.weight;
  const double w = total_weight(classes);
  return w > 0.0 ? sum / w + wait.mean() : wait.mean();
}

Time delay_quantile(const std::vector<DelayClass>& classes, const Wait& wait, double q) {
  SN_ASSERT(q > 0.0 && q < 1.0);
  if (classes.empty()) return {};
  Time lo = classes.front().offset;
  Time hi = lo;
  for (const DelayClass& c : classes) {
    lo = std::min(lo, c.offset - 8.0 * c.sigma);
    hi = std::max(hi, c.offset + 8.0 * c.sigma);
  }
  hi += wait.scale * std::max(0.0, -std::log((1.0 - q) * 0.5));
  for (int i = 0; i < 60; ++i) {
    const Time middle = 0.5 * (lo + hi);
    (delay_cdf(classes, wait, middle) >= q ? hi : lo) = middle;
  }
  return hi;
}

}  // namespace sn::serving
