// sn/llm/step_pricer.h
//
// Private to the layer: prices single operators of a StepProgram on one batch (see step.h).

#pragma once

#include <algorithm>
#include <cmath>

#include "sn/llm/step.h"

namespace sn::llm {

inline constexpr double bf16_bytes = 2.0;

inline double d(std::int64_t v) { return static_cast<double>(v); }

/// Price of one execution.
struct OpCost {
  kernel::Cost kernel;  // zero for communication and host
  Time time;
  Time bound;
  std::string_view binds = "latency";
};

inline OpCost from_kernel(const kernel::Cost& c) {
  const Time work = std::max(c.compute, c.memory);
  std::string_view binds = c.compute > c.memory ? "compute" : "memory";
  if (work < 0.5 * c.time) binds = "latency";
  return {c, c.time, c.bound, binds};
}

inline OpCost from_link(const collective::Timing& t) {
  return {{}, t.time, t.bound, t.bound > 0.3 * t.time ? "link" : "latency"};
}

inline void add_kernel(OpCost& sum, const OpCost& c) {
  sum.time += c.time;
  sum.bound += c.bound;
  sum.kernel.compute += c.kernel.compute;
  sum.kernel.memory += c.kernel.memory;
  sum.kernel.flops += c.kernel.flops;
  sum.kernel.bytes += c.kernel.bytes;
}

/// `exact` where the caller knows it, else the most that sum and cap allow.
inline double capped_sum(double exact, double sum, double most) {
  return exact > 0.0 ? std::min(exact, sum) : std::min(sum, most);
}

/// Prices single operators; reads the program's private state, keeps none.
class StepPricer {
 public:
  StepPricer(const StepProgram& program, const BatchShape& shape) : p_(program), s_(shape) {}

  [[nodiscard]] double rows(const StepOp& op) const {
    const double positions = 1.0 + d(p_.deployment_.draft_tokens);
    switch (op.rows) {
      case Rows::tokens:
        return s_.decode_sequences * positions + own_tokens();
      case Rows::decode_tokens:
        return s_.decode_sequences * positions;
      case Rows::prefill_tokens:
        return own_tokens();
      case Rows::chunk_tokens:
        return most_tokens();
      case Rows::logits:
        return s_.decode_sequences * positions + s_.prefill_sequences;
      case Rows::drafts:
        return s_.decode_sequences;
    }
    return 0.0;
  }

  /// Whether the engine replays a captured graph of this batch.
  [[nodiscard]] bool captured() const {
    const double positions = s_.decode_sequences * (1.0 + d(p_.deployment_.draft_tokens));
    const Framework& f = p_.framework_;
    const bool mixed = s_.prefill_tokens > 0.0;
    return positions + s_.prefill_tokens <= d(mixed ? f.graph_mixed_tokens : f.graph_tokens);
  }

  /// Prompt tokens of the busiest rank.
  [[nodiscard]] double most_tokens() const { return std::max(s_.prefill_tokens, s_.prefill_most); }

  /// Among the operators of the step.
  [[nodiscard]] OpCost price(const StepOp& op) const {
    OpCost c = alone(op);
    if (!captured()) return c;
    const Time work = std::max({c.bound, c.kernel.compute, c.kernel.memory});
    c.time = std::max(std::min(work, c.time), c.time - p_.framework_.graph_overlap);
    return c;
  }

  [[nodiscard]] OpCost alone(const StepOp& op) const {
    const double r = rows(op);
    const Bytes bytes = Bytes::from_si(op.bytes_per_row * r);
    using collective::Op;
    switch (op.kind) {
      case OpKind::gemm:
        return gemm(op, r);
      case OpKind::experts:
        return experts(op, mean_rows(op, r));
      case OpKind::attention_decode:
        return decode(op);
      case OpKind::attention_prefill:
        return prefill(op);
      case OpKind::index_decode:
        return index(s_.decode_context * queries(op), s_.decode_context);
      case OpKind::index_prefill:
        return index(s_.prefill_pairs / cp(), s_.prefill_context);
      case OpKind::elementwise:
        return from_kernel(p_.kernels_.elementwise(bytes));
      case OpKind::all_reduce:
        return from_link(p_.timer_.time(Op::all_reduce, p_.tp_group_, bytes, p_.background_));
      case OpKind::all_gather:
        return from_link(p_.timer_.time(Op::all_gather, p_.tp_group_, bytes, p_.background_));
      case OpKind::gather_keys:
        return gather_keys();
      case OpKind::gather_cached:
        return gather_cached();
      case OpKind::gather_queries:
        return from_link(p_.timer_.time(Op::all_gather, p_.shares_group_, bytes, p_.background_));
      case OpKind::merge_outputs:
        return from_link(
            p_.timer_.time(Op::reduce_scatter, p_.shares_group_, bytes, p_.background_));
      case OpKind::exchange:
        return exchange(op, r);
      case OpKind::send:
        return from_link(p_.timer_.send(bytes, p_.stages_far_));
      case OpKind::host:
        break;  // follows from all the others: `host`
    }
    return {};
  }

