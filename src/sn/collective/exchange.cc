// sn/collective/exchange.cc
//
// Expert-parallel dispatch and combine. With T tokens a rank, k experts a token, D ranks that a
// token reaches (1 - C(E - E/N, k)/C(E, k) of N), b bytes a copy, B the link, x* fitted shares:
//   low-latency  a + e (experts a rank) + T k copy + the longer of: remote share of T k b / (x B),
//                a copy for every expert, straight into its buffer; T k/E token, the stream from
//                one rank to one expert, which one group of warps moves (DeepEP low-latency)
//   normal       a + T token + |T D (copy + b / sm) / SMs, remote share of T D b / (x B)|
//                (DeepEP normal; |a,b| the cubic mean); over several domains a copy per domain,
//                spread inside it
//   one-, two-sided  a + p (N-1) + T token + T D copy + remote share of T D b / (x B)
//                (TensorRT-LLM over NVLink; two-sided has a `prepare` step first)
// Bound: the copies to distinct remote ranks over the raw link, one copy per remote domain over
// ScaleOut. Sources: DeepEP, TensorRT-LLM; constants: `supernode calibrate collectives`.
// The links of the busiest rank carry `hottest` times the mean of what it receives and returns.
// Limits: copies out of a rank are even; how uneven experts are is the caller's.

#include <algorithm>
#include <cmath>

#include "sn/base/result.h"
#include "sn/collective/candidate.h"
#include "sn/collective/collective.h"

namespace sn::collective {

namespace {

/// Tokens a rank that DeepEP's low-latency buffers are sized for in engines.
constexpr double low_latency_tokens = 1024.0;

/// Bytes and copies of one direction.
struct Load {
  Load(const fabric::Fabric& f, const CollectiveParams& p, const ExpertExchange& e, Group g,
       Bytes bytes, double free)
      : tokens(e.tokens), ranks(static_cast<double>(g.ranks)) {
    const double n = static_cast<double>(g.per_domain);
    const double m = static_cast<double>(g.domains());
    const double slices = static_cast<double>(e.slices);
    const double holders = ranks / slices;
    const double k = static_cast<double>(e.top_k);
    const double hit =
        e.spread ? std::min(1.0, k / holders) : hit_probability(e.experts, e.top_k, holders);
    const double volume = tokens * bytes.si();
    experts = static_cast<double>(e.experts) * slices / ranks;
    expert_copies = tokens * k * slices;
    stream = tokens * k / static_cast<double>(e.experts);
    copies = tokens * ranks * hit;
    rate = f.scale_up.sustained.si() * free;
    hop = f.scale_up.latency.si();
    bytes_per_copy = bytes.si();
    near = volume * (n - 1.0) * hit;
    bound = near / f.scale_up.raw.si();
    near *= e.hottest;  // into the busiest rank, and out of it
    near_experts = e.hottest * expert_copies * bytes.si() * (n - 1.0) / ranks;
    if (m == 1.0) return;
    const fabric::Path& out = f.scale_out_for(g.ranks);
    far_ranks = e.hottest * volume * (ranks - n) * hit;
    far_experts = e.hottest * expert_copies * bytes.si() * (ranks - n) / ranks;
    const double to_domain =
        e.spread ? std::min(1.0, k / m) : hit_probability(e.experts, e.top_k, std::min(m, holders));
    far_domains = volume * (m - 1.0) * to_domain;
    bound = std::max(bound, far_domains / out.raw.si());
    far_domains *= e.hottest;
    out_rate = out.sustained.si() * p.network * free;
    net = p.network_alpha.si() + out.latency.si();
  }

