// sn/llm/step_compile.cc
//
// First stage of the StepModel: the operators of one deployment with their dimensions (see step.h).

#include <algorithm>
#include <cmath>

#include "sn/llm/step.h"

namespace sn::llm {

namespace {

constexpr double bf16_bytes = 2.0;
constexpr double expert_launches = 6.0;  // routing, permutation, two products, activation, sum

double d(std::int64_t v) { return static_cast<double>(v); }

/// Ranks of a stage that share a ScaleUp domain: the largest even cut that fits.
std::int64_t ranks_per_domain(std::int64_t stage_ranks, std::int64_t domain) {
  std::int64_t fit = std::min(stage_ranks, domain);
  while (stage_ranks % fit != 0) --fit;
  return fit;
}

/// OS images that hold `ranks` GPUs; a stage that fits one is placed in one.
std::int64_t images_of(std::int64_t ranks, std::int64_t gpus_per_os) {
  return gpus_per_os > 0 ? (ranks + gpus_per_os - 1) / gpus_per_os : 1;
}

/// An expert's share of a batch over the mean, at the quantiles of a lognormal distribution.
std::vector<double> routing_quantiles(double spread) {
  if (spread <= 0.0) return {1.0};
  constexpr std::int64_t count = 12;
  // e^(s z) from e^z, so that compilations do not look for quantiles again.
  static const std::vector<double> unit = lognormal_shares(count, 1.0);
  std::vector<double> out;
  double sum = 0.0;
  for (const double share : unit) {
    out.push_back(std::pow(share, spread));
    sum += out.back();
  }
  for (double& share : out) share *= d(count) / sum;
  return out;
}

}  // namespace

/// Builds a StepProgram; one object per compilation.
class StepCompiler {
 public:
  StepCompiler(const ModelSpec& model, const Deployment& deployment, const StepMachine& machine,
               const hw::Cluster& cluster)
      : m_(model),
        p_(deployment.parallel),
        program_(kernel::KernelModel(cluster.rack.chip, machine.kernels),
                 collective::CollectiveTimer(fabric::make_fabric(cluster), machine.collectives)) {
    program_.model_ = model;
    program_.deployment_ = deployment;
    program_.framework_ = machine.framework;
    program_.libraries_ =
        engine_kernels(machine.framework.name, cluster.rack.chip, expert_calls(model, deployment));
    const std::int64_t slots = expert_slots(model, deployment);
    program_.slots_ = d(slots);
    program_.imbalance_ =
        machine.traits.expert_imbalance *
        placement_imbalance(model.experts, p_.ep, slots, machine.traits.expert_skew);
    program_.routing_ = routing_quantiles(machine.traits.routing_spread);
    double power = 1.0;
    for (std::int64_t i = 0; i < deployment.draft_tokens; ++i) {
      power *= machine.traits.mtp_acceptance;
      const std::vector<double>& by_position = model.draft.acceptance;
      program_.tokens_per_step_ +=
          by_position.empty() ? power : by_position[static_cast<std::size_t>(i)];
    }
    const std::int64_t domain = cluster.rack.scale_up.domain;
    program_.tp_group_ = {.ranks = p_.tp, .per_domain = ranks_per_domain(p_.tp, domain)};
    program_.context_group_ = {.ranks = p_.cp, .per_domain = p_.cp};
    program_.shares_group_ = {.ranks = p_.dcp, .per_domain = ranks_per_domain(p_.dcp, domain)};
    program_.expert_group_ = {.ranks = p_.stage_ranks(),
                              .per_domain = ranks_per_domain(p_.stage_ranks(), domain)};
    program_.stages_far_ = p_.spread || p_.gpus() > domain;
    const std::int64_t images = images_of(p_.stage_ranks(), cluster.rack.gpus_per_os);
    program_.agreement_ = cluster.dcn.latency * std::ceil(std::log2(d(images)));
    program_.idle_ = cluster.rack.chip.idle;
    program_.dynamic_ = cluster.rack.chip.tdp - cluster.rack.chip.idle;
    const Attention& a = m_.attention;
    const double sharing = a.kind == AttentionKind::mla ? 1.0 : std::min(d(p_.tp), d(a.kv_heads));
    // Without the indexer's keys, which the indexer alone reads.
    ModelSpec plain = m_;
    plain.indexer_layers = 0;
    program_.kv_bytes_layer_ = kv_bytes_per_token(plain, deployment.precision.kv).si() /
                               d(m_.attention_layers()) / sharing;
    activation_ = deployment.precision.activations;
    weights_ = part_weights(m_, deployment.precision);
  }