  /// True when the operator has nothing to do in this batch.
  [[nodiscard]] bool idle(const StepOp& op) const {
    return op.kind != OpKind::host && rows(op) <= 0.0;
  }

  void add(StepTime& total, const StepOp& op) const {
    if (idle(op) || op.kind == OpKind::host) return;
    const OpCost c = price(op);
    const double stages = op.once ? 1.0 : d(p_.deployment_.parallel.pp);
    const auto part = static_cast<std::size_t>(op.part);
    const Time once = c.time * op.count;
    total.latency += once * stages;
    total.interval += op.kind == OpKind::send ? Time{} : once;
    total.parts[part] += once * stages;
    total.bound[part] += c.bound * (op.count * stages);
    total.compute += c.kernel.compute * op.count;
    total.memory += c.kernel.memory * op.count;
    total.flops += c.kernel.flops * op.count;
    total.hbm_bytes += c.kernel.bytes * op.count;
    const Time busy = std::max(c.kernel.compute, c.kernel.memory) * op.count;
    total.energy += p_.dynamic_ * busy * d(p_.deployment_.parallel.gpus());
  }

  /// Host time that shows: once a step, and in every stage beside its kernels and communication.
  struct HostTime {
    Time once;
    Time stage;
  };
  [[nodiscard]] HostTime host(Time device) const {
    const Framework& f = p_.framework_;
    const bool mixed = s_.prefill_tokens > 0.0;
    HostTime t{(mixed ? f.host_prefill : f.host_decode) + f.host_sequence * s_.decode_sequences +
                   p_.agreement_,
               Time{}};
    if (!captured()) {
      t.stage = std::max(Time{}, f.host_launch * p_.launches_ - device);
    }
    return t;
  }

  void add_host(StepTime& total) const {
    const HostTime t = host(total.interval);
    const Time shown = t.once + t.stage * d(p_.deployment_.parallel.pp);
    total.latency += shown;
    total.interval += t.once + t.stage;
    total.parts[static_cast<std::size_t>(Part::host)] += shown;
  }

  /// Chips draw idle power all the time; call once, when the interval is complete.
  void add_idle_energy(StepTime& total) const {
    total.energy += p_.idle_ * total.interval * d(p_.deployment_.parallel.gpus());
  }

 private:
  [[nodiscard]] OpCost gemm(const StepOp& op, double r) const {
    return product(r, op.n, op.k, op.activation, op.weight, op.batches);
  }

  /// `heads` > 0: that many independent products in one launch.
  [[nodiscard]] OpCost product(double m, double n, double k, kernel::DataType activation,
                               kernel::DataType weight, double heads = 0.0) const {
    const bool block = p_.model_.block_scales;
    return from_kernel(p_.kernels_.gemm(
        {.m = m,
         .n = n,
         .k = k,
         .activation = activation,
         .weight = weight,
         .block = block,
         .batches = std::max(1.0, heads),
         .library = heads > 0.0
                        ? kernel::Library::batched
                        : p_.libraries_.product(kernel::format_of(activation, weight, block))}));
  }

  /// Load of the busiest expert rank over the mean, of `tokens` tokens of the whole instance.
  [[nodiscard]] double busiest_over_mean(double tokens) const {
    const double ranks = d(p_.deployment_.parallel.ep);
    if (ranks <= 1.0) return 1.0;
    const double mean = tokens * d(p_.model_.top_k) / ranks;
    return p_.imbalance_ + std::sqrt(2.0 * std::log(ranks) / mean);
  }

