// sn/twin/report_parts.h
//
// Descriptions of what plans, simulations and validations have in common, so that the same thing
// has the same name in each: targets, percentiles, how a model is cut, the load that was asked for.

#pragma once

#include "sn/base/report/report_visitor.h"
#include "sn/llm/deployment.h"
#include "sn/serving/slo.h"
#include "sn/serving/steady/steady_state.h"
#include "sn/twin/world.h"

namespace sn::llm {

/// "fp8/fp8/fp8": weights, activations, KV.
[[nodiscard]] std::string to_string(const Precision& precision);
void describe(ReportVisitor& v, const Precision& precision);
/// Into the object that is being described: the pool that is deployed so.
void describe_fields(ReportVisitor& v, const Deployment& deployment);

}  // namespace sn::llm

namespace sn::serving {

void describe(ReportVisitor& v, const SloTarget& target);
/// The same, of an object that says more of a target.
void describe_fields(ReportVisitor& v, const SloTarget& target);
void describe(ReportVisitor& v, const Percentiles& percentiles);
void describe(ReportVisitor& v, const Pool& pool);
void describe(ReportVisitor& v, const ServingPlan& plan);
void describe(ReportVisitor& v, const SteadyState& state);

}  // namespace sn::serving

namespace sn::twin {

void describe(ReportVisitor& v, const RateSpec& rate);
/// "knee", "1.5x", "40 req/s".
[[nodiscard]] std::string to_string(const RateSpec& rate);

}  // namespace sn::twin