  StepProgram build(double background) {
    program_.background_ = background;
    const double layers = std::ceil(d(m_.layers) / d(p_.pp));
    const double moe = m_.stage_moe_layers(layers);
    const double share = layers / d(m_.layers);
    layers_ = share * d(m_.attention_layers());
    attention(Rows::tokens);
    layers_ = share * d(m_.linear_layers);
    if (layers_ > 0.0) linear_attention(Rows::tokens);
    layers_ = std::max(0.0, layers - moe - share * d(m_.bare_layers));
    if (layers_ > 0.0) dense_ffn(Rows::tokens);
    layers_ = moe;
    if (layers_ > 0.0) moe_ffn(Rows::tokens);
    once_ = true;
    layers_ = 1.0;
    vocabulary(Rows::logits);
    drafts();
    if (p_.pp > 1) {
      add({.name = "stage to stage",
           .kind = OpKind::send,
           .part = Part::pipeline,
           .count = d(p_.pp) - 1.0,
           .bytes_per_row = d(m_.hidden) * bf16_bytes});
    }
    add({.name = "host", .kind = OpKind::host, .part = Part::host});
    for (const StepOp& op : program_.ops_) {
      if (op.once || op.rows == Rows::decode_tokens || op.rows == Rows::drafts) continue;
      program_.launches_ += op.count * (op.kind == OpKind::experts ? expert_launches : 1.0);
    }
    return std::move(program_);
  }

 private:
  void add(StepOp op) {
    op.count *= layers_;
    op.once = once_;
    program_.ops_.push_back(op);
  }

  void gemm(std::string_view name, Part part, Rows rows, double n, double k,
            kernel::DataType weight, double batches = 0.0) {
    add({.name = name,
         .kind = OpKind::gemm,
         .part = part,
         .rows = rows,
         .n = n,
         .k = k,
         .batches = batches,
         .activation = weight == kernel::DataType::bf16 ? weight : activation_,
         .weight = weight});
  }

  void elementwise(std::string_view name, Rows rows, double bytes, double count = 1.0) {
    add({.name = name,
         .kind = OpKind::elementwise,
         .part = Part::elementwise,
         .rows = rows,
         .count = count,
         .bytes_per_row = bytes});
  }

  void all_reduce(std::string_view name, Rows rows) {
    if (p_.tp == 1) return;
    add({.name = name,
         .kind = OpKind::all_reduce,
         .part = Part::all_reduce,
         .rows = rows,
         .bytes_per_row = d(m_.hidden) * bf16_bytes});
  }

  void attention(Rows rows) {
    const Attention& a = m_.attention;
    const double h = d(m_.hidden);
    const double heads = d(a.heads) / d(p_.tp);
    // Residual add and RMSNorm, fused: two tensors read, two written; twice a layer.
    elementwise("norm", rows, 4.0 * h * bf16_bytes, 2.0);
    if (a.kind == AttentionKind::mla) {
      const double qk = d(a.nope_dim + a.rope_dim);
      const double down = d(a.kv_lora + a.rope_dim);
      if (a.q_lora > 0) {
        gemm("q_a, kv_a", Part::projections, rows, d(a.q_lora) + down, h, weights_.attention);
        gemm("q_b", Part::projections, rows, heads * qk, d(a.q_lora), weights_.attention);
      } else {
        gemm("q, kv_a", Part::projections, rows, heads * qk + down, h, weights_.attention);
      }
      elementwise("norm, rope, cache write", rows,
                  2.0 * (d(a.q_lora) + down + heads * d(a.rope_dim)) * bf16_bytes);
      gather_keys(rows);
      if (m_.is_sparse()) indexer(rows);
      const Rows decode = rows == Rows::drafts ? Rows::drafts : Rows::decode_tokens;
      gemm("absorb k", Part::projections, decode, d(a.kv_lora), d(a.nope_dim),
           kernel::DataType::bf16, heads);
      gather_queries(decode, heads * d(a.kv_lora + a.rope_dim));
      if (rows != Rows::drafts) {
        gemm("kv_b", Part::projections, Rows::chunk_tokens, heads * d(a.nope_dim + a.v_dim),
             d(a.kv_lora), weights_.attention);
      }
      scores(rows);
      merge_outputs(decode, heads, d(a.kv_lora));
      gemm("absorb v", Part::projections, decode, d(a.v_dim), d(a.kv_lora), kernel::DataType::bf16,
           heads);
      if (a.output_gate) {
        gemm("gate", Part::projections, rows, heads * d(a.v_dim), h, weights_.attention);
      }
      gemm("o_proj", Part::projections, rows, h, heads * d(a.v_dim), weights_.attention);
    } else {
      const double kv = std::max(1.0, d(a.kv_heads) / d(p_.tp));
      const double width = (heads * (a.output_gate ? 2.0 : 1.0) + 2.0 * kv) * d(a.head_dim);
      gemm("qkv", Part::projections, rows, width, h, weights_.attention);
      elementwise("rope, cache write", rows, 2.0 * width * bf16_bytes);
      gather_keys(rows);
      if (m_.is_sparse()) indexer(rows);
      const Rows decode = rows == Rows::drafts ? Rows::drafts : Rows::decode_tokens;
      gather_queries(decode, heads * d(a.head_dim));
      scores(rows);
      merge_outputs(decode, heads, d(a.head_dim));
      gemm("o_proj", Part::projections, rows, h, heads * d(a.head_dim), weights_.attention);
    }
    all_reduce("all-reduce (attention)", rows);
  }

