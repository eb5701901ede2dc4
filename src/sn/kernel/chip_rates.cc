// sn/kernel/chip_rates.cc
//
// A chip's rates by arithmetic; a missing one runs as the next wider.

#include "sn/kernel/chip_rates.h"

namespace sn::kernel {

ChipRates::ChipRates(const hw::Chip& chip)
    : sms(static_cast<double>(chip.sms)),
      hbm(chip.hbm_bandwidth.si()),
      l2(chip.l2_bandwidth.si()),
      l2_capacity(chip.l2_capacity.si()) {
  const auto set = [this](Format f, double rate) { peak[static_cast<std::size_t>(f)] = rate; };
  const auto or_wider = [](double rate, double wider) { return rate > 0.0 ? rate : wider; };
  const double bf16 = chip.peak.bf16.si();
  const double fp8 = or_wider(chip.peak.fp8.si(), bf16);
  set(Format::bf16, bf16);
  set(Format::w8a16, bf16);
  set(Format::w4a16, bf16);
  set(Format::fp8, fp8);
  set(Format::fp8_block, fp8);
  set(Format::w4a8, fp8);
  set(Format::fp4, or_wider(chip.peak.fp4.si(), fp8));
  set(Format::int8, or_wider(chip.peak.int8.si(), bf16));
}

}  // namespace sn::kernel
