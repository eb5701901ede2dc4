// sn/serving/slo.h
//
// Service-level objectives on TTFT and TPOT. Definitions are those of `vllm bench serve`: TTFT from
// sending a request to its first token; TPOT = (end-to-end - TTFT) / (output tokens - 1), one value
// per request, requests of one token left out; ITL = gap between consecutive tokens (tokens of one
// speculative step arrive together).

#pragma once

#include <string>
#include <vector>

#include "sn/base/quantity.h"

namespace sn::serving {

enum class Metric { ttft, tpot };

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

/// Summary of a delay over requests.
struct Percentiles {
  Time mean;
  Time p50;
  Time p90;
  Time p99;

  friend bool operator==(const Percentiles&, const Percentiles&) = default;
};

}  // namespace sn::serving
