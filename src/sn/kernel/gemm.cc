// sn/kernel/gemm.cc
//
// Dense products: the best tile and split of a library (equation in the header).

#include "sn/kernel/gemm.h"

#include <algorithm>
#include <array>
#include <span>

namespace sn::kernel {

namespace {

struct Tile {
  double m;
  double n;
};

constexpr std::array<Tile, 12> vendor_tiles = {{{16, 64},
                                                {32, 64},
                                                {64, 32},
                                                {64, 64},
                                                {64, 128},
                                                {128, 64},
                                                {128, 128},
                                                {64, 256},
                                                {256, 64},
                                                {128, 192},
                                                {128, 256},
                                                {256, 128}}};
// vLLM's and SGLang's scaled products pick the tile by the rows alone (cutlass_gemm_sm90_fp8).
constexpr std::array<Tile, 3> cutlass_tiles = {{{64, 64}, {64, 128}, {128, 128}}};
constexpr std::array<Tile, 3> fp4_tiles = {{{128, 64}, {128, 128}, {128, 256}}};
// DeepGEMM: 64 rows a tile while that is enough, else 128; any multiple of 16 columns.
constexpr std::array<Tile, 7> deepgemm_small = {
    {{64, 16}, {64, 32}, {64, 48}, {64, 64}, {64, 96}, {64, 112}, {64, 128}}};
constexpr std::array<Tile, 6> deepgemm_large = {
    {{128, 16}, {128, 32}, {128, 64}, {128, 96}, {128, 128}, {128, 160}}};
constexpr double most_split = 16.0;
constexpr double least_split_k = 128.0;

constexpr double output_bytes = 2.0;
constexpr double long_kernel = 1e-3;  // s: clocks follow the power of milliseconds
constexpr double launch_unit = 1e-6;
constexpr double token_unit = 100e-9;

struct Choice {
  std::span<const Tile> tiles;
  bool split = false;
};

Choice choice_of(Library library, double m) {
  switch (library) {
    case Library::cutlass:
      return {fp4_tiles, false};
    case Library::vllm:
    case Library::sgl:
      return {std::span(cutlass_tiles).subspan(m <= 64.0 ? 0 : m <= 128.0 ? 1 : 2, 1), false};
    case Library::deepgemm:
      if (m <= 64.0) return {deepgemm_small, false};
      return {deepgemm_large, false};
    case Library::portable:
    case Library::triton:
    case Library::marlin:
      return {vendor_tiles, false};
    default:
      return {vendor_tiles, true};
  }
}

/// Activations arrive in bf16 and are narrowed by a kernel of their own.
bool narrows(Format format) {
  return format != Format::bf16 && format != Format::w8a16 && format != Format::w4a16;
}

}  // namespace

Library usual_gemm_library(Format format) {
  switch (format) {
    case Format::fp8:
      return Library::sgl;
    case Format::fp4:
    case Format::w4a8:
      return Library::cutlass;
    case Format::fp8_block:
      return Library::deepgemm;
    case Format::w8a16:
    case Format::w4a16:
      return Library::marlin;
    default:
      return Library::cublas;
  }
}

double GemmModel::compute(const Gemm& g, Format format, double rate) const {
  const FormatTerms& f = software_.gemm_formats[static_cast<std::size_t>(format)];
  const Choice choice = choice_of(g.library, g.m);
  const double step = p_.k_step.si() * f.k_step / 64.0;
  const double per_element = 2.0 * chip_.sms / rate;  // time of one multiply-add of one tile
  const double partial =
      4.0 * g.batches * g.m * g.n / chip_.l2_rate(p_.l2, p_.hbm);  // fp32, per split
  double best = std::numeric_limits<double>::infinity();
  for (const Tile& t : choice.tiles) {
    const double grid = g.batches * round_up(g.m / t.m) * round_up(g.n / t.n) / chip_.sms;
    const double body = sharp_max(per_element * t.m * t.n, step);  // per element of k
    best = std::min(best, waves(grid, p_.wave) * (body * g.k + p_.tile.si()));
    if (!choice.split) continue;
    for (double s = 2.0; s <= most_split && grid * s <= 2.0 && g.k >= least_split_k * s; s *= 2.0) {
      const double time = waves(grid * s, p_.wave) * (body * g.k / s + p_.tile.si());
      best = std::min(best, time + p_.split.si() + partial * s);
    }
  }
  return best * (1.0 + p_.throttle * best / (best + long_kernel));
}

Cost GemmModel::cost(const Gemm& g) const {
  const Format format = format_of(g.activation, g.weight, g.block);
  const FormatTerms& f = software_.gemm_formats[static_cast<std::size_t>(format)];
  const LibraryTerms& lib = software_.of(Family::gemm, g.library);
  const bool narrow = narrows(format) && !g.narrowed;
  const double peak = chip_.peak_of(format);
  const double rate = peak * std::min(1.0, p_.rate * f.rate * lib.rate);
  const double weights = g.batches * g.n * g.k * bytes_per_element(g.weight).si();
  const double activations =
      g.batches * (g.m * g.k * bytes_per_element(g.activation).si() + g.m * g.n * output_bytes);
  // Activations between kernels stay in L2 while they fit; weights only if few others pass.
  const double warm = chip_.resident(activations, p_.keep);
  const double hot = chip_.resident(std::max(weights, g.weight_cycle) + activations, p_.keep);
  const double cold = weights * (1.0 - hot) + activations * (1.0 - warm);
  const double memory = cold / (chip_.hbm * p_.hbm) +
                        (weights * hot + activations * warm) / chip_.l2_rate(p_.l2, p_.hbm);
  const double tensor = compute(g, format, rate);
  double time = p_.launch.si() + smooth_max(tensor, memory);
  if (g.library != Library::cublas) time += lib.launch * launch_unit;
  if (narrow) {
    const double rows = g.batches * g.m;
    time += rows * g.k * 3.0 * f.quantise / chip_.hbm + rows * lib.tile * token_unit / chip_.sms;
  }
  time = std::max(time, g.eager * eager_);
  const double flops = 2.0 * g.batches * g.m * g.n * g.k;
  const double bound = std::max(flops / peak, cold / chip_.hbm);
  return {.time = Time::from_si(std::max(time, bound)),
          .compute = Time::from_si(tensor),
          .memory = Time::from_si(memory),
          .bound = Time::from_si(bound),
          .flops = Flops::from_si(flops),
          .bytes = Bytes::from_si(cold)};
}

}  // namespace sn::kernel
