// sn/llm/framework.h
//
// What serving software adds to the kernels: host time, memory it keeps for itself.
//
// Host time of one step of n sequences:
//   exposed = max(0, launches x launch - device)   unless a captured graph is replayed
//           + decode or prefill           scheduling and sampling that nothing hides
//           + n x sequence                sampling, stop checks, detokenising, per sequence
// A step replays a graph when it has at most `graph_tokens` positions (vLLM captures to 512, also
// with prompts among them: `graph_mixed_tokens`). In a replayed graph a kernel's launch and
// prologue run beside the tail of the one before (programmatic dependent launch): each operator
// takes `graph_overlap` less than alone, but never less than its work. A request spends frontend +
// tokens x frontend_token before its first step can hold it: HTTP, tokeniser, queues between
// processes. Values, sources and confidence: catalog/frameworks/*.yaml.

#pragma once

#include <cstdint>

#include "sn/base/units/quantity.h"
#include "sn/catalog/param.h"

namespace sn::llm {

/// What the engine can run, by its documentation and issues; catalog/frameworks/*.yaml, `runs`,
/// with source, version and date. An engine that is not named can run everything.
struct EngineRuns {
  // Pools that hand their KV cache over:
  bool handover_prefill_stages = true;  // prefill in several pipeline stages
  bool handover_decode_stages = true;   // decode likewise
  bool handover_kv_differs = true;      // pools with different formats of the KV cache
  // Speculation:
  bool draft_stages = true;  // drafts where there is more than one pipeline stage
  bool draft_alone = true;   // on the decode side alone; else both pools carry the draft layers
  // Cuts:
  bool rank_groups = true;      // attention over several ranks within attention data parallelism
  bool rank_stages = true;      // attention data parallelism in several pipeline stages
  bool experts_in_part = true;  // experts over some of a stage's ranks; else over all or none
  bool prefill_context = true;  // prompts cut over ranks
  bool decode_context_latent = true;  // a sequence's latent cache dealt over tensor ranks (DCP)
  bool decode_context_heads = true;   // the same with heads
  // Formats of the KV cache:
  bool kv_fp4 = true;
  bool kv_int8 = true;

  friend bool operator==(const EngineRuns&, const EngineRuns&) = default;
};

template <class V>
void describe(V& v, EngineRuns& r) {
  v.flag("handover_prefill_stages", r.handover_prefill_stages);
  v.flag("handover_decode_stages", r.handover_decode_stages);
  v.flag("handover_kv_differs", r.handover_kv_differs);
  v.flag("draft_stages", r.draft_stages);
  v.flag("draft_alone", r.draft_alone);
  v.flag("rank_groups", r.rank_groups);
  v.flag("rank_stages", r.rank_stages);
  v.flag("experts_in_part", r.experts_in_part);
  v.flag("prefill_context", r.prefill_context);
  v.flag("decode_context_latent", r.decode_context_latent);
  v.flag("decode_context_heads", r.decode_context_heads);
  v.flag("kv_fp4", r.kv_fp4);
  v.flag("kv_int8", r.kv_int8);
}

struct Framework {
  std::string name;
  EngineRuns runs;
  Time host_decode;     // exposed per step of pure decode
  Time host_prefill;    // exposed per step that holds prompt tokens
  Time host_sequence;   // exposed per decoding sequence of an attention rank and step
  Time host_launch;     // one operator of a stage outside a captured graph: their sum is a floor
  Time frontend;        // once per request, and
  Time frontend_token;  // per prompt token
  Time handover;        // between pools, once a request: agreement on pages, polls of both sides
  std::int64_t graph_tokens = 0;        // largest captured step of pure decode, positions
  std::int64_t graph_mixed_tokens = 0;  // the same with prompt tokens in it; 0: never captured
  Time graph_overlap;                   // of one operator with the one before, in a graph
  Time first_step;  // the first step with prompts after a start: kernels compiled, tuned, loaded
  double memory = 0.0;             // share of HBM that the engine may use, or
  double memory_after_load = 0.0;  // 1: of what weights and workspace leave (TensorRT-LLM)
  /// Share of the longest answer a request may give for which KV memory is set aside when it is
  /// admitted: 1 never evicts (TensorRT-LLM's default policy), 0 counts on luck and preempts
  /// (vLLM).
  double reserved_answer = 0.0;
  /// Micro-batches in flight beyond one a pipeline stage, where there is more than one stage.
  std::int64_t batches_ahead = 0;
  /// HBM of one GPU beside weights, cache and activations: CUDA context, libraries' workspaces and
  /// slack of the allocator; buffers of communicators, where a model spans GPUs; and what sampling
  /// takes of each logit of the most sequences at once, vocabularies whole (vLLM's profiling run).
  Bytes workspace;
  Bytes communication;
  Bytes logit;
  /// Share of the activations that the engine finds room for within `memory` (vLLM profiles them);
  /// the others take what `memory` leaves outside (SGLang's static fraction).
  double activations_inside = 1.0;
  // How steps are put together, as launched (what measured points do not say themselves).
  std::int64_t step_tokens = 0;        // budget of a step with prompts, positions of a rank, and
  std::int64_t step_tokens_large = 0;  // that of chips with at least
  Bytes large_memory;                  // so much HBM
  std::int64_t prefill_first = 0;      // 1: prompts run before decodes, in steps of their own
  std::int64_t ahead = 0;              // 1: a step is put together while the last one runs
  std::int64_t poll = 1;               // decode steps between looks for new requests, and
  std::int64_t poll_busy = 1;          // that from
  std::int64_t busy_clients = 1;       // so many clients on
  std::int64_t max_sequences = 0;      // decode requests per attention rank
  double exchange_sms = 0.0;  // share of the SMs that an overlapped exchange of prompts holds

