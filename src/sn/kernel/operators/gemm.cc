// sn/kernel/operators/gemm.cc
//
// Dense products: the best tile and split of a library (equation in the header).

#include "sn/kernel/operators/gemm.h"

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
// vLLM's and SGLang's scaled products pick the tile by the shape (cutlass_gemm_sm90_fp8,
// cutlass_gemm_sm100_fp8); with few rows vLLM swaps the operands on Hopper, so that 16 rows do.
constexpr std::array<Tile, 4> cutlass_tiles = {{{16, 64}, {64, 64}, {64, 128}, {128, 128}}};
constexpr std::array<Tile, 3> fp4_tiles = {{{128, 64}, {128, 128}, {128, 256}}};
constexpr std::array<Tile, 6> cute_tiles = {
    {{128, 32}, {128, 64}, {128, 128}, {128, 256}, {256, 128}, {256, 256}}};
// DeepGEMM on Hopper: 64 rows a tile while that is enough, else 128; any multiple of 16 columns.
constexpr std::array<Tile, 7> deepgemm_small = {
    {{64, 16}, {64, 32}, {64, 48}, {64, 64}, {64, 96}, {64, 112}, {64, 128}}};
constexpr std::array<Tile, 6> deepgemm_large = {
    {{128, 16}, {128, 32}, {128, 64}, {128, 96}, {128, 128}, {128, 160}}};
// With tensor memory the operands are swapped: 128 columns fill the multiplier, any 16 rows.
constexpr std::array<Tile, 9> deepgemm_swapped = {{{16, 128},
                                                   {32, 128},
                                                   {64, 128},
                                                   {96, 128},
                                                   {128, 64},
                                                   {128, 128},
                                                   {160, 128},
                                                   {192, 128},
                                                   {224, 128}}};
// TensorRT-LLM's int8 plug-in multiplies up to four rows by a matrix-vector kernel.
constexpr std::array<Tile, 1> vector_tiles = {{{4, 8}}};
constexpr double whole_tile = 128.0 * 128.0;
constexpr double most_split = 32.0;
constexpr double least_split_k = 128.0;

constexpr double output_bytes = 2.0;
constexpr double narrowing_bytes = 3.0;  // bf16 read, one byte written
constexpr double amax_bytes = 2.0;       // read before: one scale for the whole tensor
constexpr double long_kernel = 1e-3;     // s: clocks follow the power of milliseconds

/// Activations arrive in bf16 and are narrowed by a kernel of their own.
bool narrows(Format format) {
  return format != Format::bf16 && format != Format::w8a16 && format != Format::w4a16;
}

/// Tiles that a library may choose from, and how its blocks are scheduled.
struct Choice {
  std::span<const Tile> tiles;
  bool split = false;  // k may be split
  bool whole = false;  // an unfinished wave takes as long as a whole one
  double pair = 1.0;   // tiles of rows that run together
  double depth = 1.0;  // parts of a block that share k
};

Choice scaled_choice(Library library, double m, double n, bool tensor_memory) {
  const double few = tensor_memory ? 256.0 : 128.0;
  const bool swaps = library == Library::vllm && !tensor_memory;
  std::size_t tile = m <= 64.0 ? 1 : m <= few ? 2 : 3;
  if (swaps && (m <= 16.0 || (m <= 64.0 && n <= 1280.0))) tile = 0;
  return {.tiles = std::span(cutlass_tiles).subspan(tile, 1),
          .whole = true,
          .pair = swaps && tile == 3 ? 2.0 : 1.0};
}

