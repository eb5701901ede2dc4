// sn/collective/collective.h
//
// Time of a collective on a group of GPUs: the kernel that an engine would pick, with its physical
// bound.
//
// Sizes follow nccl-tests: all_reduce S = buffer per rank; all_gather, reduce_scatter S = whole
// buffer (N shares); all_to_all S = send buffer per rank; send S = message. With N ranks in one
// domain, B the sustained rate of a link, L its latency, x* a fitted share, |a,b| the cubic mean
// (a^3 + b^3)^(1/3) of work that overlaps:
//   one-shot   a + d log2(N/2) + L + S (N-1) / (x1 B)           every rank reads every buffer
//   two-shot   a + d log2(N/2) + barrier + 2L + 2S (N-1)/(N x2 B)
//   ring       the faster of a low-latency and a bulk protocol; k = 2 steps a rank for all-reduce,
//              1 for all-gather and reduce-scatter, W = k S (N-1)/N:
//                a + k(N-1)(step + L) + W / (xl B)
//                a + ab + k(N-1) L + |k(N-1) chunk, W/(xb B) + S/(N xh B)|
//   tree       a + 2 log2(N)(level + L) + W / (xl B)            more than eight ranks
//   in-switch  a + 2L + S (1 + 1/N) / (xs B) + fill S / (S + S0)
//   direct     all-to-all: as a ring, with the latencies of one step and all peers at once
// Groups over several domains (n ranks in each of m): reduce-scatter inside, all-reduce of S/n over
// ScaleOut, all-gather inside; or one ring over all; or in-switch reduction in each and a tree
// across. An all-reduce goes to device-side kernels up to their size limit, else to the library.
// Bounds per class: without in-switch reduction 2S(N-1)/(N B_raw), with it S/B_raw.
// Sources: Thakur, Rabenseifner, Gropp (IJHPCA 19(1), 2005); NCCL; TensorRT-LLM, vLLM and SGLang
// custom all-reduce; DeepEP. Constants: `supernode calibrate collectives`. Limits: no contention
// between groups beyond `background`; trees at up to eight ranks are not told from rings.

#pragma once

#include <cstdint>
#include <string_view>

#include "sn/base/units/quantity.h"
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

/// Which kernels compete: all that an engine would use under captured graphs, or one family.
enum class Kernels { automatic, library, custom, ring, tree, in_switch, one_shot, two_shot };

[[nodiscard]] std::string_view to_string(Kernels kernels);

struct Request {
  Op op = Op::all_reduce;
  Group group;
  Bytes size;
  Kernels kernels = Kernels::automatic;
  bool switch_reducible = true;  // in-switch units add floating-point numbers alone
  bool legacy = false;           // device-side kernels of the first generation
  double background = 0.0;       // in [0, 1), held by other traffic
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
  bool spread = false;      // experts dealt round robin: a token reaches min(top_k, ranks) ranks
  double sms = 20.0;        // multiprocessors that the normal kernels take
  double hottest = 1.0;     // what the busiest rank receives and returns, over the mean
};

/// Kernels of an expert exchange. `automatic`: NVLink one- or two-sided where one domain is wider
/// than a server, else DeepEP low-latency up to its buffers' tokens, else DeepEP normal; the
/// fastest of those.
enum class ExchangeKernels { automatic, low_latency, normal, one_sided, two_sided };

[[nodiscard]] std::string_view to_string(ExchangeKernels kernels);

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
  /// Infinite when this fabric or operation has no such kernel.
  [[nodiscard]] Timing time(const Request& request) const;
  [[nodiscard]] ExchangeTiming exchange(const ExpertExchange& e, Group group,
                                        double background = 0.0) const;
  [[nodiscard]] ExchangeTiming exchange(const ExpertExchange& e, Group group,
                                        ExchangeKernels kernels, double background) const;
  /// Counts and offsets before a two-sided dispatch; part of its time in `exchange`.
  [[nodiscard]] Time prepare(const ExpertExchange& e, Group group) const;
  /// Point-to-point message between neighbours (pipeline stages); `far` crosses ScaleOut.
  [[nodiscard]] Timing send(Bytes size, bool far) const;

  [[nodiscard]] const fabric::Fabric& fabric() const { return fabric_; }
  [[nodiscard]] const CollectiveParams& params() const { return params_; }

 private:
  fabric::Fabric fabric_;
  CollectiveParams params_;
};

/// nccl-tests' bus bandwidth of a measured or predicted time.
[[nodiscard]] Bandwidth bus_bandwidth(Op op, std::int64_t ranks, Bytes size, Time time);

}  // namespace sn::collective