  /// Budget of a step with prompts on chips of so much HBM.
  [[nodiscard]] std::int64_t step_budget(Bytes hbm) const {
    return hbm < large_memory ? step_tokens : step_tokens_large;
  }
  [[nodiscard]] std::int64_t poll_steps(double clients) const {
    return clients < static_cast<double>(busy_clients) ? poll : poll_busy;
  }
  /// From a request's arrival at the server until a step can hold it.
  [[nodiscard]] Time before_first_step(double prompt_tokens) const {
    return frontend + frontend_token * prompt_tokens;
  }

  friend bool operator==(const Framework&, const Framework&) = default;
};

template <class V>
void describe(V& v, Framework& f) {
  const Time hi = Time::from_si(1.0);
  v.quantity("host.decode", f.host_decode, Time{}, hi);
  v.quantity("host.prefill", f.host_prefill, Time{}, hi);
  v.quantity("host.sequence", f.host_sequence, Time{}, hi);
  v.quantity("host.launch", f.host_launch, Time{}, hi);
  v.quantity("host.frontend", f.frontend, Time{}, hi);
  v.quantity("host.frontend_token", f.frontend_token, Time{}, hi);
  v.quantity("host.handover", f.handover, Time{}, hi);
  v.quantity("host.first_step", f.first_step, Time{}, Time::from_si(600.0));
  v.count("graph.tokens", f.graph_tokens, 0, 1 << 20);
  v.count("graph.mixed_tokens", f.graph_mixed_tokens, 0, 1 << 20);
  v.quantity("graph.overlap", f.graph_overlap, Time{}, Time::from_si(1e-4));
  v.ratio("memory.utilisation", f.memory, 0.1, 1.0);
  v.ratio("memory.after_load", f.memory_after_load, 0.0, 1.0);
  v.ratio("memory.reserved_answer", f.reserved_answer, 0.0, 1.0);
  v.count("steps.tokens", f.step_tokens, 1, 1 << 20);
  v.count("steps.tokens_large", f.step_tokens_large, 1, 1 << 20);
  v.quantity("steps.large_memory", f.large_memory, Bytes{}, Bytes::from_si(1e13));
  v.count("steps.prefill_first", f.prefill_first, 0, 1);
  v.count("steps.ahead", f.ahead, 0, 1);
  v.count("steps.poll", f.poll, 1, 1000);
  v.count("steps.poll_busy", f.poll_busy, 1, 1000);
  v.count("steps.busy_clients", f.busy_clients, 1, 1 << 20);
  v.quantity("memory.workspace", f.workspace, Bytes{}, Bytes::from_si(1e12));
  v.count("pipeline.batches_ahead", f.batches_ahead, 0, 64, catalog::Need::optional);
  v.quantity("memory.communication", f.communication, Bytes{}, Bytes::from_si(1e12),
             catalog::Need::optional);
  v.quantity("memory.logit", f.logit, Bytes{}, Bytes::from_si(1e6), catalog::Need::optional);
  v.ratio("memory.activations", f.activations_inside, 0.0, 1.0, catalog::Need::optional);
  v.count("max_sequences", f.max_sequences, 1, 65536);
  v.ratio("exchange_sms", f.exchange_sms, 0.0, 0.9);
  v.group("runs", f.runs);
}

/// Behaviour of a model under load that its architecture does not tell; catalog/models/*.yaml,
/// `traits`.
struct ModelTraits {
  /// Probability that one drafted token is accepted, given that the previous one was.
  double mtp_acceptance = 0.0;
  double expert_imbalance = 1.0;  // load of the busiest expert rank over the mean, many tokens
  /// Deviation of the logarithm of the experts' shares of tokens that placement has to even out
  /// (placement_imbalance); 0: `expert_imbalance` is all there is, however many replicas.
  double expert_skew = 0.0;
  /// The same within one batch, whose tokens are alike: fewer experts are met than by independent
  /// draws, so fewer weights are read. Placement does not change it.
  double routing_spread = 0.0;

  friend bool operator==(const ModelTraits&, const ModelTraits&) = default;
};

template <class V>
void describe(V& v, ModelTraits& t) {
  v.ratio("mtp_acceptance", t.mtp_acceptance, 0.0, 1.0);
  v.ratio("expert_imbalance", t.expert_imbalance, 1.0, 16.0);
  v.ratio("expert_skew", t.expert_skew, 0.0, 3.0, catalog::Need::optional);
  v.ratio("routing_spread", t.routing_spread, 0.0, 3.0, catalog::Need::optional);
}

}  // namespace sn::llm
