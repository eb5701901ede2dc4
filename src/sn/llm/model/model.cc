// sn/llm/model/model.cc
//
// Counts of parameters, cache bytes and FLOPs (see model.h). The reader is in read_model.cc.

#include "sn/llm/model/model.h"

#include <algorithm>
#include <cmath>

namespace sn::llm {

namespace {

double d(std::int64_t v) { return static_cast<double>(v); }

/// Of one token in one layer with an indexer: fp8 keys and a scale.
double index_bytes(const ModelSpec& m) { return d(m.index_dim) + 4.0; }

}  // namespace

double ModelSpec::stage_moe_layers(double stage_layers) const {
  const double moe = d(moe_layers());
  if (!interleaved && bare_layers == 0) return std::min(moe, stage_layers);
  return std::min(stage_layers, std::ceil(stage_layers * moe / d(layers) - 1e-9));
}

double indexer_parameters(const ModelSpec& m) {
  if (!m.is_sparse()) return 0.0;
  // Queries from the query latent, one key per token with its LayerNorm, a weight per head.
  const double from = d(m.attention.q_lora > 0 ? m.attention.q_lora : m.hidden);
  const double queries = from * d(m.index_heads * m.index_dim);
  const double keys = d(m.hidden) * d(m.index_dim) + 2.0 * d(m.index_dim);
  return queries + keys + d(m.hidden) * d(m.index_heads);
}

double linear_parameters(const ModelSpec& m) {
  const LinearAttention& l = m.linear;
  const double h = d(m.hidden);
  const double k = d(l.key_heads * l.key_dim);
  const double v = d(l.heads * l.value_dim);
  switch (l.kind) {
    case LinearKind::delta:  // q, k, v, gate; beta and decay a head; convolution; norm, out
      return h * (2.0 * k + 2.0 * v + 2.0 * d(l.heads)) + (2.0 * k + v) * d(l.conv) +
             2.0 * d(l.heads) + d(l.value_dim) + v * h;
    case LinearKind::kda: {  // q, k, v; decay through a bottleneck, beta, gate; convolution; out
      const double low = h * d(l.value_dim) + d(l.value_dim) * v;
      const double gate = l.full_rank_gate ? h * v : low;
      return h * (2.0 * k + v) + low + gate + h * d(l.heads) + (2.0 * k + v) * d(l.conv) +
             d(l.heads) + v + d(l.value_dim) + v * h;
    }
    case LinearKind::mamba2: {  // gate, x, B, C, dt; convolution with bias; A, D, dt; norm, out
      const double mixed = v + 2.0 * k;
      return h * (v + mixed + d(l.heads)) + mixed * d(l.conv + 1) + 3.0 * d(l.heads) + v + v * h;
    }
    case LinearKind::lightning:  // q, k, v, gate; norm, out
      return h * (2.0 * k + 2.0 * v) + v + v * h;
    case LinearKind::none:
      break;
  }
  return 0.0;
}

Bytes state_bytes(const ModelSpec& m) {
  const LinearAttention& l = m.linear;
  if (m.linear_layers == 0) return Bytes{};
  const double k = d(l.key_heads * l.key_dim);
  const double v = d(l.heads * l.value_dim);
  const double state = d(l.heads * l.key_dim * l.value_dim) * l.state_element;
  const double conv = l.conv > 0 ? (2.0 * k + v) * d(l.conv - 1) * 2.0 : 0.0;
  return Bytes::from_si(d(m.linear_layers) * (state + conv));
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
    const double indexed = m.is_sparse() ? d(m.indexer_layers) / d(m.attention_layers()) : 0.0;
    const double out = d(a.heads) * d(a.v_dim) * h * (a.output_gate ? 2.0 : 1.0);
    return queries + down + up + out + indexed * indexer_parameters(m);
  }
  const double q = d(a.heads) * d(a.head_dim);
  const double kv = 2.0 * d(a.kv_heads) * d(a.head_dim);
  double bias = a.bias ? q + kv : 0.0;
  if (a.out_bias) bias += h;
  if (a.sinks) bias += d(a.heads);
  const double wide = a.wide_norm ? q + 0.5 * kv : 2.0 * d(a.head_dim);
  const double norms = a.qk_norm ? wide : 0.0;
  const double indexed = m.is_sparse() ? d(m.indexer_layers) / d(m.attention_layers()) : 0.0;
  return h * (q + kv + (a.output_gate ? q : 0.0)) + q * h + bias + norms +
         indexed * indexer_parameters(m);
}