Choice choice_of(Library library, Format format, double m, double n, bool tensor_memory) {
  switch (library) {
    case Library::cutlass:
      return {.tiles = fp4_tiles, .whole = true};
    case Library::flashinfer:
      return {.tiles = cute_tiles, .whole = true};
    case Library::vllm:
    case Library::sgl:
      return scaled_choice(library, m, n, tensor_memory);
    case Library::deepgemm:
    case Library::blockscale:
    case Library::blockbatch:
      if (tensor_memory) return {.tiles = deepgemm_swapped, .whole = true};
      if (m <= 64.0) return {.tiles = deepgemm_small, .whole = true};
      return {.tiles = deepgemm_large, .whole = true};
    case Library::portable:
      if (format == Format::int8 && m <= 4.0) return {.tiles = vector_tiles, .depth = 16.0};
      return {.tiles = vendor_tiles};
    case Library::triton:
    case Library::marlin:
      return {.tiles = vendor_tiles};
    case Library::cublas12:
      return {.tiles = vendor_tiles, .split = true, .whole = true};
    default:
      return {.tiles = vendor_tiles, .split = true};
  }
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
  const GemmFormatTerms& f = software_.gemm_formats[static_cast<std::size_t>(format)];
  const Choice choice = choice_of(g.library, format, g.m, g.n, p_.setup.si() > 0.0);
  const double step =
      p_.k_step.si() * f.k_step * software_.gemm(g.library).k_step / (64.0 * choice.depth);
  const double write = p_.tile.si() * f.tile / whole_tile;
  const double per_element = 2.0 * chip_.sms / rate;  // time of one multiply-add of one tile
  const double lost = choice.whole ? 1.0 : p_.wave;
  const double partial =
      4.0 * g.batches * g.m * g.n / chip_.l2_rate(p_.l2, p_.hbm);  // fp32, per split
  double best = std::numeric_limits<double>::infinity();
  for (const Tile& t : choice.tiles) {
    const double area = t.m * t.n;
    const double rows = choice.pair * round_up(g.m / (t.m * choice.pair));
    const double grid = g.batches * rows * round_up(g.n / t.n) / chip_.sms;
    const double end = write * area;
    const double multiply = per_element * area * g.k;  // no floor: cheaper than what follows
    const double least = grid > 1.0 ? grid * (multiply + end) : multiply / most_split;
    if (least >= best) continue;
    const double body = sharp_max(per_element * area, step) * g.k;
    best = std::min(best, waves(grid, lost) * (body + end));
    if (!choice.split) continue;
    for (double s = 2.0; s <= most_split && grid * s <= 2.0 && g.k >= least_split_k * s; s *= 2.0) {
      const double time = waves(grid * s, lost) * (body / s + end);
      best = std::min(best, time + p_.split.si() + partial * s);
    }
  }
  return best * (1.0 + p_.throttle * best / (best + long_kernel));
}

double GemmModel::narrowing(const Gemm& g) const {
  const GemmLibraryTerms& lib = software_.gemm(g.library);
  const double rows = g.batches * g.m;
  const double bytes =
      rows * g.k * (narrowing_bytes + (g.library == Library::trtllm ? amax_bytes : 0.0));
  const double warm = chip_.resident(rows * g.k * narrowing_bytes);
  const double memory =
      bytes * ((1.0 - warm) / (chip_.hbm * p_.hbm) + warm / chip_.l2_rate(p_.l2, p_.hbm));
  const double row = sharp_max(lib.row.si(), g.k * lib.element.si());
  return smooth_max(memory, rows / chip_.sms * row);
}

Cost GemmModel::cost(const Gemm& g) const {
  const Format format = format_of(g.activation, g.weight, g.block);
  const GemmFormatTerms& f = software_.gemm_formats[static_cast<std::size_t>(format)];
  const double peak = chip_.peak_of(format);
  const GemmLibraryTerms& lib = software_.gemm(g.library);
  const double rate = peak * std::min(1.0, p_.rate * f.rate * lib.rate);
  const double weights = g.batches * g.n * g.k * bytes_per_element(g.weight).si();
  const double activations =
      g.batches * (g.m * g.k * bytes_per_element(g.activation).si() + g.m * g.n * output_bytes);
  // Activations between kernels stay in L2 while they fit; weights only if few others pass.
  const double warm = chip_.resident(activations);
  const double hot = chip_.resident(std::max(weights, g.weight_cycle) + activations);
  const double cold = weights * (1.0 - hot) + activations * (1.0 - warm);
  const double memory = cold / (chip_.hbm * p_.hbm) +
                        (weights * hot + activations * warm) / chip_.l2_rate(p_.l2, p_.hbm);
  const double tensor = compute(g, format, rate);
  // Several blocks of a batch share an SM: while one writes, another multiplies.
  const bool batched = g.library == Library::batched;
  double time = p_.launch.si() + (batched ? sharp_max(tensor, memory) : smooth_max(tensor, memory));
  const bool narrow = narrows(format);
  if (g.library != Library::cublas && (narrow || !batched)) time += lib.launch.si();
  if (narrow) time += p_.setup.si();
  if (narrow && !g.narrowed) time += narrowing(g);
  if (g.lone) time += graph_;
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
