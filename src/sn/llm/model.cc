// sn/llm/model.cc
//
// Counts of parameters, cache bytes and FLOPs (see model.h). The reader is in read_model.cc.

#include "sn/llm/model.h"

namespace sn::llm {

namespace {

double d(std::int64_t v) { return static_cast<double>(v); }

}  // namespace

double attention_parameters(const ModelSpec& m) {
  const Attention& a = m.attention;
  const double h = d(m.hidden);
  if (a.kind == AttentionKind::mla) {
    const double qk = d(a.nope_dim + a.rope_dim);
    const double queries =
        a.q_lora > 0 ? d(a.q_lora) * (h + 1.0 + d(a.heads) * qk) : h * d(a.heads) * qk;
    const double down = h * d(a.kv_lora + a.rope_dim) + d(a.kv_lora);
    const double up = d(a.kv_lora) * d(a.heads) * d(a.nope_dim + a.v_dim);
    return queries + down + up + d(a.heads) * d(a.v_dim) * h;
  }
  const double q = d(a.heads) * d(a.head_dim);
  const double kv = 2.0 * d(a.kv_heads) * d(a.head_dim);
  const double bias = a.bias ? q + kv : 0.0;
  const double norms = a.qk_norm ? 2.0 * d(a.head_dim) : 0.0;
  return h * (q + kv) + q * h + bias + norms;
}

ParameterCount count_parameters(const ModelSpec& m) {
  const double h = d(m.hidden);
  const double moe = d(m.moe_layers());
  ParameterCount p;
  p.embedding = d(m.vocab) * h;
  p.lm_head = m.tied_embeddings ? 0.0 : d(m.vocab) * h;
  p.attention = d(m.layers) * attention_parameters(m);
  p.dense_ffn = d(m.dense_layers) * 3.0 * h * d(m.dense_inter);
  p.norms = (2.0 * d(m.layers) + 1.0) * h;
  if (!m.is_moe()) return p;
  const double expert_layer = d(m.experts) * 3.0 * h * d(m.expert_inter);
  const double shared_layer = 3.0 * h * d(m.shared_inter);
  const double router_layer = d(m.experts) * h;
  p.experts = moe * expert_layer;
  p.shared_experts = moe * shared_layer;
  p.router = moe * router_layer;
  // One MTP layer: attention, experts, 2h -> h projection, three norms; embedding and head are
  // shared.
  p.mtp = d(m.mtp_layers) * (attention_parameters(m) + expert_layer + shared_layer + router_layer +
                             2.0 * h * h + 5.0 * h);
  return p;
}

double active_parameters(const ModelSpec& m) {
  const ParameterCount p = count_parameters(m);
  const double routed = m.is_moe() ? p.experts * d(m.top_k) / d(m.experts) : 0.0;
  const double head = d(m.vocab) * d(m.hidden);
  return p.attention + p.dense_ffn + routed + p.shared_experts + p.router + p.norms + head;
}

Bytes kv_bytes_per_token(const ModelSpec& m, kernel::DataType kv, bool with_mtp) {
  const Attention& a = m.attention;
  const double elements = a.kind == AttentionKind::mla ? d(a.kv_lora + a.rope_dim)
                                                       : 2.0 * d(a.kv_heads) * d(a.head_dim);
  const double layers = d(m.layers + (with_mtp ? m.mtp_layers : 0));
  return kernel::bytes_per_element(kv) * (elements * layers);
}

Flops flops_per_token(const ModelSpec& m, double context) {
  const Attention& a = m.attention;
  const double per_key = a.kind == AttentionKind::mla
                             ? d(a.heads) * d(a.nope_dim + a.rope_dim + a.v_dim)
                             : d(a.heads) * 2.0 * d(a.head_dim);
  return Flops::from_si(2.0 * active_parameters(m) + 2.0 * d(m.layers) * per_key * context);
}

}  // namespace sn::llm
