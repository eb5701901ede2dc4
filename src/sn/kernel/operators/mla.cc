// sn/kernel/operators/mla.cc
//
// Latent attention over prompts and caches (equations in the header).

#include "sn/kernel/operators/mla.h"

#include <algorithm>
#include <array>
#include <limits>

namespace sn::kernel {

namespace {

constexpr std::array<double, 2> query_tiles = {64, 128};
constexpr double key_tile = 64.0;
constexpr double diagonal = 64.0;  // keys beyond the diagonal that a query computes, half a tile
constexpr double most_parts = 64.0;
constexpr double least_part = 64.0;    // keys
constexpr double latent_rows = 64.0;   // query rows of a decode tile (FlashMLA, FlashAttention-3)
constexpr double paired_rows = 128.0;  // of Blackwell's, two SMs together
constexpr double swapped_rows = 32.0;  // at most, where Blackwell's kernels swap operands
constexpr double mma_rows = 16.0;      // of one tensor instruction before Hopper
constexpr double triton_rows = 16.0;   // BLOCK_H of the Triton kernel
constexpr double triton_parts = 4.0;   // num_kv_splits, fixed (vLLM)
constexpr double shared_wave = 0.25;   // of an idle rest is lost where blocks share an SM
constexpr double result_halves = 2.0;  // thread blocks that share the 512 columns of a result
constexpr double streaming = 0.85;     // share of HBM bandwidth of a prompt's operands
constexpr double tile_unit = 1e-6;
constexpr double bf16_bytes = 2.0;
constexpr double narrowing_bytes = 3.0;  // reads 2, writes 1

double padded(double rows, double to) { return round_up(rows / to) * to; }

/// Tensor cores of two SMs work as one from Blackwell (tcgen05) on, which brought fp4 as well.
bool pairs_sms(const ChipRates& chip) {
  return chip.peak_of(Format::fp4) > chip.peak_of(Format::fp8);
}

}  // namespace

FormatTerms MlaModel::cache_terms(Family family, DataType kv) const {
  if (kv == DataType::bf16) return {};
  return software_.fp8_cache[static_cast<std::size_t>(family)];
}

Cost MlaModel::cost(const MlaPrefill& a) const {
  const MlaPrefillParams& p = prefill_;
  const LibraryTerms& lib = software_.of(Family::mla_prefill, a.library);
  const bool narrow = a.math != DataType::bf16;
  const FormatTerms f = cache_terms(Family::mla_prefill, a.math);
  const double peak = chip_.peak_of(narrow ? Format::fp8 : Format::bf16);
  const double per_sm = peak * std::min(1.0, p.rate * lib.rate * f.rate) / chip_.sms;
  const double dims = a.qk_dim + a.v_dim;
  const double pair = 2.0 * dims / per_sm;
  const double sequences = std::max(1.0, a.sequences);
  const double length = a.tokens / sequences;
  const double mean_keys = a.tokens > 0.0 ? a.pairs / a.tokens : 0.0;
  const double most_keys = std::min(2.0 * mean_keys, a.kv_tokens / sequences) + diagonal;
  // A library's own prologue and epilogue, 1 us beside the generation's for every unit above 1.
  const double tile = std::max(0.0, p.tile.si() + (lib.tile - 1.0) * tile_unit);
  double best = std::numeric_limits<double>::infinity();
  for (const double rows : query_tiles) {
    const double w = waves(sequences * a.heads * round_up(length / rows) / chip_.sms, 1.0);
    const double mean = w * rows * (mean_keys + diagonal) * pair;
    const double last =
        std::max(rows * most_keys * pair, most_keys / key_tile * p.k_step.si() * f.k_step);
    best = std::min(best, std::max(mean, last) + w * tile);
  }
  const double inputs = a.heads * (a.tokens * a.qk_dim + a.kv_tokens * dims);
  const double least = a.kv_tokens * a.kv_bytes + inputs * (narrow ? 1.0 : bf16_bytes) +
                       a.tokens * a.heads * a.v_dim * bf16_bytes;
  const double narrowing = narrow ? inputs * narrowing_bytes * f.quantise : 0.0;
  const double warm = chip_.resident(least);
  const double bytes = least * (1.0 - warm);
  const double memory = (p.traffic * least + narrowing) / (chip_.hbm * streaming);
  const double flops = 2.0 * a.pairs * a.heads * dims;
  const double bound = std::max(flops / peak, bytes / chip_.hbm);
  const double time = p.launch.si() * lib.launch + (narrow ? kernel_launch_ : 0.0) + best + memory;
  return {.time = Time::from_si(std::max(time, bound)),
          .compute = Time::from_si(best),
          .memory = Time::from_si(memory),
          .bound = Time::from_si(bound),
          .flops = Flops::from_si(flops),
          .bytes = Bytes::from_si(bytes)};
}

MlaModel::Tiles MlaModel::tiles(const MlaDecode& a) const {
  const double rows = a.queries * a.heads;
  if (a.library == Library::triton) {
    return {round_up(rows / triton_rows), triton_rows};
  }
  if (!a.divisible) {
    const double readers = round_up(rows / latent_rows);
    return {readers * result_halves, padded(rows / readers, mma_rows)};
  }
  if (pairs_sms(chip_)) {
    if (rows <= swapped_rows) return {1.0, padded(rows, mma_rows), rows > mma_rows};
    return {round_up(rows / paired_rows), paired_rows};
  }
  const bool hopper = chip_.peak_of(Format::fp8) > chip_.peak_of(Format::bf16);
  const double to = hopper ? latent_rows : mma_rows;
  const double readers = round_up(rows / latent_rows);
  return {readers, padded(rows / readers, to)};
}

Cost MlaModel::cost(const MlaDecode& a) const {
  const MlaDecodeParams& p = decode_;
  const LibraryTerms& lib = software_.of(Family::mla_decode, a.library);
  const FormatTerms cache = cache_terms(Family::mla_decode, a.kv);
  // TensorRT-LLM's kernels multiply in the cache's format, the others widen it as they load. Hopper
  // cannot take fp8 values in the order in which they lie: it gains nothing over bf16.
  const bool narrow = a.kv != DataType::bf16 && a.library == Library::trtllm;
  const bool quick = narrow && pairs_sms(chip_);
  const double peak = chip_.peak_of(quick ? Format::fp8 : Format::bf16);
  const double rate = peak * std::min(1.0, p.rate * lib.rate * cache.rate) / chip_.sms;
  const Tiles t = tiles(a);
  const double row_flops = 2.0 * (a.latent + a.rope) + 2.0 * a.latent;
  const double sequences = std::max(1.0, a.sequences);
  const double pairs = a.pairs > 0.0 ? a.pairs : a.context * a.queries;
  const double keys = pairs / (sequences * std::max(1.0, a.queries));
  const double least_step = p.k_step.si() * cache.k_step * (quick ? 0.5 : 1.0);
  const double step = sharp_max(least_step, key_tile * t.rows * row_flops / rate);
  const double hbm = p.hbm * (t.few_loads ? p.swapped : 1.0);
  const double key_bytes = (a.latent + a.rope) * bytes_per_element(a.kv).si();
  const double stored = a.context * key_bytes;
  const double read = sequences * t.readers * keys * key_bytes;
  const double io = a.sequences * a.queries * a.heads *
                    ((a.latent + a.rope) * (narrow ? 1.0 : bf16_bytes) + a.latent * bf16_bytes);
  const double hot = a.repeated ? chip_.resident(0.7 * stored) : 0.0;
  const double cold = stored * (1.0 - hot);
  const double memory = std::max(cold / (chip_.hbm * hbm), read / chip_.l2_rate(p.l2, hbm));
  double best = std::numeric_limits<double>::infinity();
  double loop_of_best = 0.0;
  const double grid = sequences * t.readers / chip_.sms;
  const bool fixed = a.library == Library::triton;
  for (double parts = fixed ? triton_parts : 1.0; parts <= most_parts; parts *= 2.0) {
    const double w = waves(grid * parts, a.divisible ? 1.0 : shared_wave);
    const double loop = w * std::max(0.0, keys / parts / key_tile - 1.0) * step;
    const double time =
        w * p.head.si() * lib.tile + sharp_max(loop, memory) + (parts > 1.0 ? p.split.si() : 0.0);
    if (time < best) {
      best = time;
      loop_of_best = loop;
    }
    const bool more = a.divisible && !fixed && grid * parts < 1.0 && keys > least_part * parts;
    if (!more) break;
  }
  const double flops = pairs * a.heads * row_flops;
  const double fastest = chip_.peak_of(narrow ? Format::fp8 : Format::bf16);
  const double bound = std::max(flops / fastest, cold / chip_.hbm);
  const double time = p.launch.si() * lib.launch + best + io / (chip_.hbm * p.hbm);
  return {.time = Time::from_si(std::max(time, bound)),
          .compute = Time::from_si(loop_of_best),
          .memory = Time::from_si(memory),
          .bound = Time::from_si(bound),
          .flops = Flops::from_si(flops),
          .bytes = Bytes::from_si(cold)};
}

}  // namespace sn::kernel
