// sn/llm/step_property_test.cc
//
// The compiled, aggregated, memoised step against one that does none of it: layer after layer,
// request after request, straight on KernelModel and CollectiveTimer, for random batches.
//
// Attention of a batch is one kernel whose work is the sum over its requests; here each request is
// costed alone and only tc and tm of t = launch + (tc^p + tm^p)^(1/p) are added up.

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <vector>

#include "sn/llm/shipped_test_util.h"

namespace sn::llm {
namespace {

using kernel::Cost;
using kernel::DataType;

/// A prompt's chunk in this step: new tokens after `cached` ones.
struct Chunk {
  double fresh = 0.0;
  double cached = 0.0;
};

/// What each attention rank holds; all ranks hold the same.
struct Batch {
  std::vector<double> contexts;  // keys of each decoding request
  std::vector<Chunk> chunks;
  double finishing = 0.0;
};

struct Sums {
  double time = 0.0;
  double bound = 0.0;
  double flops = 0.0;
  double bytes = 0.0;
};

/// One step, the long way. `dp` ranks of `tp` GPUs each; no pipeline.
class LongStep {
 public:
  LongStep(const ModelSpec& m, const Deployment& d, const ShippedMachine& machine, const Batch& b)
      : m_(m),
        d_(d),
        machine_(machine),
        batch_(b),
        kernels_(machine.cluster.rack.chip, machine.kernels),
        libraries_(
            engine_kernels(machine.framework.name, machine.cluster.rack.chip, expert_calls(m, d))),
        timer_(fabric::make_fabric(machine.cluster), machine.collectives) {
    positions_ = 1.0 + real(d.draft_tokens);
    decoding_ = real(static_cast<std::int64_t>(b.contexts.size()));
    for (const Chunk& c : b.chunks) fresh_ += c.fresh;
    tokens_ = decoding_ * positions_ + fresh_;
  }

  Sums run() {
    for (std::int64_t layer = 0; layer < m_.layers; ++layer) {
      attention(tokens_, positions_, fresh_ > 0.0);
      feed_forward(tokens_, layer < m_.dense_layers);
    }
    elementwise(tokens_ * 4.0 * h());  // embedding: read and written in bf16
    head(decoding_ * positions_ + batch_.finishing);
    for (std::int64_t i = 0; i < d_.draft_tokens && decoding_ > 0.0; ++i) {
      gemm(decoding_, h(), 2.0 * h() / tp(), linear());
      attention(decoding_, 1.0, false);
      feed_forward(decoding_, false);
      head(decoding_);
    }
    const Framework& f = machine_.framework;
    // How many launches a program has is counted by hand in step_test.cc.
    const double launches = compile(m_, d_, machine_.view()).launches();
    if (!graph()) sums_.time = std::max(sums_.time, launches * f.host_launch.si());
    sums_.time += (fresh_ > 0.0 ? f.host_prefill : f.host_decode).si();
    const hw::Cluster& c = machine_.cluster;
    for (std::int64_t images = 1; images * c.rack.gpus_per_os < d_.parallel.gpus(); images *= 2) {
      sums_.time += c.dcn.latency.si();  // agreement doubles the images that know
    }
    sums_.time += decoding_ * f.host_sequence.si();
    return sums_;
  }

 private:
  static double real(std::int64_t v) { return static_cast<double>(v); }
  [[nodiscard]] double h() const { return real(m_.hidden); }
  [[nodiscard]] double tp() const { return real(d_.parallel.tp); }
  [[nodiscard]] double dp() const { return real(d_.parallel.dp); }
  [[nodiscard]] double ep() const { return real(d_.parallel.ep); }
  [[nodiscard]] DataType linear() const {
    return d_.precision.weights == DataType::fp4 ? DataType::fp8 : d_.precision.weights;
  }

  /// In a replayed graph a kernel begins before the last one ended, but its work stays.
  [[nodiscard]] double among(double time, double work) const {
    const double overlap = graph() ? machine_.framework.graph_overlap.si() : 0.0;
    return time - std::clamp(time - work, 0.0, overlap);
  }
  [[nodiscard]] bool graph() const {
    const Framework& f = machine_.framework;
    return tokens_ <= real(fresh_ > 0.0 ? f.graph_mixed_tokens : f.graph_tokens);
  }

