// sn/kernel/measured.cc
//
// See the header.

#include "sn/kernel/measured.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>

namespace sn::kernel {

namespace {

const double radius = std::log(3.0);
constexpr double prior_at = 0.9;  // of the radius
constexpr double least = 1e-6;    // squared distance of what counts as the same shape

std::uint64_t mixed(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15ull;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  return x ^ (x >> 31);
}

/// What has to be equal, as one number; sizes are rounded to whole ones.
std::uint64_t category(Family family, Format format, std::initializer_list<double> equal) {
  std::uint64_t hash =
      mixed(static_cast<std::uint64_t>(family) * 64 + static_cast<std::uint64_t>(format));
  for (const double x : equal) {
    hash = mixed(hash ^ static_cast<std::uint64_t>(std::llround(std::max(0.0, x))));
  }
  return hash;
}

double log_of(double size) { return std::log(std::max(size, 1e-3)); }

double weight(double squared) {
  const double d = std::sqrt(std::max(squared, least));
  if (d >= radius) return 0.0;
  const double w = (radius - d) / (radius * d);
  return w * w;
}

std::int64_t cell(double at) { return static_cast<std::int64_t>(std::floor(at / radius)); }

std::uint64_t cell_key(std::uint64_t category, std::int64_t second, std::int64_t third) {
  return mixed(mixed(category ^ static_cast<std::uint64_t>(second)) ^
               static_cast<std::uint64_t>(third));
}

}  // namespace

OperatorPlace place_of(const Gemm& g) {
  const bool batched = g.library == Library::batched || g.batches > 1.0;
  return {Family::gemm,
          category(Family::gemm, format_of(g.activation, g.weight, g.block),
                   {batched ? 1.0 : 0.0, g.narrowed ? 1.0 : 0.0}),
          {log_of(g.m), log_of(g.n), log_of(g.k), log_of(g.batches)}};
}

OperatorPlace place_of(const Moe& m) {
  return {Family::moe,
          category(Family::moe, format_of(m.activation, m.weight, m.block), {m.gated ? 1.0 : 0.0}),
          {log_of(m.load.rows), log_of(m.hidden), log_of(m.inter), log_of(m.load.active),
           log_of(m.tokens)}};
}

OperatorPlace place_of(const PrefillAttention& a) {
  const double sequences = std::max(a.sequences, 1e-3);
  const double kv_heads = a.kv_heads > 0.0 ? a.kv_heads : a.heads;
  // Windows and cached prefixes show in the pairs of a token.
  return {Family::prefill,
          category(Family::prefill, Format::bf16,
                   {static_cast<double>(a.kv), static_cast<double>(a.math), a.qk_dim, a.v_dim}),
          {log_of(a.tokens / sequences), log_of(a.heads), log_of(a.pairs / a.tokens),
           log_of(kv_heads), log_of(sequences)}};
}

OperatorPlace place_of(const DecodeAttention& a) {
  return {Family::decode,
          category(Family::decode, Format::bf16, {static_cast<double>(a.kv), a.head_dim}),
          {log_of(a.context / a.sequences), log_of(a.sequences), log_of(a.heads),
           log_of(a.kv_heads), log_of(a.queries)}};
}

OperatorPlace place_of(const MlaPrefill& a) {
  const double sequences = std::max(a.sequences, 1e-3);
  return {Family::mla_prefill,
          category(Family::mla_prefill, Format::bf16,
                   {static_cast<double>(a.kv), static_cast<double>(a.math), a.qk_dim, a.v_dim}),
          {log_of(a.tokens / sequences), log_of(a.heads), log_of(a.pairs / a.tokens),
           log_of(sequences)}};
}

OperatorPlace place_of(const MlaDecode& a) {
  return {
      Family::mla_decode,
      category(Family::mla_decode, Format::bf16, {static_cast<double>(a.kv), a.latent, a.rope}),
      {log_of(a.context / a.sequences), log_of(a.sequences), log_of(a.heads), log_of(a.queries)}};
}

void MeasuredRatios::add(const OperatorPlace& place, double ratio) {
  cells_[cell_key(place.category, cell(place.at[1]), cell(place.at[2]))].push_back(
      {place.at, std::log(ratio)});
  ++sizes_[static_cast<std::size_t>(place.family)];
}

void MeasuredRatios::finish() {
  // A total order: the sums below do not depend on the order in which tables were read.
  for (auto& [key, points] : cells_) {
    std::sort(points.begin(), points.end(), [](const Point& a, const Point& b) {
      return a.at != b.at ? a.at < b.at : a.log_ratio < b.log_ratio;
    });
  }
}

double MeasuredRatios::ratio(const OperatorPlace& place) const {
  double sum = 0.0;
  double weights = weight(prior_at * prior_at * radius * radius);
  const std::int64_t second = cell(place.at[1]);
  const std::int64_t third = cell(place.at[2]);
  for (std::int64_t i = second - 1; i <= second + 1; ++i) {
    for (std::int64_t j = third - 1; j <= third + 1; ++j) {
      const auto found = cells_.find(cell_key(place.category, i, j));
      if (found == cells_.end()) continue;
      const std::vector<Point>& points = found->second;
      auto at = std::lower_bound(points.begin(), points.end(), place.at[0] - radius,
                                 [](const Point& p, double value) { return p.at[0] < value; });
      for (; at != points.end() && at->at[0] < place.at[0] + radius; ++at) {
        double squared = 0.0;
        for (std::size_t d = 0; d < OperatorPlace::dimensions; ++d) {
          const double off = at->at[d] - place.at[d];
          squared += off * off;
        }
        const double w = weight(squared);
        sum += w * at->log_ratio;
        weights += w;
      }
    }
  }
  return std::exp(sum / weights);
}

}  // namespace sn::kernel
