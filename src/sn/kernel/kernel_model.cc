// sn/kernel/kernel_model.cc
//
// Operator times (equations and sources in kernel_model.h).

#include "sn/kernel/kernel_model.h"

#include <algorithm>
#include <cmath>

namespace sn::kernel {

namespace {

struct Tile {
  double m;
  double n;
  double efficiency;  // relative to the largest tile: mn / (mn + c), reuse grows with the edge
};

/// std::ceil is a function call on baseline x86-64, and this is the hottest line of a plan.
double round_up(double x) {
  const auto whole = static_cast<double>(static_cast<std::int64_t>(x));
  return whole < x ? whole + 1.0 : whole;
}

constexpr double reuse(double m, double n) {
  constexpr double c = 64.0 * 64.0;
  constexpr double largest = 256.0 * 128.0;
  return (m * n / (m * n + c)) / (largest / (largest + c));
}

// Shapes that the libraries of the last three GPU generations ship (CUTLASS profiler listings).
constexpr std::array<Tile, 6> tiles = {{
    {64, 32, reuse(64, 32)},
    {64, 64, reuse(64, 64)},
    {64, 128, reuse(64, 128)},
    {128, 128, reuse(128, 128)},
    {64, 256, reuse(64, 256)},
    {256, 128, reuse(256, 128)},
}};

constexpr double most_split = 8.0;  // split-K, in powers of two, while the grid leaves SMs idle

// A tensor-core instruction takes 16 query rows; fewer leave the rest idle.
constexpr double mma_rows = 16.0;

constexpr double output_bytes = 2.0;  // bf16 results

}  // namespace

KernelModel::KernelModel(const hw::Chip& chip, const KernelParams& params)
    : sms_(static_cast<double>(chip.sms)),
      hbm_peak_(chip.hbm_bandwidth.si()),
      hbm_(chip.hbm_bandwidth.si() * params.hbm),
      // A hit is never slower than a miss, whatever the two shares say; else a larger operator
      // could be the quicker one.
      l2_(std::max(chip.l2_bandwidth.si() * params.l2, chip.hbm_bandwidth.si() * params.hbm)),
      l2_capacity_(chip.l2_capacity.si()),
      launch_(params.launch.si()),
      sharpness_(params.sharpness),
      negligible_ratio_(std::pow(1e-9, 1.0 / params.sharpness)),
      grouped_(params.grouped),
      attention_prefill_(params.attention_prefill),
      attention_decode_(params.attention_decode),
      mla_decode_(params.mla_decode) {
  const auto make = [](FlopRate peak, double share) { return Rate{peak.si(), peak.si() * share}; };
  const Rate bf16 = make(chip.peak.bf16, params.gemm_bf16);
  const auto or_wider = [](Rate r, const Rate& wider) { return r.sustained > 0.0 ? r : wider; };
  const Rate fp8 = or_wider(make(chip.peak.fp8, params.gemm_fp8), bf16);
  const Rate fp4 = or_wider(make(chip.peak.fp4, params.gemm_fp4), fp8);
  const Rate int8 = or_wider(make(chip.peak.int8, params.gemm_int8), bf16);
  rates_[static_cast<std::size_t>(DataType::bf16)] = bf16;
  rates_[static_cast<std::size_t>(DataType::fp8)] = fp8;
  rates_[static_cast<std::size_t>(DataType::fp4)] = fp4;
  rates_[static_cast<std::size_t>(DataType::int8)] = int8;
}

double KernelModel::smooth_max(double a, double b) const {
  const double hi = std::max(a, b);
  const double lo = std::min(a, b);
  if (lo <= negligible_ratio_ * hi) return hi;
  const double ratio = lo / hi;
  if (sharpness_ == 4.0) {  // the families' own value: square roots cost a tenth of two powers
    const double square = ratio * ratio;
    return hi * std::sqrt(std::sqrt(1.0 + square * square));
  }
  const double x = std::pow(ratio, sharpness_);
  const double q = 1.0 / sharpness_;
  // (1 + x)^q; the series is exact to 1e-10 where it is used.
  if (x < 1e-3) return hi * (1.0 + q * x * (1.0 + 0.5 * (q - 1.0) * x));
  return hi * std::pow(1.0 + x, q);
}

Cost KernelModel::finish(double flops, double peak, double compute, double bytes,
                         double memory) const {
  const double bound = std::max(flops / peak, bytes / hbm_peak_);
  // Smooth maximum and launch only add, so the time cannot fall below the bound.
  return {.time = Time::from_si(launch_ + smooth_max(compute, memory)),
          .compute = Time::from_si(compute),
          .memory = Time::from_si(memory),
          .bound = Time::from_si(bound),
          .flops = Flops::from_si(flops),
          .bytes = Bytes::from_si(bytes)};
}

double KernelModel::tile_time(double groups, double m, double n, double k, const Rate& r) const {
  const double wave = 2.0 * k * sms_ / r.sustained;  // of one element per SM
  // fp32 partial sums through L2, per split
  const double partial = 8.0 * groups * m * n / l2_;
  double best = 0.0;
  for (const Tile& t : tiles) {
    const double grid = groups * round_up(m / t.m) * round_up(n / t.n) / sms_;
    const double work = wave * t.m * t.n / t.efficiency;
    double time = round_up(grid) * work;
    for (double s = 2.0; s <= most_split && grid * s < 2.0; s *= 2.0) {
      time = std::min(time, round_up(grid * s) * work / s + partial * s);
    }
    if (best == 0.0 || time < best) best = time;
  }
  return best;
}

Cost KernelModel::gemm(const Gemm& g) const {
  const Rate& r = rate(g.activation, g.weight);
  const double flops = 2.0 * g.m * g.n * g.k;
  const double weights = g.n * g.k * bytes_per_element(g.weight).si();
  const double activations =
      g.m * g.k * bytes_per_element(g.activation).si() + g.m * g.n * output_bytes;
  // Activations between kernels stay in L2 while they fit; weights of a whole model never do.
  const bool resident = activations <= 0.5 * l2_capacity_;
  const double bytes = weights + (resident ? 0.0 : activations);
  const double memory = bytes / hbm_ + (resident ? activations / l2_ : 0.0);
  return finish(flops, r.peak, tile_time(1.0, g.m, g.n, g.k, r), bytes, memory);
}

Cost KernelModel::grouped_gemm(const GroupedGemm& g) const {
  if (g.groups <= 0.0 || g.rows <= 0.0) return finish(0.0, rate(g.activation).peak, 0.0, 0.0, 0.0);
  const Rate& r = rate(g.activation, g.weight);
  const double flops = 2.0 * g.rows * g.n * g.k;
  const double weights = g.groups * g.n * g.k * bytes_per_element(g.weight).si();
  const double activations =
      g.rows * (g.k * bytes_per_element(g.activation).si() + g.n * output_bytes);
  const bool resident = activations <= 0.5 * l2_capacity_;
  const double bytes = weights + (resident ? 0.0 : activations);
  const double memory = bytes / hbm_ + (resident ? activations / l2_ : 0.0);
  const double compute = tile_time(g.groups, g.rows / g.groups, g.n, g.k, r) / grouped_;
  return finish(flops, r.peak, compute, bytes, memory);
}

Cost KernelModel::decode_attention(const DecodeAttention& a) const {
  const Rate& r = rate(DataType::bf16);
  const double flops = 4.0 * a.context * a.queries * a.heads * a.head_dim;
  const double rows = a.queries * a.heads / a.kv_heads;
  const double padded = flops * std::max(1.0, mma_rows / rows);
  const double qo = 2.0 * a.sequences * a.queries * a.heads * a.head_dim * 2.0;
  const double bytes = 2.0 * a.context * a.kv_heads * a.head_dim * bytes_per_element(a.kv).si();
  const double memory = bytes / (hbm_ * attention_decode_) + qo / l2_;
  return finish(flops, r.peak, padded / (r.peak * attention_prefill_), bytes, memory);
}

Cost KernelModel::mla_decode(const MlaDecode& a) const {
  const Rate& r = rate(DataType::bf16);
  const double per_key = 2.0 * (a.latent + a.rope) + 2.0 * a.latent;
  const double flops = a.context * a.queries * a.heads * per_key;
  const double padded = flops * std::max(1.0, mma_rows / (a.queries * a.heads));
  const double qo = a.sequences * a.queries * a.heads * (2.0 * a.latent + a.rope) * 2.0;
  const double bytes = a.context * (a.latent + a.rope) * bytes_per_element(a.kv).si();
  const double memory = bytes / (hbm_ * attention_decode_) + qo / l2_;
  return finish(flops, r.peak, padded / (r.peak * mla_decode_), bytes, memory);
}

Cost KernelModel::prefill_attention(const PrefillAttention& a) const {
  const Rate& r = rate(DataType::bf16);
  const double flops = 2.0 * a.pairs * a.heads * (a.qk_dim + a.v_dim);
  const double bytes = a.kv_tokens * a.kv_bytes + a.tokens * a.heads * (a.qk_dim + a.v_dim) * 2.0;
  return finish(flops, r.peak, flops / (r.peak * attention_prefill_), bytes, bytes / hbm_);
}

Cost KernelModel::index_scores(const IndexScores& s) const {
  const Rate& r = rate(DataType::fp8);
  const double flops = 2.0 * s.pairs * s.heads * s.dim;
  constexpr double logit_bytes = 8.0;  // fp32, written and read
  const double bytes = s.keys * s.dim + s.pairs * logit_bytes;
  return finish(flops, r.peak, flops / r.sustained, bytes, bytes / hbm_);
}

Cost KernelModel::elementwise(Bytes bytes) const {
  const double b = bytes.si();
  const bool resident = b <= 0.5 * l2_capacity_;
  return finish(0.0, 1.0, 0.0, resident ? 0.0 : b, resident ? b / l2_ : b / hbm_);
}

}  // namespace sn::kernel
