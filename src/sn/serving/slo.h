// sn/serving/slo.h
//
// Service-level objectives on TTFT and TPOT. Definitions are those of `vllm bench serve`: TTFT from
// sending a request to its first token; TPOT = (end-to-end - TTFT) / (output tokens - 1), one value
// per request, requests of one token left out; ITL = gap between consecutive tokens (tokens of one
// speculative step arrive together). E2E: from sending a request to its last token.

#pragma once

#include <string>
#include <vector>

#include "sn/base/units/quantity.h"

namespace sn::serving {

enum class Metric { ttft, tpot, e2e };

struct SloTarget {
  Metric metric = Metric::ttft;
  double quantile = 0.9;  // negative: the mean
  Time limit;

  friend bool operator==(const SloTarget&, const SloTarget&) = default;
};

using Slo = std::vector<SloTarget>;

/// "TTFT p90 2 s".
[[nodiscard]] std::string to_string(const SloTarget& target);
[[nodiscard]] std::string to_string(const Slo& slo);

/// "mean", "p90".
[[nodiscard]] std::string quantile_name(double quantile);

/// Summary of a delay over requests.
struct Percentiles {
  Time mean;
  Time p50;
  Time p90;
  Time p95;
  Time p99;

  friend bool operator==(const Percentiles&, const Percentiles&) = default;
};

/// The summary's value at a quantile (negative: the mean); of one that it does not hold, that of
/// the next higher one that it does, p99 at most.
[[nodiscard]] Time value_at(const Percentiles& percentiles, double quantile);
/// Whether that is the value of this very quantile.
[[nodiscard]] bool holds_quantile(double quantile);

}  // namespace sn::serving
