// sn/kernel/operators/moe.h
//
// The routed experts of one layer on one rank: routing, permutation, gate and up projection,
// activation, down projection, weighted sum.
//
//   t  = launches + sum over the two grouped products of (larger + overlap x smaller of tc, tm)
//        + te + tr
//   tc = min over tiles of waves x (k x max4(2 h w / (rate per SM), (h a + w b) / (L2 rate per SM))
//        + tile); a, b: bytes of an activation, of a weight once widened to the arithmetic.
//        Tiles of one expert start anew, so an expert with one token costs a whole tile.
//   tm = weights of the experts that got a token / hbm
//   te = traffic of permutation, activation and sum / hbm x rows + elements narrowed x SM time
//   tr = tokens x SM time of routing
//
// What decides is how tokens fall on experts, not their number alone: `ExpertLoad` carries it.
// In which the libraries differ in kind (their sources; TensorRT-LLM 1.x, vLLM 0.1x, DeepGEMM):
//   arithmetic  Marlin multiplies with the warp-wide instruction of Ampere, on every generation
//   heights  Triton takes the height from its table by tokens, Marlin by mean tokens per expert,
//            FlashInfer's first tactic on Hopper has one; the others tune, or choose per call
//   traffic  TensorRT-LLM's own kernels gather rows while loading and fuse the activation; CUTLASS
//            and DeepGEMM permute; Triton and Marlin keep a row for every choice of every token, on
//            this rank or not, and add them up in a kernel of its own
// Roofline and wave quantisation as in gemm.h. Fit and error: `supernode validate kernels`.

#pragma once

#include <array>

#include "sn/kernel/chip_rates.h"
#include "sn/kernel/cost.h"
#include "sn/kernel/data_type.h"
#include "sn/kernel/params.h"

namespace sn::kernel {

/// Heights of tiles in grouped products.
inline constexpr std::array<double, 6> expert_tiles = {8, 16, 32, 64, 128, 256};

/// How the assignments of a batch fall on the experts of the busiest rank.
struct ExpertLoad {
  double rows = 0.0;                                   // assignments
  double active = 0.0;                                 // experts with at least one
  std::array<double, expert_tiles.size()> tiles = {};  // sum of ceil(rows of an expert / height)

  /// `rows` spread at random over `active` experts: a partly filled tile more for each.
  [[nodiscard]] static ExpertLoad spread(double rows, double active);
};

struct Moe {
  double tokens = 0.0;  // that the rank routes
  double top_k = 1.0;
  double experts = 1.0;  // of all ranks
  ExpertLoad load;
  double hidden = 0.0;
  double inter = 0.0;  // of one expert on this rank
  bool gated = true;   // gate and up projection, or up alone
  DataType activation = DataType::bf16;
  DataType weight = DataType::bf16;
  bool block = false;
  bool dispatched = false;  // rows arrive sorted by expert and narrow, and leave unsummed
  double eager = 0.0;       // calls from the host outside a captured graph: the host is the slower
  Library library = Library::cutlass;
};

/// The library that production engines call for experts of this format.
[[nodiscard]] Library usual_moe_library(Format format, bool native_fp4);

class MoeModel {
 public:
  MoeModel(const ChipRates& chip, const KernelParams& params)
      : chip_(chip), p_(params.moe), eager_(params.eager.si()), software_(params.software) {}

  [[nodiscard]] Cost cost(const Moe& m) const;

 private:
  struct Product {
    double compute = 0.0;
    double memory = 0.0;
  };
  /// What all products of one call share.
  struct Machine {
    double rate = 0.0;                                     // FLOP/s
    double l2 = 0.0;                                       // B/s
    double hbm = 0.0;                                      // B/s
    double tile = 0.0;                                     // s
    double activation = 0.0, widened = 0.0, weight = 0.0;  // B
  };
  [[nodiscard]] Machine machine(const Moe& m, Format format) const;
  [[nodiscard]] Product product(const Moe& m, const Machine& on, std::size_t height, double n,
                                double k) const;

  ChipRates chip_;
  MoeParams p_;
  double eager_;
  SoftwareParams software_;
};

}  // namespace sn::kernel
