// sn/kernel/coverage.h
//
// Which kernels of which library were measured on which generation of chips.
//
// Terms of a library are shared by all generations (params.h): one that was measured on Hopper
// alone also prices Blackwell, where its kernels may be others altogether. This table says where a
// fit comes from, so that a result can say when it rests on a neighbour's. It lists what the
// measured tables hold (evidence/kernels/coverage_test.cc reads them all and compares).

#pragma once

#include <string_view>

#include "sn/kernel/format.h"
#include "sn/kernel/params.h"

namespace sn::kernel {

/// Whether any table was measured on `generation` (catalog/kernels) at all.
[[nodiscard]] bool measured_generation(std::string_view generation);

/// Whether `library` was measured on `generation` in operators of `family` and arithmetic `format`;
/// attention has no arithmetics of its own here, and generations with and without Grace are one.
[[nodiscard]] bool measured_on(Family family, Library library, Format format,
                               std::string_view generation);

}  // namespace sn::kernel
