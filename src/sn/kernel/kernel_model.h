// sn/kernel/kernel_model.h
//
// Time of any operator on one chip: dense products, experts, attention, element-wise.
//
// One model per family of operators (gemm.h, moe.h, attention.h, mla.h have the equations); this
// class holds them for one chip and one set of software terms. A physical bound goes with every
// time: FLOPs over peak, HBM bytes over HBM bandwidth; no time is below it. Measurements of one's
// own, when there are any, are laid over the models (measured.h). Limits: no overlap between
// kernels, no power-dependent clock beyond long products.

#pragma once

#include <cstdint>

#include "sn/base/units/quantity.h"
#include "sn/hw/machine.h"
#include "sn/kernel/cost.h"
#include "sn/kernel/measured.h"
#include "sn/kernel/operators/attention.h"
#include "sn/kernel/operators/gemm.h"
#include "sn/kernel/operators/mla.h"
#include "sn/kernel/operators/moe.h"
#include "sn/kernel/params.h"

namespace sn::kernel {

/// Scores of an attention indexer (DeepSeek Sparse Attention): for every pair the dot products of
/// all index heads in fp8, summed to one logit that the selection reads again. Keys take `dim`
/// bytes.
struct IndexScores {
  double pairs = 0.0;  // query x key positions
  double keys = 0.0;   // keys read
  double heads = 0.0;
  double dim = 0.0;
};

/// How the threads of an element-wise kernel read: 16 bytes at a time, element by element, or rows
/// that an index names, element by element.
enum class Access : std::uint8_t { vector, scalar, gather };

/// Norms, activations, copies, softmax.
///
///   t = launch + max4(bytes from HBM / hbm + bytes still in L2 / l2,
///                     waves(rows / SMs) x (row + kB of a row x kilobyte x slowness of access))
///
/// plus the host's synchronous calls where a benchmark counts them.
struct Elementwise {
  double bytes = 0.0;  // read and written
  double rows = 0.0;   // blocks of threads that take one row each; 0: spread evenly
  Access access = Access::vector;
  double calls = 0.0;  // from Python, each waited for
};

class KernelModel {
 public:
  KernelModel(const hw::Chip& chip, const KernelParams& params);

  [[nodiscard]] Cost gemm(const Gemm& g) const { return measured(gemm_.cost(g), g); }
  [[nodiscard]] Cost moe(const Moe& m) const { return measured(moe_.cost(m), m); }
  [[nodiscard]] Cost decode_attention(const DecodeAttention& a) const {
    return measured(attention_.cost(a), a);
  }
  [[nodiscard]] Cost mla_prefill(const MlaPrefill& a) const { return measured(mla_.cost(a), a); }
  [[nodiscard]] Cost mla_decode(const MlaDecode& a) const { return measured(mla_.cost(a), a); }
  /// Host time of an attention module outside a captured graph.
  [[nodiscard]] Time mla_host() const { return mla_.host(); }
  [[nodiscard]] Cost prefill_attention(const PrefillAttention& a) const {
    return measured(attention_.cost(a), a);
  }
  [[nodiscard]] Cost mixed_attention(const MixedAttention& a) const { return attention_.cost(a); }
  [[nodiscard]] Cost index_scores(const IndexScores& s) const;
  [[nodiscard]] Cost elementwise(const Elementwise& e) const;
  [[nodiscard]] Cost elementwise(Bytes bytes) const { return elementwise({.bytes = bytes.si()}); }

 private:
  template <class Operator>
  [[nodiscard]] Cost measured(const Cost& cost, const Operator& op) const {
    return measured_ == nullptr ? cost : measured_->corrected(cost, op);
  }
  [[nodiscard]] Cost streaming(double flops, double rate_share, double bytes, double cold) const;

  ChipRates chip_;
  GemmParams p_;
  ElementwiseParams elementwise_;
  GemmModel gemm_;
  MoeModel moe_;
  AttentionModel attention_;
  MlaModel mla_;
  std::shared_ptr<const MeasuredRatios> measured_;
};

}  // namespace sn::kernel
