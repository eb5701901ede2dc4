// sn/llm/framework.h
//
// What serving software adds to the kernels: host time per iteration, memory it keeps for itself.
// Values, sources and confidence: catalog/frameworks/*.yaml.

#pragma once

#include <cstdint>

#include "sn/base/quantity.h"
#include "sn/hw/param.h"

namespace sn::llm {

struct Framework {
  std::string name;
  Time host_decode;     // host time exposed per iteration of pure decode (captured graphs)
  Time host_prefill;    // host time exposed per iteration that holds prefill tokens
  Time frontend;        // once per request: HTTP, tokeniser, first schedule
  double memory = 0.0;  // share of HBM that the engine may use
  Bytes workspace;      // communication buffers, graphs, allocator slack, per GPU
  std::int64_t max_sequences = 0;  // decode requests per attention rank
};

template <class V>
void describe(V& v, Framework& f) {
  const Time hi = Time::from_si(1.0);
  v.quantity("host.decode", f.host_decode, Time{}, hi);
  v.quantity("host.prefill", f.host_prefill, Time{}, hi);
  v.quantity("host.frontend", f.frontend, Time{}, hi);
  v.ratio("memory.utilisation", f.memory, 0.1, 1.0);
  v.quantity("memory.workspace", f.workspace, Bytes{}, Bytes::from_si(1e12));
  v.count("max_sequences", f.max_sequences, 1, 65536);
}

/// Behaviour of a model under load that its architecture does not tell; catalog/models/*.yaml,
/// `traits`.
struct ModelTraits {
  /// Probability that one drafted token is accepted, given that the previous one was.
  double mtp_acceptance = 0.0;
  double expert_imbalance = 1.0;  // load of the busiest expert rank over the mean, many tokens
  /// Deviation of the logarithm of the experts' shares of tokens that placement has to even out
  /// (placement_imbalance); 0: `expert_imbalance` is all there is, however many replicas.
  double expert_skew = 0.0;
};

template <class V>
void describe(V& v, ModelTraits& t) {
  v.ratio("mtp_acceptance", t.mtp_acceptance, 0.0, 1.0);
  v.ratio("expert_imbalance", t.expert_imbalance, 1.0, 16.0);
  v.ratio("expert_skew", t.expert_skew, 0.0, 3.0, hw::Need::optional);
}

}  // namespace sn::llm
