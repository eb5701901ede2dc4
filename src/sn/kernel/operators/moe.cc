// sn/kernel/operators/moe.cc
//
// Expert layers: two grouped products and what stands between them.

#include "sn/kernel/operators/moe.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace sn::kernel {

namespace {

constexpr std::array<double, 3> widths = {64, 128, 256};
constexpr double largest_tile = 256.0 * 128.0;
constexpr double bf16_bytes = 2.0;
constexpr double narrowing_unit = 100e-12;  // s, of one SM

/// FLOP/s of an SM with the warp-wide mma.sync instruction, at 1.755 GHz: the rate of Ampere's
/// tensor cores, which later generations keep beside their own instructions.
constexpr double warp_mma = 2048.0 * 1.755e9;

/// Heights that a library chooses from, first and last index into `expert_tiles`.
std::pair<std::size_t, std::size_t> heights(const Moe& m, Format format) {
  constexpr std::size_t h8 = 0, h16 = 1, h32 = 2, h64 = 3, h128 = 4;
  const auto one = [](std::size_t i) { return std::pair{i, i}; };
  switch (m.library) {
    case Library::triton:
      // get_default_config of vLLM and SGLang; their tuned tables follow it. The kernels for
      // 4-bit weights choose anew.
      if (format == Format::bf16) {
        return one(m.tokens <= 32.0    ? h16
                   : m.tokens <= 96.0  ? h32
                   : m.tokens <= 512.0 ? h64
                                       : h128);
      }
      if (format == Format::fp8_block || format == Format::fp8) {
        return one(m.tokens <= 64.0 ? h16 : h64);
      }
      break;
    case Library::marlin: {  // the first height that the mean expert fills to 0.9
      const double mean = m.tokens * m.top_k / m.experts / 0.9;
      return one(mean < 8.0 ? h8 : mean < 16.0 ? h16 : mean < 32.0 ? h32 : h64);
    }
    case Library::flashinfer:
      return one(h128);
    default:
      break;
  }
  return {0, expert_tiles.size() - 1};
}

/// Bytes of one element of the experts' weights with its scales.
double weight_bytes(const Moe& m, Format format) {
  // NVFP4 has a scale per 16 elements.
  return format == Format::fp4 ? 0.5625 : bytes_per_element(m.weight).si();
}

/// Traffic beside the two products' own weights, in bytes.
double side_traffic(const Moe& m) {
  const double h = m.hidden;
  const double up = m.gated ? 2.0 * m.inter : m.inter;
  const double narrow = bytes_per_element(m.activation).si();
  const double choices = m.tokens * m.top_k;
  // Narrowing between the products: written and read.
  const double between = m.inter * 2.0 * narrow;
  if (m.dispatched) {
    return m.load.rows * (h * narrow + up * 2.0 * bf16_bytes + between + h * bf16_bytes);
  }
  const double tokens = m.tokens * h * 2.0 * bf16_bytes;
  const double summed = h * 2.0 * bf16_bytes;  // written by the product, read by the sum
  switch (m.library) {
    case Library::trtllm:
    case Library::untuned:
    case Library::gpt_oss:
      return m.load.rows * (h * narrow + between + summed) + tokens;
    case Library::triton:
      return choices * (h * narrow + up * 2.0 * bf16_bytes + m.inter * 2.0 * bf16_bytes + summed +
                        (narrow < bf16_bytes ? between : 0.0)) +
             tokens;
    case Library::marlin:
      // Zeroed, partial sums of split k in fp32 written and read, then the sum.
      return choices * h * (bf16_bytes + 2.0 * 4.0 + 2.0 * bf16_bytes) +
             m.load.rows * (up * 2.0 * bf16_bytes + m.inter * 2.0 * bf16_bytes) + tokens;
    default:
      return m.load.rows *
                 (h * (bf16_bytes + 2.0 * narrow) + up * 2.0 * bf16_bytes + between + summed) +
             tokens;
  }
}

/// Elements that kernels of their own narrow: of the tokens where rows are gathered later, else of
/// the rows; between the products where the activation is not fused.
double narrowed(const Moe& m) {
  if (m.activation == DataType::bf16) return 0.0;
  if (m.dispatched) return m.load.rows * m.inter;
  if (m.library == Library::trtllm) return m.tokens * m.hidden;
  if (m.library == Library::triton) return m.tokens * (m.hidden + m.top_k * m.inter);
  return m.load.rows * (m.hidden + m.inter);
}

}  // namespace

