// sn/training/layer_cost.cc
//
// A layer's operators, forward and backward (see layer_cost.h).

#include "sn/training/layer_cost.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "sn/fabric/fabric.h"

namespace sn::training {

using kernel::DataType;

namespace {

DataType type_of(Math math) {
  return math == Math::fp4 ? DataType::fp4 : math == Math::fp8 ? DataType::fp8 : DataType::bf16;
}

constexpr double bf16 = 2.0;  // bytes

double as_double(std::int64_t n) { return static_cast<double>(n); }

}  // namespace

/// Sizes on one rank.
struct LayerPricer::Dims {
  double tp = 1.0;
  double tokens = 0.0;  // of a micro-batch on a context rank, all tensor ranks
  double held = 0.0;    // of those that norms of a tensor rank see
  double hidden = 0.0;
  double heads = 0.0;     // on this rank, and so on
  double kv_heads = 0.0;  // fractional where they are fewer than ranks
  double head_dim = 0.0;
  double v_dim = 0.0;
  double sequences = 1.0;
};

LayerShape shape_of(const Plan& p) {
  return {p.tp, p.cp, p.ep, p.micro_batch, p.sequence_parallel, p.recompute};
}

LayerPricer::LayerPricer(const Job& job, const llm::StepMachine& machine)
    : job_(job),
      cluster_(machine.cluster),
      kernels_(machine.cluster.rack.chip, machine.kernels),
      timer_(fabric::make_fabric(machine.cluster), machine.collectives),
      type_(type_of(job.recipe.math)) {}

double LayerPricer::sms_taken() const {
  return std::min(0.5, job_.recipe.comm_sms / as_double(cluster_.rack.chip.sms));
}

double LayerPricer::stream(double bytes) const {
  return bytes <= 0.0 ? 0.0 : kernels_.elementwise(Bytes::from_si(bytes)).time.si();
}

std::int64_t LayerPricer::near_ranks(std::int64_t ranks, std::int64_t stride) const {
  const std::int64_t domain = cluster_.rack.scale_up.domain;
  std::int64_t near = std::max<std::int64_t>(1, std::min(ranks, domain / stride));
  while (ranks % near != 0) --near;
  // Ranks that do not fill their domains leave gaps, for which the cluster may have no room.
  while (ranks / near > timer_.fabric().domains && near < std::min(ranks, domain)) {
    do ++near;
    while (ranks % near != 0 && near < ranks);
  }
  return near;
}

double LayerPricer::collective(collective::Op op, std::int64_t ranks, std::int64_t stride,
                               double bytes) const {
  if (ranks <= 1) return 0.0;
  const std::int64_t near = near_ranks(ranks, stride);
  return timer_
      .time({.op = op,
             .group = {.ranks = ranks, .per_domain = near},
             .size = Bytes::from_si(bytes),
             .kernels = collective::Kernels::library})
      .time.si();
}

LayerPricer::Dims LayerPricer::dims(const LayerShape& s) const {
  const llm::ModelSpec& m = job_.model;
  Dims d;
  d.tp = as_double(s.tp);
  d.sequences = as_double(s.micro_batch);
  d.tokens = as_double(s.micro_batch) * as_double(job_.sequence) / as_double(s.cp);
  d.held = s.sequence_parallel ? d.tokens / d.tp : d.tokens;
  d.hidden = as_double(m.hidden);
  d.heads = as_double(m.attention.heads) / d.tp;
  const bool latent = m.attention.kind == llm::AttentionKind::mla;
  d.kv_heads = latent ? d.heads : std::max(1.0, as_double(m.attention.kv_heads) / d.tp);
  d.head_dim =
      as_double(latent ? m.attention.nope_dim + m.attention.rope_dim : m.attention.head_dim);
  d.v_dim = as_double(latent ? m.attention.v_dim : m.attention.head_dim);
  return d;
}

LayerPricer::Pair LayerPricer::product(double rows, double n, double k, DataType type,
                                       LayerCost& out) const {
  const auto library = type == DataType::fp4   ? kernel::Library::cutlass
                       : type == DataType::fp8 ? kernel::Library::cublas
                                               : job_.recipe.products;
  const auto time = [&](double gm, double gn, double gk) {
    return kernels_
        .gemm({.m = gm, .n = gn, .k = gk, .activation = type, .weight = type, .library = library})
        .time.si();
  };
  Pair back;
  back.input = time(rows, k, n);
  // The accumulated gradient is read and written in place of a result in bf16.
  const double gradient = (2.0 * job_.recipe.gradient_bytes - bf16) * n * k;
  const double bandwidth = cluster_.rack.chip.hbm_bandwidth.si();
  back.weight = std::hypot(time(n, k, rows), gradient / bandwidth);
  out.forward.compute += time(rows, n, k);
  out.input.compute += back.input;
  out.weight.compute += back.weight;
  out.flops += 6.0 * rows * n * k;
  return back;
}

void LayerPricer::attention_products(const Dims& d, LayerCost& out, Pair& column, Pair& row) const {
  const llm::Attention& a = job_.model.attention;
  if (a.kind == llm::AttentionKind::gqa) {
    column = product(d.tokens, (d.heads + 2.0 * d.kv_heads) * d.head_dim, d.hidden, type_, out);
  } else {
    const double q = d.heads * d.head_dim;
    const double latent = as_double(a.kv_lora);
    if (a.q_lora > 0) {
      // Projections down are whole on every rank, over its own tokens.
      product(d.held, as_double(a.q_lora), d.hidden, type_, out);
      column = product(d.tokens, q, as_double(a.q_lora), type_, out);
    } else {
      column = product(d.tokens, q, d.hidden, type_, out);
    }
    product(d.held, latent + as_double(a.rope_dim), d.hidden, type_, out);
    const double wide = d.heads * as_double(a.nope_dim + a.v_dim);
    const Pair up = product(d.tokens, wide, latent, type_, out);
    column.input += up.input;
    column.weight += up.weight;
  }
  row = product(d.tokens, d.hidden, d.heads * d.v_dim, type_, out);
}

void LayerPricer::unfused_core(const Dims& d, const LayerShape& s, LayerCost& out) const {
  const double keys = as_double(job_.sequence);
  const double queries = keys / as_double(s.cp);
  const double products = d.sequences * d.heads;
  const auto batched = [&](double m, double n, double k) {
    return kernels_
        .gemm({.m = m, .n = n, .k = k, .batches = products, .library = kernel::Library::batched})
        .time.si();
  };
  const double scores = products * queries * keys;
  const double dropout = job_.recipe.dropout ? 1.0 : 0.0;
  const double softmax = stream(4.0 * scores);         // read and written
  const double mask = stream(dropout * 5.0 * scores);  // and a mask of a byte
  const double forward =
      batched(queries, keys, d.head_dim) + softmax + mask + batched(queries, d.v_dim, keys);
  out.forward.compute += forward;
  out.input.compute += batched(queries, keys, d.v_dim) + batched(keys, d.v_dim, queries) + mask +
                       stream(6.0 * scores) + batched(queries, d.head_dim, keys) +
                       batched(keys, d.head_dim, queries);
  out.flops += 6.0 * scores * (d.head_dim + d.v_dim);
  if (s.recompute == Recompute::selective) {
    out.input.compute += forward;
    out.recomputed += forward;
    out.flops += 2.0 * scores * (d.head_dim + d.v_dim);
  }
}

void LayerPricer::flash_core(const Dims& d, const LayerShape& s, LayerCost& out) const {
  const llm::ModelSpec& m = job_.model;
  const double length = as_double(job_.sequence);
  const auto pairs_of = [&](double window) {
    const double causal = 0.5 * length * length;
    return window > 0.0 && window < length ? window * (length - 0.5 * window) : causal;
  };
  const auto forward_of = [&](double pairs, double window) {
    pairs *= d.sequences / as_double(s.cp);
    const double kv_bytes = d.kv_heads * (d.head_dim + d.v_dim) * bf16;
    const double kv_tokens = d.sequences * length;
    if (m.attention.kind == llm::AttentionKind::mla) {
      return kernels_
          .mla_prefill({.sequences = d.sequences,
                        .pairs = pairs,
                        .tokens = d.tokens,
                        .kv_tokens = kv_tokens,
                        .heads = d.heads,
                        .qk_dim = d.head_dim,
                        .v_dim = d.v_dim,
                        .kv_bytes = kv_bytes})
          .time.si();
    }
    return kernels_
        .prefill_attention({.sequences = d.sequences,
                            .pairs = pairs,
                            .tokens = d.tokens,
                            .kv_tokens = kv_tokens,
                            .heads = d.heads,
                            .kv_heads = d.kv_heads,
                            .qk_dim = d.head_dim,
                            .v_dim = d.v_dim,
                            .kv_bytes = kv_bytes,
                            .library = job_.recipe.fused_attention.value_or(
                                kernel::usual_attention_library(cluster_.rack.chip)),
                            .window = window})
        .time.si();
  };
  const double windowed = m.windowed_share();
  const auto window = as_double(m.window);
  double forward = (1.0 - windowed) * forward_of(pairs_of(0.0), 0.0);
  double pairs = (1.0 - windowed) * pairs_of(0.0);
  if (windowed > 0.0) {
    forward += windowed * forward_of(pairs_of(window), window);
    pairs += windowed * pairs_of(window);
  }
  const double backward = job_.recipe.attention_backward * forward;
  out.forward.compute += forward;
  out.input.compute += backward;
  out.flops += 7.0 * pairs * d.sequences / as_double(s.cp) * d.heads * (d.head_dim + d.v_dim);
  if (s.cp == 1) return;
  // Keys and values go round beside attention; backward their gradients come with them.
  const double bytes = d.tokens * d.kv_heads * (d.head_dim + d.v_dim) * bf16;
  const double ring = collective(collective::Op::all_gather, s.cp, s.tp, bytes * as_double(s.cp));
  out.forward.context += std::max(0.0, ring - forward);
  out.input.context += std::max(0.0, 2.0 * ring - backward);
  out.forward.compute += sms_taken() * std::min(ring, forward);
  out.input.compute += sms_taken() * std::min(2.0 * ring, backward);
}

void LayerPricer::attention_core(const Dims& d, const LayerShape& s, LayerCost& out) const {
  job_.recipe.attention == AttentionCode::unfused ? unfused_core(d, s, out) : flash_core(d, s, out);
}

/// Norms, residual sums, dropout, activation and rotations by their bytes.
void LayerPricer::element_wise(const Dims& d, double inter, const LayerShape& s,
                               LayerCost& out) const {
  const double wide = d.held * d.hidden;
  const double mask = job_.recipe.dropout ? 1.0 : 0.0;
  const double norm = stream(2.0 * bf16 * wide);
  const double residual = stream((3.0 * bf16 + mask) * wide);
  const double matrices = job_.model.gated_ffn ? 2.0 : 1.0;
  const double activation = stream((matrices + 1.0) * bf16 * d.tokens * inter);
  const double rotated = job_.recipe.dropout
                             ? 0.0
                             : stream(2.0 * bf16 * d.tokens * (d.heads + d.kv_heads) * d.head_dim);
  out.forward.compute += 2.0 * (norm + residual) + activation + rotated;
  const double norm_back = stream(3.0 * bf16 * wide);
  const double residual_back = stream((3.0 * bf16 + mask) * wide);
  const double activation_back = stream((2.0 * matrices + 1.0) * bf16 * d.tokens * inter);
  out.input.compute += 2.0 * (norm_back + residual_back) + activation_back + rotated;
  if (s.recompute == Recompute::selective && job_.recipe.attention == AttentionCode::flash) {
    const double again = 2.0 * norm + activation;
    out.input.compute += again;
    out.recomputed += again;
  }
}

/// Gathers, scatters and sums of one block (attention or feed-forward) over tensor ranks.
void LayerPricer::block_collectives(const Dims& d, const LayerShape& s, const Pair& column,
                                    LayerCost& out) const {
  if (s.tp == 1) return;
  using collective::Op;
  const double bytes = d.tokens * d.hidden * bf16;
  const double shown = 1.0 - job_.recipe.tp_overlap;
  const double taken = sms_taken();
  if (!s.sequence_parallel) {
    const double sum = collective(Op::all_reduce, s.tp, 1, bytes);
    out.forward.tensor += sum;
    out.weight.tensor += std::max(0.0, sum - column.weight);
    out.weight.compute += taken * std::min(sum, column.weight);
    return;
  }
  const double gather = collective(Op::all_gather, s.tp, 1, bytes);
  const double scatter = collective(Op::reduce_scatter, s.tp, 1, bytes);
  out.forward.tensor += shown * (gather + scatter);
  out.forward.compute += taken * (1.0 - shown) * (gather + scatter);
  out.input.tensor += shown * gather + std::max(0.0, gather - column.input);
  out.input.compute += taken * ((1.0 - shown) * gather + std::min(gather, column.input));
  out.weight.tensor += std::max(0.0, scatter - column.weight);
  out.weight.compute += taken * std::min(scatter, column.weight);
}

void LayerPricer::feed_forward(const Dims& d, double inter, LayerCost& out, Pair& column) const {
  const double matrices = job_.model.gated_ffn ? 2.0 : 1.0;
  column = product(d.tokens, matrices * inter, d.hidden, type_, out);
  product(d.tokens, d.hidden, inter, type_, out);
}

/// Router, exchange, routed and shared experts, over the tokens of one rank.
void LayerPricer::experts(const Dims& d, const LayerShape& s, LayerCost& out) const {
  const llm::ModelSpec& m = job_.model;
  const double tokens = d.tokens / d.tp;
  const double rows = tokens * as_double(m.top_k);  // balanced: as many come as go
  const double local = as_double(m.experts) / as_double(s.ep);
  product(tokens, as_double(m.experts), d.hidden, DataType::bf16, out);
  const auto inter = as_double(m.expert_inter);
  const auto width = as_double(m.expert_width());
  const DataType narrow = type_;
  const auto format = kernel::format_of(narrow, narrow, false);
  const kernel::Cost one = kernels_.moe(
      {.tokens = tokens,
       .top_k = as_double(m.top_k),
       .experts = as_double(m.experts),
       .load = kernel::ExpertLoad::spread(rows, local),
       .hidden = width,
       .inter = inter,
       .gated = m.gated_ffn,
       .activation = narrow,
       .weight = narrow,
       .dispatched = true,
       .library = kernel::usual_moe_library(format, cluster_.rack.chip.peak.fp4.si() > 0.0)});
  const double weights = local * m.ffn_matrices() * width * inter;
  const double gradient = (2.0 * job_.recipe.gradient_bytes) * weights;
  out.forward.compute += one.time.si();
  out.input.compute += one.time.si();
  out.weight.compute += std::hypot(one.time.si(), gradient / cluster_.rack.chip.hbm_bandwidth.si());
  out.flops += 6.0 * rows * m.ffn_matrices() * width * inter;
  if (m.shared_inter > 0) {
    Pair unused;
    feed_forward({.tp = d.tp, .tokens = tokens, .held = tokens, .hidden = d.hidden},
                 as_double(m.shared_inter), out, unused);
  }
  if (s.ep == 1) return;
  const double element = job_.recipe.math == Math::bf16 ? bf16 : 1.0;
  const std::int64_t near = near_ranks(s.ep, 1);
  const auto exchange = [&](double there, double back) {
    const collective::ExchangeTiming t =
        timer_.exchange({.tokens = tokens,
                         .dispatch_bytes = Bytes::from_si(width * there),
                         .combine_bytes = Bytes::from_si(width * back),
                         .top_k = m.top_k,
                         .experts = m.experts,
                         .sms = job_.recipe.comm_sms},
                        {.ranks = s.ep, .per_domain = near});
    return t.dispatch.time.si() + t.combine.time.si();
  };
  out.forward.exchange += exchange(element, bf16);
  out.input.exchange += exchange(bf16, bf16);
}

/// The whole forward pass again, communication and all.
void LayerPricer::recompute_all(LayerCost& out) const {
  out.input += out.forward;
  out.recomputed += out.forward.all();
  out.flops *= 4.0 / 3.0;
}

LayerCost LayerPricer::head(const Dims& d, const LayerShape& s) const {
  LayerCost out;
  const double vocab = as_double(job_.model.vocab) / d.tp;
  const Pair column = product(d.tokens, vocab, d.hidden, DataType::bf16, out);
  // Logits in fp32: written from bf16, their maximum, exponentials and sum; backward in place.
  const double logits = d.tokens * vocab;
  out.forward.compute += stream(6.0 * logits) + stream(4.0 * logits) + stream(8.0 * logits);
  out.input.compute += stream(6.0 * logits);
  const double line = 4.0 * d.tokens;
  out.forward.tensor += 3.0 * collective(collective::Op::all_reduce, s.tp, 1, line);
  if (s.tp > 1) {
    const double bytes = d.tokens * d.hidden * bf16;
    if (s.sequence_parallel) {
      out.forward.tensor += collective(collective::Op::all_gather, s.tp, 1, bytes);
      const double scatter = collective(collective::Op::reduce_scatter, s.tp, 1, bytes);
      out.weight.tensor += std::max(0.0, scatter - column.weight);
    } else {
      const double sum = collective(collective::Op::all_reduce, s.tp, 1, bytes);
      out.weight.tensor += std::max(0.0, sum - column.weight);
    }
  }
  return out;
}

LayerCost LayerPricer::embedding(const Dims& d, const LayerShape& s) const {
  LayerCost out;
  const double bytes = d.tokens * d.hidden * bf16;
  out.forward.compute = stream(2.0 * bytes / (s.sequence_parallel ? d.tp : 1.0));
  out.forward.tensor =
      collective(s.sequence_parallel ? collective::Op::reduce_scatter : collective::Op::all_reduce,
                 s.tp, 1, bytes);
  out.weight.compute = stream(3.0 * bytes);
  return out;
}

LayerCosts LayerPricer::price(const LayerShape& shape) const {
  const Dims d = dims(shape);
  const llm::ModelSpec& m = job_.model;
  LayerCost attention;
  Pair column;
  Pair row;
  attention_products(d, attention, column, row);
  const double products = attention.forward.compute;
  const double backward = attention.input.compute;
  attention_core(d, shape, attention);
  // What attention takes on top of its operators.
  const double more = job_.recipe.attention_stretch - 1.0;
  attention.forward.compute += more * (attention.forward.compute - products);
  attention.input.compute += more * (attention.input.compute - backward);
  block_collectives(d, shape, column, attention);
  LayerCosts out;
  const double stretch = job_.recipe.stretch;
  const auto stretched = [&](LayerCost& c) {
    c.forward.compute *= stretch;
    c.input.compute *= stretch;
    c.weight.compute *= stretch;
    c.recomputed *= stretch;
  };
  if (!m.is_moe() || m.dense_layers > 0) {
    const double inter = as_double(m.dense_inter) / d.tp;
    out.dense = attention;
    Pair wide;
    feed_forward(d, inter, out.dense, wide);
    element_wise(d, inter, shape, out.dense);
    block_collectives(d, shape, wide, out.dense);
    stretched(out.dense);
    if (shape.recompute == Recompute::full) recompute_all(out.dense);
  }
  if (m.is_moe()) {
    out.moe = attention;
    experts(d, shape, out.moe);
    element_wise(d, 0.0, shape, out.moe);
    stretched(out.moe);
    if (shape.recompute == Recompute::full) recompute_all(out.moe);
  }
  out.head = head(d, shape);
  stretched(out.head);
  out.embedding = embedding(d, shape);
  return out;
}

}  // namespace sn::training
