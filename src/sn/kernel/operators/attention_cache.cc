// sn/kernel/operators/attention_cache.cc
//
// Attention of single positions with grouped heads over their KV caches.
//
//   t = launch + waves x head + sqrt(loop^2 + tm^2) + split (if in parts) + combine
//   loop = waves x (key tiles of a part - 3/4) x max(k_step, products of a tile at `rate`)
//   tm   = the larger of cold bytes / hbm and all bytes read / l2
// The first tile's time is part of `head`. A cache that fits L2 is found there when it is read
// again: benchmarks do, and so do drafts.
//
// How many parts a sequence is read in, and which kernel runs, is of the library:
//   flash, sgl  FlashAttention-3: one wave of the SMs, whole sequences from 0.8 waves on
//               (num_splits_heuristic); tiles of 64 rows. vLLM lets a combining kernel run over
//               every row whatever the parts, up to 992 sequences (use_dynamic_split).
//   flash2      the same over two waves; one query head per KV head is never split (mha_varlen_fwd
//               swaps groups into rows first, which copies queries and results if there are
//               several KV heads and sequences: two kernels of a quarter of `launch`)
//   trtllm, flashinfer  trtllm-gen, one wave, 16 rows
//   xqa         TensorRT-LLM before Blackwell: parts of 128 keys, at most 8 waves, counted by the
//               history even where a window hides it; CUDA cores (`mmha`) below a quarter of a wave
//               and for groups of 1 or more than 32 heads (decoderXQAImplPrecompiled.cpp)
//   mmha        every query head reads the keys for itself; long histories over all SMs
//   triton      up to 8 parts (SGLang's decode_attention)
// Limits: a mean sequence stands for all.

#include <algorithm>

#include "sn/kernel/operators/attention.h"

