// sn/evidence/kernels/published_figures.h
//
// Published rates of single matrix products that ship in the catalog with their citation: what
// `validate kernels` judges the models by when nobody brings measurements.
//
// An entry of catalog/published is one chip and one library: `products` of {type, m, n, k, rate}.
// None of them is fitted. Operands are narrow already and used again and again, so nothing is
// quantised and weights stay in L2 where they fit.

#pragma once

#include <string>
#include <vector>

#include "sn/base/document/document.h"
#include "sn/base/result.h"
#include "sn/base/units/quantity.h"
#include "sn/evidence/common/validation.h"
#include "sn/evidence/kernels/kernel_set.h"

namespace sn::evidence {

/// C[m,n] = A[m,k] B[k,n] with both operands of `type`, at `rate`.
struct PublishedProduct {
  kernel::DataType type = kernel::DataType::bf16;
  double m = 0.0;
  double n = 0.0;
  double k = 0.0;
  FlopRate rate;

  [[nodiscard]] double seconds() const { return 2.0 * m * n * k / rate.si(); }
  [[nodiscard]] std::string shape() const;  // "fp8 m=1024 n=1024 k=1024"
};

struct PublishedProducts {
  std::string name;      // of the entry
  std::string source;    // id of catalog/sources.yaml
  std::string citation;  // which page of which repository, its licence
  std::string date;
  std::string chip;
  std::string library;
  std::vector<PublishedProduct> products;
};

/// Errors: missing or unknown keys, types, sizes and rates out of range.
[[nodiscard]] Result<PublishedProducts> read_published(const Node& document, std::string name);

/// Every entry as one file of a validation; chips without kernel parameters are skipped rows.
/// Mistakes of the catalog are `errors` of the result.
[[nodiscard]] Validation validate_published(const catalog::Catalog& catalog,
                                            const KernelSet& kernels);

}  // namespace sn::evidence
