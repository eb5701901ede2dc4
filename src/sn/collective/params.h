// sn/collective/params.h
//
// Software constants of communication, by kernel family: latencies, and shares of what a link
// sustains point to point. Values, sources and errors: catalog/collectives/*.yaml.
//
// Latency is mostly software (facts 0.6): the wire adds tenths of a microsecond, the kernel family
// 3 to 30 us. Every share is at most 1, so that no prediction beats the link.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sn/base/units/quantity.h"
#include "sn/catalog/param.h"

namespace sn::collective {

inline constexpr Time alpha_min = Time::from_si(1e-12);
inline constexpr Time alpha_max = Time::from_si(1e-2);

/// One operation of a communication library (NCCL class): a protocol for small messages that flags
/// every word (LL, LL128) and one for bulk (Simple), whose chunks fill the pipeline.
struct LibraryCurve {
  Time alpha;                // launch and first hop
  Time step;                 // each further step (all-to-all: each further peer)
  double low_latency = 0.0;  // share of the link under LL and LL128
  Time bulk_alpha;           // added by the bulk protocol
  Time bulk_step;            // least time of one of its steps: a chunk
  double bulk = 0.0;         // its share of the link
  double local = 0.0;        // rate of the rank's own share, copied in HBM, over the link's

  friend bool operator==(const LibraryCurve&, const LibraryCurve&) = default;
};

template <class V>
void describe(V& v, LibraryCurve& c) {
  v.quantity("alpha", c.alpha, alpha_min, alpha_max);
  v.quantity("step", c.step, alpha_min, alpha_max);
  v.ratio("low_latency", c.low_latency, 0.001, 1.0);
  v.quantity("bulk_alpha", c.bulk_alpha, alpha_min, alpha_max);
  v.quantity("bulk_step", c.bulk_step, alpha_min, alpha_max);
  v.ratio("bulk", c.bulk, 0.05, 1.0);
  v.ratio("local", c.local, 0.1, 100.0);
}

struct Library {
  LibraryCurve all_reduce;
  LibraryCurve all_gather;
  LibraryCurve reduce_scatter;
  LibraryCurve all_to_all;
  Time tree_step;  // one level of a tree, up or down

  friend bool operator==(const Library&, const Library&) = default;
};

template <class V>
void describe(V& v, Library& l) {
  v.group("all_reduce", l.all_reduce);
  v.group("all_gather", l.all_gather);
  v.group("reduce_scatter", l.reduce_scatter);
  v.group("all_to_all", l.all_to_all);
  v.quantity("tree_step", l.tree_step, alpha_min, alpha_max);
}

/// Reduction and multicast in the switch (NVLS, SHARP class), by the library.
struct InSwitch {
  Time alpha;
  double share = 0.0;
  Time fill;          // of the pipeline, once the message is large
  Bytes fill_volume;  // half of `fill` is reached here
  Time level;         // each level of a tree over domains
  double tree = 0.0;  // share kept where a domain has more than one neighbour in the tree

  friend bool operator==(const InSwitch&, const InSwitch&) = default;
};

template <class V>
void describe(V& v, InSwitch& s) {
  v.quantity("alpha", s.alpha, alpha_min, alpha_max);
  v.ratio("share", s.share, 0.05, 1.0);
  v.quantity("fill", s.fill, alpha_min, alpha_max);
  v.quantity("fill_volume", s.fill_volume, Bytes::from_si(1e4), Bytes::from_si(1e10));
  v.quantity("level", s.level, alpha_min, alpha_max);
  v.ratio("tree", s.tree, 0.1, 1.0);
}

/// Device-side all-reduce inside a captured graph (TensorRT-LLM; vLLM and SGLang).
struct Custom {
  Time alpha;
  Time doubling;          // each doubling of the group beyond two
  double one_shot = 0.0;  // share of the link
  Time barrier;           // the second phase of two-shot
  double two_shot = 0.0;
  double legacy = 1.0;  // `alpha` of kernels of the first generation (vLLM, SGLang before 0.5.12)
  Bytes limit;          // per rank; larger messages go to the library
  Time host;            // least time of one call outside a graph

  friend bool operator==(const Custom&, const Custom&) = default;
};

template <class V>
void describe(V& v, Custom& c) {
  v.quantity("alpha", c.alpha, alpha_min, alpha_max);
  v.quantity("doubling", c.doubling, alpha_min, alpha_max);
  v.ratio("one_shot", c.one_shot, 0.02, 1.0);
  v.quantity("barrier", c.barrier, alpha_min, alpha_max);
  v.ratio("two_shot", c.two_shot, 0.02, 1.0);
  v.ratio("legacy", c.legacy, 1.0, 5.0);
  v.quantity("limit", c.limit, Bytes::from_si(1e3), Bytes::from_si(1e10));
  v.quantity("host", c.host, alpha_min, alpha_max);
}

/// One direction of an expert exchange by direct writes.
struct ExchangePhase {
  Time alpha;
  Time per_peer;   // low-latency: per expert of a rank; one- and two-sided: per further rank
  Time per_copy;   // index and header of a token's copy to one rank
  Time per_token;  // once per token; low-latency: of the stream from one rank to one expert
  double share = 0.0;

