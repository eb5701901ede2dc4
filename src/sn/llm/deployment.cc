// sn/llm/deployment.cc
//
// Cutting a model over GPUs and the memory it takes (see deployment.h).

#include "sn/llm/deployment.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

namespace sn::llm {

namespace {

double d(std::int64_t v) { return static_cast<double>(v); }

/// Attention parameters of one layer on one of `tp` ranks: heads are divided; the projections into
/// MLA's latents and, beyond one rank per KV head, keys and values are repeated.
double attention_share(const ModelSpec& m, double tp) {
  const Attention& a = m.attention;
  const double h = d(m.hidden);
  const double whole = attention_parameters(m);
  if (a.kind == AttentionKind::mla) {
    // So is the indexer, whose heads share their keys.
    const double indexed = m.is_sparse() ? d(m.indexer_layers) / d(m.attention_layers()) : 0.0;
    const double repeated =
        h * d(a.q_lora + a.kv_lora + a.rope_dim) + indexed * indexer_parameters(m);
    return repeated + (whole - repeated) / tp;
  }
  const double kv = 2.0 * h * d(a.kv_heads) * d(a.head_dim);
  return (whole - kv) / tp + kv / std::min(tp, d(a.kv_heads));
}

/// Inverse of the standard normal distribution function by bisection on erfc: exact to 1e-12.
double normal_quantile(double p) {
  double lo = -10.0;
  double hi = 10.0;
  for (int i = 0; i < 60; ++i) {
    const double middle = 0.5 * (lo + hi);
    (0.5 * std::erfc(-middle / std::sqrt(2.0)) < p ? lo : hi) = middle;
  }
  return 0.5 * (lo + hi);
}

}  // namespace

std::vector<double> lognormal_shares(std::int64_t n, double skew) {
  std::vector<double> out;
  double sum = 0.0;
  for (std::int64_t i = 0; i < n; ++i) {
    out.push_back(std::exp(skew * normal_quantile((d(i) + 0.5) / d(n))));
    sum += out.back();
  }
  for (double& share : out) share /= sum;
  return out;
}

std::string to_string(const Parallelism& p) {
  std::string out;
  const auto add = [&](const char* name, std::int64_t n) {
    if (n <= 1) return;
    if (!out.empty()) out += " ";
    out += name + std::to_string(n);
  };
  add("TP", p.tp);
  add("CP", p.cp);
  add("DCP", p.dcp);
  add("DP", p.dp);
  add("EP", p.ep);
  add("PP", p.pp);
  if (p.spread) out += " spread";
  return out.empty() ? "TP1" : out;
}

std::string cut_text(const Deployment& deployment) {
  std::string out = to_string(deployment.parallel);
  const std::string experts = "EP" + std::to_string(deployment.parallel.ep);
  const std::size_t at = out.find(experts);
  if (deployment.redundant > 0 && at != std::string::npos) {
    out.insert(at + experts.size(), "+" + std::to_string(deployment.redundant));
  }
  return deployment.two_batch ? out + " two_batch" : out;
}

std::string why_not(const ModelSpec& m, const Deployment& deployment, std::int64_t domain_gpus) {
  const Parallelism& p = deployment.parallel;
  if (std::min({p.tp, p.dp, p.pp, p.ep, p.cp, p.dcp}) < 1) {
    return "tp, cp, dcp, dp, pp and ep must be at least 1";
  }
  if (m.attention.heads % p.tp != 0) {
    return "tp " + std::to_string(p.tp) + " does not divide " + std::to_string(m.attention.heads) +
           " attention heads";
  }
  const std::int64_t kv = m.attention.kv_heads;
  if (m.attention.kind == AttentionKind::gqa && kv % p.tp != 0 && p.tp % kv != 0) {
    return "tp " + std::to_string(p.tp) + " neither divides nor is a multiple of " +
           std::to_string(kv) + " KV heads";
  }
  // A stage inside a domain may leave GPUs of it to others. Over several domains all-reduces have
  // two levels: every domain takes part as a whole.
  const bool inside = p.stage_ranks() <= domain_gpus;
  if (p.tp > domain_gpus ? p.tp % domain_gpus != 0 : !inside && domain_gpus % p.tp != 0) {
    return "tp " + std::to_string(p.tp) + " does not fit a ScaleUp domain of " +
           std::to_string(domain_gpus) + " GPUs, nor several in whole";
  }
  if (p.cp > 1 && (p.tp * p.cp > domain_gpus || (!inside && domain_gpus % (p.tp * p.cp) != 0))) {
    return "tp " + std::to_string(p.tp) + " x cp " + std::to_string(p.cp) +
           " does not divide a ScaleUp domain of " + std::to_string(domain_gpus) + " GPUs";
  }
  if (p.dcp > 1) {
    if (p.cp > 1) return "dcp is of decode, cp of prefill";
    if (m.is_sparse()) return "dcp of sparse attention is not modelled";
    const bool latent = m.attention.kind == AttentionKind::mla;
    const std::int64_t copies = latent ? p.tp : p.tp / kv;
    if (copies < 1 || copies % p.dcp != 0) {
      return "dcp " + std::to_string(p.dcp) + " does not divide the " +
             std::to_string(std::max<std::int64_t>(1, copies)) +
             " copies of the KV cache that tp " + std::to_string(p.tp) + " makes";
    }
  }
  if (p.pp > m.layers) return "more pipeline stages than layers";
  if (!m.is_moe() && (p.ep > 1 || p.dp > 1)) {
    return "a dense model has no experts: use replicas instead of dp, and ep 1";
  }
  if (p.stage_ranks() % p.ep != 0)
    return p.cp > 1 ? "ep must divide tp x cp x dp" : "ep must divide tp x dp";
  const bool exchanges = p.tp < p.stage_ranks();  // else all-reduces are all there is
  if (exchanges && p.stage_ranks() > domain_gpus &&
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
  if (deployment.redundant > 0 && p.ep == 1) return "replicas of experts need ep above 1";
  if (deployment.redundant > 0 && expert_slots(m, deployment) > m.experts) {
    return std::to_string(deployment.redundant) + " replicas leave a rank more slots than the " +
           std::to_string(m.experts) + " experts";
  }
  if (deployment.draft_tokens > 0 && !m.can_draft()) return "the model has no MTP layers";
  const auto positions = static_cast<std::int64_t>(m.draft.acceptance.size());
  if (positions > 0 && deployment.draft_tokens > positions) {
    return "acceptance is given of " + std::to_string(positions) + " positions, drafts are " +
           std::to_string(deployment.draft_tokens);
  }
  return {};
}

PartWeights part_weights(const ModelSpec& m, const Precision& precision) {
  using kernel::DataType;
  const DataType w = precision.weights;
  if (m.stored.listed && w == m.native_weights) {
    const Stored& s = m.stored;
    const auto wide = [w](bool is) { return is ? DataType::bf16 : w; };
    return {.attention = wide(s.wide_attention),
            .dense = wide(s.wide_dense),
            .shared = wide(s.wide_shared),
            .experts = w,
            .head = wide(!s.narrow_head)};
  }
  DataType linear = w;
  if (m.is_moe() && w == DataType::fp4) linear = DataType::fp8;
  if (m.is_moe() && w == DataType::int4) linear = DataType::bf16;
  return {.attention = linear, .dense = linear, .shared = linear, .experts = w};
}

double weight_bytes(const ModelSpec& m, kernel::DataType type) {
  const bool stored = type == m.native_weights && m.stored.bytes > 0.0;
  return stored ? m.stored.bytes : kernel::bytes_per_element(type).si();
}

std::int64_t expert_slots(const ModelSpec& m, const Deployment& deployment) {
  const std::int64_t ep = deployment.parallel.ep;
  return m.is_moe() ? (m.experts + deployment.redundant + ep - 1) / ep : 0;
}

double placement_imbalance(std::int64_t experts, std::int64_t ranks, std::int64_t slots,
                           double skew) {
  if (skew <= 0.0 || ranks <= 1) return 1.0;
  std::vector<double> load = lognormal_shares(experts, skew);
  std::vector<double> replicas(load.size(), 1.0);
  for (std::int64_t spare = slots * ranks - experts; spare > 0; --spare) {
    std::size_t most = 0;
    for (std::size_t i = 1; i < load.size(); ++i) {
      if (load[i] / replicas[i] > load[most] / replicas[most]) most = i;
    }
    replicas[most] += 1.0;
  }
  std::vector<double> pieces;
  for (std::size_t i = 0; i < load.size(); ++i) {
    pieces.insert(pieces.end(), static_cast<std::size_t>(replicas[i]), load[i] / replicas[i]);
  }
  std::sort(pieces.begin(), pieces.end(), std::greater<>());
  std::vector<double> held(static_cast<std::size_t>(ranks), 0.0);
  std::vector<std::int64_t> room(held.size(), slots);
  for (const double piece : pieces) {
    std::size_t to = held.size();
    for (std::size_t r = 0; r < held.size(); ++r) {
      if (room[r] > 0 && (to == held.size() || held[r] < held[to])) to = r;
    }
    SN_ASSERT(to < held.size());
    held[to] += piece;
    --room[to];
  }
  return *std::max_element(held.begin(), held.end()) * d(ranks);
}

namespace {

double up_to(double value, double multiple) { return std::ceil(value / multiple) * multiple; }

/// One matrix of a routed expert on one rank, elements. MXFP4 experts are padded to what their
/// kernels take (vLLM: oracle/mxfp4.py; 256 of the hidden and 128 of the inner width), so that
/// gpt-oss's 2,880 x 2,880 take 9 % more in memory than on disk.
double expert_matrix(const ModelSpec& m, const Precision& precision, double expert_tp) {
  const double width = d(m.expert_width());
  const double inter = d(m.expert_inter) / expert_tp;
  const bool padded = m.stored.mxfp4 && precision.weights == m.native_weights;
  return padded ? up_to(width, 256.0) * up_to(inter, 128.0) : width * inter;
}

/// Weights of the fullest stage on one GPU, in memory: besides what the checkpoint holds the copies
/// of MLA's expansion in bf16 that absorbed attention multiplies with.
double weights_in_memory(const ModelSpec& m, const Deployment& deployment) {
  const Parallelism& p = deployment.parallel;
  const PartWeights part = part_weights(m, deployment.precision);
  const auto bytes_of = [&m](kernel::DataType t) { return weight_bytes(m, t); };
  const double tp = d(p.tp);
  const double h = d(m.hidden);
  const double stage_layers = std::ceil(d(m.layers) / d(p.pp));
  const double share = stage_layers / d(m.layers);
  const double moe = m.stage_moe_layers(stage_layers);
  const double dense = std::max(0.0, stage_layers - moe - d(m.bare_layers) * share);

  const Attention& a = m.attention;
  const bool latent = a.kind == AttentionKind::mla;
  const double absorbed =
      latent ? d(a.kv_lora * a.heads) * d(a.nope_dim + a.v_dim) / tp * 2.0 : 0.0;
  const double attention = attention_share(m, tp) * bytes_of(part.attention) + absorbed;
  const double linear = linear_parameters(m) / tp * bytes_of(part.attention);
  const double mixers = share * (d(m.attention_layers()) * attention + d(m.linear_layers) * linear);
  const double dense_ffn = m.ffn_matrices() * h * d(m.dense_inter) / tp * bytes_of(part.dense);
  const double routed = d(expert_slots(m, deployment)) * m.ffn_matrices() *
                        expert_matrix(m, deployment.precision, d(p.expert_tp())) *
                        bytes_of(part.experts);
  const double shared = m.ffn_matrices() * h * d(m.shared_inter) / tp * bytes_of(part.shared);
  const double around = m.expert_hidden > 0 ? 2.0 * h * d(m.expert_hidden) : 0.0;
  const double moe_layer = routed + shared + (d(m.experts) * h + around) * 2.0;
  // Embedding (bf16) on the first stage, head on the last; with one stage both.
  const double embedding = d(m.vocab) * h / tp * 2.0;
  const double head = d(m.vocab) * h / tp * bytes_of(part.head);
  const bool both = p.pp == 1 && !m.tied_embeddings;
  double weights = mixers + moe * moe_layer + dense * dense_ffn +
                   (both ? embedding + head : std::max(embedding, head));
  if (deployment.draft_tokens > 0 && m.draft.kind == DraftModel::Kind::eagle3) {
    weights += draft_parameters(m) / tp * 2.0;
  } else if (deployment.draft_tokens > 0) {
    weights +=
        d(m.mtp_layers) * (attention + moe_layer + 2.0 * h * h / tp * bytes_of(part.attention));
  }
  return weights;
}

}  // namespace

double draft_parameters(const ModelSpec& m) {
  const DraftModel& a = m.draft;
  if (a.kind != DraftModel::Kind::eagle3) return 0.0;
  const double h = d(m.hidden);
  const double width = d((a.heads + 2 * a.kv_heads) * a.head_dim);
  const double fuse = 3.0 * h * h;  // states of three layers into one
  const double attention = 2.0 * h * width + d(a.heads * a.head_dim) * h;
  return fuse + attention + 3.0 * h * d(a.inter) + h * d(a.vocab);
}

MemoryBudget memory_budget(const ModelSpec& m, const Deployment& deployment, const hw::Chip& chip,
                           const Framework& framework, double tokens) {
  const Parallelism& p = deployment.parallel;
  const double tp = d(p.tp);
  const double h = d(m.hidden);
  const double stage_layers = std::ceil(d(m.layers) / d(p.pp));
  const double weights = weights_in_memory(m, deployment);

  // Widest moment of a layer: residual, normalised input, and the wider of attention and
  // feed-forward intermediates; expert inputs arrive once per chosen expert and rank (balanced).
  const double wide_attention = 3.0 * h / tp;
  const double wide_dense = 3.0 * d(m.dense_inter) / tp;
  const double received = m.is_moe() ? d(m.top_k) * d(p.cp * p.dp) / d(p.ep) : 0.0;
  const double wide_experts = received * (2.0 * h + 3.0 * d(m.expert_inter) / d(p.expert_tp()));
  const double widest = std::max({wide_attention, wide_dense, wide_experts});

  const double kv_sharing =
      m.attention.kind == AttentionKind::mla ? 1.0 : std::min(tp, d(m.attention.kv_heads));
  const bool mtp = deployment.draft_tokens > 0 && m.draft.kind == DraftModel::Kind::mtp;
  const double kv_layers =
      stage_layers * d(m.attention_layers()) / d(m.layers) + (mtp ? d(m.mtp_layers) : 0.0);
  const bool eagle = deployment.draft_tokens > 0 && m.draft.kind == DraftModel::Kind::eagle3;
  const double draft_kv =
      eagle ? 2.0 * d(m.draft.kv_heads * m.draft.head_dim) * 2.0 / std::min(tp, d(m.draft.kv_heads))
            : 0.0;
  const double kv_layer =
      kv_bytes_per_token(m, deployment.precision.kv).si() / d(m.attention_layers()) / kv_sharing;
  const Bytes activations = Bytes::from_si(tokens / d(p.cp) * 2.0 * (2.0 * h + widest));
  Bytes workspace =
      framework.workspace + framework.logit * (d(m.vocab) * d(framework.max_sequences));
  if (p.gpus() > 1) workspace += framework.communication;
  // What the engine does not count has to fit outside its share of HBM.
  const Bytes outside = chip.hbm_capacity * (1.0 - framework.memory);
  const Bytes uncounted = activations * (1.0 - framework.activations_inside);
  const Bytes counted =
      activations * framework.activations_inside + std::max(Bytes{}, uncounted - outside);
  const Bytes loaded = Bytes::from_si(weights) + counted + workspace;
  const double beside = framework.memory_after_load * (1.0 - framework.memory);
  return {.usable = chip.hbm_capacity * framework.memory + loaded * beside,
          .weights = Bytes::from_si(weights),
          .activations = counted,
          .workspace = workspace,
          .kv_per_token = Bytes::from_si(kv_layer * kv_layers / d(p.cp * p.dcp) + draft_kv)};
}

}  // namespace sn::llm
