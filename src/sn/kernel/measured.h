// sn/kernel/measured.h
//
// Measured times of somebody's own chip, laid over the models: the provider `kernels: measured`.
//
//   t = t_model x exp(sum w_i ln(measured_i / model_i) / (w_0 + sum w_i))
//   w = ((R - d) / (R d))^2 for d < R, else 0; d: distance of the shapes' logarithms; R = ln 3
//
// Shepard's interpolation with compact support (Franke and Nielson, 1980) of the ratio, which
// changes slowly where times change fast: steps of waves and caches stay the model's. At a measured
// shape the measured time comes back; beyond a factor of three from any, and for families that
// nobody measured, the model stands alone; w_0, the weight at 0.9 R, makes the passage smooth.
// Only shapes of the same arithmetic, cache format, head size and kind neighbour each other. No
// time is below its physical bound.

#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "sn/kernel/cost.h"
#include "sn/kernel/operators/attention.h"
#include "sn/kernel/operators/gemm.h"
#include "sn/kernel/operators/mla.h"
#include "sn/kernel/operators/moe.h"

namespace sn::kernel {

/// An operator as a point: what has to be equal, and logarithms of sizes.
struct OperatorPlace {
  static constexpr std::size_t dimensions = 5;

  Family family = Family::gemm;
  std::uint64_t category = 0;
  std::array<double, dimensions> at = {};
};

[[nodiscard]] OperatorPlace place_of(const Gemm& g);
[[nodiscard]] OperatorPlace place_of(const Moe& m);
[[nodiscard]] OperatorPlace place_of(const PrefillAttention& a);
[[nodiscard]] OperatorPlace place_of(const DecodeAttention& a);
[[nodiscard]] OperatorPlace place_of(const MlaPrefill& a);
[[nodiscard]] OperatorPlace place_of(const MlaDecode& a);

/// Ratios of measured to modelled times of one chip. Filled once, then shared by threads.
class MeasuredRatios {
 public:
  /// `ratio` > 0.
  void add(const OperatorPlace& place, double ratio);
  /// Call after the last `add`.
  void finish();

  [[nodiscard]] std::size_t size(Family family) const {
    return sizes_[static_cast<std::size_t>(family)];
  }
  /// 1 where nothing near was measured.
  [[nodiscard]] double ratio(const OperatorPlace& place) const;

  template <class Operator>
  [[nodiscard]] Cost corrected(Cost cost, const Operator& op) const {
    const double r = ratio(place_of(op));
    cost.compute = cost.compute * r;
    cost.memory = cost.memory * r;
    cost.time = std::max(cost.time * r, cost.bound);
    return cost;
  }

  friend bool operator==(const MeasuredRatios&, const MeasuredRatios&) = default;

 private:
  struct Point {
    std::array<double, OperatorPlace::dimensions> at;
    double log_ratio;

    friend bool operator==(const Point&, const Point&) = default;
  };
  /// Points of one category, by cells of the second and third dimension, sorted by the first.
  std::unordered_map<std::uint64_t, std::vector<Point>> cells_;
  std::array<std::size_t, family_count> sizes_ = {};
};

}  // namespace sn::kernel