  void add(const Cost& c) {
    const double work = std::max({c.bound.si(), c.compute.si(), c.memory.si()});
    add(among(c.time.si(), work), c.bound.si(), c.flops.si(), c.bytes.si());
  }
  void add(double time, double bound, double flops, double bytes) {
    sums_.time += time;
    sums_.bound += bound;
    sums_.flops += flops;
    sums_.bytes += bytes;
  }
  void add(const collective::Timing& t) {
    add(among(t.time.si(), t.bound.si()), t.bound.si(), 0.0, 0.0);
  }

  void elementwise(double bytes) {
    if (bytes > 0.0) add(kernels_.elementwise(Bytes::from_si(bytes)));
  }
  void gemm(double rows, double n, double k, DataType weight) {
    if (rows <= 0.0) return;
    const DataType act = weight == DataType::bf16 ? DataType::bf16 : d_.precision.activations;
    const bool block = m_.block_scales;
    add(kernels_.gemm({.m = rows,
                       .n = n,
                       .k = k,
                       .activation = act,
                       .weight = weight,
                       .block = block,
                       .library = libraries_.product(kernel::format_of(act, weight, block))}));
  }
  void all_reduce(double rows) {
    const collective::Group group{d_.parallel.tp, d_.parallel.tp};
    add(timer_.time(collective::Op::all_reduce, group, Bytes::from_si(rows * h() * 2.0)));
  }

  /// One kernel serves all requests; it sees their sums.
  void decode_scores(double queries) {
    const Attention& a = m_.attention;
    if (batch_.contexts.empty()) return;
    double context = 0.0;
    for (const double c : batch_.contexts) context += c;
    if (a.kind == AttentionKind::mla) {
      add(kernels_.mla_decode({.sequences = decoding_,
                               .context = context,
                               .queries = queries,
                               .heads = real(a.heads) / tp(),
                               .latent = real(a.kv_lora),
                               .rope = real(a.rope_dim),
                               .kv = d_.precision.kv,
                               .library = libraries_.latent_caches}));
      return;
    }
    add(kernels_.decode_attention({.sequences = decoding_,
                                   .context = context,
                                   .queries = queries,
                                   .heads = real(a.heads) / tp(),
                                   .kv_heads = std::max(1.0, real(a.kv_heads) / tp()),
                                   .head_dim = real(a.head_dim),
                                   .kv = d_.precision.kv,
                                   .library = libraries_.caches}));
  }

  void prefill_scores() {
    const Attention& a = m_.attention;
    const double heads = real(a.heads) / tp();
    const double size = kernel::bytes_per_element(d_.precision.kv).si();
    double pairs = 0.0;
    double cached = 0.0;
    for (const Chunk& c : batch_.chunks) {
      // Token i of the chunk sees all cached keys and those up to its own.
      for (double i = 1.0; i <= c.fresh; i += 1.0) pairs += c.cached + i;
      cached += c.cached;
    }
    if (a.kind == AttentionKind::mla) {
      const bool narrow =
          d_.precision.kv == DataType::fp8 && libraries_.latent_prompts == kernel::Library::trtllm;
      add(kernels_.mla_prefill({.sequences = std::max(1.0, batch_.finishing),
                                .pairs = pairs,
                                .tokens = fresh_,
                                .kv_tokens = cached + fresh_,
                                .heads = heads,
                                .qk_dim = real(a.nope_dim + a.rope_dim),
                                .v_dim = real(a.v_dim),
                                .kv_bytes = real(a.kv_lora + a.rope_dim) * size,
                                .math = narrow ? DataType::fp8 : DataType::bf16,
                                .kv = d_.precision.kv,
                                .library = libraries_.latent_prompts}));
      gemm(cached, heads * real(a.nope_dim + a.v_dim), real(a.kv_lora), linear());
      return;
    }
    const double kv_heads = std::max(1.0, real(a.kv_heads) / tp());
    const bool narrow =
        d_.precision.kv == DataType::fp8 && libraries_.prompts != kernel::Library::flash;
    add(kernels_.prefill_attention({.sequences = std::max(1.0, batch_.finishing),
                                    .pairs = pairs,
                                    .tokens = fresh_,
                                    .kv_tokens = cached + fresh_,
                                    .heads = heads,
                                    .kv_heads = kv_heads,
                                    .qk_dim = real(a.head_dim),
                                    .v_dim = real(a.head_dim),
                                    .kv_bytes = 2.0 * kv_heads * real(a.head_dim) * size,
                                    .math = narrow ? DataType::fp8 : DataType::bf16,
                                    .kv = d_.precision.kv,
                                    .library = libraries_.prompts}));
  }

