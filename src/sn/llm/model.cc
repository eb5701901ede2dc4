// sn/llm/model.cc
//
// Counts of parameters, cache bytes and FLOPs (see model.h). The reader is in read_model.cc.

#include "sn/llm/model.h"

#include <algorithm>
#include <cmath>

namespace sn::llm {

namespace {

double d(std::int64_t v) { return static_cast<double>(v); }

}  // namespace

double ModelSpec::stage_moe_layers(double stage_layers) const {
  const double moe = d(moe_layers());
  if (!interleaved) return std::min(moe, stage_layers);
  return std::min(stage_layers, std::ceil(stage_layers * moe / d(layers)));
}

double indexer_parameters(const ModelSpec& m) {
  if (!m.is_sparse()) return 0.0;
  // Queries from the query latent, one key per token with its LayerNorm, a weight per head.
  const double queries = d(m.attention.q_lora) * d(m.index_heads * m.index_dim);
  const double keys = d(m.hidden) * d(m.index_dim) + 2.0 * d(m.index_dim);
  return queries + keys + d(m.hidden) * d(m.index_heads);
}

double attention_parameters(const ModelSpec& m) {
  const Attention& a = m.attention;
  const double h = d(m.hidden);
  if (a.kind == AttentionKind::mla) {
    const double qk = d(a.nope_dim + a.rope_dim);
    const double queries =
        a.q_lora > 0 ? d(a.q_lora) * (h + 1.0 + d(a.heads) * qk) : h * d(a.heads) * qk;
    const double down = h * d(a.kv_lora + a.rope_dim) + d(a.kv_lora);
    const double up = d(a.kv_lora) * d(a.heads) * d(a.nope_dim + a.v_dim);
    return queries + down + up + d(a.heads) * d(a.v_dim) * h + indexer_parameters(m);
  }
  const double q = d(a.heads) * d(a.head_dim);
  const double kv = 2.0 * d(a.kv_heads) * d(a.head_dim);
  double bias = a.bias ? q + kv : 0.0;
  if (a.out_bias) bias += h;
  if (a.sinks) bias += d(a.heads);
  const double wide = a.wide_norm ? q + 0.5 * kv : 2.0 * d(a.head_dim);
  const double norms = a.qk_norm ? wide : 0.0;
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
  const double expert_bias = m.expert_bias ? 2.0 * d(m.expert_inter) + h : 0.0;
  const double expert_layer = d(m.experts) * (3.0 * h * d(m.expert_inter) + expert_bias);
  const double shared_layer = 3.0 * h * d(m.shared_inter);
  const double router_layer = d(m.experts) * (h + (m.expert_bias ? 1.0 : 0.0));
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
  const Bytes index = Bytes::from_si(m.is_sparse() ? d(m.index_dim) * layers : 0.0);  // fp8
  return kernel::bytes_per_element(kv) * (elements * layers) + index;
}

double kv_tokens_held(const ModelSpec& m, double tokens) {
  if (m.windowed_layers == 0) return tokens;
  return tokens + m.windowed_share() * (std::min(tokens, d(m.window)) - tokens);
}

Bytes kv_bytes_of_sequence(const ModelSpec& m, kernel::DataType kv, double tokens) {
  return kv_bytes_per_token(m, kv) * kv_tokens_held(m, tokens);
}

Flops flops_per_token(const ModelSpec& m, double context) {
  const Attention& a = m.attention;
  const double per_key = a.kind == AttentionKind::mla
                             ? d(a.heads) * d(a.nope_dim + a.rope_dim + a.v_dim)
                             : d(a.heads) * 2.0 * d(a.head_dim);
  const double once = 2.0 * active_parameters(m);
  if (m.attention_cap() <= 0.0) {
    return Flops::from_si(once + 2.0 * d(m.layers) * per_key * context);
  }
  const double capped = std::min(context, m.attention_cap());
  const double full_layers = m.is_sparse() ? 0.0 : d(m.layers - m.windowed_layers);
  const double keys = full_layers * context + (d(m.layers) - full_layers) * capped;
  const double index = m.is_sparse() ? d(m.layers * m.index_heads * m.index_dim) * context : 0.0;
  return Flops::from_si(once + 2.0 * (per_key * keys + index));
}

}  // namespace sn::llm
