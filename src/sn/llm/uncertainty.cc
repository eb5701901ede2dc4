// sn/llm/uncertainty.cc
//
// Shares of families, and what they add up to.

#include "sn/llm/uncertainty.h"

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

}  // namespace

double sigma_of(const PartTimes& parts, const Uncertainty& u) {
  double total = 0.0;
  for (const Time t : parts) total += t.si();
  Uncertainty share;  // of each family in the time, in the place of its deviation
  if (total > 0.0) {
    for (std::size_t i = 0; i < part_count; ++i) {
      share.*family_of(static_cast<Part>(i)) += parts[i].si() / total;
    }
  }
  double variance = u.load * u.load;
  for (const auto family : {&Uncertainty::gemm, &Uncertainty::attention, &Uncertainty::experts,
                            &Uncertainty::collective, &Uncertainty::host}) {
    const double s = share.*family * u.*family;
    variance += s * s;
  }
  return std::sqrt(variance);
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
