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

#include "sn/evidence/serving/serving_load.h"

namespace sn::evidence {

/// `out` holds what the saturated engine does; its rates become those within the limits. With no
/// rate at all within them `why_not` is filled.
void keep_limits(const ServingPoint& point, const twin::World& world, ServingPrediction& out);

}  // namespace sn::evidence
