// sn/kernel/kernel_model.cc
//
// Element-wise operators and index scores; the rest is in the family models.

#include "sn/kernel/kernel_model.h"

#include <algorithm>

namespace sn::kernel {

KernelModel::KernelModel(const hw::Chip& chip, const KernelParams& params)
    : chip_(chip),
      p_(params.gemm),
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

Cost KernelModel::elementwise(Bytes bytes) const {
  const double b = bytes.si();
  return streaming(0.0, 1.0, b, b * (1.0 - chip_.resident(b)));
}

}  // namespace sn::kernel
