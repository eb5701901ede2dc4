// sn/twin/report_parts.cc
//
// Names of what reports share; see the header.

#include "sn/twin/report_parts.h"

#include <fmt/format.h>

#include "sn/base/units/units.h"

namespace sn::llm {

namespace {

void data_type(ReportVisitor& v, std::string_view name, kernel::DataType type) {
  using kernel::DataType;
  static constexpr DataType all[] = {DataType::bf16, DataType::fp8, DataType::fp4, DataType::int8,
                                     DataType::int4};
  v.choice(name, "", type, all);
}

}  // namespace

std::string to_string(const Precision& p) {
  return fmt::format("{}/{}/{}", kernel::to_string(p.weights), kernel::to_string(p.activations),
                     kernel::to_string(p.kv));
}

void describe(ReportVisitor& v, const Precision& precision) {
  v.type("Precision", "Number formats.");
  data_type(v, "weights", precision.weights);
  data_type(v, "activations", precision.activations);
  data_type(v, "kv", precision.kv);
}

void describe_fields(ReportVisitor& v, const Deployment& deployment) {
  const Parallelism& p = deployment.parallel;
  v.count("tp", "tensor parallelism", p.tp);
  v.count("cp", "context parallelism, of prefill", p.cp);
  v.count("dcp", "tensor ranks that share a sequence's KV cache, in decode", p.dcp);
  v.count("dp", "attention data parallelism inside an instance", p.dp);
  v.count("pp", "pipeline stages", p.pp);
  v.count("ep", "expert parallelism", p.ep);
  v.flag("spread", "stages may sit in different ScaleUp domains", p.spread);
  v.object("precision", "", deployment.precision);
  v.count("draft_tokens", "speculation of a step", deployment.draft_tokens);
  v.count("redundant_experts", "replicas beyond one each, per layer", deployment.redundant);
  v.flag("two_batch", "halves of a batch overlap", deployment.two_batch);
}

}  // namespace sn::llm

namespace sn::serving {

void describe(ReportVisitor& v, const SloTarget& target) {
  v.type("SloTarget", "A limit on a latency.");
  describe_fields(v, target);
}

void describe_fields(ReportVisitor& v, const SloTarget& target) {
  static constexpr std::string_view metrics[] = {"ttft", "tpot", "e2e"};
  v.choice("metric", "", metrics[static_cast<std::size_t>(target.metric)], metrics);
  v.optional("quantile", "0.9 is p90; null is the mean", target.quantile >= 0.0, target.quantile);
  v.quantity("limit_s", "", target.limit);
}

void describe(ReportVisitor& v, const Percentiles& percentiles) {
  v.type("Percentiles", "A delay over requests.");
  v.quantity("mean_s", "", percentiles.mean);
  v.quantity("p50_s", "", percentiles.p50);
  v.quantity("p90_s", "", percentiles.p90);
  v.quantity("p95_s", "", percentiles.p95);
  v.quantity("p99_s", "", percentiles.p99);
}

void describe(ReportVisitor& v, const Pool& pool) {
  v.type("Pool", "Instances of one deployment.");
  v.count("instances", "", pool.replicas);
  v.count("gpus", "of all instances", pool.gpus());
  llm::describe_fields(v, pool.deployment);
  v.count("chunk_tokens", "prefill tokens of an attention rank and step", pool.chunk);
}

void describe(ReportVisitor& v, const ServingPlan& plan) {
  v.type("ServingPlan", "The pools of a deployment.");
  v.optional("prefill", "null when aggregated", plan.disaggregated(), plan.prefill);
  v.object("decode", "of an aggregated plan: its only pool", plan.decode);
}

void describe(ReportVisitor& v, const SteadyState& s) {
  v.type("SteadyState", "What requests see and the machine delivers at one load.");
  v.number("requests_per_s", "", s.requests);
  v.flag("stable", "below saturation", s.stable);
  v.object("ttft", "", s.ttft);
  v.object("tpot", "", s.tpot);
  v.object("itl", "", s.itl);
  v.quantity("e2e_mean_s", "", s.e2e_mean);
  v.number("output_tokens_per_s", "", s.output_tokens);
  v.number("total_tokens_per_s", "input and output", s.total_tokens);
  v.number("output_tokens_per_s_per_gpu", "the ranking figure", s.output_per_gpu);
  v.number("output_tokens_per_s_per_user", "1 / mean TPOT", s.per_user);
  v.number("energy_per_output_token_j", "of the chips", s.energy_per_token);
  v.number("sequences_per_rank", "decoding", s.sequences);
  v.number("prefill_utilisation", "of the chunk slots or the prefill ranks", s.prefill_utilisation);
  v.number("kv_utilisation", "of the decode ranks' KV memory, mean", s.kv_utilisation);
  v.number("prefix_hit_rate", "share of input tokens", s.hit_rate);
}

}  // namespace sn::serving

namespace sn::twin {

std::string to_string(const RateSpec& rate) {
  switch (rate.kind) {
    case RateSpec::Kind::knee:
      return "knee";
    case RateSpec::Kind::multiple:
      return format_number(rate.value) + "x";
    case RateSpec::Kind::absolute:
      return format_number(rate.value) + " req/s";
  }
  return {};
}

void describe(ReportVisitor& v, const RateSpec& rate) {
  using Kind = RateSpec::Kind;
  static constexpr std::string_view kinds[] = {"knee", "multiple", "absolute"};
  v.type("Rate", "The load that was asked for.");
  v.choice("kind", "the largest that meets the SLO; of the workload; requests per second",
           kinds[static_cast<std::size_t>(rate.kind)], kinds);
  v.optional("multiple", "of the workload's own rate", rate.kind == Kind::multiple, rate.value);
  v.optional("requests_per_s", "", rate.kind == Kind::absolute, rate.value);
}

}  // namespace sn::twin
