// sn/base/random.h
//
// Keyed random streams: draw number i of entity e under seed s is a pure function of (s, e, i).
//
// Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC'11) from
// Random123; own distributions, since those of the standard library differ between implementations.
// Counter words are (i low, i high, e low, e high), key words (s low, s high); the first two of the
// four output words are used. A distribution may take several draws.

#pragma once

#include <cstdint>
#include <string_view>

namespace sn {

/// 64-bit FNV-1a of a name, to key a stream by what it is for ("arrivals", "input-length").
[[nodiscard]] std::uint64_t entity_key(std::string_view name);

class RandomStream {
 public:
  RandomStream(std::uint64_t seed, std::uint64_t entity) : seed_(seed), entity_(entity) {}

  /// Draw number `draw` of `entity` under `seed`, without a stream.
  [[nodiscard]] static std::uint64_t bits_at(std::uint64_t seed, std::uint64_t entity,
                                             std::uint64_t draw);

  [[nodiscard]] std::uint64_t next_bits();
  /// Uniform in (0, 1): never 0 or 1, so that logarithms are safe.
  [[nodiscard]] double uniform();
  [[nodiscard]] double exponential(double mean);
  [[nodiscard]] double normal();
  [[nodiscard]] double lognormal(double median, double sigma);
  /// Gamma with the given shape (> 0) and mean; Marsaglia and Tsang, ACM TOMS 26(3), 2000.
  [[nodiscard]] double gamma(double shape, double mean);
  /// Uniform integer in [lo, hi], unbiased.
  [[nodiscard]] std::int64_t integer(std::int64_t lo, std::int64_t hi);

 private:
  std::uint64_t seed_;
  std::uint64_t entity_;
  std::uint64_t draw_ = 0;
};

}  // namespace sn
