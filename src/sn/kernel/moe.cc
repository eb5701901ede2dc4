// sn/kernel/moe.cc
//
// Expert layers: two grouped products and what stands between them.

#include "sn/kernel/moe.h"

#include <algorithm>
#include <limits>

namespace sn::kernel {

namespace {

constexpr std::array<double, 3> widths = {64, 128, 256};
constexpr double largest_tile = 256.0 * 128.0;
constexpr double bf16_bytes = 2.0;

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

MoeModel::Product MoeModel::product(const Moe& m, Format format, std::size_t height, double n,
                                    double k) const {
  const FormatTerms& f = software_.moe_formats[static_cast<std::size_t>(format)];
  const LibraryTerms& lib = software_.of(Family::moe, m.library);
  const double rate = chip_.peak_of(format) * std::min(1.0, p_.rate * f.rate * lib.rate);
  const double step = p_.k_step.si() * f.k_step / 64.0;
  const double tile = p_.tile.si() * lib.tile;
  double best = std::numeric_limits<double>::infinity();
  for (const double width : widths) {
    const double area = expert_tiles[height] * width;
    if (area > largest_tile) continue;
    const double grid = m.load.tiles[height] * round_up(n / width) / chip_.sms;
    const double body = sharp_max(2.0 * chip_.sms * area / rate, step);
    best = std::min(best, waves(grid, p_.wave) * (body * k + tile));
  }
  const double weights = m.load.active * n * k * bytes_per_element(m.weight).si();
  return {best, weights / (chip_.hbm * p_.hbm)};
}

Cost MoeModel::cost(const Moe& m) const {
  const Format format = format_of(m.activation, m.weight, m.block);
  const FormatTerms& f = software_.moe_formats[static_cast<std::size_t>(format)];
  const LibraryTerms& lib = software_.of(Family::moe, m.library);
  const double up = m.gated ? 2.0 * m.inter : m.inter;
  double compute = 0.0;
  double memory = 0.0;
  double products = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < expert_tiles.size(); ++i) {
    const Product first = product(m, format, i, up, m.hidden);
    const Product second = product(m, format, i, m.hidden, m.inter);
    const double both =
        smooth_max(first.compute, first.memory) + smooth_max(second.compute, second.memory);
    if (both >= products) continue;
    products = both;
    compute = first.compute + second.compute;
    memory = first.memory + second.memory;
  }
  if (m.load.rows <= 0.0) products = 0.0;
  const double width = bytes_per_element(m.activation).si();
  const double per_row =
      m.hidden * (bf16_bytes + width + bf16_bytes) + (up + m.inter) * bf16_bytes + m.inter * width;
  const double moved = m.load.rows * per_row + m.tokens * m.hidden * 2.0 * bf16_bytes;
  const double elementwise = moved * p_.rows * f.quantise / chip_.hbm;
  const double time =
      p_.base.si() * lib.launch + products + elementwise + m.tokens * p_.token.si() / chip_.sms;
  const double matrix = m.load.active * (up + m.inter) * m.hidden;
  const double bytes = matrix * bytes_per_element(m.weight).si();
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