  /// A state in place of a cache: projections, a short convolution, the recurrence, the gated norm.
  /// Decode reads and writes the state of every sequence once; prompts take chunks of 64 positions,
  /// each of which reads and writes it (chunked form of arXiv 2405.21060, 2412.06464). Its products
  /// within a chunk are left to the bytes: they stay below them. Not measured on any chip.
  void linear_attention(Rows rows) {
    const LinearAttention& l = m_.linear;
    const double tp = d(p_.tp);
    const double k = d(l.key_heads * l.key_dim) / tp;
    const double v = d(l.heads * l.value_dim) / tp;
    const double h = d(m_.hidden);
    elementwise("norm", rows, 4.0 * h * bf16_bytes, 2.0);
    gemm("linear in", Part::projections, rows, 2.0 * k + 2.0 * v + d(l.heads) / tp, h,
         weights_.attention);
    elementwise("convolution", rows, 2.0 * (2.0 * k + v) * bf16_bytes);
    const double state = state_bytes(m_).si() / d(m_.linear_layers) / tp;
    const auto recurrence = [&](std::string_view name, Rows of, double bytes) {
      add({.name = name,
           .kind = OpKind::elementwise,
           .part = Part::attention,
           .rows = of,
           .bytes_per_row = bytes});
    };
    const double streams = (2.0 * k + 3.0 * v) * bf16_bytes;
    constexpr double chunk = 64.0;
    recurrence("state (decode)", Rows::decode_tokens, 2.0 * state + streams);
    recurrence("state (prefill)", Rows::prefill_tokens, 2.0 * state / chunk + streams);
    gemm("linear out", Part::projections, rows, h, v, weights_.attention);
    all_reduce("all-reduce (attention)", rows);
  }

  /// Ranks that share a sequence's cache attend with each other's queries; `width` values of one.
  void gather_queries(Rows rows, double width) {
    if (p_.dcp == 1) return;
    add({.name = "all-gather (queries)",
         .kind = OpKind::gather_queries,
         .part = Part::all_reduce,
         .rows = rows,
         .bytes_per_row = width * d(p_.dcp) * bf16_bytes});
  }

  /// Partial outputs of `width` values a head, with a log-sum-exp in fp32 beside each.
  void merge_outputs(Rows rows, double heads, double width) {
    if (p_.dcp == 1) return;
    add({.name = "reduce-scatter (outputs)",
         .kind = OpKind::merge_outputs,
         .part = Part::all_reduce,
         .rows = rows,
         .bytes_per_row = heads * d(p_.dcp) * (width * bf16_bytes + 4.0)});
  }

