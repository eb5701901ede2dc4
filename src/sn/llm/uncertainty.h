// sn/llm/uncertainty.h
//
// How far off a predicted time may be: one log-normal factor for each family of costs on a chip,
// fully correlated inside the family, independent of the others.
//
// With w_f the share of family f in a time and s_f the standard deviation of its ln(true /
// predicted):
//   sigma^2 = sum over f of (w_f s_f)^2 + load^2            (first order; shares add up to 1)
// and the interval that holds the truth in four of five cases is value x exp(+-1.2816 sigma).
// `load` is what is not a kernel: versions and settings of the software, the scheduler, the load
// generator. Values, from residuals of measurements that were not fitted: catalog/uncertainty.

#pragma once

#include <array>

#include "sn/base/units/quantity.h"
#include "sn/catalog/param.h"
#include "sn/llm/step.h"

namespace sn::llm {

/// Standard deviations of ln(true / predicted), by family.
struct Uncertainty {
  double gemm = 0.0;        // dense products, elementwise, output head
  double attention = 0.0;   // prompts and caches, MLA included
  double experts = 0.0;     // grouped products
  double collective = 0.0;  // all-reduce, dispatch, combine, sends
  double host = 0.0;        // host time of steps
  double load = 0.0;        // beyond the step
  double wait = 0.0;        // beside these in a TTFT: queues, front ends, how a load came
  double rate = 0.0;        // beside these in tokens per second: how full batches are
  // The same where prefill and decode are pools of their own, with routers and transfers between.
  double pool_load = 0.0;
  double pool_wait = 0.0;
  double pool_rate = 0.0;
};

template <class V>
void describe(V& v, Uncertainty& u) {
  v.ratio("gemm", u.gemm, 0.0, 2.0);
  v.ratio("attention", u.attention, 0.0, 2.0);
  v.ratio("experts", u.experts, 0.0, 2.0);
  v.ratio("collective", u.collective, 0.0, 2.0);
  v.ratio("host", u.host, 0.0, 2.0);
  v.ratio("load", u.load, 0.0, 2.0);
  v.ratio("wait", u.wait, 0.0, 2.0);
  v.ratio("rate", u.rate, 0.0, 2.0);
  v.ratio("pool_load", u.pool_load, 0.0, 2.0);
  v.ratio("pool_wait", u.pool_wait, 0.0, 2.0);
  v.ratio("pool_rate", u.pool_rate, 0.0, 2.0);
}

using PartTimes = std::array<Time, part_count>;

/// Standard deviation of ln(true / predicted) of a time that is made of `parts`. A time of zero has
/// that of the load alone.
[[nodiscard]] double sigma_of(const PartTimes& parts, const Uncertainty& u);

/// Variance of the difference of two such errors: what two times are made of alike cancels, and so
/// does the load that both carry. 0 for equal shares.
[[nodiscard]] double variance_of_difference(const PartTimes& a, const PartTimes& b,
                                            const Uncertainty& u);

/// Of a TPOT whose steps have the deviation `step`: pools of their own add theirs.
[[nodiscard]] double sigma_of_tpot(double step, const Uncertainty& u, bool disaggregated);
/// Of a TTFT whose steps have the deviation `step`, and of tokens per second.
[[nodiscard]] double sigma_of_ttft(double step, const Uncertainty& u, bool disaggregated);
[[nodiscard]] double sigma_of_rate(double step, const Uncertainty& u, bool disaggregated);

/// The middle 80 % around a predicted value.
struct Interval {
  double low = 0.0;
  double high = 0.0;

  [[nodiscard]] bool holds(double value) const { return low <= value && value <= high; }
};
[[nodiscard]] Interval interval80(double value, double sigma);

}  // namespace sn::llm
