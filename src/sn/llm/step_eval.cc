// sn/llm/step_eval.cc
//
// Second stage of the StepModel: prices a batch on a compiled program (see step.h).

#include <algorithm>
#include <bit>
#include <cmath>

#include "sn/llm/step.h"

namespace sn::llm {

namespace {

constexpr double bf16_bytes = 2.0;

double d(std::int64_t v) { return static_cast<double>(v); }

constexpr std::array<std::string_view, part_count> part_names = {
    "attention",  "projections", "dense ffn", "experts",  "dispatch+combine",
    "all-reduce", "elementwise", "logits",    "pipeline", "host"};

/// Price of one execution.
struct OpCost {
  kernel::Cost kernel;  // zero for communication and host
  Time time;
  Time bound;
  std::string_view binds = "latency";
};

OpCost from_kernel(const kernel::Cost& c) {
  const Time work = std::max(c.compute, c.memory);
  std::string_view binds = c.compute > c.memory ? "compute" : "memory";
  if (work < 0.5 * c.time) binds = "latency";
  return {c, c.time, c.bound, binds};
}

OpCost from_link(const collective::Timing& t) {
  return {{}, t.time, t.bound, t.bound > 0.3 * t.time ? "link" : "latency"};
}

bool depends_on_tokens_alone(const StepOp& op) {
  return op.kind != OpKind::host && op.kind != OpKind::gather_keys &&
         op.kind != OpKind::attention_decode && op.kind != OpKind::attention_prefill &&
         op.kind != OpKind::index_decode && op.kind != OpKind::index_prefill;
}

void add_kernel(OpCost& sum, const OpCost& c) {
  sum.time += c.time;
  sum.bound += c.bound;
  sum.kernel.compute += c.kernel.compute;
  sum.kernel.memory += c.kernel.memory;
  sum.kernel.flops += c.kernel.flops;
  sum.kernel.bytes += c.kernel.bytes;
}

/// What two-batch overlap computes while the other half exchanges.
constexpr std::array<Part, 6> overlapped = {Part::attention, Part::projections, Part::dense_ffn,
                                            Part::experts,   Part::all_reduce,  Part::elementwise};

BatchShape scaled(BatchShape s, double by) {
  for (double* v : {&s.decode_sequences, &s.decode_context, &s.prefill_tokens, &s.prefill_pairs,
                    &s.prefill_context, &s.prefill_sequences, &s.decode_context_capped,
                    &s.prefill_pairs_capped, &s.prefill_context_capped}) {
    *v *= by;
  }
  return s;
}

/// `exact` where the caller knows it, else the most that sum and cap allow.
double capped_sum(double exact, double sum, double most) {
  return exact > 0.0 ? std::min(exact, sum) : std::min(sum, most);
}

}  // namespace

std::string_view to_string(Part part) { return part_names[static_cast<std::size_t>(part)]; }

Time StepTime::bound_total() const {
  Time sum;
  for (const Time t : bound) sum += t;
  return sum;
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
        return s_.prefill_tokens;
      case Rows::logits:
        return s_.decode_sequences * positions + s_.prefill_sequences;
      case Rows::drafts:
        return s_.decode_sequences;
    }
    return 0.0;
  }

  [[nodiscard]] OpCost price(const StepOp& op) const {
    const double r = rows(op);
    const Bytes bytes = Bytes::from_si(op.bytes_per_row * r);
    using collective::Op;
    switch (op.kind) {
      case OpKind::gemm:
        return gemm(op, r);
      case OpKind::experts:
        return experts(op, r);
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
    const double positions = s_.decode_sequences * (1.0 + d(p_.deployment_.draft_tokens));
    const double largest = d(mixed ? f.graph_mixed_tokens : f.graph_tokens);
    if (positions + s_.prefill_tokens > largest) {
      const double layers = std::ceil(d(p_.model_.layers) / d(p_.deployment_.parallel.pp));
      t.stage = std::max(Time{}, f.host_layer * layers - device);
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

  [[nodiscard]] OpCost experts(const StepOp& op, double r) const {
    const Parallelism& par = p_.deployment_.parallel;
    const double ranks = d(par.ep);
    const double tokens = r * d(par.dp * par.cp);  // of the whole instance
    const double mean = tokens * d(p_.model_.top_k) / ranks;
    const double spread = ranks > 1.0 ? std::sqrt(2.0 * std::log(ranks) / mean) : 0.0;
    const double factor = ranks > 1.0 ? p_.imbalance_ + spread : 1.0;
    const double most = tokens * std::min(d(p_.model_.top_k), p_.slots_);
    const double busiest = std::min(mean * factor, std::max(mean, most));
    // A replica gets a given token with probability k / replicas; it is read when any token comes.
    const double share = d(p_.model_.top_k) / (p_.slots_ * ranks);
    const double hit = 1.0 - std::pow(1.0 - std::min(1.0, share), tokens);
    const double deviation = std::sqrt(2.0 * std::log(ranks) * p_.slots_ * hit * (1.0 - hit));
    const double active = std::min({p_.slots_, p_.slots_ * hit + deviation, busiest});
    return from_kernel(p_.kernels_.moe({.tokens = r,
                                        .load = kernel::ExpertLoad::spread(busiest, active),
                                        .hidden = d(p_.model_.hidden),
                                        .inter = op.k,
                                        .activation = op.activation,
                                        .weight = op.weight,
                                        .block = p_.model_.block_scales,
                                        .library = p_.libraries_.expert(kernel::format_of(
                                            op.activation, op.weight, p_.model_.block_scales))}));
  }

  [[nodiscard]] OpCost decode(const StepOp& op) const {
    const Attention& a = p_.model_.attention;
    const double tp = d(p_.deployment_.parallel.tp);
    const double context = op.capped ? decode_context_capped() : s_.decode_context;
    if (a.kind == AttentionKind::mla) {
      return from_kernel(p_.kernels_.mla_decode({.sequences = s_.decode_sequences,
                                                 .context = context,
                                                 .queries = queries(op),
                                                 .heads = d(a.heads) / tp,
                                                 .latent = d(a.kv_lora),
                                                 .rope = d(a.rope_dim),
                                                 .kv = p_.deployment_.precision.kv,
                                                 .library = p_.libraries_.latent_caches}));
    }
    return from_kernel(p_.kernels_.decode_attention(caches(op, context)));
  }

  [[nodiscard]] kernel::DecodeAttention caches(const StepOp& op, double context) const {
    const Attention& a = p_.model_.attention;
    const double tp = d(p_.deployment_.parallel.tp);
    return {.sequences = s_.decode_sequences,
            .context = context,
            .queries = queries(op),
            .heads = d(a.heads) / tp,
            .kv_heads = std::max(1.0, d(a.kv_heads) / tp),
            .head_dim = d(a.head_dim),
            .kv = p_.deployment_.precision.kv,
            .history = s_.decode_context,
            .library = p_.libraries_.caches};
  }

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
  [[nodiscard]] double own_tokens() const { return s_.prefill_tokens / cp(); }

  /// The cache of all keys of the chunk's sequences, of which each rank holds a share.
  [[nodiscard]] OpCost gather_keys() const {
    const double layer =
        p_.kv_bytes_layer_ + (p_.model_.is_sparse() ? d(p_.model_.index_dim) : 0.0);
    return from_link(p_.timer_.time(collective::Op::all_gather, p_.context_group_,
                                    Bytes::from_si(layer * s_.prefill_context), p_.background_));
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
    const OpCost scores = from_kernel(p_.kernels_.mla_prefill({.sequences = prefill_sequences(),
                                                               .pairs = pairs / cp(),
                                                               .tokens = own_tokens(),
                                                               .kv_tokens = keys,
                                                               .heads = heads,
                                                               .qk_dim = d(a.nope_dim + a.rope_dim),
                                                               .v_dim = d(a.v_dim),
                                                               .kv_bytes = p_.kv_bytes_layer_,
                                                               .math = latent_math(),
                                                               .kv = p_.deployment_.precision.kv,
                                                               .library =
                                                                   p_.libraries_.latent_prompts}));
    const double cached = keys - s_.prefill_tokens;
    if (cached <= 0.0) return scores;
    // Keys and values of the cached prefix are expanded from the latent again.
    const OpCost expand = product(cached, heads * d(a.nope_dim + a.v_dim), d(a.kv_lora),
                                  p_.deployment_.precision.activations,
                                  linear_weights(p_.model_, p_.deployment_.precision));
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

  /// TensorRT-LLM's and FlashInfer's kernels multiply in fp8 when the cache is in fp8.
  [[nodiscard]] kernel::DataType latent_math() const {
    const bool narrow = p_.deployment_.precision.kv == kernel::DataType::fp8;
    return narrow ? kernel::DataType::fp8 : kernel::DataType::bf16;
  }

  /// Prompts that share the step's prefill tokens: of a long prompt a chunk, of short ones several.
  [[nodiscard]] double prefill_sequences() const { return std::max(1.0, s_.prefill_sequences); }

  [[nodiscard]] OpCost exchange(const StepOp& op, double r) const {
    const double h = d(p_.model_.hidden);
    // fp8 and narrower travel as fp8 with one fp32 scale per 128 elements; results return in bf16.
    const bool narrow = p_.deployment_.precision.activations != kernel::DataType::bf16;
    const double sent = narrow ? h * (1.0 + 4.0 / 128.0) : h * bf16_bytes;
    const collective::ExpertExchange e{
        .tokens = r / d(p_.deployment_.parallel.tp),
        .dispatch_bytes = Bytes::from_si(sent),
        .combine_bytes = Bytes::from_si(h * bf16_bytes),
        .top_k = p_.model_.top_k,
        .experts = static_cast<std::int64_t>(p_.slots_) * p_.deployment_.parallel.ep,
        .slices = p_.deployment_.parallel.expert_tp()};
    const collective::ExchangeTiming t = p_.timer_.exchange(e, p_.expert_group_, p_.background_);
    return from_link(op.combine ? t.combine : t.dispatch);
  }

  const StepProgram& p_;
  const BatchShape& s_;

 public:
  [[nodiscard]] const std::vector<StepOp>& ops() const { return p_.ops_; }
};

StepEvaluator::StepEvaluator(const StepProgram& program, std::size_t slots)
    : program_(&program), slots_(std::bit_ceil(std::max<std::size_t>(1, slots))) {}

StepTime StepEvaluator::device(const BatchShape& shape) {
  const StepPricer pricer(*program_, shape);
  const Key key{shape.decode_sequences, shape.prefill_tokens, shape.prefill_sequences};
  const auto bits = [](double v) { return std::bit_cast<std::uint64_t>(v); };
  std::uint64_t hash = bits(key.decode_sequences) * 0x9E3779B97F4A7C15ull;
  hash = (hash ^ (hash >> 29) ^ bits(key.prefill_tokens)) * 0xBF58476D1CE4E5B9ull;
  hash = (hash ^ (hash >> 32) ^ bits(key.prefill_sequences)) * 0x94D049BB133111EBull;
  Slot& slot = slots_[(hash >> 33) & (slots_.size() - 1)];
  if (slot.key != key) {
    slot.key = key;
    slot.tokens = {};
    for (const StepOp& op : pricer.ops()) {
      if (depends_on_tokens_alone(op)) pricer.add(slot.tokens, op);
    }
  }
  StepTime total = slot.tokens;
  for (const StepOp& op : pricer.ops()) {
    if (!depends_on_tokens_alone(op)) pricer.add(total, op);
  }
  return total;
}

StepTime StepEvaluator::halves(const BatchShape& shape, const StepTime& whole) {
  const StepTime half = device(scaled(shape, 0.5));
  const bool prompts = shape.prefill_tokens > 0.0;
  const double slower = 1.0 / (1.0 - (prompts ? program_->framework().exchange_sms : 0.0));
  const double stages = d(program_->deployment().parallel.pp);
  StepTime out = half;
  Time kernels;
  for (const Part part : overlapped) {
    Time& t = out.parts[static_cast<std::size_t>(part)];
    t *= 2.0 * slower;
    kernels += t;
  }
  const auto exchange = static_cast<std::size_t>(Part::exchange);
  const Time sent = 2.0 * half.parts[exchange];
  const double layers = std::max(1.0, d(program_->model().moe_layers()));
  const Time shown = std::max(Time{}, sent - kernels) + 0.5 / layers * std::min(sent, kernels);
  out.parts[exchange] = shown;
  // The head, embedding and sends between stages are not cut.
  out.latency = kernels + shown;
  for (const Part part : {Part::logits, Part::pipeline}) {
    out.parts[static_cast<std::size_t>(part)] = whole.parts[static_cast<std::size_t>(part)];
    out.latency += whole.parts[static_cast<std::size_t>(part)];
  }
  const Time once = whole.parts[static_cast<std::size_t>(Part::logits)];
  out.interval = (kernels + shown) / stages + once;
  out.compute *= 2.0;
  out.memory *= 2.0;
  out.flops *= 2.0;
  out.hbm_bytes *= 2.0;
  out.energy *= 2.0;
  // Physics bounds the batch as a whole; of an exchange that hides no more is left than what shows.
  for (std::size_t i = 0; i < part_count; ++i) out.bound[i] = std::min(whole.bound[i], out.parts[i]);
  return out;
}

bool StepEvaluator::cuts(const BatchShape& shape) {
  if (!program_->deployment().two_batch || program_->deployment().parallel.dp < 2) return false;
  const StepTime whole = device(shape);
  return halves(shape, whole).latency < whole.latency;
}

StepTime StepEvaluator::eval(const BatchShape& shape) {
  const StepPricer pricer(*program_, shape);
  StepTime total = device(shape);
  if (program_->deployment().two_batch && program_->deployment().parallel.dp > 1) {
    const StepTime cut = halves(shape, total);
    if (cut.latency < total.latency) total = cut;
  }
  pricer.add_host(total);
  pricer.add_idle_energy(total);
  return total;
}

std::vector<OperatorTime> StepEvaluator::bill(const BatchShape& shape) const {
  const StepPricer pricer(*program_, shape);
  std::vector<OperatorTime> lines;
  StepTime device;
  for (const StepOp& op : pricer.ops()) {
    if (pricer.idle(op)) continue;
    if (op.kind == OpKind::host) {
      StepTime with_host = device;
      pricer.add_host(with_host);
      lines.push_back(
          {op.name, op.part, 1.0, with_host.latency - device.latency, Time{}, "host"});
      continue;
    }
    pricer.add(device, op);
    const OpCost c = pricer.price(op);
    const double stages = op.once ? 1.0 : d(program_->deployment().parallel.pp);
    lines.push_back({op.name, op.part, op.count * stages, c.time, c.bound, c.binds});
  }
  return lines;
}

}  // namespace sn::llm