  friend bool operator==(const ExchangePhase&, const ExchangePhase&) = default;
};

template <class V>
void describe(V& v, ExchangePhase& p) {
  v.quantity("alpha", p.alpha, alpha_min, alpha_max);
  v.quantity("per_peer", p.per_peer, alpha_min, alpha_max);
  v.quantity("per_copy", p.per_copy, alpha_min, alpha_max);
  v.quantity("per_token", p.per_token, alpha_min, alpha_max);
  v.ratio("share", p.share, 0.05, 1.0);
}

/// One direction of the normal kernels (DeepEP): streaming multiprocessors move the copies.
struct StreamedPhase {
  Time alpha;
  Time per_copy;      // work of one multiprocessor per copy
  Bandwidth sm_rate;  // of one multiprocessor
  Time per_token;     // layout, once per token
  double share = 0.0;

  friend bool operator==(const StreamedPhase&, const StreamedPhase&) = default;
};

template <class V>
void describe(V& v, StreamedPhase& p) {
  v.quantity("alpha", p.alpha, alpha_min, alpha_max);
  v.quantity("per_copy", p.per_copy, alpha_min, alpha_max);
  v.quantity("sm_rate", p.sm_rate, Bandwidth::from_si(1e9), Bandwidth::from_si(1e12));
  v.quantity("per_token", p.per_token, alpha_min, alpha_max);
  v.ratio("share", p.share, 0.05, 1.0);
}

/// Kernels that take tokens to the ranks of their experts and back.
struct MoeKernels {
  ExchangePhase low_latency_dispatch;
  ExchangePhase low_latency_combine;
  StreamedPhase normal_dispatch;
  StreamedPhase normal_combine;
  ExchangePhase one_sided_dispatch;
  ExchangePhase one_sided_combine;
  ExchangePhase two_sided_dispatch;
  ExchangePhase two_sided_combine;
  ExchangePhase two_sided_prepare;  // counts and offsets, before a dispatch; carries no payload

  friend bool operator==(const MoeKernels&, const MoeKernels&) = default;
};

template <class V>
void describe(V& v, MoeKernels& m) {
  v.group("low_latency.dispatch", m.low_latency_dispatch);
  v.group("low_latency.combine", m.low_latency_combine);
  v.group("normal.dispatch", m.normal_dispatch);
  v.group("normal.combine", m.normal_combine);
  v.group("one_sided.dispatch", m.one_sided_dispatch);
  v.group("one_sided.combine", m.one_sided_combine);
  v.group("two_sided.dispatch", m.two_sided_dispatch);
  v.group("two_sided.combine", m.two_sided_combine);
  v.group("two_sided.prepare", m.two_sided_prepare);
}

struct CollectiveParams {
  std::string name;
  Library library;
  InSwitch in_switch;
  Custom custom;
  MoeKernels moe;
  Time network_alpha;    // added once when a group crosses ScaleOut
  double network = 0.0;  // bandwidth share of collectives over ScaleOut
  double ring = 0.0;     // share of ScaleUp that one ring over several domains reaches
  Time point_to_point;   // send/receive between pipeline stages, KV transfer start

  friend bool operator==(const CollectiveParams&, const CollectiveParams&) = default;
};

template <class V>
void describe(V& v, CollectiveParams& c) {
  v.group("library", c.library);
  v.group("in_switch", c.in_switch);
  v.group("custom", c.custom);
  v.group("moe", c.moe);
  v.quantity("network.alpha", c.network_alpha, alpha_min, alpha_max);
  v.ratio("network.efficiency", c.network, 0.05, 1.0);
  v.ratio("network.ring", c.ring, 0.05, 1.0);
  v.quantity("point_to_point.alpha", c.point_to_point, alpha_min, alpha_max);
}

/// Servers of up to eight GPUs have fits of their own, by the generation of the chip; wider domains
/// take `default`, fitted where wide domains were measured.
inline constexpr std::int64_t server_gpus = 8;
inline constexpr std::string_view wide_entry = "default";

[[nodiscard]] inline std::string_view entry_name(std::string_view generation, std::int64_t domain) {
  return domain > server_gpus ? wide_entry : generation;
}

}  // namespace sn::collective