ParameterCount count_parameters(const ModelSpec& m) {
  const double h = d(m.hidden);
  const double moe = d(m.moe_layers());
  ParameterCount p;
  p.embedding = d(m.vocab) * h;
  p.lm_head = m.tied_embeddings ? 0.0 : d(m.vocab) * h;
  p.attention =
      d(m.attention_layers()) * attention_parameters(m) + d(m.linear_layers) * linear_parameters(m);
  p.dense_ffn = d(m.dense_layers) * m.ffn_matrices() * h * d(m.dense_inter);
  p.norms = (2.0 * d(m.layers) - d(m.bare_layers) + 1.0) * h;
  if (!m.is_moe()) return p;
  const double expert_bias = m.expert_bias ? 2.0 * d(m.expert_inter) + h : 0.0;
  const double width = d(m.expert_width());
  const double latent = m.expert_hidden > 0 ? 2.0 * h * width : 0.0;  // down before, up after
  const double expert_layer =
      d(m.experts) * (m.ffn_matrices() * width * d(m.expert_inter) + expert_bias);
  const double shared_layer = m.ffn_matrices() * h * d(m.shared_inter);
  const double router_layer = d(m.experts) * (h + (m.expert_bias ? 1.0 : 0.0)) + latent;
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
  const double mtp = with_mtp ? d(m.mtp_layers) : 0.0;
  const double layers = d(m.attention_layers()) + mtp;
  const double element = kernel::bytes_per_element(kv).si();
  double layer = 2.0 * d(a.kv_heads) * d(a.head_dim) * element;
  if (a.kind == AttentionKind::mla) layer = d(a.kv_lora + a.rope_dim) * element;
  if (m.is_sparse() && a.kind == AttentionKind::mla && kv == kernel::DataType::fp8) {
    layer = d(a.kv_lora) * (1.0 + 4.0 / 128.0) + d(a.rope_dim) * 2.0;
  }
  const double index = m.is_sparse() ? index_bytes(m) * (d(m.indexer_layers) + mtp) : 0.0;
  return Bytes::from_si(layer * layers + index);
}

double kv_tokens_held(const ModelSpec& m, double tokens) {
  double held = tokens;
  if (m.linear_layers > 0) held += state_bytes(m) / kv_bytes_per_token(m, kernel::DataType::bf16);
  if (m.windowed_layers == 0) return held;
  return held + m.windowed_share() * (std::min(tokens, d(m.window)) - tokens);
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
  // A state is decayed, corrected and read: three multiply-adds for each of its elements.
  const LinearAttention& l = m.linear;
  const double states = 3.0 * d(m.linear_layers * l.heads * l.key_dim * l.value_dim);
  const double layers = d(m.attention_layers());
  if (m.attention_cap() <= 0.0) {
    return Flops::from_si(once + 2.0 * (layers * per_key * context + states));
  }
  const double capped = std::min(context, m.attention_cap());
  const double full_layers = m.is_sparse() ? 0.0 : layers - d(m.windowed_layers);
  const double keys = full_layers * context + (layers - full_layers) * capped;
  const double index =
      m.is_sparse() ? d(m.indexer_layers * m.index_heads * m.index_dim) * context : 0.0;
  return Flops::from_si(once + 2.0 * (per_key * keys + index + states));
}

}  // namespace sn::llm