  [[nodiscard]] OpCost experts(const StepOp& op, double r) const {
    const Parallelism& par = p_.deployment_.parallel;
    const double ranks = d(par.ep);
    const double tokens = r * d(par.dp * par.cp);  // of the whole instance
    const double mean = tokens * d(p_.model_.top_k) / ranks;
    const double factor = busiest_over_mean(tokens);
    const double most = tokens * std::min(d(p_.model_.top_k), p_.slots_);
    const double busiest = std::min(mean * factor, std::max(mean, most));
    // A replica gets a given token with probability k / replicas times its own share over the mean;
    // it is read when any token comes.
    const double share = d(p_.model_.top_k) / (p_.slots_ * ranks);
    double missed = 0.0;
    for (const double own : p_.routing_) {
      missed += std::pow(std::max(0.0, 1.0 - share * own), tokens);
    }
    const double hit = 1.0 - missed / static_cast<double>(p_.routing_.size());
    const double deviation = std::sqrt(2.0 * std::log(ranks) * p_.slots_ * hit * (1.0 - hit));
    const double active = std::min({p_.slots_, p_.slots_ * hit + deviation, busiest});
    const bool block = p_.model_.block_scales;
    const kernel::Format format = kernel::format_of(op.activation, op.weight, block);
    return from_kernel(p_.kernels_.moe({.tokens = r,
                                        .top_k = d(p_.model_.top_k),
                                        .experts = p_.slots_ * ranks,
                                        .load = kernel::ExpertLoad::spread(busiest, active),
                                        .hidden = op.n,
                                        .inter = op.k,
                                        .gated = p_.model_.gated_ffn,
                                        .activation = op.activation,
                                        .weight = op.weight,
                                        .block = block,
                                        .dispatched = par.dp * par.cp > 1,
                                        .library = p_.libraries_.expert(format)}));
  }

  [[nodiscard]] OpCost decode(const StepOp& op) const {
    const Attention& a = p_.model_.attention;
    const double tp = d(p_.deployment_.parallel.tp);
    const double all = op.capped ? decode_context_capped() : s_.decode_context;
    if (op.rows == Rows::drafts && p_.model_.draft.kind == DraftModel::Kind::eagle3) {
      return from_kernel(p_.kernels_.decode_attention(draft_caches(all)));
    }
    if (a.kind == AttentionKind::mla) {
      return from_kernel(p_.kernels_.mla_decode({.sequences = s_.decode_sequences,
                                                 .context = all / shares(),
                                                 .queries = queries(op),
                                                 .heads = d(a.heads) / tp * shares(),
                                                 .latent = d(a.kv_lora),
                                                 .rope = d(a.rope_dim),
                                                 .kv = p_.deployment_.precision.kv,
                                                 .library = p_.libraries_.latent_caches}));
    }
    return from_kernel(p_.kernels_.decode_attention(caches(op, all)));
  }

  [[nodiscard]] kernel::DecodeAttention caches(const StepOp& op, double context) const {
    const Attention& a = p_.model_.attention;
    const double tp = d(p_.deployment_.parallel.tp);
    return {.sequences = s_.decode_sequences,
            .context = context / shares(),
            .queries = queries(op),
            .heads = d(a.heads) / tp * shares(),
            .kv_heads = std::max(1.0, d(a.kv_heads) / tp),
            .head_dim = d(a.head_dim),
            .kv = p_.deployment_.precision.kv,
            .history = s_.decode_context / shares(),
            .library = p_.libraries_.caches};
  }

  /// The one layer of a draft model, whose cache is in bf16 and whole on every rank of its heads.
  [[nodiscard]] kernel::DecodeAttention draft_caches(double context) const {
    const DraftModel& a = p_.model_.draft;
    const double tp = d(p_.deployment_.parallel.tp);
    return {.sequences = s_.decode_sequences,
            .context = context,
            .queries = 1.0,
            .heads = std::max(1.0, d(a.heads) / tp),
            .kv_heads = std::max(1.0, d(a.kv_heads) / tp),
            .head_dim = d(a.head_dim),
            .kv = kernel::DataType::bf16,
            .history = context,
            .library = p_.libraries_.caches};
  }

  /// Tensor ranks among which a sequence's cache is dealt out.
  [[nodiscard]] double shares() const { return d(p_.deployment_.parallel.dcp); }

  [[nodiscard]] double queries(const StepOp& op) const {
    return op.rows == Rows::drafts ? 1.0 : 1.0 + d(p_.deployment_.draft_tokens);
  }

  [[nodiscard]] double decode_context_capped() const {
    return capped_sum(s_.decode_context_capped, s_.decode_context,
                      s_.decode_sequences * p_.model_.attention_cap());
  }

  [[nodiscard]] double prefill_pairs_capped() const {
    return capped_sum(s_.prefill_pairs_capped, s_.prefill_pairs,
                      s_.prefill_tokens * p_.model_.attention_cap());
  }

