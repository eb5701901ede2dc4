// sn/serving/load/synthetic.cc
//
// Draws of arrivals and lengths, each from the stream that its name keys.

#include "sn/serving/load/synthetic.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <numbers>
#include <optional>
#include <queue>
#include <tuple>
#include <vector>

#include "sn/base/random.h"
#include "sn/base/result.h"
#include "sn/serving/load/request_source.h"

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
  // A simulation scales the rate far below and above those of a loader.
  SN_ASSERT(a.rate.si() > 0.0 && std::isfinite(a.rate.si()));
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

/// Seconds from the arrival at `now` to the next.
double draw_gap(const ArrivalProcess& a, double now, RandomStream& stream) {
  const double mean = 1.0 / a.rate.si();
  switch (a.kind) {
    case ArrivalProcess::Kind::poisson:
      return stream.exponential(mean);
    case ArrivalProcess::Kind::gamma:
      return stream.gamma(1.0 / (a.cv * a.cv), mean);  // cv of a gamma is 1 / sqrt(shape)
    case ArrivalProcess::Kind::fixed:
      return mean;
    case ArrivalProcess::Kind::diurnal: {
      const double most = 1.0 + a.amplitude;
      double t = now;
      while (true) {
        t += stream.exponential(mean / most);
        const double rate =
            1.0 + a.amplitude * std::sin(2.0 * std::numbers::pi * t / a.period.si());
        if (stream.uniform() * most < rate) return t - now;
      }
    }
  }
  SN_ASSERT(false);
}

/// Nothing beyond `arrivals_end`.
std::optional<Nanos> instant(double seconds) {
  const std::optional<Nanos> t = to_nanos(Time::from_si(seconds));
  return t && *t <= arrivals_end ? t : std::nullopt;
}

class SyntheticSource final : public RequestSource {
 public:
  SyntheticSource(const SyntheticSpec& spec, std::uint64_t seed)
      : spec_(spec),
        arrivals_(seed, entity_key("arrivals")),
        inputs_(seed, entity_key("input-length")),
        outputs_(seed, entity_key("output-length")),
        contexts_(seed, entity_key("contexts")) {
    check(spec);
  }

  bool next(Request& request) override {
    if (given_ == spec_.requests || !faults_.empty()) return false;
    ++given_;
    seconds_ += draw_gap(spec_.arrivals, seconds_, arrivals_);
    const std::optional<Nanos> at = instant(seconds_);
    if (!at) {
      faults_ = {beyond_clock()};
      return false;
    }
    request = {};
    request.arrival = *at;
    request.input_tokens = draw_length(spec_.input, inputs_);
    request.output_tokens = draw_length(spec_.output, outputs_);
    if (spec_.contexts) put_context(*spec_.contexts, request);
    return true;
  }
  [[nodiscard]] std::int64_t expected() const override { return spec_.requests; }
  [[nodiscard]] Time span() const override {
    return Time::from_si(static_cast<double>(spec_.requests) / spec_.arrivals.rate.si());
  }
  [[nodiscard]] Errors faults() const override { return faults_; }

 private:
  void put_context(const ContextSpec& contexts, Request& request) {
    const std::int64_t drawn = contexts_.integer(0, contexts.count - 1);
    const auto which = static_cast<std::uint64_t>(given_ <= contexts.count ? given_ - 1 : drawn);
    const std::int64_t shared = contexts.tokens / contexts.block;
    request.input_tokens += contexts.tokens;
    const std::int64_t blocks = (request.input_tokens + request.output_tokens) / contexts.block;
    // Names of documents and of questions: numbers that do not meet.
    const std::uint64_t own = (std::uint64_t{1} << 62) | (static_cast<std::uint64_t>(given_) << 24);
    for (std::int64_t i = 0; i < blocks; ++i) {
      const auto place = static_cast<std::uint64_t>(i);
      request.blocks.push_back(i < shared ? (which << 24) + place : own + place);
    }
  }

  SyntheticSpec spec_;
  RandomStream arrivals_;
  RandomStream inputs_;
  RandomStream outputs_;
  RandomStream contexts_;
  double seconds_ = 0.0;
  std::int64_t given_ = 0;
  Errors faults_;
};

/// Turns of many sessions, merged by arrival. Holds the sessions under way.
class SessionSource final : public RequestSource {
 public:
  SessionSource(const SyntheticSpec& spec, std::uint64_t seed)
      : spec_(spec),
        sessions_(*spec.sessions),
        arrivals_(seed, entity_key("arrivals")),
        inputs_(seed, entity_key("input-length")),
        outputs_(seed, entity_key("output-length")),
        turns_(seed, entity_key("turns")),
        pauses_(seed, entity_key("pauses")) {
    check(spec);
    SN_ASSERT(sessions_.turns >= 1.0 && sessions_.block >= 1 && sessions_.shared_prefix >= 0);
    spec_.arrivals.rate = spec.arrivals.rate * (1.0 / sessions_.turns);
    next_start_ = draw_gap(spec_.arrivals, 0.0, arrivals_);
  }

