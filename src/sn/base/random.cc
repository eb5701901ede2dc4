// sn/base/random.cc
//
// Philox4x32-10 and distributions on top of it; see the header.
//
//   exponential   -mean ln u
//   normal        sqrt(-2 ln u) cos(2 pi v)                 (Box and Muller 1958, one of the pair)
//   lognormal     median exp(sigma z)
//   gamma         d v, d = shape - 1/3, v = (1 + z / sqrt(9 d))^3, accepted by squeeze or log;
//                 shape < 1: gamma(shape + 1) u^(1/shape)   (Marsaglia and Tsang 2000)
//   integer       high word of bits * range, low words below 2^64 mod range rejected (Lemire 2019)

#include "sn/base/random.h"

#include <Random123/philox.h>

#include <cmath>
#include <numbers>

#include "sn/base/result.h"

namespace sn {

std::uint64_t entity_key(std::string_view name) {
  std::uint64_t hash = 14695981039346656037u;
  for (const char c : name) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 1099511628211u;
  }
  return hash;
}

std::uint64_t RandomStream::bits_at(std::uint64_t seed, std::uint64_t entity, std::uint64_t draw) {
  const auto low = [](std::uint64_t x) { return static_cast<std::uint32_t>(x); };
  const auto high = [](std::uint64_t x) { return static_cast<std::uint32_t>(x >> 32); };
  const r123::Philox4x32::ctr_type counter = {{low(draw), high(draw), low(entity), high(entity)}};
  const r123::Philox4x32::key_type key = {{low(seed), high(seed)}};
  const auto words = r123::Philox4x32{}(counter, key);
  return (std::uint64_t{words[1]} << 32) | words[0];
}

std::uint64_t RandomStream::next_bits() { return bits_at(seed_, entity_, draw_++); }

double RandomStream::uniform() {
  // 52 bits and a half: every value is exact, the least is 2^-53, the largest 1 - 2^-53.
  return (static_cast<double>(next_bits() >> 12) + 0.5) * 0x1p-52;
}

double RandomStream::exponential(double mean) {
  SN_ASSERT(mean >= 0.0);
  return -mean * std::log(uniform());
}

double RandomStream::normal() {
  const double radius = std::sqrt(-2.0 * std::log(uniform()));
  return radius * std::cos(2.0 * std::numbers::pi * uniform());
}

double RandomStream::lognormal(double median, double sigma) {
  SN_ASSERT(median >= 0.0 && sigma >= 0.0);
  return median * std::exp(sigma * normal());
}

double RandomStream::gamma(double shape, double mean) {
  SN_ASSERT(shape > 0.0 && mean >= 0.0);
  const double raised = shape < 1.0 ? shape + 1.0 : shape;
  const double d = raised - 1.0 / 3.0;
  const double c = 1.0 / std::sqrt(9.0 * d);
  double sample = 0.0;
  while (true) {
    const double z = normal();
    const double root = 1.0 + c * z;
    if (root <= 0.0) continue;
    const double v = root * root * root;
    const double u = uniform();
    const bool squeezed = u < 1.0 - 0.0331 * z * z * z * z;
    if (squeezed || std::log(u) < 0.5 * z * z + d * (1.0 - v + std::log(v))) {
      sample = d * v;
      break;
    }
  }
  if (shape < 1.0) sample *= std::pow(uniform(), 1.0 / shape);
  return sample * (mean / shape);
}

std::int64_t RandomStream::integer(std::int64_t lo, std::int64_t hi) {
  SN_ASSERT(lo <= hi);
  const std::uint64_t base = static_cast<std::uint64_t>(lo);
  const std::uint64_t range = static_cast<std::uint64_t>(hi) - base + 1;
  if (range == 0) return static_cast<std::int64_t>(next_bits());  // all of int64
  const std::uint64_t threshold = (0 - range) % range;
  while (true) {
    __extension__ using Wide = unsigned __int128;
    const Wide product = static_cast<Wide>(next_bits()) * range;
    if (static_cast<std::uint64_t>(product) < threshold) continue;
    return static_cast<std::int64_t>(base + static_cast<std::uint64_t>(product >> 64));
  }
}

}  // namespace sn