  void per_head(double rows, double n, double k) {
    if (rows <= 0.0) return;
    const double heads = real(m_.attention.heads) / tp();
    add(kernels_.gemm(
        {.m = rows, .n = n, .k = k, .batches = heads, .library = kernel::Library::batched}));
  }

  /// `prefill`: this pass holds prompt chunks; a draft pass does not.
  void attention(double rows, double queries, bool prefill) {
    const Attention& a = m_.attention;
    const double heads = real(a.heads) / tp();
    for (int i = 0; i < 2; ++i) elementwise(rows * 8.0 * h());  // residual and norm
    double out = heads * real(a.head_dim);
    if (a.kind == AttentionKind::mla) {
      const double down = real(a.kv_lora + a.rope_dim);
      gemm(rows, real(a.q_lora) + down, h(), linear());
      gemm(rows, heads * real(a.nope_dim + a.rope_dim), real(a.q_lora), linear());
      elementwise(rows * 4.0 * (real(a.q_lora) + down + heads * real(a.rope_dim)));
      per_head(decoding_ * queries, real(a.kv_lora), real(a.nope_dim));
      if (prefill) gemm(fresh_, heads * real(a.nope_dim + a.v_dim), real(a.kv_lora), linear());
      per_head(decoding_ * queries, real(a.v_dim), real(a.kv_lora));
      out = heads * real(a.v_dim);
    } else {
      const double width =
          (heads + 2.0 * std::max(1.0, real(a.kv_heads) / tp())) * real(a.head_dim);
      gemm(rows, width, h(), linear());
      elementwise(rows * 4.0 * width);
    }
    decode_scores(queries);
    if (prefill) prefill_scores();
    gemm(rows, h(), out, linear());
    all_reduce(rows);
  }

  void swiglu(double rows, double inter) {
    gemm(rows, 2.0 * inter, h(), linear());
    elementwise(rows * 6.0 * inter);
    gemm(rows, h(), inter, linear());
  }

  void feed_forward(double rows, bool dense) {
    if (rows <= 0.0) return;
    if (dense) {
      swiglu(rows, real(m_.dense_inter) / tp());
      all_reduce(rows);
      return;
    }
    gemm(rows, real(m_.experts), h(), DataType::bf16);
    if (d_.parallel.dp > 1) exchange(rows);
    routed(rows);
    if (m_.shared_inter > 0) swiglu(rows, real(m_.shared_inter) / tp());
    if (d_.parallel.dp == 1 || m_.shared_inter > 0) all_reduce(rows);
    if (d_.parallel.dp > 1) {
      const collective::Group group{d_.parallel.tp, d_.parallel.tp};
      add(timer_.time(collective::Op::all_gather, group, Bytes::from_si(rows * h() * 2.0)));
    }
  }

  void exchange(double rows) {
    const bool narrow = d_.precision.activations != DataType::bf16;
    const std::int64_t ranks = d_.parallel.tp * d_.parallel.dp;
    const collective::ExpertExchange e{
        .tokens = rows / tp(),
        .dispatch_bytes = Bytes::from_si(narrow ? h() + h() / 128.0 * 4.0 : 2.0 * h()),
        .combine_bytes = Bytes::from_si(2.0 * h()),
        .top_k = m_.top_k,
        .experts = slots() * d_.parallel.ep,
        .slices = ranks / d_.parallel.ep,
        .hottest = busiest_over_mean(rows * dp())};
    const std::int64_t domain = std::min(ranks, machine_.cluster.rack.scale_up.domain);
    const collective::ExchangeTiming t = timer_.exchange(e, {ranks, domain});
    add(t.dispatch);
    add(t.combine);
  }