  bool next(Request& request) override {
    if (given_ == spec_.requests || !faults_.empty()) return false;
    ++given_;
    if (waiting_.empty() || next_start_ <= waiting_.top().at) {
      waiting_.push({.at = next_start_, .session = ++started_, .said = sessions_.shared_prefix});
      next_start_ += draw_gap(spec_.arrivals, next_start_, arrivals_);
    }
    Turn turn = waiting_.top();
    waiting_.pop();
    const std::optional<Nanos> at = instant(turn.at);
    if (!at) {
      faults_ = {beyond_clock()};
      return false;
    }
    request = {};
    request.arrival = *at;
    request.session = turn.session;
    request.input_tokens = turn.said + draw_length(spec_.input, inputs_);
    request.output_tokens = draw_length(spec_.output, outputs_);
    turn.said = request.input_tokens + request.output_tokens;
    name_blocks(request, turn.session);
    // Geometric: another turn with probability 1 - 1 / mean.
    const bool more = turns_.uniform() > 1.0 / sessions_.turns;
    turn.at += pauses_.exponential(sessions_.pause.si());
    if (more && turn.said < sessions_.context) waiting_.push(turn);
    return true;
  }
  [[nodiscard]] std::int64_t expected() const override { return spec_.requests; }
  [[nodiscard]] Time span() const override {
    return Time::from_si(static_cast<double>(spec_.requests) /
                         (spec_.arrivals.rate.si() * sessions_.turns));
  }
  [[nodiscard]] Errors faults() const override { return faults_; }

 private:
  struct Turn {
    double at = 0.0;
    std::uint64_t session = 0;
    std::int64_t said = 0;  // tokens so far

    friend bool operator>(const Turn& a, const Turn& b) {
      return std::tie(a.at, a.session) > std::tie(b.at, b.session);
    }
  };

  /// Whole blocks of input and answer.
  void name_blocks(Request& request, std::uint64_t session) const {
    const std::int64_t blocks = (request.input_tokens + request.output_tokens) / sessions_.block;
    const std::int64_t shared = sessions_.shared_prefix / sessions_.block;
    for (std::int64_t i = 0; i < blocks; ++i) {
      const auto place = static_cast<std::uint64_t>(i);
      request.blocks.push_back(i < shared ? place : (session << 24) + place);
    }
  }

  SyntheticSpec spec_;
  SessionSpec sessions_;
  RandomStream arrivals_;
  RandomStream inputs_;
  RandomStream outputs_;
  RandomStream turns_;
  RandomStream pauses_;
  std::priority_queue<Turn, std::vector<Turn>, std::greater<>> waiting_;
  double next_start_ = 0.0;
  std::uint64_t started_ = 0;
  std::int64_t given_ = 0;
  Errors faults_;
};

}  // namespace

std::unique_ptr<RequestSource> synthetic_source(const SyntheticSpec& spec, std::uint64_t seed) {
  if (spec.sessions) return std::make_unique<SessionSource>(spec, seed);
  return std::make_unique<SyntheticSource>(spec, seed);
}

std::vector<Request> generate(const SyntheticSpec& spec, std::uint64_t seed) {
  SN_ASSERT(spec.requests <= SyntheticLimits::requests);
  const std::unique_ptr<RequestSource> source = synthetic_source(spec, seed);
  std::vector<Request> requests(static_cast<std::size_t>(spec.requests));
  for (Request& r : requests) SN_ASSERT(source->next(r));
  return requests;
}

Result<WorkloadSummary> summarise(const SyntheticSpec& spec, std::uint64_t seed,
                                  const SummaryOptions& options) {
  const auto block = static_cast<std::size_t>(spec.block());
  const std::unique_ptr<RequestSource> source = synthetic_source(spec, seed);
  WorkloadSummary summary(static_cast<double>(block), options);
  Request request;
  std::size_t drawn = 0;
  while (source->next(request)) {
    drawn += request.blocks.size();
    if (drawn > SyntheticLimits::blocks) {
      return fail(
          {.code = ErrorCode::limit,
           .message = fmt::format("the workload draws more than {} blocks of {} tokens, the "
                                  "limit",
                                  SyntheticLimits::blocks, block),
           .where = {},
           .hint = "fewer requests, or a smaller context"});
    }
    if (block > 0) {
      request.blocks.resize(static_cast<std::size_t>(request.input_tokens) / block);
    }
    summary.add(request);
  }
  if (Errors faults = source->faults(); !faults.empty()) return fail(std::move(faults));
  return summary;
}

}  // namespace sn::serving
