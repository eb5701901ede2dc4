// sn/evidence/serving/serving_limits.h
//
// The most that a deployment serves while 99 % of its requests keep their latency limits: what the
// Server and Interactive scenarios of MLPerf Inference report.
//
// Requests come as a Poisson process. A rate is kept when, of the requests after the first third,
// at most 1 % take longer than a limit to their first token or for each token after it. The
// largest rate is found by halving between nothing and what the saturated engine finished; trials
// share their random numbers, so a higher rate is the same arrivals closer together.
//
// Limits: 3 requests for every one that the engine runs at once, 1,000 to 6,000, so a queue that
// grows slowly can pass; one instance stands for all, so a router that evens loads out gains
// nothing.

#pragma once

#include <cstdint>

#include "sn/evidence/serving/rows/serving_points.h"
#include "sn/serving/engine/engine_spec.h"

namespace sn::evidence {

/// Largest share of `most`, the requests per second that the saturated engine finished, within the
/// limits of the point; 0 where no rate is.
[[nodiscard]] double share_within_limits(const ServingPoint& point, const serving::EngineSpec& spec,
                                         std::uint64_t seed, double most);

}  // namespace sn::evidence
