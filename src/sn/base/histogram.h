// sn/base/histogram.h
//
// A mergeable histogram of non-negative values with bounded relative error (log-linear buckets).
//
// Bucket width is 1/64 of its power of two: any quantile is within 0.8 % of a value of that rank.
// Merging adds counts, and the sum is kept exactly, so merging is associative and commutative to
// the last bit: no result depends on the order of work. Buckets are kept from the lowest to the
// highest used: 512 bytes for each power of two between.

#pragma once

#include <cstdint>
#include <vector>

#include "sn/base/exact_sum.h"

namespace sn {

class Histogram {
 public:
  /// `value` must be finite and not negative (asserted).
  void add(double value, std::uint64_t count = 1);
  void merge(const Histogram& other);

  [[nodiscard]] std::uint64_t count() const { return count_; }
  /// Exact sum over count, rounded once each; 0 when empty, as `min` and `max` are.
  [[nodiscard]] double mean() const;
  [[nodiscard]] double min() const { return min_; }
  [[nodiscard]] double max() const { return max_; }
  /// Value at quantile q in [0, 1]: nearest rank, bucket midpoint, clamped to [min, max]; the first
  /// and the last rank are exact. 0 when empty.
  [[nodiscard]] double quantile(double q) const;

 private:
  void cover(int first, int last);

  int first_ = 0;  // number of the bucket that buckets_[0] counts
  std::vector<std::uint64_t> buckets_;
  std::uint64_t zeros_ = 0;
  std::uint64_t count_ = 0;
  ExactSum sum_;
  double min_ = 0.0;
  double max_ = 0.0;
};

}  // namespace sn
