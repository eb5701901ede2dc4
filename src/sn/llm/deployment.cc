// sn/llm/deployment.cc
//
// Cutting a model over GPUs and the memory it takes (see deployment.h).

#include "sn/llm/deployment.h"

#include <algorithm>
#include <cmath>

namespace sn::llm {

namespace {

double d(std::int64_t v) { return static_cast<double>(v); }

double bytes_of(kernel::DataType t) { return kernel::bytes_per_element(t).si(); }

/// Attention parameters of one layer on one of `tp` ranks: heads are divided; the projections into
/// MLA's latents and, beyond one rank per KV head, keys and values are repeated.
double attention_share(const ModelSpec& m, double tp) {
  const Attention& a = m.attention;
  const double h = d(m.hidden);
  const double whole = attention_parameters(m);
  if (a.kind == AttentionKind::mla) {
    // So is the indexer, whose heads share their keys.
    const double repeated = h * d(a.q_lora + a.kv_lora + a.rope_dim) + indexer_parameters(m);
    return repeated + (whole - repeated) / tp;
  }
  const double kv = 2.0 * h * d(a.kv_heads) * d(a.head_dim);
  return (whole - kv) / tp + kv / std::min(tp, d(a.kv_heads));
}

}  // namespace

std::string to_string(const Parallelism& p) {
  std::string out;
  const auto add = [&](const char* name, std::int64_t n) {
    if (n <= 1) return;
    if (!out.empty()) out += " ";
    out += name + std::to_string(n);
  };
  add("TP", p.tp);
  add("DP", p.dp);
  add("EP", p.ep);
  add("PP", p.pp);
  if (p.spread) out += " spread";
  return out.empty() ? "TP1" : out;
}

std::string why_not(const ModelSpec& m, const Deployment& deployment, std::int64_t domain_gpus) {
  const Parallelism& p = deployment.parallel;
  if (p.tp < 1 || p.dp < 1 || p.pp < 1 || p.ep < 1) return "tp, dp, pp and ep must be at least 1";
  if (m.attention.heads % p.tp != 0) {
    return "tp " + std::to_string(p.tp) + " does not divide " + std::to_string(m.attention.heads) +
           " attention heads";
  }
  const std::int64_t kv = m.attention.kv_heads;
  if (m.attention.kind == AttentionKind::gqa && kv % p.tp != 0 && p.tp % kv != 0) {
    return "tp " + std::to_string(p.tp) + " neither divides nor is a multiple of " +
           std::to_string(kv) + " KV heads";
  }
  if (p.tp > domain_gpus || domain_gpus % p.tp != 0) {
    return "tp " + std::to_string(p.tp) + " does not fit a ScaleUp domain of " +
           std::to_string(domain_gpus) + " GPUs";
  }
  if (p.pp > m.layers) return "more pipeline stages than layers";
  if (!m.is_moe() && (p.ep > 1 || p.dp > 1)) {
    return "a dense model has no experts: use replicas instead of dp, and ep 1";
  }
  if (p.stage_ranks() % p.ep != 0) return "ep must divide tp x dp";
  if (p.stage_ranks() > domain_gpus &&
      (p.stage_ranks() % domain_gpus != 0 || p.ep % (p.stage_ranks() / domain_gpus) != 0)) {
    return "a stage of " + std::to_string(p.stage_ranks()) + " ranks and ep " +
           std::to_string(p.ep) + " does not fill whole ScaleUp domains of " +
           std::to_string(domain_gpus) + " GPUs evenly";
  }
  if (m.is_moe() && p.ep > m.experts) {
    return "ep " + std::to_string(p.ep) + " exceeds " + std::to_string(m.experts) + " experts";
  }
  if (m.is_moe() && m.expert_inter % p.expert_tp() != 0) {
    return "expert tensor parallelism " + std::to_string(p.expert_tp()) + " does not divide " +
           std::to_string(m.expert_inter);
  }
  if (deployment.draft_tokens > 0 && m.mtp_layers == 0) return "the model has no MTP layers";
  return {};
}

kernel::DataType linear_weights(const Precision& precision) {
  return precision.weights == kernel::DataType::fp4 ? kernel::DataType::fp8 : precision.weights;
}

kernel::DataType linear_weights(const ModelSpec& m, const Precision& precision) {
  const bool native = m.experts_only_narrow && precision.weights == m.native_weights;
  if (native) return kernel::DataType::bf16;
  return m.is_moe() ? linear_weights(precision) : precision.weights;
}

std::int64_t expert_slots(const ModelSpec& m, const Parallelism& p) {
  return m.is_moe() ? (m.experts + p.ep - 1) / p.ep : 0;
}

MemoryBudget memory_budget(const ModelSpec& m, const Deployment& deployment, const hw::Chip& chip,
                           const Framework& framework, double tokens) {
  const Parallelism& p = deployment.parallel;
  const double linear = bytes_of(linear_weights(m, deployment.precision));
  const double expert = bytes_of(deployment.precision.weights);
  const double tp = d(p.tp);
  const double h = d(m.hidden);
  const double stage_layers = std::ceil(d(m.layers) / d(p.pp));
  const double moe = m.stage_moe_layers(stage_layers);
  const double dense = stage_layers - moe;

  const double attention = attention_share(m, tp) * linear;
  const double dense_ffn = 3.0 * h * d(m.dense_inter) / tp * linear;
  const double routed =
      d(expert_slots(m, p)) * 3.0 * h * d(m.expert_inter) / d(p.expert_tp()) * expert;
  const double shared = 3.0 * h * d(m.shared_inter) / tp * linear;
  const double router = d(m.experts) * h * 2.0;
  const double moe_layer = attention + routed + shared + router;
  // Embedding on the first stage, head on the last; with one stage both, in bf16.
  const double vocabulary = d(m.vocab) * h / tp * 2.0;
  const bool both = p.pp == 1 && !m.tied_embeddings;
  double weights =
      moe * moe_layer + dense * (attention + dense_ffn) + vocabulary * (both ? 2.0 : 1.0);
  const bool mtp = deployment.draft_tokens > 0;
  if (mtp) weights += d(m.mtp_layers) * (moe_layer + 2.0 * h * h / tp * linear);

  // Widest moment of a layer: residual, normalised input, and the wider of attention and
  // feed-forward intermediates; expert inputs arrive once per chosen expert and rank (balanced).
  const double wide_attention = 3.0 * h / tp;
  const double wide_dense = 3.0 * d(m.dense_inter) / tp;
  const double received = m.is_moe() ? d(m.top_k) * d(p.dp) / d(p.ep) : 0.0;
  const double wide_experts = received * (2.0 * h + 3.0 * d(m.expert_inter) / d(p.expert_tp()));
  const double widest = std::max({wide_attention, wide_dense, wide_experts});

  const double kv_sharing =
      m.attention.kind == AttentionKind::mla ? 1.0 : std::min(tp, d(m.attention.kv_heads));
  const double kv_layers = stage_layers + (mtp ? d(m.mtp_layers) : 0.0);
  const double kv_layer =
      kv_bytes_per_token(m, deployment.precision.kv).si() / d(m.layers) / kv_sharing;
  return {.usable = chip.hbm_capacity * framework.memory,
          .weights = Bytes::from_si(weights),
          .activations = Bytes::from_si(tokens * 2.0 * (2.0 * h + widest)),
          .workspace = framework.workspace,
          .kv_per_token = Bytes::from_si(kv_layer * kv_layers)};
}

}  // namespace sn::llm
