// sn/llm/uncertainty.cc
//
// Shares of families, and what they add up to.

#include "sn/llm/uncertainty.h"

#include <array>
#include <cmath>

namespace sn::llm {

namespace {

constexpr double z80 = 1.2815515655446004;  // the normal quantile of 0.9

double Uncertainty::* family_of(Part part) {
  switch (part) {
    case Part::attention:
      return &Uncertainty::attention;
    case Part::experts:
      return &Uncertainty::experts;
    case Part::exchange:
    case Part::all_reduce:
    case Part::pipeline:
      return &Uncertainty::collective;
    case Part::host:
      return &Uncertainty::host;
    case Part::projections:
    case Part::dense_ffn:
    case Part::elementwise:
    case Part::logits:
      break;
  }
  return &Uncertainty::gemm;
}

constexpr std::array families = {&Uncertainty::gemm, &Uncertainty::attention, &Uncertainty::experts,
                                 &Uncertainty::collective, &Uncertainty::host};

/// Share of each family in a time, in the place of its deviation; none of a time of zero.
Uncertainty shares_of(const PartTimes& parts) {
  double total = 0.0;
  for (const Time t : parts) total += t.si();
  Uncertainty share;
  if (total <= 0.0) return share;
  for (std::size_t i = 0; i < part_count; ++i) {
    share.*family_of(static_cast<Part>(i)) += parts[i].si() / total;
  }
  return share;
}

/// Of families that err each for itself, weighted.
double variance(const Uncertainty& weights, const Uncertainty& u) {
  double sum = 0.0;
  for (const auto family : families) {
    const double s = weights.*family * u.*family;
    sum += s * s;
  }
  return sum;
}

}  // namespace

double sigma_of(const PartTimes& parts, const Uncertainty& u) {
  return std::sqrt(u.load * u.load + variance(shares_of(parts), u));
}

double variance_of_difference(const PartTimes& a, const PartTimes& b, const Uncertainty& u) {
  Uncertainty difference = shares_of(a);
  const Uncertainty other = shares_of(b);
  for (const auto family : families) difference.*family -= other.*family;
  return variance(difference, u);
}

double sigma_of_tpot(double step, const Uncertainty& u, bool disaggregated) {
  return std::hypot(step, disaggregated ? u.pool_load : 0.0);
}

double sigma_of_ttft(double step, const Uncertainty& u, bool disaggregated) {
  return std::hypot(step, disaggregated ? u.pool_wait : u.wait);
}

double sigma_of_rate(double step, const Uncertainty& u, bool disaggregated) {
  return std::hypot(step, disaggregated ? u.pool_rate : u.rate);
}

Interval interval80(double value, double sigma) {
  const double factor = std::exp(z80 * sigma);
  return {value / factor, value * factor};
}

}  // namespace sn::llm
