// sn/serving/synthetic.cc
//
// Draws of arrivals and lengths, each from the stream that its name keys.

#include "sn/serving/synthetic.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>

#include "sn/base/random.h"
#include "sn/base/result.h"
#include "sn/serving/request_source.h"

namespace sn::serving {
namespace {

constexpr double normal_p90 = 1.2815515655446004;

/// Redraws before a value outside [min, max] is clamped: bounds far in a tail must not hang.
constexpr int redraws = 1000;

void check(const LengthDistribution& d) {
  SN_ASSERT(d.min >= 1.0 && d.min <= SyntheticLimits::tokens);
  if (d.kind == LengthDistribution::Kind::fixed) return;
  SN_ASSERT(d.max >= d.min && d.max <= SyntheticLimits::tokens);
  if (d.kind == LengthDistribution::Kind::uniform) return;
  SN_ASSERT(d.median > 0.0 && d.p90 >= d.median && std::isfinite(d.p90));
}

void check(const SyntheticSpec& spec) {
  SN_ASSERT(spec.requests >= 0);
  const ArrivalProcess& a = spec.arrivals;
  SN_ASSERT(a.rate.si() >= SyntheticLimits::rate_min && a.rate.si() <= SyntheticLimits::rate_max);
  if (a.kind == ArrivalProcess::Kind::gamma) {
    SN_ASSERT(a.cv >= SyntheticLimits::cv_min && a.cv <= SyntheticLimits::cv_max);
  }
  check(spec.input);
  check(spec.output);
}

double truncated_lognormal(const LengthDistribution& d, RandomStream& stream) {
  const double sigma = std::log(d.p90 / d.median) / normal_p90;
  double x = 0.0;
  for (int i = 0; i < redraws; ++i) {
    x = stream.lognormal(d.median, sigma);
    if (x >= d.min && x <= d.max) return x;
  }
  return std::clamp(x, d.min, d.max);
}

std::int64_t draw_length(const LengthDistribution& d, RandomStream& stream) {
  using Kind = LengthDistribution::Kind;
  switch (d.kind) {
    case Kind::fixed:
      return std::llround(d.min);
    case Kind::uniform: {
      const auto lo = static_cast<std::int64_t>(std::ceil(d.min));
      const auto hi = static_cast<std::int64_t>(std::floor(d.max));
      // No whole number between the bounds: the nearest to them is all there is.
      return lo <= hi ? stream.integer(lo, hi) : std::llround(d.min);
    }
    case Kind::lognormal:
      return std::llround(truncated_lognormal(d, stream));
  }
  SN_ASSERT(false);
}

/// Seconds from one arrival to the next.
double draw_gap(const ArrivalProcess& a, RandomStream& stream) {
  const double mean = 1.0 / a.rate.si();
  switch (a.kind) {
    case ArrivalProcess::Kind::poisson:
      return stream.exponential(mean);
    case ArrivalProcess::Kind::gamma:
      return stream.gamma(1.0 / (a.cv * a.cv), mean);  // cv of a gamma is 1 / sqrt(shape)
    case ArrivalProcess::Kind::fixed:
      return mean;
  }
  SN_ASSERT(false);
}

class SyntheticSource final : public RequestSource {
 public:
  SyntheticSource(const SyntheticSpec& spec, std::uint64_t seed)
      : spec_(spec),
        arrivals_(seed, entity_key("arrivals")),
        inputs_(seed, entity_key("input-length")),
        outputs_(seed, entity_key("output-length")) {
    check(spec);
  }

  bool next(Request& request) override {
    if (given_ == spec_.requests) return false;
    ++given_;
    seconds_ += draw_gap(spec_.arrivals, arrivals_);
    const std::optional<Nanos> arrival = to_nanos(Time::from_si(seconds_));
    SN_ASSERT(arrival.has_value());
    request = {};
    request.arrival = *arrival;
    request.input_tokens = draw_length(spec_.input, inputs_);
    request.output_tokens = draw_length(spec_.output, outputs_);
    return true;
  }
  [[nodiscard]] std::int64_t expected() const override { return spec_.requests; }
  [[nodiscard]] Time span() const override {
    return Time::from_si(static_cast<double>(spec_.requests) / spec_.arrivals.rate.si());
  }

 private:
  SyntheticSpec spec_;
  RandomStream arrivals_;
  RandomStream inputs_;
  RandomStream outputs_;
  double seconds_ = 0.0;
  std::int64_t given_ = 0;
};

}  // namespace

std::unique_ptr<RequestSource> synthetic_source(const SyntheticSpec& spec, std::uint64_t seed) {
  return std::make_unique<SyntheticSource>(spec, seed);
}

std::vector<Request> generate(const SyntheticSpec& spec, std::uint64_t seed) {
  SN_ASSERT(spec.requests <= SyntheticLimits::requests);
  SyntheticSource source(spec, seed);
  std::vector<Request> requests(static_cast<std::size_t>(spec.requests));
  for (Request& r : requests) source.next(r);
  return requests;
}

}  // namespace sn::serving
