// sn/collective/collective.h
//
// Time of a collective on a group of GPUs: the fastest algorithm that the fabric offers, with its
// physical bound.
//
// Sizes follow nccl-tests: all_reduce S = buffer per rank; all_gather, reduce_scatter S = whole
// buffer (N shares); all_to_all S = send buffer per rank; send S = message. With N ranks in one
// domain, B sustained bandwidth, L path latency:
//   one-shot   alpha_c + L + S (N-1) / B                 every rank reads every buffer
//   two-shot   alpha_c + barrier + 2L + 2S (N-1)/(N B)   reduce-scatter, then all-gather
//   ring       alpha_l + 2(N-1)(step + L) + 2S (N-1)/(N B)
//   in-switch  alpha_s + 2L + S (1 + 1/N) / B            reduced reads, multicast results
// Groups over several domains (n ranks in each of m): reduce-scatter inside, all-reduce of S/n over
// ScaleOut, all-gather inside. Bounds per class: without in-switch reduction 2S(N-1)/(N B_raw),
// with it S/B_raw.
// Sources: Thakur, Rabenseifner, Gropp (IJHPCA 19(1), 2005); NCCL tuning model;
// NVLS after NVIDIA's SHARP; facts 2.4 for the constants. Limits: no contention between groups
// beyond `background`.

#pragma once

#include <cstdint>
#include <string_view>

#include "sn/base/quantity.h"
#include "sn/collective/params.h"
#include "sn/fabric/fabric.h"

namespace sn::collective {

enum class Op { all_reduce, all_gather, reduce_scatter, all_to_all };

[[nodiscard]] std::string_view to_string(Op op);

/// `ranks` GPUs, `per_domain` of them in each ScaleUp domain. `per_domain` divides `ranks`.
struct Group {
  std::int64_t ranks = 1;
  std::int64_t per_domain = 1;

  [[nodiscard]] std::int64_t domains() const { return ranks / per_domain; }
  friend bool operator==(const Group&, const Group&) = default;
};

struct Timing {
  Time time;
  Time bound;                  // least time by physics for this class of operation
  std::string_view algorithm;  // static text: "two-shot", "ring", ...

  friend bool operator==(const Timing&, const Timing&) = default;
};

/// Expert-parallel token exchange. Each rank holds `tokens`, each token goes to `top_k` of
/// `experts` experts that are spread evenly over the group; a token travels once to each distinct
/// rank that holds one of its experts. Where experts are cut into `slices`, each on a rank of its
/// own in the same domain, a token goes to all of them.
struct ExpertExchange {
  double tokens = 0.0;   // per rank
  Bytes dispatch_bytes;  // per token sent: hidden x activation format, plus scales
  Bytes combine_bytes;   // per token returned: hidden x bf16
  std::int64_t top_k = 1;
  std::int64_t experts = 1;
  std::int64_t slices = 1;  // ranks that share one expert; divides the group
};

struct ExchangeTiming {
  Timing dispatch;
  Timing combine;
};

/// Share of ranks (or of domains, `units` = domains) that hold at least one of a token's `top_k`
/// experts. Uniform routing without replacement: 1 - C(E - E/units, k) / C(E, k).
[[nodiscard]] double hit_probability(std::int64_t experts, std::int64_t top_k, double units);

class CollectiveTimer {
 public:
  CollectiveTimer(const fabric::Fabric& fabric, const CollectiveParams& params)
      : fabric_(fabric), params_(params) {}

  /// A group of one takes no time. `background` in [0, 1) is held by other traffic.
  [[nodiscard]] Timing time(Op op, Group group, Bytes size, double background = 0.0) const;
  [[nodiscard]] ExchangeTiming exchange(const ExpertExchange& e, Group group,
                                        double background = 0.0) const;
  /// Point-to-point message between neighbours (pipeline stages); `far` crosses ScaleOut.
  [[nodiscard]] Timing send(Bytes size, bool far) const;

  [[nodiscard]] const fabric::Fabric& fabric() const { return fabric_; }
  [[nodiscard]] const CollectiveParams& params() const { return params_; }

 private:
  [[nodiscard]] Timing all_reduce(Group group, double size, double free) const;
  [[nodiscard]] Timing gather(Group group, double size, double free) const;
  [[nodiscard]] Timing all_to_all(Group group, double size, double free) const;
  [[nodiscard]] Timing one_way(const ExpertExchange& e, Group group, Bytes per_token, Time alpha,
                               double free) const;

  fabric::Fabric fabric_;
  CollectiveParams params_;
};

/// nccl-tests' bus bandwidth of a measured or predicted time.
[[nodiscard]] Bandwidth bus_bandwidth(Op op, std::int64_t ranks, Bytes size, Time time);

}  // namespace sn::collective
