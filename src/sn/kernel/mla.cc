// sn/kernel/mla.cc
//
// Latent attention over prompts and caches (equations in the header).

#include "sn/kernel/mla.h"

#include <algorithm>
#include <array>
#include <limits>

namespace sn::kernel {

namespace {

constexpr std::array<double, 2> query_tiles = {64, 128};
constexpr double key_tile = 64.0;
constexpr double diagonal = 64.0;  // keys beyond the diagonal that a query computes, half a tile
constexpr double exponentials = 16.0 * 1.755e9;  // per SM and second, at Hopper's boost clock
constexpr double mma_rows = 16.0;                // query rows of one tensor-core instruction
constexpr double most_parts = 64.0;
constexpr double least_part = 64.0;   // keys
constexpr double latent_rows = 64.0;  // query rows of one decode tile (FlashMLA)
constexpr double streaming = 0.85;    // share of HBM bandwidth of a prompt's operands
constexpr double tile_unit = 1e-6;
constexpr double bf16_bytes = 2.0;

}  // namespace

FormatTerms MlaModel::cache_terms(Family family, DataType kv) const {
  if (kv == DataType::bf16) return {};
  return software_.fp8_cache[static_cast<std::size_t>(family)];
}

Cost MlaModel::cost(const MlaPrefill& a) const {
  const PrefillParams& p = prefill_;
  const LibraryTerms& lib = software_.of(Family::mla_prefill, a.library);
  const FormatTerms cache = cache_terms(Family::mla_prefill, a.kv);
  const double peak = chip_.peak_of(a.math == DataType::bf16 ? Format::bf16 : Format::fp8);
  const double per_sm = peak * std::min(1.0, p.rate * lib.rate * cache.rate) / chip_.sms;
  const double dims = a.qk_dim + a.v_dim;
  const double pair = 2.0 * dims / per_sm + 1.0 / (exponentials * p.exp);
  const double sequences = std::max(1.0, a.sequences);
  const double length = a.tokens / sequences;
  const double mean_keys = a.tokens > 0.0 ? a.pairs / a.tokens : 0.0;
  const double most_keys = std::min(2.0 * mean_keys, a.kv_tokens / sequences) + diagonal;
  // A library's own prologue and epilogue, 1 us beside the generation's for every unit above 1.
  const double tile = std::max(0.0, p.tile.si() + (lib.tile - 1.0) * tile_unit);
  double best = std::numeric_limits<double>::infinity();
  for (const double rows : query_tiles) {
    const double tiles = sequences * a.heads * round_up(length / rows);
    const double w = waves(tiles / chip_.sms, 1.0);
    const double mean = w * rows * (mean_keys + diagonal) * pair;
    const double last =
        std::max(rows * most_keys * pair, most_keys / key_tile * p.k_step.si() * cache.k_step);
    best = std::min(best, std::max(mean, last) + w * tile);
  }
  const double least = a.kv_tokens * a.kv_bytes + 2.0 * a.tokens * a.heads * dims * bf16_bytes;
  const double warm = chip_.resident(least);
  const double bytes = least * (1.0 - warm);
  const double memory =
      p.traffic * (bytes / (chip_.hbm * streaming) + least * warm / chip_.l2_rate(p.l2, streaming));
  const double flops = 2.0 * a.pairs * a.heads * dims;
  const double bound = std::max(flops / peak, bytes / chip_.hbm);
  const double time = p.launch.si() * lib.launch + best + memory;
  return {.time = Time::from_si(std::max(time, bound)),
          .compute = Time::from_si(best),
          .memory = Time::from_si(memory),
          .bound = Time::from_si(bound),
          .flops = Flops::from_si(flops),
          .bytes = Bytes::from_si(bytes)};
}

Cost MlaModel::cost(const MlaDecode& a) const {
  const DecodeParams& p = decode_;
  const LibraryTerms& lib = software_.of(Family::mla_decode, a.library);
  const FormatTerms cache = cache_terms(Family::mla_decode, a.kv);
  const double readers = round_up(a.queries * a.heads / latent_rows);
  const double rows = a.queries * a.heads / readers;
  const double row_flops = 2.0 * (a.latent + a.rope) + 2.0 * a.latent;
  const double sequences = std::max(1.0, a.sequences);
  const double keys = a.context / sequences;
  const double rate =
      chip_.peak_of(Format::bf16) * std::min(1.0, p.rate * lib.rate * cache.rate) / chip_.sms;
  const double padded = round_up(rows / mma_rows) * mma_rows;
  const double step = std::max(p.k_step.si() * cache.k_step, key_tile * padded * row_flops / rate);
  const double stored = a.context * (a.latent + a.rope) * bytes_per_element(a.kv).si();
  const double io = a.sequences * a.queries * a.heads * (2.0 * a.latent + a.rope) * bf16_bytes;
  const double hot = a.repeated ? chip_.resident(0.7 * stored) : 0.0;
  const double cold = stored * (1.0 - hot);
  const double memory =
      cache.quantise *
      std::max(cold / (chip_.hbm * p.hbm), (stored * readers + io) / chip_.l2_rate(p.l2, p.hbm));
  double best = std::numeric_limits<double>::infinity();
  double loop_of_best = 0.0;
  const double grid = sequences * readers / chip_.sms;
  for (double parts = 1.0; parts <= most_parts; parts *= 2.0) {
    if (parts > 1.0 && (grid * parts > 2.0 || keys < least_part * parts)) break;
    const double w = waves(grid * parts, p.wave);
    const double loop = w * keys / parts / key_tile * step;
    const double time =
        w * p.head.si() * lib.tile + smooth_max(loop, memory) + (parts > 1.0 ? p.split.si() : 0.0);
    if (time >= best) continue;
    best = time;
    loop_of_best = loop;
  }
  const double flops = a.context * a.queries * a.heads * row_flops;
  const double bound = std::max(flops / chip_.peak_of(Format::bf16), cold / chip_.hbm);
  const double time = p.launch.si() * lib.launch + best;
  return {.time = Time::from_si(std::max(time, bound)),
          .compute = Time::from_si(loop_of_best),
          .memory = Time::from_si(memory),
          .bound = Time::from_si(bound),
          .flops = Flops::from_si(flops),
          .bytes = Bytes::from_si(cold)};
}

}  // namespace sn::kernel
