// sn/kernel/operators/attention_prompt.cc
//
// Attention of grouped heads over prompts, alone or in one call with single positions.
//
//   t = launch + span(work) + traffic
//   span = the longest tile, where an SM has one at most;
//          else max(longest, all tiles / SMs + tail x longest)
//   tile = keys x max(rows x pair, k_step / 64) + `tile`;  keys seen by its rows, whole key tiles
//   pair = sqrt(products^2 + exponential^2) of one query and key
//
// Query tiles are of the library: FlashAttention-3 192 rows for heads of 64 elements, else 128, and
// it packs the query heads of a group into the rows (hopper/tile_size.h, pack_gqa);
// FlashAttention-2 over pages 64 rows x 128 keys (its split kernel, flash_fwd_launch_template.h);
// TensorRT-LLM's FMHA 128 (64 before tensor cores work in warp groups); trtllm-gen through
// FlashInfer two tiles of 128. Exponentials are a limit of their own: 16 per clock and SM on all
// generations since Volta, while tensor cores doubled (FlashAttention-3, arXiv 2407.08608).
// Triton's kernels take 32 rows x 64 keys; SGLang's passes over what a window hides (the reader of
// its table says so). Traffic: queries and results, keys and values read and written into the
// cache; TensorRT-LLM rotates and copies queries first; vLLM converts keys and values around an fp8
// cache, and queries for FlashAttention-3, at a share of L2 bandwidth.
//
// One call for prompts and positions (vLLM on FlashAttention-2): the longest query sets the grid,
// so that every sequence has as many blocks as the longest prompt, all but the first of a single
// position empty; a position fills one row of a tile, no heads share keys, and caches are not read
// in parts. Heads of a group run one after the other over the whole batch, so that keys come from
// HBM again for each, unless they fit L2 or heads in flight at once share them.
// Limits: a mean prompt stands for all; windows are of whole prompts.

#include <algorithm>

#include "sn/kernel/operators/attention.h"

