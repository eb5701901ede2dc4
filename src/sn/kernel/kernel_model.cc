// sn/kernel/kernel_model.cc
//
// Element-wise operators and index scores; the rest is in the family models.

#include "sn/kernel/kernel_model.h"

#include <algorithm>
#include <array>

namespace sn::kernel {

KernelModel::KernelModel(const hw::Chip& chip, const KernelParams& params)
    : chip_(chip),
      p_(params.gemm),
      elementwise_(params.elementwise),
      gemm_(chip_, params),
      moe_(chip_, params),
      attention_(chip_, params),
      mla_(chip_, params),
      measured_(params.measured) {}

Cost KernelModel::streaming(double flops, double rate_share, double bytes, double cold) const {
  const double peak = chip_.peak_of(Format::fp8);
  const double compute = flops / (peak * rate_share);
  const double memory = cold / (chip_.hbm * p_.hbm) + (bytes - cold) / chip_.l2_rate(p_.l2, p_.hbm);
  const double bound = std::max(flops / peak, cold / chip_.hbm);
  return {.time = Time::from_si(p_.launch.si() + smooth_max(compute, memory)),
          .compute = Time::from_si(compute),
          .memory = Time::from_si(memory),
          .bound = Time::from_si(bound),
          .flops = Flops::from_si(flops),
          .bytes = Bytes::from_si(cold)};
}

Cost KernelModel::index_scores(const IndexScores& s) const {
  constexpr double logit_bytes = 8.0;  // fp32, written and read
  const double bytes = s.keys * s.dim + s.pairs * logit_bytes;
  return streaming(2.0 * s.pairs * s.heads * s.dim, p_.rate, bytes, bytes);
}

Cost KernelModel::elementwise(const Elementwise& e) const {
  // Of 16-byte reads; kernels of 2023 (vLLM 0.2) read two bytes at a time, embeddings divide for
  // every element to find its row.
  constexpr std::array<double, 3> slowness = {1.0, 3.0, 9.0};
  const ElementwiseParams& p = elementwise_;
  // Caches do not replace strictly by age: of a stream that comes again, half their size stays.
  const double cold = std::max(0.0, e.bytes - 0.5 * chip_.l2_capacity);
  const double memory = cold / (chip_.hbm * p.hbm) + (e.bytes - cold) / chip_.l2_rate(p.l2, p.hbm);
  double blocks = 0.0;
  if (e.rows > 0.0) {
    const double slow = slowness[static_cast<std::size_t>(e.access)];
    const double row = p.row.si() + e.bytes / e.rows * 1e-3 * p.kilobyte.si() * slow;
    blocks = waves(e.rows / chip_.sms, 1.0) * row;
  }
  const double bound = cold / chip_.hbm;
  const double time = p.launch.si() + e.calls * p.call.si() + sharp_max(memory, blocks);
  return {.time = Time::from_si(time),
          .compute = Time::from_si(blocks),
          .memory = Time::from_si(memory),
          .bound = Time::from_si(bound),
          .flops = Flops{},
          .bytes = Bytes::from_si(cold)};
}

}  // namespace sn::kernel