  [[nodiscard]] OpCost index(double pairs, double keys) const {
    return from_kernel(p_.kernels_.index_scores({.pairs = pairs,
                                                 .keys = keys,
                                                 .heads = d(p_.model_.index_heads),
                                                 .dim = d(p_.model_.index_dim)}));
  }

  [[nodiscard]] double cp() const { return d(p_.deployment_.parallel.cp); }
  /// Prefill tokens of one context-parallel rank; pairs of the chunk divide alike (each rank takes
  /// one part from its beginning and one from its end).
  [[nodiscard]] double own_tokens() const { return most_tokens() / cp(); }
  /// `r` rows of the busiest rank as the mean over ranks: what all of them send to experts.
  [[nodiscard]] double mean_rows(const StepOp& op, double r) const {
    return op.rows == Rows::tokens ? r - (most_tokens() - s_.prefill_tokens) / cp() : r;
  }

  /// The cache of all keys of the chunk's sequences, of which each rank holds a share.
  [[nodiscard]] OpCost gather_keys() const {
    const ModelSpec& m = p_.model_;
    const double shared = m.is_sparse() ? d(m.indexer_layers) / d(m.attention_layers()) : 0.0;
    const double layer = p_.kv_bytes_layer_ + shared * d(m.index_dim);
    return from_link(p_.timer_.time(collective::Op::all_gather, p_.context_group_,
                                    Bytes::from_si(layer * s_.prefill_context), p_.background_));
  }

  /// Keys of earlier chunks and cached prefixes, of which each rank holds a share. The chunk's own
  /// keys every rank computes for itself.
  [[nodiscard]] OpCost gather_cached() const {
    const double cached = std::max(0.0, s_.prefill_context - s_.prefill_tokens);
    return from_link(p_.timer_.time(collective::Op::all_gather, p_.shares_group_,
                                    Bytes::from_si(p_.kv_bytes_layer_ * cached), p_.background_));
  }

  [[nodiscard]] OpCost prefill(const StepOp& op) const {
    const bool window = op.capped && p_.model_.windowed_layers > 0;
    if (!window) {
      const OpCost all = prefill_of(op, s_.prefill_pairs, s_.prefill_context);
      if (!op.capped) return all;
      // Sparse layers: all pairs with a mask, or every query reads its own keys in the latent
      // (DeepSeek-V3.2 does the former for short sequences).
      const OpCost chosen = sparse_prefill();
      return chosen.time < all.time ? chosen : all;
    }
    const double keys = capped_sum(
        s_.prefill_context_capped, s_.prefill_context,
        s_.prefill_tokens + std::max(1.0, s_.prefill_sequences) * p_.model_.attention_cap());
    return prefill_of(op, prefill_pairs_capped(), keys);
  }

  [[nodiscard]] OpCost sparse_prefill() const {
    const Attention& a = p_.model_.attention;
    return from_kernel(p_.kernels_.mla_decode({.sequences = own_tokens(),
                                               .context = prefill_pairs_capped() / cp(),
                                               .heads = d(a.heads) / d(p_.deployment_.parallel.tp),
                                               .latent = d(a.kv_lora),
                                               .rope = d(a.rope_dim),
                                               .kv = p_.deployment_.precision.kv,
                                               .library = p_.libraries_.latent_caches}));
  }

  [[nodiscard]] OpCost prefill_of(const StepOp& op, double pairs, double keys) const {
    const Attention& a = p_.model_.attention;
    const double heads = d(a.heads) / d(p_.deployment_.parallel.tp);
    if (a.kind == AttentionKind::mla) return latent_prefill(pairs, keys, heads);
    const kernel::Library library = p_.libraries_.prompts;
    const kernel::DataType kv = p_.deployment_.precision.kv;
    // All kernels but FlashAttention-3 below vLLM gain from products in the cache's format.
    const bool narrow = kv == kernel::DataType::fp8 && library != kernel::Library::flash;
    const bool windowed = op.capped && p_.model_.windowed_layers > 0;
    const kernel::PrefillAttention prompts{
        .sequences = prefill_sequences(),
        .pairs = pairs / cp(),
        .tokens = own_tokens(),
        .kv_tokens = keys,
        .heads = heads,
        .kv_heads = std::max(1.0, d(a.kv_heads) / d(p_.deployment_.parallel.tp)),
        .qk_dim = d(a.head_dim),
        .v_dim = d(a.head_dim),
        .kv_bytes = p_.kv_bytes_layer_,
        .math = narrow ? kernel::DataType::fp8 : kernel::DataType::bf16,
        .kv = kv,
        .library = library,
        .window = windowed ? p_.model_.attention_cap() : 0.0};
    const OpCost scores = from_kernel(p_.kernels_.prefill_attention(prompts));
    if (library == kernel::Library::flash2 && s_.decode_sequences > 0.0) {
      return beside_caches(op, prompts, scores);
    }
    return scores;
  }