  [[nodiscard]] std::int64_t slots() const {
    return (m_.experts + d_.parallel.ep - 1) / d_.parallel.ep;
  }

  [[nodiscard]] double busiest_over_mean(double all) const {
    if (d_.parallel.ep <= 1) return 1.0;
    const double mean = all * real(m_.top_k) / ep();
    return machine_.traits.expert_imbalance + std::sqrt(2.0 * std::log(ep()) / mean);
  }

  /// The busiest rank's experts: mean, imbalance, and the extreme of `ep` binomials on top.
  void routed(double rows) {
    const double all = rows * dp();
    const double k = real(m_.top_k);
    const double mean = all * k / ep();
    const double extremes = 2.0 * std::log(ep());
    double busiest = mean;
    if (d_.parallel.ep > 1) {
      busiest = mean * machine_.traits.expert_imbalance + std::sqrt(extremes * mean);
      busiest = std::min(busiest, std::max(mean, all * std::min(k, real(slots()))));
    }
    double untouched = 1.0;  // chance that a replica gets none of the tokens
    untouched = std::pow(1.0 - k / (real(slots()) * ep()), all);
    const double touched = real(slots()) * (1.0 - untouched);
    const double active =
        std::min({real(slots()), touched + std::sqrt(extremes * touched * untouched), busiest});
    const double inter = real(m_.expert_inter) / (tp() * dp() / ep());
    const DataType weight = d_.precision.weights;
    const kernel::Format format =
        kernel::format_of(d_.precision.activations, weight, m_.block_scales);
    add(kernels_.moe({.tokens = rows,
                      .top_k = k,
                      .experts = real(slots()) * ep(),
                      .load = kernel::ExpertLoad::spread(busiest, active),
                      .hidden = h(),
                      .inter = inter,
                      .activation = d_.precision.activations,
                      .weight = weight,
                      .block = m_.block_scales,
                      .dispatched = d_.parallel.dp > 1,
                      .library = libraries_.expert(format)}));
  }

  void head(double rows) {
    if (rows <= 0.0) return;
    gemm(rows, real(m_.vocab) / tp(), h(), DataType::bf16);
    elementwise(rows * 8.0 * real(m_.vocab) / tp());
  }

