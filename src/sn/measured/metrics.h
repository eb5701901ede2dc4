// sn/measured/metrics.h
//
// How far predictions lie from measurements, and how far measurements lie from themselves.
//
// Error of one case: predicted / measured - 1. MAPE is the mean of its absolute value, `bias` its
// median. The noise floor of a table is what an interpolation of the table by itself would get:
// every row is left out and predicted from its nearest neighbours above and below along each
// dimension (log-log, all other columns equal), the geometric mean over the dimensions that have
// both. Rows without such neighbours have no floor. What a model of few parameters is asked for
// below the floor is noise or the kernel library's own steps.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace sn::measured {

/// All bits of `x` spread over all bits (splitmix64, Steele, Lea and Flood, OOPSLA 2014): doubles
/// of round numbers differ in their top bits alone.
[[nodiscard]] std::uint64_t mixed_bits(std::uint64_t x);

/// Errors as fractions; NaN where there are none.
struct Metrics {
  double mape = 0.0;
  double median = 0.0;  // of the absolute error
  double p90 = 0.0;     // of the absolute error
  double bias = 0.0;    // median of the signed error
  double floor = 0.0;   // noise floor; NaN when no row has neighbours
  std::size_t n = 0;
};

/// `errors`: predicted / measured - 1, reordered by the call. All fields but `floor`.
[[nodiscard]] Metrics metrics_of(std::vector<double>& errors);

/// The value at quantile `q` by nearest rank; `values`, at least one, are reordered by the call.
[[nodiscard]] double nearest_rank(std::vector<double>& values, double q);

/// Leave-one-out interpolation of a table by itself.
class NoiseFloor {
 public:
  explicit NoiseFloor(std::size_t dimensions) : dimensions_(dimensions) {}

  /// `category` tells rows apart that never neighbour each other; `at` has `dimensions` positive
  /// coordinates; `value` > 0.
  void add(std::uint32_t category, std::span<const double> at, double value);

  /// Absolute relative error of each row's interpolation, NaN where it has no neighbours.
  [[nodiscard]] std::vector<double> errors() const;

 private:
  void along(std::size_t dimension, std::vector<double>& log_sum,
             std::vector<std::uint8_t>& found) const;

  std::size_t dimensions_;
  std::vector<std::uint32_t> category_;
  std::vector<double> at_;  // rows x dimensions, log
  std::vector<double> value_;
};

}  // namespace sn::measured
