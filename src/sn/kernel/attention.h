// sn/kernel/attention.h
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
  /// Whether a cache may be read in parts: not in one call with prompts (variable-length kernels).
  bool divisible = true;
  Library library = Library::flash;
};

class AttentionModel {
 public:
  AttentionModel(const ChipRates& chip, const KernelParams& params)
      : chip_(chip), prefill_(params.prefill), decode_(params.decode), software_(params.software) {}

  [[nodiscard]] Cost cost(const PrefillAttention& a) const;
  [[nodiscard]] Cost cost(const DecodeAttention& a) const;

 private:
  /// What decode attention reduces to.
  struct Stream {
    double sequences = 0.0;
    double context = 0.0;    // keys of all sequences
    double heads = 0.0;      // independent readers of keys, per sequence
    double rows = 0.0;       // query rows that share one reader
    double row_flops = 0.0;  // per query row and key
    double key_bytes = 0.0;  // per reader and key
    double io_bytes = 0.0;   // queries and results
    double shared = 1.0;     // readers of the same keys
    bool repeated = false;
    bool divisible = true;
  };
  [[nodiscard]] Cost stream(const Stream& s, const DecodeParams& p, Family family, DataType kv,
                            Library library) const;
  [[nodiscard]] FormatTerms cache_terms(Family family, DataType kv) const;

  ChipRates chip_;
  PrefillParams prefill_;
  DecodeParams decode_;
  SoftwareParams software_;
};

}  // namespace sn::kernel
