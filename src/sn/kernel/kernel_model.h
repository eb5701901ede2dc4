// sn/kernel/kernel_model.h
//
// Time of one operator on one chip.
//
//   t = launch + (tc^p + tm^p)^(1/p)
//   tc: FLOPs in whole waves of tiles over the SMs, at a sustained share of peak; tile shape and
//       split-K are the best of a small set, small tiles paying for their lower operand reuse
//   tm: bytes over the sustained HBM rate, or the sustained L2 rate for activations that fit half
//       of L2
//
// Roofline after Williams, Waterman and Patterson (CACM 52(4), 2009); wave quantisation as in
// NVIDIA's "Matrix Multiplication Background"; shares and p are parameters of a kernel family
// (params.h), not of a shape. A physical bound goes with every time: FLOPs over peak, HBM bytes
// over HBM bandwidth. Limits: no overlap between kernels, no power-dependent clock.

#pragma once

#include <array>
#include <cstdint>

#include "sn/base/quantity.h"
#include "sn/hw/machine.h"
#include "sn/kernel/data_type.h"
#include "sn/kernel/params.h"

namespace sn::kernel {

/// Time of an operator with what it does and the least time physics allows it.
struct Cost {
  Time time;
  Time compute;  // tc above
  Time memory;   // tm above
  Time bound;    // max(flops / peak, bytes / HBM bandwidth)
  Flops flops;
  Bytes bytes;  // HBM traffic

  friend bool operator==(const Cost&, const Cost&) = default;
};

/// C[m,n] = A[m,k] B[k,n]; `weight` is the format of B in memory. Fractional m is a mean over
/// steps.
struct Gemm {
  double m = 0.0;
  double n = 0.0;
  double k = 0.0;
  DataType activation = DataType::bf16;
  DataType weight = DataType::bf16;
};

/// `groups` independent products that share nothing but the launch; `rows` is the sum of their m.
struct GroupedGemm {
  double groups = 0.0;
  double rows = 0.0;
  double n = 0.0;
  double k = 0.0;
  DataType activation = DataType::bf16;
  DataType weight = DataType::bf16;
};

/// One query position (or `queries` of them, for speculative decoding) per sequence against its KV
/// cache. Head counts are per GPU.
struct DecodeAttention {
  double sequences = 0.0;
  double context = 0.0;  // sum over sequences of KV tokens read
  double queries = 1.0;
  double heads = 0.0;
  double kv_heads = 0.0;
  double head_dim = 0.0;
  DataType kv = DataType::bf16;
};

/// Absorbed multi-head latent attention: all heads read one latent of `latent` + `rope` elements
/// per token.
struct MlaDecode {
  double sequences = 0.0;
  double context = 0.0;
  double queries = 1.0;
  double heads = 0.0;
  double latent = 0.0;
  double rope = 0.0;
  DataType kv = DataType::bf16;
};

/// Causal prefill attention of any kind: `pairs` is the sum of query x key positions that are
/// computed.
struct PrefillAttention {
  double pairs = 0.0;
  double tokens = 0.0;     // new query tokens
  double kv_tokens = 0.0;  // keys read, new and cached
  double heads = 0.0;
  double qk_dim = 0.0;
  double v_dim = 0.0;
  double kv_bytes = 0.0;  // bytes of KV cache per token and GPU
};

/// Scores of an attention indexer (DeepSeek Sparse Attention): for every pair the dot products of
/// all index heads in fp8, summed to one logit that the selection reads again. Keys take `dim`
/// bytes.
struct IndexScores {
  double pairs = 0.0;  // query x key positions
  double keys = 0.0;   // keys read
  double heads = 0.0;
  double dim = 0.0;
};

class KernelModel {
 public:
  KernelModel(const hw::Chip& chip, const KernelParams& params);

  [[nodiscard]] Cost gemm(const Gemm& g) const;
  [[nodiscard]] Cost grouped_gemm(const GroupedGemm& g) const;
  [[nodiscard]] Cost decode_attention(const DecodeAttention& a) const;
  [[nodiscard]] Cost mla_decode(const MlaDecode& a) const;
  [[nodiscard]] Cost prefill_attention(const PrefillAttention& a) const;
  [[nodiscard]] Cost index_scores(const IndexScores& s) const;
  /// Norms, activations, copies: `bytes` read and written, reused from L2 when they fit.
  [[nodiscard]] Cost elementwise(Bytes bytes) const;

 private:
  struct Rate {
    double peak = 0.0;       // FLOP/s
    double sustained = 0.0;  // FLOP/s
  };
  [[nodiscard]] const Rate& rate(DataType type) const {
    return rates_[static_cast<std::size_t>(type)];
  }
  /// Operands of two formats are multiplied in the wider one: the slower rate of the two.
  [[nodiscard]] const Rate& rate(DataType activation, DataType weight) const {
    return rate(activation).peak <= rate(weight).peak ? rate(activation) : rate(weight);
  }
  [[nodiscard]] double tile_time(double groups, double m, double n, double k, const Rate& r) const;
  [[nodiscard]] Cost finish(double flops, double peak, double compute, double bytes,
                            double memory) const;
  [[nodiscard]] double smooth_max(double a, double b) const;

  std::array<Rate, 4> rates_;
  double sms_ = 1.0;
  double hbm_peak_ = 1.0;     // B/s
  double hbm_ = 1.0;          // B/s, sustained
  double l2_ = 1.0;           // B/s, sustained
  double l2_capacity_ = 0.0;  // B
  double launch_ = 0.0;       // s
  double sharpness_ = 4.0;
  double negligible_ratio_ = 0.0;  // of the smaller to the larger time, below which it vanishes
  double grouped_ = 1.0;
  double attention_prefill_ = 1.0;
  double attention_decode_ = 1.0;
  double mla_decode_ = 1.0;
};

}  // namespace sn::kernel
