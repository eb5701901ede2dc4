// sn/evidence/published_figures.h
//
// Published rates of single matrix products, with their source: what `validate kernels` judges the
// models by when nobody brings measurements.
//
// Facts of Azure/AI-benchmarking-guide (cuBLASLt, random operands, 10,000 warm-up runs): chips are
// hot, so these are sustained rates. None of them is fitted.

#pragma once

#include "sn/evidence/kernel_set.h"
#include "sn/evidence/validation.h"

namespace sn::evidence {

/// The published figures as one file of a validation; chips without kernel parameters are skipped.
[[nodiscard]] Validation validate_published(const KernelSet& kernels);

}  // namespace sn::evidence
