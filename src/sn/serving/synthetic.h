// sn/serving/synthetic.h
//
// Synthetic requests: an arrival process and length distributions, drawn from keyed streams.
//
// Arrivals: poisson, gamma (renewal with a coefficient of variation) or fixed interval; the first
// comes one interval after time 0. Lengths: fixed, uniform whole numbers in [min, max], lognormal
// (median, p90) truncated to [min, max] and rounded. Same seed, same requests; arrivals, inputs and
// outputs have streams of their own, so that changing one leaves the others as they are.
//
//   lognormal: x = median exp(sigma z), sigma = ln(p90 / median) / 1.28155 (normal 90 % point)
//
// `median` and `p90` are those before truncation. Limits: `SyntheticLimits`.

#pragma once

#include <cstdint>
#include <vector>

#include "sn/base/quantity.h"
#include "sn/serving/workload.h"

namespace sn::serving {

struct LengthDistribution {
  enum class Kind { fixed, uniform, lognormal };
  Kind kind = Kind::fixed;
  double min = 1.0;  // tokens; fixed uses `min` alone
  double max = 1.0;
  double median = 1.0;  // lognormal only
  double p90 = 1.0;     // lognormal only; >= median
};

struct ArrivalProcess {
  enum class Kind { poisson, gamma, fixed };
  Kind kind = Kind::poisson;
  Rate rate = Rate::from_si(1.0);
  double cv = 1.0;  // gamma only: coefficient of variation of inter-arrival times
};

struct SyntheticSpec {
  ArrivalProcess arrivals;
  LengthDistribution input;
  LengthDistribution output;
  std::int64_t requests = 20'000;
};

/// What a loader lets through; within it, arrivals fit the clock.
struct SyntheticLimits {
  static constexpr std::int64_t requests = 10'000'000;
  static constexpr double rate_min = 1e-2;  // requests/s
  static constexpr double rate_max = 1e9;
  static constexpr double cv_min = 1e-2;
  static constexpr double cv_max = 1e2;
  static constexpr double tokens = 1e8;
};

/// Requests sorted by arrival, without blocks. A `spec` outside `SyntheticLimits`, with min > max
/// or with p90 < median is a programmer's mistake: loaders report it with its place.
[[nodiscard]] std::vector<Request> generate(const SyntheticSpec& spec, std::uint64_t seed);

}  // namespace sn::serving
