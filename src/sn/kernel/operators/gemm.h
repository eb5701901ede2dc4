// sn/kernel/operators/gemm.h
//
// Dense matrix products.
//
//   t = launches + sqrt(tc^2 + tm^2) + tq
//   tc = min over tiles and splits of waves x (max4(2 tm tn k / (rate per SM), k/64 x k_step) +
//        tile x tm tn / 128^2) + the joining of split-K; x (1 + throttle tc / (tc + 1 ms))
//   tm = bytes from HBM / hbm + bytes that are still in L2 / l2
//   tq = narrowing the activations: sqrt(traffic^2 + (rows / SMs x max4(row, k x element))^2)
//
// Waves count tiles over SMs (wave quantisation, NVIDIA "Matrix Multiplication Background"): the
// static schedulers of CUTLASS and DeepGEMM pay an unfinished wave whole, vendor libraries the
// share `wave` of it, since they have a better tile. The floor of a k step is the latency of one
// stage of the load-multiply pipeline; writing a tile goes by its area and overlaps with nothing,
// which is most of a product of short k. Narrowing takes one block a row: a short row costs what
// its block costs. Roofline after Williams, Waterman and Patterson (CACM 52(4), 2009). Tiles are
// those that the libraries ship (CUTLASS profiler listings, dispatch of vLLM's and SGLang's scaled
// products, DeepGEMM's JIT); which a library may choose from, and whether it splits k, is its
// nature and not a parameter. Limits: the k depth of a stage is not told apart, neither are
// clusters that share loads. Fit and error: `supernode validate kernels`.

#pragma once

#include <limits>

#include "sn/kernel/chip_rates.h"
#include "sn/kernel/cost.h"
#include "sn/kernel/data_type.h"
#include "sn/kernel/params.h"

namespace sn::kernel {

/// C[m,n] = A[m,k] B[k,n], `batches` times; `weight` is the format of B in memory, C is bf16.
/// Fractional m is a mean over steps.
struct Gemm {
  double m = 0.0;
  double n = 0.0;
  double k = 0.0;
  DataType activation = DataType::bf16;
  DataType weight = DataType::bf16;
  bool block = false;     // fp8 operands with a scale per block
  bool narrowed = false;  // activations come in their narrow format: nothing to quantise
  double batches = 1.0;   // independent products in one launch
  /// Other weights, in bytes, that pass before these come again: a whole model, unless a benchmark
  /// repeats a few copies.
  double weight_cycle = std::numeric_limits<double>::infinity();
  /// Calls from the host outside a captured graph, in units of quantise and multiply: the host is
  /// then the slower. 0: captured.
  double eager = 0.0;
  bool lone = false;  // the only kernel of its captured graph: the launch of the graph shows
  Library library = Library::cublas;
};

/// The library that production engines call for a product of this format.
[[nodiscard]] Library usual_gemm_library(Format format);

class GemmModel {
 public:
  GemmModel(const ChipRates& chip, const KernelParams& params)
      : chip_(chip),
        p_(params.gemm),
        eager_(params.eager.si()),
        graph_(params.graph.si()),
        software_(params.software) {}

  [[nodiscard]] Cost cost(const Gemm& g) const;

 private:
  [[nodiscard]] double compute(const Gemm& g, Format format, double rate) const;
  [[nodiscard]] double narrowing(const Gemm& g) const;

  ChipRates chip_;
  GemmParams p_;
  double eager_;
  double graph_;
  SoftwareParams software_;
};

}  // namespace sn::kernel
