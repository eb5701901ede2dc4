// sn/evidence/serving/client_view.h
//
// One request as the client of a benchmark makes and sees it.

#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "sn/base/clock.h"
#include "sn/base/random.h"
#include "sn/serving/engine/engine_spec.h"

namespace sn::evidence {

[[nodiscard]] inline double seconds(Nanos from, Nanos to) {
  return static_cast<double>(to.count - from.count) * 1e-9;
}

struct ClientTimes {
  double ttft = 0.0;  // s, from asking
  double tpot = 0.0;  // s; 0 for an answer of one token
};

[[nodiscard]] inline ClientTimes client_times(const serving::RequestRecord& r, Nanos asked) {
  const double gaps = static_cast<double>(r.tokens - 1);
  return {seconds(asked, r.first_token),
          r.tokens > 1 ? seconds(r.first_token, r.last_token) / gaps : 0.0};
}

/// Tokens, uniform in [range x largest, largest], `least` at least.
[[nodiscard]] inline std::int64_t drawn_length(RandomStream& stream, double largest, double range,
                                               std::int64_t least) {
  const auto high = static_cast<std::int64_t>(std::llround(largest));
  const auto low = static_cast<std::int64_t>(std::llround(range * largest));
  return std::max(least, low < high ? stream.integer(low, high) : high);
}

}  // namespace sn::evidence