  double tokens;
  double ranks;
  double experts = 0.0;        // on one rank
  double expert_copies = 0.0;  // one for each expert of each token
  double stream = 0.0;         // of them, from one rank to one expert
  double copies = 0.0;         // one for each rank that a token reaches, the own one included
  double bytes_per_copy = 0.0;
  double near = 0.0;          // bytes over ScaleUp, distinct ranks
  double near_experts = 0.0;  // a copy for every expert
  double far_ranks = 0.0;     // bytes over ScaleOut, a copy per rank
  double far_experts = 0.0;
  double far_domains = 0.0;  // one copy per domain
  double rate = 1.0;
  double out_rate = 1.0;
  double net = 0.0;
  double hop = 0.0;
  double bound = 0.0;
};

double low_latency_time(const ExchangePhase& p, const Load& l) {
  return p.alpha.si() + l.hop + l.net + l.experts * p.per_peer.si() +
         l.expert_copies * p.per_copy.si() +
         std::max({l.near_experts / (p.share * l.rate), l.far_experts / l.out_rate,
                   l.stream * p.per_token.si()});
}

double normal_time(const StreamedPhase& p, const Load& l, double sms) {
  const double work = l.copies * (p.per_copy.si() + l.bytes_per_copy / p.sm_rate.si()) / sms;
  const double wire = (l.near + l.far_ranks) / (p.share * l.rate);
  return p.alpha.si() + l.hop + l.net + l.tokens * p.per_token.si() +
         std::max(cubic(work, wire), l.far_domains / l.out_rate);
}

double sided_time(const ExchangePhase& p, const Load& l) {
  return p.alpha.si() + l.hop + (l.ranks - 1.0) * p.per_peer.si() + l.tokens * p.per_token.si() +
         l.copies * p.per_copy.si() + l.near / (p.share * l.rate);
}

double prepare_time(const ExchangePhase& p, const Load& l) {
  return p.alpha.si() + l.hop + (l.ranks - 1.0) * p.per_peer.si() + l.tokens * p.per_token.si();
}

/// The times of one kernel family, both directions.
struct Pair {
  double dispatch;
  double combine;
  std::string_view name;
};

Pair pair_of(ExchangeKernels kernels, const MoeKernels& k, const Load& out, const Load& back,
             double sms) {
  switch (kernels) {
    case ExchangeKernels::normal:
      return {normal_time(k.normal_dispatch, out, sms), normal_time(k.normal_combine, back, sms),
              "normal"};
    case ExchangeKernels::one_sided:
      return {sided_time(k.one_sided_dispatch, out), sided_time(k.one_sided_combine, back),
              "one-sided"};
    case ExchangeKernels::two_sided:
      return {prepare_time(k.two_sided_prepare, out) + sided_time(k.two_sided_dispatch, out),
              sided_time(k.two_sided_combine, back), "two-sided"};
    case ExchangeKernels::automatic:
    case ExchangeKernels::low_latency:
      break;
  }
  return {low_latency_time(k.low_latency_dispatch, out),
          low_latency_time(k.low_latency_combine, back), "low-latency"};
}

}  // namespace

std::string_view to_string(ExchangeKernels kernels) {
  switch (kernels) {
    case ExchangeKernels::automatic:
      return "auto";
    case ExchangeKernels::low_latency:
      return "low-latency";
    case ExchangeKernels::normal:
      return "normal";
    case ExchangeKernels::one_sided:
      return "one-sided";
    case ExchangeKernels::two_sided:
      return "two-sided";
  }
  return "auto";
}

double hit_probability(std::int64_t experts, std::int64_t top_k, double units) {
  const double e = static_cast<double>(experts);
  const double outside = e - e / units;
  double miss = 1.0;
  for (std::int64_t i = 0; i < top_k; ++i) {
    const double d = static_cast<double>(i);
    miss *= std::max(0.0, (outside - d) / (e - d));
  }
  return 1.0 - miss;
}

ExchangeTiming CollectiveTimer::exchange(const ExpertExchange& e, Group group,
                                         double background) const {
  return exchange(e, group, ExchangeKernels::automatic, background);
}

ExchangeTiming CollectiveTimer::exchange(const ExpertExchange& e, Group group,
                                         ExchangeKernels kernels, double background) const {
  SN_ASSERT(group.per_domain <= fabric_.domain && group.domains() <= fabric_.domains);
  SN_ASSERT(background >= 0.0 && background < 1.0);
  SN_ASSERT(e.slices >= 1 && group.ranks % e.slices == 0);
  if (group.ranks == 1) return {{Time{}, Time{}, "none"}, {Time{}, Time{}, "none"}};
  const Load out(fabric_, params_, e, group, e.dispatch_bytes, 1.0 - background);
  const Load back(fabric_, params_, e, group, e.combine_bytes, 1.0 - background);
  const auto timed = [&](ExchangeKernels k) { return pair_of(k, params_.moe, out, back, e.sms); };
  Pair best = timed(kernels == ExchangeKernels::automatic ? ExchangeKernels::normal : kernels);
  if (kernels == ExchangeKernels::automatic) {
    const auto compete = [&](const Pair& p) {
      if (p.dispatch + p.combine < best.dispatch + best.combine) best = p;
    };
    if (e.tokens <= low_latency_tokens) compete(timed(ExchangeKernels::low_latency));
    if (group.domains() == 1 && fabric_.domain > server_gpus) {
      compete(timed(ExchangeKernels::one_sided));
      compete(timed(ExchangeKernels::two_sided));
    }
  }
  return {timing({best.dispatch, best.name}, out.bound),
          timing({best.combine, best.name}, back.bound)};
}

Time CollectiveTimer::prepare(const ExpertExchange& e, Group group) const {
  if (group.ranks == 1) return {};
  const Load out(fabric_, params_, e, group, e.dispatch_bytes, 1.0);
  return Time::from_si(prepare_time(params_.moe.two_sided_prepare, out));
}

}  // namespace sn::collective
