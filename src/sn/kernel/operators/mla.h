// sn/kernel/operators/mla.h
//
// Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434) over a prompt and over a cache.
//
// Prefill with keys and values expanded per head, in query tiles of 64 or 128 rows:
//   t = launch + max(waves x work of a mean tile, work of the longest) + waves x tile
//       + traffic x operands / bandwidth + narrowing
//   work = keys x max(2 rows (d_qk + d_v) / (rate per SM), k_step / 64)
//   narrowing = fp8 arithmetic: a kernel that reads Q, K and V in 2 B and writes them in 1 B
// K and V of a cached prefix are operands as well: whoever calls has expanded them. Exponentials of
// the softmax have no rate of their own here: bf16 and fp8 tables of all generations are fitted as
// well by the products' rate alone.
//
// Absorbed: the expansion is folded into queries and results, all heads read one latent per token.
// Decode and, in some libraries, short prompts. A sequence is read in s parts (Flash-Decoding):
//   t = launch + (queries + results) / hbm + min over s of waves x head + max4(loop, tm) + joining
//   loop = waves x (keys/64 of a part - 1) x max4(k_step, 64 rows x 2 (d_qk + d_v) / (rate per SM))
//   tm = the larger of cold bytes / hbm and bytes that all tiles read / l2
// The first 64 keys are part of a tile's start. // Query rows of all heads and positions share
// tiles; rows of a tile are padded to what a tensor instruction takes: 16 (mma), 64 (wgmma,
// Hopper), 128 (tcgen05, Blackwell). Blackwell's kernels for 32 rows and fewer swap the operands,
// so that keys fill the rows and nothing is padded (TensorRT-LLM, trtllm-gen "SwapsMmaAb"); at 17
// to 32 rows they keep fewer loads in flight. A cache that fits L2 is found there when it is read
// again: benchmarks do, and so do drafts.
//
// Limits: the masked half of a tile on the diagonal is computed; no cluster shapes.

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
  Library library = Library::trtllm;
};

/// Absorbed attention of `queries` positions per sequence: all heads read one latent of `latent` +
/// `rope` elements per token.
struct MlaDecode {
  double sequences = 0.0;
  double context = 0.0;  // sum over sequences of KV tokens read
  double queries = 1.0;
  double pairs = 0.0;  // of query and key positions; 0: every query reads its whole context
  double heads = 0.0;
  double latent = 0.0;
  double rope = 0.0;
  DataType kv = DataType::bf16;
  bool repeated = false;  // the same cache is read over and over: it may be found in L2
  bool divisible = true;  // a sequence may be read in parts (not so before Hopper in TensorRT-LLM)
  Library library = Library::trtllm;
};

class MlaModel {
 public:
  MlaModel(const ChipRates& chip, const KernelParams& params)
      : chip_(chip),
        prefill_(params.mla_prefill),
        decode_(params.mla_decode),
        kernel_launch_(params.gemm.launch.si()),
        software_(params.software) {}

  [[nodiscard]] Cost cost(const MlaPrefill& a) const;
  [[nodiscard]] Cost cost(const MlaDecode& a) const;
  [[nodiscard]] Time host() const { return prefill_.host; }

 private:
  /// How query rows fall on tiles.
  struct Tiles {
    double readers = 1.0;  // per sequence
    double rows = 1.0;     // that a tile computes
    bool few_loads = false;
  };
  [[nodiscard]] FormatTerms cache_terms(Family family, DataType kv) const;
  [[nodiscard]] Tiles tiles(const MlaDecode& a) const;

  ChipRates chip_;
  MlaPrefillParams prefill_;
  MlaDecodeParams decode_;
  double kernel_launch_;
  SoftwareParams software_;
};

}  // namespace sn::kernel
