// sn/kernel/params.h
//
// The few parameters of a kernel family on one chip generation: sustained shares of datasheet
// rates, and the fixed cost of a kernel. Values, sources and confidence: catalog/kernels/*.yaml.
//
// A share is of the chip's own datasheet rate, so that one family serves chips that differ in
// clock, SM count or memory. Limits: no term for power-dependent clocks; those arrive through
// hw::Conditions.

#pragma once

#include <cstdint>

#include "sn/base/quantity.h"
#include "sn/hw/param.h"

namespace sn::kernel {

struct KernelParams {
  std::string name;
  Time launch;             // gap, ramp-up and drain of one kernel inside a captured graph
  double sharpness = 4.0;  // p of the smooth maximum (tc^p + tm^p)^(1/p)
  double hbm = 0.0;        // sustained share of HBM bandwidth, streaming
  double l2 = 0.0;         // sustained share of L2 bandwidth
  double gemm_bf16 = 0.0;  // sustained share of the peak rate, large dense GEMM
  double gemm_fp8 = 0.0;
  double gemm_fp4 = 0.0;
  double gemm_int8 = 0.0;
  double grouped = 0.0;            // grouped GEMM relative to dense GEMM
  double attention_prefill = 0.0;  // share of the bf16 peak, causal MHA/GQA/MLA prefill
  double attention_decode = 0.0;   // share of sustained HBM bandwidth while streaming KV
  double mla_decode = 0.0;         // share of the bf16 peak in absorbed MLA decode
};

template <class V>
void describe(V& v, KernelParams& k) {
  v.quantity("launch", k.launch, Time::from_si(1e-8), Time::from_si(1e-3));
  v.ratio("sharpness", k.sharpness, 1.0, 64.0);
  v.ratio("hbm", k.hbm, 0.05, 1.0);
  v.ratio("l2", k.l2, 0.05, 1.0);
  v.ratio("gemm.bf16", k.gemm_bf16, 0.05, 1.0);
  v.ratio("gemm.fp8", k.gemm_fp8, 0.05, 1.0, hw::Need::optional);
  v.ratio("gemm.fp4", k.gemm_fp4, 0.05, 1.0, hw::Need::optional);
  v.ratio("gemm.int8", k.gemm_int8, 0.05, 1.0, hw::Need::optional);
  v.ratio("grouped", k.grouped, 0.05, 1.0);
  v.ratio("attention.prefill", k.attention_prefill, 0.05, 1.0);
  v.ratio("attention.decode", k.attention_decode, 0.05, 1.0);
  v.ratio("attention.mla_decode", k.mla_decode, 0.05, 1.0);
}

}  // namespace sn::kernel
