// sn/base/histogram.cc
//
// Log-linear buckets; see the header.
//
//   value = f * 2^e, f in [1/2, 1)   bucket = 64 e + floor((f - 1/2) * 128)
//
// Each power of two has 64 buckets of equal width; the midpoint is off by at most half a width,
// that is 1/128 of the bucket's lower end. Zero has a counter of its own.

#include "sn/base/histogram.h"

#include <algorithm>
#include <cmath>

#include "sn/base/result.h"

namespace sn {

namespace {

constexpr int per_octave = 64;

int bucket_of(double value) {
  int exponent = 0;
  const double fraction = std::frexp(value, &exponent);
  return exponent * per_octave + static_cast<int>((fraction - 0.5) * (2 * per_octave));
}

double midpoint(int bucket) {
  const int within = ((bucket % per_octave) + per_octave) % per_octave;
  const int exponent = (bucket - within) / per_octave;
  const double fraction = 0.5 + (within + 0.5) / (2.0 * per_octave);
  return std::ldexp(fraction, exponent);
}

}  // namespace

void Histogram::cover(int first, int last) {
  if (buckets_.empty()) first_ = first;
  if (first < first_) {
    buckets_.insert(buckets_.begin(), static_cast<std::size_t>(first_ - first), 0);
    first_ = first;
  }
  const auto needed = static_cast<std::size_t>(last - first_ + 1);
  if (needed > buckets_.size()) buckets_.resize(needed, 0);
}

void Histogram::add(double value, std::uint64_t count) {
  SN_ASSERT(std::isfinite(value) && value >= 0.0);
  if (count == 0) return;
  if (value == 0.0) {
    value = 0.0;  // not -0
    zeros_ += count;
  } else {
    const int bucket = bucket_of(value);
    cover(bucket, bucket);
    buckets_[static_cast<std::size_t>(bucket - first_)] += count;
  }
  min_ = count_ == 0 ? value : std::min(min_, value);
  max_ = std::max(max_, value);
  count_ += count;
  sum_.add(value, count);
}

void Histogram::merge(const Histogram& other) {
  if (other.count_ == 0) return;
  if (!other.buckets_.empty()) {
    const Histogram copy = &other == this ? other : Histogram{};
    const Histogram& from = &other == this ? copy : other;
    cover(from.first_, from.first_ + static_cast<int>(from.buckets_.size()) - 1);
    const auto offset = static_cast<std::size_t>(from.first_ - first_);
    for (std::size_t i = 0; i < from.buckets_.size(); ++i) buckets_[offset + i] += from.buckets_[i];
  }
  min_ = count_ == 0 ? other.min_ : std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
  zeros_ += other.zeros_;
  count_ += other.count_;
  sum_.add(other.sum_);
}

double Histogram::mean() const {
  return count_ == 0 ? 0.0 : sum_.value() / static_cast<double>(count_);
}

double Histogram::quantile(double q) const {
  SN_ASSERT(q >= 0.0 && q <= 1.0);
  if (count_ == 0) return 0.0;
  // 0.07 * 100 is a little over 7 in binary: without the slack the rank would be 8.
  const double rank = std::ceil(q * static_cast<double>(count_) * (1.0 - 0x1p-50));
  const auto wanted = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(rank), 1, count_);
  if (wanted == 1) return min_;
  if (wanted == count_) return max_;
  std::uint64_t seen = zeros_;
  if (seen >= wanted) return 0.0;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen >= wanted) {
      return std::clamp(midpoint(first_ + static_cast<int>(i)), min_, max_);
    }
  }
  return max_;
}

}  // namespace sn