ExpertLoad ExpertLoad::spread(double rows, double active) {
  ExpertLoad load{.rows = rows, .active = active};
  for (std::size_t i = 0; i < expert_tiles.size(); ++i) {
    // The mean of ceil(x) over a spread wider than a tile is x + 1/2, and never below one tile.
    const double filled = rows / expert_tiles[i];
    load.tiles[i] = std::max(active, filled + 0.5 * active * (1.0 - 1.0 / expert_tiles[i]));
  }
  return load;
}

Library usual_moe_library(Format format, bool native_fp4) {
  switch (format) {
    case Format::fp8_block:
      return Library::deepgemm;
    case Format::fp4:
    case Format::w4a8:
      return Library::trtllm;
    case Format::w4a16:
      return native_fp4 ? Library::trtllm : Library::marlin;
    default:
      return Library::cutlass;
  }
}

MoeModel::Machine MoeModel::machine(const Moe& m, Format format) const {
  const FormatTerms& f = software_.moe_formats[static_cast<std::size_t>(format)];
  const LibraryTerms& lib = software_.of(Family::moe, m.library);
  const double narrow = bytes_per_element(m.activation).si();
  const double weight = weight_bytes(m, format);
  double peak = chip_.peak_of(format);
  if (m.library == Library::marlin) peak = std::min(peak, chip_.sms * warp_mma);
  return {.rate = peak * std::min(1.0, p_.rate * f.rate * lib.rate),
          .l2 = chip_.l2 * p_.l2,
          .hbm = chip_.hbm * p_.hbm,
          .tile = p_.tile.si() * f.k_step * lib.tile,
          .activation = narrow,
          .widened = std::max(weight, narrow),
          .weight = weight};
}

MoeModel::Product MoeModel::product(const Moe& m, const Machine& on, std::size_t height, double n,
                                    double k) const {
  double best = std::numeric_limits<double>::infinity();
  const double h = expert_tiles[height];
  for (const double width : widths) {
    const double area = h * width;
    if (area > largest_tile || (m.library == Library::triton && width != 128.0)) continue;
    const double grid = m.load.tiles[height] * round_up(n / width) / chip_.sms;
    const double loaded = h * on.activation + width * on.widened;
    const double body = chip_.sms * sharp_max(2.0 * area / on.rate, loaded / on.l2);
    best = std::min(best, waves(grid, p_.wave) * (body * k + on.tile));
  }
  return {best, m.load.active * n * k * on.weight / on.hbm};
}

Cost MoeModel::cost(const Moe& m) const {
  const Format format = format_of(m.activation, m.weight, m.block);
  const FormatTerms& f = software_.moe_formats[static_cast<std::size_t>(format)];
  const LibraryTerms& lib = software_.of(Family::moe, m.library);
  const double up = m.gated ? 2.0 * m.inter : m.inter;
  const Machine on = machine(m, format);
  const auto joined = [&](const Product& p) {
    return std::max(p.compute, p.memory) + p_.overlap * std::min(p.compute, p.memory);
  };
  double compute = 0.0;
  double memory = 0.0;
  double products = std::numeric_limits<double>::infinity();
  const auto [low, high] = heights(m, format);
  for (std::size_t i = low; i <= high; ++i) {
    const Product first = product(m, on, i, up, m.hidden);
    const Product second = product(m, on, i, m.hidden, m.inter);
    const double both = joined(first) + joined(second);
    if (both >= products) continue;
    products = both;
    compute = first.compute + second.compute;
    memory = first.memory + second.memory;
  }
  if (m.load.rows <= 0.0) products = 0.0;
  const double elementwise =
      side_traffic(m) * p_.rows / chip_.hbm + narrowed(m) * f.quantise * narrowing_unit / chip_.sms;
  const double routing = m.dispatched ? 0.0 : m.tokens * p_.token.si() / chip_.sms;
  const double device = p_.base.si() * lib.launch + products + elementwise + routing;
  const double host = m.eager * eager_;
  const double time = m.eager > 0.0 ? smooth_max(device, host) : device;
  const double matrix = m.load.active * (up + m.inter) * m.hidden;
  const double bytes = matrix * on.weight;
  const double flops = 2.0 * m.load.rows * (up + m.inter) * m.hidden;
  const double bound = std::max(flops / chip_.peak_of(format), bytes / chip_.hbm);
  return {.time = Time::from_si(std::max(time, bound)),
          .compute = Time::from_si(compute),
          .memory = Time::from_si(memory + elementwise),
          .bound = Time::from_si(bound),
          .flops = Flops::from_si(flops),
          .bytes = Bytes::from_si(bytes)};
}

}  // namespace sn::kernel