  /// Context-parallel ranks fetch the keys that the others computed or hold.
  void gather_keys(Rows rows) {
    if (p_.dcp > 1 && rows != Rows::drafts) {
      add({.name = "all-gather (cached keys)",
           .kind = OpKind::gather_cached,
           .part = Part::all_reduce,
           .rows = Rows::prefill_tokens});
    }
    if (p_.cp == 1 || rows == Rows::drafts) return;
    add({.name = "all-gather (keys)",
         .kind = OpKind::gather_keys,
         .part = Part::all_reduce,
         .rows = Rows::prefill_tokens});
  }

  /// Every rank holds the whole indexer: its heads share one key per token.
  void indexer(Rows rows) {
    const double heads = d(m_.index_heads);
    const double dim = d(m_.index_dim);
    const double all = layers_;
    if (rows != Rows::drafts) layers_ *= d(m_.indexer_layers) / d(m_.attention_layers());
    gemm("index k, weights", Part::projections, rows, dim + heads, d(m_.hidden),
         weights_.attention);
    const std::int64_t from = m_.attention.q_lora > 0 ? m_.attention.q_lora : m_.hidden;
    gemm("index q", Part::projections, rows, heads * dim, d(from), weights_.attention);
    attention_op("index scores (decode)", OpKind::index_decode, decode_rows(rows), false);
    if (rows != Rows::drafts) {
      attention_op("index scores (prefill)", OpKind::index_prefill, Rows::prefill_tokens, false);
    }
    layers_ = all;
  }

  [[nodiscard]] static Rows decode_rows(Rows rows) {
    return rows == Rows::drafts ? Rows::drafts : Rows::decode_tokens;
  }

  void attention_op(std::string_view name, OpKind kind, Rows rows, bool capped) {
    add({.name = name, .kind = kind, .part = Part::attention, .rows = rows, .capped = capped});
  }

  void scores(Rows rows) {
    const bool drafts = rows == Rows::drafts;
    const double all = layers_;
    // MTP layers read the whole context, and where stages cut the layers each has its share.
    const double windowed = drafts ? 0.0 : all * m_.windowed_share();
    const bool sparse = m_.is_sparse();
    layers_ = all - windowed;
    if (layers_ > 0.0) {
      attention_op("attention (decode)", OpKind::attention_decode, decode_rows(rows), sparse);
      if (!drafts) {
        attention_op("attention (prefill)", OpKind::attention_prefill, Rows::prefill_tokens,
                     sparse);
      }
    }
    layers_ = windowed;
    if (layers_ > 0.0) {
      attention_op("window (decode)", OpKind::attention_decode, Rows::decode_tokens, true);
      attention_op("window (prefill)", OpKind::attention_prefill, Rows::prefill_tokens, true);
    }
    layers_ = all;
  }

  void swiglu(std::string_view up, std::string_view down, Rows rows, double inter,
              kernel::DataType weight) {
    const double h = d(m_.hidden);
    const double wide = m_.ffn_matrices() - 1.0;
    gemm(up, Part::dense_ffn, rows, wide * inter, h, weight);
    elementwise("activation", rows, (wide + 1.0) * inter * bf16_bytes);
    gemm(down, Part::dense_ffn, rows, h, inter, weight);
  }

  void dense_ffn(Rows rows) {
    swiglu("gate, up", "down", rows, d(m_.dense_inter) / d(p_.tp), weights_.dense);
    all_reduce("all-reduce (ffn)", rows);
  }

  void moe_ffn(Rows rows) {
    const double h = d(m_.hidden);
    const double inter = d(m_.expert_inter) / d(p_.expert_tp());
    const bool exchange = p_.dp * p_.cp > 1;  // else every rank sees all tokens
    gemm("router", Part::elementwise, rows, d(m_.experts), h, kernel::DataType::bf16);
    const auto exchange_op = [&](std::string_view name, bool combine) {
      add({.name = name,
           .kind = OpKind::exchange,
           .part = Part::exchange,
           .rows = rows,
           .bytes_per_row = 0.0,
           .combine = combine});
    };
    if (m_.expert_hidden > 0) {
      gemm("latent down", Part::experts, rows, d(m_.expert_hidden), h, weights_.shared);
    }
    if (exchange) exchange_op("dispatch", false);
    // Routing, permutation, both projections and the activation between them.
    add({.name = "experts",
         .kind = OpKind::experts,
         .part = Part::experts,
         .rows = rows,
         .n = d(m_.expert_width()),
         .k = inter,
         .activation = activation_,
         .weight = weights_.experts});
    if (exchange) exchange_op("combine", true);
    if (m_.expert_hidden > 0) {
      gemm("latent up", Part::experts, rows, h, d(m_.expert_hidden), weights_.shared);
    }
    if (m_.shared_inter > 0) {
      swiglu("shared gate, up", "shared down", rows, d(m_.shared_inter) / d(p_.tp),
             weights_.shared);
    }
    // Partial sums remain of the shared expert, and of all experts where nothing was exchanged.
    if (!exchange || m_.shared_inter > 0) all_reduce("all-reduce (experts)", rows);
    if (exchange && p_.tp > 1) {
      // Each of the tp ranks sent its share of the tokens; their results are gathered.
      add({.name = "all-gather (experts)",
           .kind = OpKind::all_gather,
           .part = Part::all_reduce,
           .rows = rows,
           .bytes_per_row = h * bf16_bytes});
    }
  }

