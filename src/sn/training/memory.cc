// sn/training/memory.cc
//
// Parameters, states and activations of the fullest stage (see memory.h).

#include "sn/training/memory.h"

#include <algorithm>

#include "sn/training/schedule.h"

namespace sn::training {

namespace {

double as_double(std::int64_t n) { return static_cast<double>(n); }

/// What data ranks share of a parameter's bytes.
double over(double bytes, bool sharded, double ranks) { return sharded ? bytes / ranks : bytes; }

}  // namespace

StageParameters stage_parameters(const llm::ModelSpec& m, const Plan& p, double layers,
                                 bool embedding, bool head) {
  const llm::ParameterCount all = llm::count_parameters(m);
  const double tp = as_double(p.tp);
  const double share = layers / as_double(m.layers);
  StageParameters out;
  // Shared experts and routers are whole on every rank: experts are not cut.
  out.dense =
      share * ((all.attention + all.dense_ffn) / tp + all.norms + all.router + all.shared_experts);
  out.experts = share * all.experts / as_double(p.ep);
  const double table = as_double(m.vocab) * as_double(m.hidden) / tp;
  if (embedding) out.dense += table;
  // A tied head on another stage is a copy.
  if (head && !(m.tied_embeddings && embedding)) out.dense += table;
  return out;
}

double layer_activation_bytes(const Job& job, const Plan& p, bool moe) {
  const llm::ModelSpec& m = job.model;
  const double tp = as_double(p.tp);
  const double tokens = as_double(p.micro_batch) * as_double(job.sequence) / as_double(p.cp);
  const double held = p.sequence_parallel ? tokens / tp : tokens;
  const double hidden = as_double(m.hidden);
  if (p.recompute == Recompute::full) return 2.0 * held * hidden;
  const bool latent = m.attention.kind == llm::AttentionKind::mla;
  const double heads = as_double(m.attention.heads);
  const double kv = latent ? heads : as_double(m.attention.kv_heads);
  const double qk =
      as_double(latent ? m.attention.nope_dim + m.attention.rope_dim : m.attention.head_dim);
  const double v = as_double(latent ? m.attention.v_dim : m.attention.head_dim);
  const double mask = job.recipe.dropout ? 1.0 : 0.0;
  const bool flash = job.recipe.attention == AttentionCode::flash;
  const bool selective = p.recompute == Recompute::selective;
  const bool lean = selective && flash;  // norms' results and the activation's come again
  const double narrow = job.recipe.math == Math::bf16 ? 2.0 : 1.0;  // inputs of products, kept
  // Two inputs of norms and what the norms give, masks of two dropouts.
  double bytes = held * hidden * (4.0 + (lean ? 0.0 : 2.0 * narrow) + 2.0 * mask);
  bytes += tokens / tp * 2.0 * (heads * qk + kv * (qk + v) + heads * v);
  if (latent) bytes += held * 2.0 * as_double(m.attention.q_lora + m.attention.kv_lora);
  if (!flash && !selective) {
    bytes += (4.0 + mask) * heads / tp * as_double(p.micro_batch) * as_double(job.sequence) *
             as_double(job.sequence) / as_double(p.cp);
  }
  const double matrices = m.gated_ffn ? 2.0 : 1.0;
  const double inner = 2.0 * matrices + (lean ? 0.0 : narrow);
  if (!moe) return bytes + tokens / tp * as_double(m.dense_inter) * inner;
  const double own = tokens / tp;
  bytes += own * as_double(m.shared_inter) * inner;
  const double rows = own * as_double(m.top_k);
  return bytes + rows * (narrow * as_double(m.expert_width()) + as_double(m.expert_inter) * inner);
}

namespace {

/// fp8 weights are kept in rows and in columns, without a copy in bf16 (Transformer Engine's fp8
/// primary weights); fp4 beside bf16.
double weight_bytes(Math math) { return math == Math::fp4 ? 2.0 + 2.0 * 0.53125 : 2.0; }

/// Bytes of parameters of one rank: weights, gradients, states.
void add_parameters(const Job& job, const Plan& p, const StageParameters& n, Memory& out) {
  const double replicas = as_double(p.dp * p.cp);
  const double same_experts = as_double(p.dp * p.cp * p.tp) / as_double(p.ep);
  const double copies = p.schedule == Schedule::dual_pipe ? 2.0 : 1.0;
  const double weight = weight_bytes(job.recipe.math);
  const auto part = [&](double bytes, int level) {
    return Bytes::from_si(over(n.dense * bytes, p.zero >= level, replicas) +
                          over(n.experts * bytes, p.zero >= level, std::max(1.0, same_experts)));
  };
  out.weights = part(copies * weight, 3);
  out.gradients = part(copies * job.recipe.gradient_bytes, 2);
  out.states = part(job.recipe.state_bytes, 1);
}

/// Activations of `layers` layers of a stage, one micro-batch.
double stage_activations(const Job& job, const Plan& p, double layers) {
  const llm::ModelSpec& m = job.model;
  const double moe = m.is_moe() ? std::min(layers, as_double(m.moe_layers())) : 0.0;
  double bytes = 0.0;
  if (moe > 0.0) bytes += moe * layer_activation_bytes(job, p, true);
  if (layers > moe) bytes += (layers - moe) * layer_activation_bytes(job, p, false);
  return bytes;
}

}  // namespace

Memory memory_of(const Job& job, const Plan& p) {
  const llm::ModelSpec& m = job.model;
  const auto full = as_double(stage_layers(m, p));
  const auto last = as_double(last_stage_layers(m, p));
  const double held = held_micro_batches(p.schedule, p.pp, p.chunks, p.micro_batches(job));
  const double tokens = as_double(p.micro_batch) * as_double(job.sequence) / as_double(p.cp);
  const bool one = p.pp == 1;
  Memory first;
  Memory end;
  add_parameters(job, p, stage_parameters(m, p, full, true, one), first);
  add_parameters(job, p, stage_parameters(m, p, last, one, true), end);
  first.activations = Bytes::from_si(held * stage_activations(job, p, full));
  end.activations = Bytes::from_si(stage_activations(job, p, last) *
                                   (p.schedule == Schedule::dual_pipe ? held : 1.0));
  // What a layer needs while its kept input is worked through again.
  if (p.recompute == Recompute::full) {
    Plan whole = p;
    whole.recompute = Recompute::none;
    const Bytes again = Bytes::from_si(layer_activation_bytes(job, whole, m.is_moe()));
    first.activations = first.activations + again;
    end.activations = end.activations + again;
  }
  end.logits = Bytes::from_si(tokens * as_double(m.vocab) / as_double(p.tp) * (4.0 + 2.0));
  if (one) first.logits = end.logits;
  const Bytes buffers = Bytes::from_si(4.0 * tokens * as_double(m.hidden) * 2.0 + 256e6);
  first.workspace = buffers;
  end.workspace = buffers;
  // With FSDP one layer and the next are whole at a time.
  if (p.zero >= 3) {
    const StageParameters layer = stage_parameters(m, p, 2.0, false, false);
    first.workspace = first.workspace + Bytes::from_si(2.0 * (layer.dense + layer.experts));
    end.workspace = first.workspace;
  }
  return first.total() > end.total() ? first : end;
}

}  // namespace sn::training
