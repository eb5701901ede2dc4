// sn/serving/steady/queueing.h
//
// Waiting in a queue with many servers, and quantiles of a delay made of classes plus that wait.
//
//   P(wait) = rho^(sqrt(2(m+1)) - 1)                       Sakasegawa (Ann. Inst. Stat. Math. 29,
//   1977) E[wait | wait] = s / (m (1 - rho)) x (ca2 + cs2) / 2     Allen-Cunneen correction for
//   G/G/m the wait, when there is one, is taken as exponential (exact for M/M/m)
//
// For m = 1 and Poisson arrivals E[wait] is Pollaczek-Khinchine's. Holds for renewal arrivals below
// saturation.

#pragma once

#include <vector>

#include "sn/base/units/quantity.h"

namespace sn::serving {

struct Wait {
  double probability = 0.0;  // that a request waits at all
  Time scale;                // mean of the wait of those that do

  [[nodiscard]] Time mean() const { return scale * probability; }
  /// P(wait <= t).
  [[nodiscard]] double cdf(Time t) const;
};

/// `utilisation` in [0, 1), `servers` >= 1 (a fraction interpolates), `service` the mean service
/// time, `arrivals2` and `service2` the squared coefficients of variation.
[[nodiscard]] Wait queue_wait(double utilisation, double servers, Time service, double arrivals2,
                              double service2);

/// One class of requests: with `weight`, a delay of `offset` plus normal noise of `sigma` plus the
/// common wait. Only one of noise and wait may be non-zero.
struct DelayClass {
  double weight = 0.0;
  Time offset;
  Time sigma;
};

/// P(delay <= t) over all classes; weights need not add up to 1.
[[nodiscard]] double delay_cdf(const std::vector<DelayClass>& classes, const Wait& wait, Time t);
[[nodiscard]] Time delay_mean(const std::vector<DelayClass>& classes, const Wait& wait);
/// Smallest t with P(delay <= t) >= q, q in (0, 1).
[[nodiscard]] Time delay_quantile(const std::vector<DelayClass>& classes, const Wait& wait,
                                  double q);

}  // namespace sn::serving