namespace sn::kernel {

namespace {

constexpr double exponentials = 16.0 * 1.755e9;  // per SM and second, at Hopper's boost clock
constexpr double key_unit = 64.0;
constexpr double bf16_bytes = 2.0;
constexpr double streaming = 0.85;  // share of HBM bandwidth of a prompt's operands
// Time of one of the small kernels that SGLang runs around FlashAttention-3: two to pad heads that
// have no kernel, one to narrow queries for an fp8 cache (its tables, one token: 3 us each).
constexpr double small_kernel = 3e-6;

struct Tile {
  double rows = 128.0;
  double keys = 128.0;
  bool grouped = false;  // the query heads of a group share a tile
};

Tile tile_of(Library library, double dim, bool one_query, bool warp_groups, bool narrow) {
  const double wide = dim >= 256.0 ? 64.0 : 128.0;
  switch (library) {
    case Library::flash:
    case Library::sgl:
      return {dim <= 64.0 ? 192.0 : 128.0, dim > 128.0 && dim < 256.0 ? 96.0 : wide, true};
    case Library::flash2:
      return {64.0, wide, one_query};
    case Library::flashinfer:
      return {256.0, wide, false};
    case Library::triton:
      return {32.0, 64.0, false};
    default: {
      // Of Hopper's FMHA: 64 x 256 bytes of keys a step (fmha_v2, warp-specialised).
      const bool twice = narrow && dim <= 64.0;
      return {warp_groups ? 128.0 : 64.0, twice ? 256.0 : wide, false};
    }
  }
}

/// 1 up to `all`, 0 from `none` on; what share of a working set is still in L2.
double fade(double x, double all, double none) {
  return std::clamp((none - x) / (none - all), 0.0, 1.0);
}

/// From the first tile's start to the last one's end; work in s per SM, tiles per SM.
double span(double work, double longest, double tiles, double tail) {
  return tiles <= 1.0 ? longest : std::max(longest, work + tail * longest);
}

}  // namespace

struct AttentionModel::PromptWork {
  double tiles = 0.0;    // per SM
  double work = 0.0;     // s per SM
  double longest = 0.0;  // s
  double blocks = 0.0;   // query tiles of one sequence and head
  double memory = 0.0;   // s
  double bytes = 0.0;    // from HBM
  double flops = 0.0;
  double step = 0.0;  // s of a full tile and key
  double tile = 0.0;  // s beside the keys
};

AttentionModel::PromptWork AttentionModel::prompt_work(const PrefillAttention& a) const {
  const PromptParams& p = prefill_;
  const LibraryTerms& lib = software_.of(Family::prefill, a.library);
  const FormatTerms cache = cache_terms(Family::prefill, a.kv);
  const bool narrow = a.math != DataType::bf16;
  const double peak = chip_.peak_of(narrow ? Format::fp8 : Format::bf16);
  const double per_sm =
      peak * std::min(1.0, p.rate * lib.rate * (narrow ? cache.rate : 1.0)) / chip_.sms;
  const double kv_heads = a.kv_heads > 0.0 ? a.kv_heads : a.heads;
  const double sequences = std::max(1.0, a.sequences);
  const double length = a.tokens / sequences;
  const bool warp_groups = chip_.peak_of(Format::fp8) > chip_.peak_of(Format::bf16);
  const Tile t = tile_of(a.library, a.qk_dim, length <= 1.0, warp_groups, narrow);
  const double group = t.grouped ? a.heads / kv_heads : 1.0;

  PromptWork out;
  const double pair = smooth_max(2.0 * (a.qk_dim + a.v_dim) / per_sm, 1.0 / (exponentials * p.exp));
  out.step = std::max(t.rows * pair, p.k_step.si() * cache.k_step / key_unit);
  out.tile = p.tile.si() * lib.tile;
  out.blocks = round_up(length * group / t.rows);
  out.tiles = sequences * a.heads / group * out.blocks / chip_.sms;
  const double seen = a.tokens > 0.0 ? a.pairs / a.tokens : 0.0;
  const double of_tile = std::min(t.rows / group, length);  // positions of one tile
  const bool windowed = a.window > 0.0 && a.window < a.kv_tokens / sequences;
  const double most = round_up(a.kv_tokens / sequences / t.keys) * t.keys;
  // A tile's rows see what the first or the last of them sees; a window begins inside a key tile.
  const double mean = std::min(most, seen + (windowed ? of_tile + t.keys : 0.5 * of_tile));
  const double last = windowed ? std::min(most, a.window + of_tile + t.keys) : most;
  out.work = out.tiles * (mean * out.step + out.tile);
  out.longest = last * out.step + out.tile;

  const double written = a.kv_bytes > 0.0 ? 2.0 * kv_heads * a.qk_dim * bf16_bytes + a.kv_bytes : 0;
  const double queries = (a.library == Library::trtllm ? 4.0 : 2.0) * a.heads * a.qk_dim;
  const double moved = a.tokens * (queries * bf16_bytes + written) + a.kv_tokens * a.kv_bytes;
  const double warm = fade(moved / chip_.l2_capacity, 0.5, 1.3);
  const double hbm = chip_.hbm * streaming;
  out.memory =
      p.traffic * (moved * (1.0 - warm) / hbm + moved * warm / chip_.l2_rate(p.l2, streaming));
  const bool converts = a.library == Library::flash || a.library == Library::flashinfer;
  if (a.kv != DataType::bf16 && converts) {
    const double narrowed = a.library == Library::flash ? a.heads : 0.0;
    out.memory += 3.0 * a.tokens * a.qk_dim * (2.0 * kv_heads + narrowed) / (chip_.l2 * p.convert);
  }
  out.bytes = (a.tokens * 2.0 * a.heads * a.qk_dim * bf16_bytes + a.kv_tokens * a.kv_bytes) *
              (1.0 - fade(moved / chip_.l2_capacity, 0.4, 1.0));
  out.flops = 2.0 * a.pairs * a.heads * (a.qk_dim + a.v_dim);
  return out;
}

FormatTerms AttentionModel::cache_terms(Family family, DataType kv) const {
  if (kv == DataType::bf16) return {};
  return software_.fp8_cache[static_cast<std::size_t>(family)];
}

Library usual_attention_library(const hw::Chip& chip) {
  using enum hw::Generation;
  switch (chip.generation()) {
    case blackwell:
      return Library::flashinfer;
    case ampere:
    case ada:
    case blackwell_rtx:
      return Library::flash2;
    case hopper:
    case other:
      break;
  }
  return Library::flash;
}

Cost AttentionModel::cost(const PrefillAttention& a) const {
  const PromptParams& p = prefill_;
  const PromptWork w = prompt_work(a);
  const double compute = span(w.work, w.longest, w.tiles, p.tail);
  double launch = p.launch.si() * software_.of(Family::prefill, a.library).launch;
  if (a.library == Library::sgl) {
    const bool padded = a.qk_dim > 128.0 && a.qk_dim < 256.0;
    launch += small_kernel * ((padded ? 2.0 : 0.0) + (a.kv != DataType::bf16 ? 1.0 : 0.0));
  }
  const double peak = chip_.peak_of(a.math != DataType::bf16 ? Format::fp8 : Format::bf16);
  const double bound = std::max(w.flops / peak, w.bytes / chip_.hbm);
  return {.time = Time::from_si(std::max(launch + compute + w.memory, bound)),
          .compute = Time::from_si(compute),
          .memory = Time::from_si(w.memory),
          .bound = Time::from_si(bound),
          .flops = Flops::from_si(w.flops),
          .bytes = Bytes::from_si(w.bytes)};
}

Cost AttentionModel::cost(const MixedAttention& a) const {
  const DecodeAttention& c = a.caches;
  if (c.sequences <= 0.0) return cost(a.prompts);
  if (a.prompts.tokens <= 0.0) return cost(c);
  const PromptParams& p = prefill_;
  const PromptWork w = prompt_work(a.prompts);
  const double keys = tile_of(a.prompts.library, c.head_dim, false, true, false).keys;
  const double positions = c.sequences * c.heads / chip_.sms;  // blocks with work, per SM
  const double loop = round_up(c.context / c.sequences / keys) * keys * w.step;
  const double one = loop + w.tile;
  const double idle = positions * (w.blocks - 1.0) * p.empty.si();
  const double work = w.work + positions * one + idle;
  const double compute = span(work, std::max(w.longest, one), w.tiles + positions, p.tail);

  const double key_bytes = 2.0 * c.head_dim * bytes_per_element(c.kv).si();
  const double stored = c.context * c.kv_heads * key_bytes;
  const double group = c.heads / c.kv_heads;
  const double at_once =
      std::clamp(chip_.sms / (c.sequences + a.prompts.sequences * w.blocks), 1.0, group);
  const double lost = 1.0 - fade(c.context * key_bytes / chip_.l2_capacity, 0.75, 1.25);
  const double again = 1.0 + lost * (group / at_once - 1.0);
  const double cold = c.repeated ? 1.0 - fade(stored / chip_.l2_capacity, 0.75, 1.05) : 1.0;
  const double caches = stored * cold * again / (chip_.hbm * decode_.hbm);
  const double both = sharp_max(compute, caches);
  const double flops = w.flops + 4.0 * c.context * c.heads * c.head_dim;
  const double bytes = w.bytes + stored * cold;
  const double bound = std::max(flops / chip_.peak_of(Format::bf16), bytes / chip_.hbm);
  const double launch = p.launch.si() * software_.of(Family::prefill, a.prompts.library).launch;
  return {.time = Time::from_si(std::max(launch + both + w.memory, bound)),
          .compute = Time::from_si(compute),
          .memory = Time::from_si(w.memory + caches),
          .bound = Time::from_si(bound),
          .flops = Flops::from_si(flops),
          .bytes = Bytes::from_si(bytes)};
}

}  // namespace sn::kernel