  void vocabulary(Rows rows) {
    const double h = d(m_.hidden);
    const double vocab = d(m_.vocab) / d(p_.tp);
    if (rows == Rows::logits) {
      add({.name = "embedding",
           .kind = OpKind::elementwise,
           .part = Part::logits,
           .rows = Rows::tokens,
           .bytes_per_row = 2.0 * h * bf16_bytes});
    }
    gemm("output head", Part::logits, rows, vocab, h, weights_.head);
    elementwise("sampling", rows, vocab * 2.0 * 4.0);
  }

  void drafts() {
    const std::int64_t n = program_.deployment_.draft_tokens;
    if (n == 0 || m_.draft.kind == DraftModel::Kind::ngram) return;
    layers_ = d(n);
    if (m_.draft.kind == DraftModel::Kind::eagle3) {
      eagle();
      layers_ = 1.0;
      return;
    }
    const double h = d(m_.hidden);
    gemm("MTP projection", Part::projections, Rows::drafts, h, 2.0 * h / d(p_.tp),
         weights_.attention);
    attention(Rows::drafts);
    if (m_.is_moe()) {
      moe_ffn(Rows::drafts);
    } else {
      dense_ffn(Rows::drafts);
    }
    vocabulary(Rows::drafts);
    layers_ = 1.0;
  }

  /// One pass of EAGLE-3's layer in bf16, as its checkpoints are.
  void eagle() {
    const DraftModel& a = m_.draft;
    const double h = d(m_.hidden);
    const double tp = d(p_.tp);
    constexpr kernel::DataType bf16 = kernel::DataType::bf16;
    gemm("draft fuse", Part::projections, Rows::drafts, h, 3.0 * h / tp, bf16);
    elementwise("norm", Rows::drafts, 6.0 * h * bf16_bytes, 2.0);
    const double heads = d(a.heads) / tp;
    const double width = (heads + 2.0 * std::max(1.0, d(a.kv_heads) / tp)) * d(a.head_dim);
    gemm("draft qkv", Part::projections, Rows::drafts, width, 2.0 * h, bf16);
    attention_op("attention (draft)", OpKind::attention_decode, Rows::drafts, false);
    gemm("draft o_proj", Part::projections, Rows::drafts, h, heads * d(a.head_dim), bf16);
    all_reduce("all-reduce (attention)", Rows::drafts);
    swiglu("draft gate, up", "draft down", Rows::drafts, d(a.inter) / tp, bf16);
    all_reduce("all-reduce (ffn)", Rows::drafts);
    gemm("draft head", Part::logits, Rows::drafts, d(a.vocab) / tp, h, bf16);
    elementwise("sampling", Rows::drafts, d(a.vocab) / tp * 2.0 * 4.0);
  }

  const ModelSpec& m_;
  Parallelism p_;
  StepProgram program_;
  kernel::DataType activation_ = kernel::DataType::bf16;
  PartWeights weights_;
  double layers_ = 1.0;
  bool once_ = false;
};

StepProgram compile(const ModelSpec& model, const Deployment& deployment,
                    const StepMachine& machine, const hw::Conditions& conditions,
                    double background) {
  SN_ASSERT(conditions.alive);
  SN_ASSERT(why_not(model, deployment, machine.cluster.rack.scale_up.domain).empty());
  const hw::Cluster cluster = hw::under(conditions, machine.cluster);
  return StepCompiler(model, deployment, machine, cluster).build(background);
}

}  // namespace sn::llm