namespace sn::kernel {

namespace {

constexpr double k_unit = 64.0;     // keys, and
constexpr double dim_unit = 128.0;  // elements that k_step is for
constexpr double bf16_bytes = 2.0;
constexpr double in_head = 0.75;     // share of the first key tile that `head` holds
constexpr double part_keys = 128.0;  // keys of a part at least: XQA
constexpr double most_waves = 8.0;   // of parts: XQA
constexpr double largest_group = 32.0;
constexpr double mmha_split_from = 512.0;  // keys
// Combining kernel of vLLM: per query head and 128 elements (vLLM's table against SGLang's, which
// runs the same attention kernel without it).
constexpr double combine_row = 0.9e-9;
constexpr double combine_most = 992.0;
constexpr double transposing = 1.5e-6;  // values of an fp8 cache, heads of 128; see params.h
constexpr double small_kernel = 3e-6;   // as in attention_prompt.cc

struct Plan {
  double readers = 1.0;  // of the keys of one sequence
  double rows = 1.0;     // query rows of one reader
  double mma_rows = 16.0;
  double tile_keys = 128.0;
  double parts = 1.0;
  double tiles = 1.0;  // key tiles of one part
};

Library kernel_of(const DecodeAttention& a, double history, double sms) {
  if (a.library != Library::xqa && a.library != Library::trtllm) return a.library;
  const double group = a.heads / a.kv_heads;
  if (group > largest_group) return Library::mmha;
  if (a.library == Library::trtllm) return Library::trtllm;
  if (group <= 1.0) return Library::mmha;
  if (a.kv != DataType::bf16) return Library::xqa_fp8;
  const double blocks = a.sequences * a.kv_heads * std::max(1.0, history / part_keys);
  return 4.0 * blocks < sms ? Library::mmha : Library::xqa;
}

double whole(double x) { return std::max(1.0, static_cast<double>(static_cast<std::int64_t>(x))); }

double parts_of(Library kernel, double grid, double group, double tiles, double history,
                double sms) {
  switch (kernel) {
    case Library::xqa:
    case Library::xqa_fp8: {
      const double parts = whole(history / part_keys);
      const double over = grid * parts / (sms * most_waves);
      return over > 1.0 ? whole(parts / over) : parts;
    }
    case Library::mmha:
      if (history < mmha_split_from) return 1.0;
      return std::min(round_up(sms / grid), round_up(history / part_keys));
    case Library::triton:
      return std::min(8.0, tiles);
    case Library::flash2:
      if (grid >= 1.6 * sms || group <= 1.0) return 1.0;
      return std::min(tiles, whole(2.0 * sms / grid));
    case Library::flash:
    case Library::sgl:
      return grid >= 0.8 * sms ? 1.0 : std::min(tiles, whole(sms / grid));
    default:
      return std::min(tiles, whole(sms / grid));
  }
}

Plan plan_of(Library kernel, const DecodeAttention& a, double keys, double history, double sms) {
  const bool alone = kernel == Library::mmha;
  const bool flash = kernel == Library::flash || kernel == Library::sgl;
  Plan out;
  out.readers = alone ? a.heads : a.kv_heads;
  out.rows = a.queries * a.heads / out.readers;
  out.mma_rows = alone ? 1.0 : flash || kernel == Library::flash2 ? 64.0 : 16.0;
  const bool narrow_tile = alone || kernel == Library::triton || (flash && a.head_dim > 128.0);
  out.tile_keys = narrow_tile ? 64.0 : 128.0;
  const bool windowed = history > keys;
  const double tiles = round_up(keys / out.tile_keys) + (windowed ? 1.0 : 0.0);
  const double grid = a.sequences * out.readers;
  out.parts = parts_of(kernel, grid, a.heads / a.kv_heads, tiles, history, sms);
  // Parts by the history: those before the window are empty.
  const bool hidden = windowed && (kernel == Library::xqa || kernel == Library::xqa_fp8);
  const double working = hidden ? out.parts * keys / history : out.parts;
  out.tiles = std::max(1.0, tiles / std::max(1.0, working));
  return out;
}

}  // namespace

Cost AttentionModel::cost(const DecodeAttention& a) const {
  const CacheParams& p = decode_;
  const double sequences = std::max(1.0, a.sequences);
  const double keys = a.context / sequences;
  const double history = std::max(keys, a.history / sequences);
  const Library kernel = kernel_of(a, history, chip_.sms);
  const LibraryTerms& lib = software_.of(Family::decode, kernel);
  const FormatTerms cache = cache_terms(Family::decode, a.kv);
  const Plan n = plan_of(kernel, a, keys, history, chip_.sms);
  const bool alone = kernel == Library::mmha;

  const double w = waves(sequences * n.readers * n.parts / chip_.sms, 1.0);
  const double blocks = round_up(n.rows / n.mma_rows);
  const double deep = (2.0 + a.head_dim / dim_unit) / 3.0;
  const double head = w * p.head.si() * lib.tile * deep * (alone ? 1.0 : 0.4 + 0.6 * blocks);
  double step = p.k_step.si() * (n.tile_keys / k_unit) * (a.head_dim / dim_unit) * cache.k_step;
  if (alone) {
    step *= lib.rate;
  } else {
    const double rate =
        chip_.peak_of(Format::bf16) * std::min(1.0, p.rate * lib.rate * cache.rate) / chip_.sms;
    step = std::max(step, 4.0 * n.tile_keys * blocks * n.mma_rows * a.head_dim / rate);
  }
  const double loop = w * (alone ? n.tiles : n.tiles - in_head) * step;

  const double key_bytes = 2.0 * a.head_dim * bytes_per_element(a.kv).si();
  const double stored = a.context * a.kv_heads * key_bytes;
  const double read = a.context * n.readers * key_bytes;
  const double io = 2.0 * sequences * a.queries * a.heads * a.head_dim * bf16_bytes;
  const double cold = a.repeated
                          ? stored * std::clamp((stored / chip_.l2_capacity - 0.75) / 0.3, 0.0, 1.0)
                          : stored;
  const double memory =
      std::max(cold / (chip_.hbm * p.hbm), (read + io) / chip_.l2_rate(p.l2, p.hbm));
  double time = p.launch.si() * lib.launch + head + smooth_max(loop, memory) +
                (n.parts > 1.0 ? p.split.si() : 0.0);
  if (kernel == Library::flash && sequences <= combine_most) {
    time += combine_row * sequences * a.queries * a.heads * a.head_dim / dim_unit;
  }
  if (kernel == Library::flash2 && a.heads > a.kv_heads && a.kv_heads > 1.0 && sequences > 1.0) {
    time += 0.5 * p.launch.si();
  }
  const bool flash3 = kernel == Library::flash || kernel == Library::sgl;
  if (flash3 && a.kv != DataType::bf16) {
    time += cache.quantise * transposing * a.head_dim / dim_unit;
  }
  if (kernel == Library::sgl) {
    const bool padded = a.head_dim > 128.0 && a.head_dim < 256.0;
    time += small_kernel * ((padded ? 2.0 : 0.0) + (a.kv != DataType::bf16 ? 1.0 : 0.0));
  }
  const double flops = 4.0 * a.context * a.heads * a.queries * a.head_dim;
  const double bound = std::max(flops / chip_.peak_of(Format::bf16), cold / chip_.hbm);
  return {.time = Time::from_si(std::max(time, bound)),
          .compute = Time::from_si(head + loop),
          .memory = Time::from_si(memory),
          .bound = Time::from_si(bound),
          .flops = Flops::from_si(flops),
          .bytes = Bytes::from_si(cold)};
}

}  // namespace sn::kernel