  const ModelSpec& m_;
  const Deployment& d_;
  const ShippedMachine& machine_;
  const Batch& batch_;
  kernel::KernelModel kernels_;
  EngineKernels libraries_;
  collective::CollectiveTimer timer_;
  double positions_ = 1.0;
  double decoding_ = 0.0;
  double fresh_ = 0.0;
  double tokens_ = 0.0;
  Sums sums_;
};

// --- Random batches ------------------------------------------------------------------------------

struct Setup {
  ModelSpec model;
  ShippedMachine machine;
  std::vector<Deployment> deployments;
};

constexpr Precision narrow{DataType::fp8, DataType::fp8, DataType::fp8};
constexpr Precision wide{DataType::bf16, DataType::bf16, DataType::bf16};
constexpr Precision four{DataType::fp4, DataType::fp8, DataType::fp8};

Setup setup(std::string_view model, std::string_view rack, std::vector<Deployment> deployments) {
  const ShippedModel m = shipped_model(model);
  return {m.spec, shipped_machine(rack, m.traits, 4), std::move(deployments)};
}

Setup dense() {
  return setup("llama-3.1-70b", "hgx-h200",
               {{.parallel = {.tp = 1}, .precision = narrow},
                {.parallel = {.tp = 2}, .precision = wide},
                {.parallel = {.tp = 8}, .precision = wide}});
}

Setup gqa_experts() {
  return setup("qwen3-235b-a22b", "hgx-h200",
               {{.parallel = {.tp = 8}, .precision = wide},
                {.parallel = {.tp = 8, .ep = 8}, .precision = narrow},
                {.parallel = {.dp = 8, .ep = 8}, .precision = narrow},
                {.parallel = {.tp = 2, .dp = 4, .ep = 4}, .precision = wide},
                {.parallel = {.tp = 2, .dp = 8, .ep = 16}, .precision = narrow}});
}

Setup mla_experts() {
  return setup("deepseek-v3", "al128",
               {{.parallel = {.tp = 8}, .precision = narrow, .draft_tokens = 1},
                {.parallel = {.tp = 4, .ep = 4}, .precision = four},
                {.parallel = {.dp = 128, .ep = 128}, .precision = narrow, .draft_tokens = 2},
                {.parallel = {.dp = 96, .ep = 96}, .precision = four},
                {.parallel = {.tp = 4, .dp = 8, .ep = 32}, .precision = narrow}});
}

Batch random_batch() {
  Batch b;
  const auto requests = *rc::gen::inRange(0, 200);
  for (int i = 0; i < requests; ++i) {
    b.contexts.push_back(static_cast<double>(*rc::gen::inRange(1, 32768)));
  }
  const auto chunks = *rc::gen::inRange(requests == 0 ? 1 : 0, 4);
  for (int i = 0; i < chunks; ++i) {
    b.chunks.push_back({static_cast<double>(*rc::gen::inRange(1, 4096)),
                        static_cast<double>(*rc::gen::inRange(0, 3) * 4096)});
  }
  b.finishing = static_cast<double>(*rc::gen::inRange(0, chunks + 1));
  return b;
}

BatchShape aggregate(const Batch& b) {
  BatchShape s;
  s.decode_sequences = static_cast<double>(b.contexts.size());
  for (const double c : b.contexts) s.decode_context += c;
  for (const Chunk& c : b.chunks) {
    s.prefill_tokens += c.fresh;
    s.prefill_pairs += c.fresh * c.cached + 0.5 * c.fresh * (c.fresh + 1.0);
    s.prefill_context += c.fresh + c.cached;
  }
  s.prefill_sequences = b.finishing;
  return s;
}

bool close(double a, double b) { return std::abs(a - b) <= 1e-3 * std::abs(b); }

void expect_agreement(const Setup& s) {
  const auto which = *rc::gen::inRange<std::size_t>(0, s.deployments.size());
  const Deployment& d = s.deployments[which];
  const Batch batch = random_batch();
  const StepProgram program = compile(s.model, d, s.machine.view());
  StepEvaluator evaluator(program);
  const StepTime cold = evaluator.eval(aggregate(batch));
  const StepTime memoised = evaluator.eval(aggregate(batch));
  const Sums sums = LongStep(s.model, d, s.machine, batch).run();
  RC_ASSERT(cold.latency == memoised.latency);
  RC_ASSERT(close(cold.latency.si(), sums.time));
  RC_ASSERT(close(cold.bound_total().si(), sums.bound));
  RC_ASSERT(close(cold.flops.si(), sums.flops));
  RC_ASSERT(close(cold.hbm_bytes.si(), sums.bytes));
}

RC_GTEST_PROP(StepProperties, DenseStepEqualsTheLongWay, ()) {
  static const Setup s = dense();
  expect_agreement(s);
}

RC_GTEST_PROP(StepProperties, GqaExpertStepEqualsTheLongWay, ()) {
  static const Setup s = gqa_experts();
  expect_agreement(s);
}

RC_GTEST_PROP(StepProperties, MlaExpertStepEqualsTheLongWay, ()) {
  static const Setup s = mla_experts();
  expect_agreement(s);
}

RC_GTEST_PROP(StepProperties, MoreWorkNeverTakesLess, ()) {
  static const Setup s = mla_experts();
  const auto which = *rc::gen::inRange<std::size_t>(0, s.deployments.size());
  const StepProgram program = compile(s.model, s.deployments[which], s.machine.view());
  StepEvaluator evaluator(program);
  const BatchShape less = aggregate(random_batch());
  BatchShape more = less;
  const double factor = 1.0 + *rc::gen::inRange(0, 100) * 0.01;
  more.decode_context *= factor;
  more.prefill_pairs *= factor;
  more.prefill_context *= factor;
  RC_ASSERT(evaluator.eval(more).latency >= evaluator.eval(less).latency * (1.0 - 1e-12));
  RC_ASSERT(evaluator.eval(more).latency >= evaluator.eval(more).bound_total());
}

}  // namespace
}  // namespace sn::llm
