// sn/kernel/kernel_test_util.h
//
// A chip and kernel parameters of round numbers, for tests of operators against own arithmetic.

#pragma once

#include <gtest/gtest.h>

#include "sn/kernel/kernel_model.h"

namespace sn::kernel {

inline constexpr double us = 1e-6;

/// 128 SMs, 1 PFLOP/s bf16, 2 PFLOP/s fp8, HBM 5 TB/s, L2 10 TB/s and 50 MB.
inline hw::Chip round_chip() {
  using namespace sn::literals;
  hw::Chip c;
  c.sms = 128;
  c.peak.bf16 = 1000_TFLOP_per_s;
  c.peak.fp8 = 2000_TFLOP_per_s;
  c.hbm_capacity = 100_GB;
  c.hbm_bandwidth = 5_TB_per_s;
  c.l2_capacity = 50_MB;
  c.l2_bandwidth = 10_TB_per_s;
  return c;
}

/// Sustained: 0.8 of the peak, 4 TB/s of HBM, 5 TB/s of L2; nothing lost in an unfinished wave.
inline KernelParams round_params() {
  using namespace sn::literals;
  const Time none = Time::from_si(1e-10);
  KernelParams p;
  p.gemm = {.launch = 2_us,
            .rate = 0.8,
            .hbm = 0.8,
            .l2 = 0.5,
            .k_step = none,
            .tile = none,
            .wave = 1.0,
            .split = none,
            .throttle = 0.0,
            .setup = {}};
  p.moe = {.base = 20_us,
           .rate = 0.8,
           .hbm = 0.8,
           .l2 = 100.0,  // tiles load for nothing
           .tile = none,
           .wave = 1.0,
           .rows = 1.0,
           .token = none,
           .overlap = 0.0};
  p.prefill = {.launch = 10_us,
               .rate = 0.5,
               .exp = 1e6,
               .k_step = none,
               .tile = none,
               .tail = 0.001,
               .traffic = 1.0,
               .l2 = 0.5,
               .empty = none,
               .convert = 0.5};
  p.decode = {.launch = 8_us,
              .rate = 0.5,
              .hbm = 0.8,
              .l2 = 1.0,
              .k_step = none,
              .head = none,
              .split = none};
  p.mla_prefill = {
      .launch = 10_us, .rate = 0.5, .k_step = none, .tile = none, .traffic = 1.0, .host = 500_us};
  p.mla_decode = {.launch = 8_us,
                  .rate = 0.5,
                  .hbm = 0.8,
                  .l2 = 1.0,
                  .k_step = none,
                  .head = none,
                  .split = none,
                  .swapped = 0.5};
  p.elementwise = {
      .launch = 2_us, .hbm = 0.8, .l2 = 0.5, .row = none, .kilobyte = 0.02_us, .call = 10_us};
  p.eager = 100_us;
  p.graph = 3_us;
  return p;
}

inline KernelModel round_model() { return {round_chip(), round_params()}; }

inline void expect_within(Time actual, double seconds, double share) {
  EXPECT_NEAR(actual.si(), seconds, seconds * share);
}

}  // namespace sn::kernel
