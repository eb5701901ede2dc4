// sn/measured/metrics.cc
//
// See the header. Neighbours along a dimension are found by sorting rows by all other coordinates.

#include "sn/measured/metrics.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

#include "sn/base/result.h"

namespace sn::measured {

double nearest_rank(std::vector<double>& values, double q) {
  const auto at = static_cast<std::ptrdiff_t>(q * static_cast<double>(values.size() - 1) + 0.5);
  std::nth_element(values.begin(), values.begin() + at, values.end());
  return values[static_cast<std::size_t>(at)];
}

std::uint64_t mixed_bits(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15ull;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  return x ^ (x >> 31);
}

Metrics metrics_of(std::vector<double>& errors) {
  Metrics m;
  m.floor = std::numeric_limits<double>::quiet_NaN();
  m.n = errors.size();
  if (errors.empty()) {
    m.mape = m.median = m.p90 = m.bias = m.floor;
    return m;
  }
  m.bias = nearest_rank(errors, 0.5);
  for (double& e : errors) e = std::abs(e);
  m.mape = std::accumulate(errors.begin(), errors.end(), 0.0) / static_cast<double>(m.n);
  m.median = nearest_rank(errors, 0.5);
  m.p90 = nearest_rank(errors, 0.9);
  return m;
}

void NoiseFloor::add(std::uint32_t category, std::span<const double> at, double value) {
  SN_ASSERT(at.size() == dimensions_);
  category_.push_back(category);
  for (const double x : at) at_.push_back(std::log(x));
  value_.push_back(std::log(value));
}

void NoiseFloor::along(std::size_t dimension, std::vector<double>& log_sum,
                       std::vector<std::uint8_t>& found) const {
  struct Place {
    std::uint64_t line;  // hash of all other coordinates
    double at;
    std::uint32_t row;
  };
  std::vector<Place> places(value_.size());
  for (std::size_t i = 0; i < places.size(); ++i) {
    std::uint64_t hash = mixed_bits(category_[i]);
    for (std::size_t d = 0; d < dimensions_; ++d) {
      if (d != dimension)
        hash = mixed_bits(hash + std::bit_cast<std::uint64_t>(at_[i * dimensions_ + d]));
    }
    places[i] = {hash, at_[i * dimensions_ + dimension], static_cast<std::uint32_t>(i)};
  }
  std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) {
    return a.line != b.line ? a.line < b.line : a.at != b.at ? a.at < b.at : a.row < b.row;
  });
  for (std::size_t i = 1; i + 1 < places.size(); ++i) {
    const Place& below = places[i - 1];
    const Place& here = places[i];
    const Place& above = places[i + 1];
    if (below.line != here.line || above.line != here.line) continue;
    const double width = above.at - below.at;
    const double share = width > 0.0 ? (here.at - below.at) / width : 0.5;
    log_sum[here.row] += (1.0 - share) * value_[below.row] + share * value_[above.row];
    ++found[here.row];
  }
}

std::vector<double> NoiseFloor::errors() const {
  std::vector<double> log_sum(value_.size(), 0.0);
  std::vector<std::uint8_t> found(value_.size(), 0);
  for (std::size_t d = 0; d < dimensions_; ++d) along(d, log_sum, found);
  std::vector<double> out(value_.size(), std::numeric_limits<double>::quiet_NaN());
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (found[i] > 0) out[i] = std::abs(std::expm1(log_sum[i] / found[i] - value_[i]));
  }
  return out;
}

}  // namespace sn::measured
