// sn/kernel/mla.h
//
// Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434) over a prompt and over a latent
// cache.
//
// Prefill with keys and values expanded per head, in query tiles of 64 or 128 rows:
//   t = launch + max(waves x work of a mean tile, work of the longest) + waves x tile + traffic
//   work = keys x (2 rows (d_qk + d_v) / (rate per SM) + rows / (exponentials per SM))
//
// Decode with the expansion absorbed into queries and results: all heads read one latent per token.
// A sequence is read in s parts (Flash-Decoding, 2023):
//   t = launch + min over s of waves x head + sqrt(loop^2 + tm^2) + joining
//   loop = waves x keys/64 of a part x max(k_step, 64 x rows x ... / (rate per SM))
//   tm = the larger of cold bytes / hbm and all bytes / l2
// A cache that fits L2 is found there when it is read again: benchmarks do, and so do drafts.

#pragma once

#include "sn/kernel/chip_rates.h"
#include "sn/kernel/cost.h"
#include "sn/kernel/data_type.h"
#include "sn/kernel/params.h"

namespace sn::kernel {

/// Causal attention over a prompt, expanded to full heads. Head counts are per GPU.
struct MlaPrefill {
  double sequences = 1.0;
  double pairs = 0.0;      // sum of query x key positions that are computed
  double tokens = 0.0;     // new query tokens, all sequences
  double kv_tokens = 0.0;  // keys read, new and cached
  double heads = 0.0;
  double qk_dim = 0.0;
  double v_dim = 0.0;
  double kv_bytes = 0.0;  // bytes of KV cache per token and GPU
  DataType math = DataType::bf16;
  DataType kv = DataType::bf16;
  Library library = Library::flash;
};

/// Absorbed attention of `queries` positions per sequence: all heads read one latent of `latent` +
/// `rope` elements per token.
struct MlaDecode {
  double sequences = 0.0;
  double context = 0.0;  // sum over sequences of KV tokens read
  double queries = 1.0;
  double heads = 0.0;
  double latent = 0.0;
  double rope = 0.0;
  DataType kv = DataType::bf16;
  bool repeated = false;  // the same cache is read over and over: it may be found in L2
  Library library = Library::trtllm;
};

class MlaModel {
 public:
  MlaModel(const ChipRates& chip, const KernelParams& params)
      : chip_(chip),
        prefill_(params.mla_prefill),
        decode_(params.mla_decode),
        software_(params.software) {}

  [[nodiscard]] Cost cost(const MlaPrefill& a) const;
  [[nodiscard]] Cost cost(const MlaDecode& a) const;

 private:
  [[nodiscard]] FormatTerms cache_terms(Family family, DataType kv) const;

  ChipRates chip_;
  PrefillParams prefill_;
  DecodeParams decode_;
  SoftwareParams software_;
};

}  // namespace sn::kernel
