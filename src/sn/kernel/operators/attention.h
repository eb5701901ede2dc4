// sn/kernel/operators/attention.h
//
// Attention over a prompt and over a KV cache, with grouped heads (latent attention: mla.h).
//
// Prefill, in query tiles of 64 or 128 rows:
//   t = launch + max(waves x work of a mean tile, work of the longest) + waves x tile + traffic
//   work = keys x (2 rows (d_qk + d_v) / (rate per SM) + rows / (exponentials per SM))
// The exponentials of the softmax are a limit of their own: 16 per clock and SM on all generations
// since Volta, while tensor cores doubled (FlashAttention-3, arXiv 2407.08608; -4 on Blackwell).
//
// Decode, every KV head of a sequence in s parts (Flash-Decoding, 2023):
//   t = launch + min over s of waves x head + sqrt(loop^2 + tm^2) + joining
//   loop = waves x keys/64 of a part x max(k_step, 64 x rows x ... / (rate per SM))
//   tm = the larger of cold bytes / hbm and all bytes / l2
// A cache that fits L2 is found there when it is read again: benchmarks do, and so do drafts.
// TensorRT-LLM has no grouped kernel for one query head per KV head or more than 32: each query
// head reads the keys for itself.

#pragma once

#include <limits>

#include "sn/kernel/chip_rates.h"
#include "sn/kernel/cost.h"
#include "sn/kernel/data_type.h"
#include "sn/kernel/params.h"

namespace sn::kernel {

/// Causal prefill attention of any kind. Head counts are per GPU.
struct PrefillAttention {
  double sequences = 1.0;
  double pairs = 0.0;      // sum of query x key positions that are computed
  double tokens = 0.0;     // new query tokens, all sequences
  double kv_tokens = 0.0;  // keys read, new and cached
  double heads = 0.0;
  double kv_heads = 0.0;  // 0: as many as `heads`
  double qk_dim = 0.0;
  double v_dim = 0.0;
  double kv_bytes = 0.0;  // bytes of KV cache per token and GPU
  DataType math = DataType::bf16;
  DataType kv = DataType::bf16;
  Library library = Library::flash;
  double window = 0.0;  // keys that a query sees at most; 0: all before it
};

/// One query position (or `queries` of them, for speculative decoding) per sequence against its KV
/// cache.
struct DecodeAttention {
  double sequences = 0.0;
  double context = 0.0;  // sum over sequences of KV tokens read
  double queries = 1.0;
  double heads = 0.0;
  double kv_heads = 0.0;
  double head_dim = 0.0;
  DataType kv = DataType::bf16;
  bool repeated = false;  // the same cache is read over and over: it may be found in L2
  /// Positions of all sequences if windows hide some of them; 0: as many as `context`.
  double history = 0.0;
  Library library = Library::flash;
};

/// Prompts and single positions of one batch in one call of a kernel for varying lengths
/// (FlashAttention-2 below vLLM): blocks of both share the SMs.
struct MixedAttention {
  PrefillAttention prompts;
  DecodeAttention caches;
};

/// Of grouped heads, by the generation of the chip: what vLLM runs on it.
[[nodiscard]] Library usual_attention_library(const hw::Chip& chip);

class AttentionModel {
 public:
  AttentionModel(const ChipRates& chip, const KernelParams& params)
      : chip_(chip), prefill_(params.prefill), decode_(params.decode), software_(params.software) {}

  [[nodiscard]] Cost cost(const PrefillAttention& a) const;
  [[nodiscard]] Cost cost(const DecodeAttention& a) const;
  [[nodiscard]] Cost cost(const MixedAttention& a) const;

 private:
  struct PromptWork;
  [[nodiscard]] PromptWork prompt_work(const PrefillAttention& a) const;
  [[nodiscard]] FormatTerms cache_terms(Family family, DataType kv) const;

  ChipRates chip_;
  PromptParams prefill_;
  CacheParams decode_;
  SoftwareParams software_;
};

}  // namespace sn::kernel