  [[nodiscard]] OpCost latent_prefill(double pairs, double keys, double heads) const {
    const Attention& a = p_.model_.attention;
    const OpCost scores =
        from_kernel(p_.kernels_.mla_prefill({.sequences = prefill_sequences(),
                                             .pairs = pairs / cp(),
                                             .tokens = own_tokens(),
                                             .kv_tokens = keys,
                                             .heads = heads,
                                             .qk_dim = d(a.nope_dim + a.rope_dim),
                                             .v_dim = d(a.v_dim),
                                             .kv_bytes = p_.kv_bytes_layer_,
                                             .math = latent_math(),
                                             .kv = p_.deployment_.precision.kv,
                                             .library = p_.libraries_.latent_prompts}));
    const double cached = keys - s_.prefill_tokens;
    if (cached <= 0.0) return scores;
    // Keys and values of the cached prefix are expanded from the latent again.
    const OpCost expand = product(cached, heads * d(a.nope_dim + a.v_dim), d(a.kv_lora),
                                  p_.deployment_.precision.activations,
                                  part_weights(p_.model_, p_.deployment_.precision).attention);
    OpCost both = scores;
    add_kernel(both, expand);
    return both;
  }

  /// One call serves prompts and single positions: what it takes longer for the prompts than the
  /// positions alone, which the step's decode operator holds; the prompts' own time at least.
  [[nodiscard]] OpCost beside_caches(const StepOp& op, const kernel::PrefillAttention& prompts,
                                     const OpCost& alone) const {
    const kernel::DecodeAttention positions =
        caches(op, op.capped ? decode_context_capped() : s_.decode_context);
    const Time both = p_.kernels_.mixed_attention({.prompts = prompts, .caches = positions}).time;
    OpCost out = alone;
    out.time = std::max(alone.bound, both - p_.kernels_.decode_attention(positions).time);
    return out;
  }

  /// TensorRT-LLM's kernels (and FlashInfer's, which call them) multiply in fp8 when the cache is.
  [[nodiscard]] kernel::DataType latent_math() const {
    const bool narrow = p_.deployment_.precision.kv == kernel::DataType::fp8 &&
                        p_.libraries_.latent_prompts == kernel::Library::trtllm;
    return narrow ? kernel::DataType::fp8 : kernel::DataType::bf16;
  }

  /// Prompts that share the step's prefill tokens: of a long prompt a chunk, of short ones several.
  [[nodiscard]] double prefill_sequences() const { return std::max(1.0, s_.prefill_sequences); }

  [[nodiscard]] OpCost exchange(const StepOp& op, double r) const {
    const double h = d(p_.model_.expert_width());
    // fp8 and narrower travel as fp8 with one fp32 scale per 128 elements; results return in bf16.
    const bool narrow = p_.deployment_.precision.activations != kernel::DataType::bf16;
    const double sent = narrow ? h * (1.0 + 4.0 / 128.0) : h * bf16_bytes;
    // The busiest sends what it has; what it or another receives depends on the experts.
    const Parallelism& par = p_.deployment_.parallel;
    const double mean = mean_rows(op, r);
    const collective::ExpertExchange e{
        .tokens = mean / d(par.tp),
        .dispatch_bytes = Bytes::from_si(sent),
        .combine_bytes = Bytes::from_si(h * bf16_bytes),
        .top_k = p_.model_.top_k,
        .experts = static_cast<std::int64_t>(p_.slots_) * par.ep,
        .slices = par.expert_tp(),
        .hottest = std::max(r / mean, busiest_over_mean(mean * d(par.dp * par.cp)))};
    const collective::ExchangeTiming t = p_.timer_.exchange(e, p_.expert_group_, p_.background_);
    return from_link(op.combine ? t.combine : t.dispatch);
  }

  const StepProgram& p_;
  const BatchShape& s_;

 public:
  [[nodiscard]] const std::vector<StepOp>& ops() const { return p_.ops_; }
};

}  // namespace sn::llm
