// sn/evidence/serving/serving_limits.cc
//
// See the header.

#include "sn/evidence/serving/serving_limits.h"

#include <algorithm>
#include <cmath>

#include "sn/evidence/serving/client_view.h"
#include "sn/serving/engine/engine.h"

namespace sn::evidence {

namespace {

constexpr int halvings = 6;  // of the saturated rate: 1.6 %
constexpr double tail = 0.01;

/// Counts the requests that break a limit.
class Judge final : public serving::EngineObserver {
 public:
  Judge(const LatencyLimits& limits, std::size_t requests) : limits_(limits), from_(requests / 3) {
    allowed_ = static_cast<double>(requests - from_) * tail;
    asked.reserve(requests);
  }

  void on_end(const serving::RequestRecord& r) override {
    ++ended;
    if (r.id < from_) return;
    const ClientTimes t = client_times(r, asked[r.id]);
    const bool kept =
        r.ending == serving::Ending::finished && t.ttft <= limits_.ttft && t.tpot <= limits_.tpot;
    if (!kept) broken_ += 1.0;
  }
  [[nodiscard]] bool failed() const { return broken_ > allowed_; }

  std::vector<Nanos> asked;  // by id
  std::size_t ended = 0;

 private:
  LatencyLimits limits_;
  std::size_t from_ = 0;
  double allowed_ = 0.0;
  double broken_ = 0.0;
};

/// Whether the limits hold at `rate` requests/s.
bool holds(const ServingPoint& point, const serving::EngineSpec& spec, std::uint64_t seed,
           double rate) {
  const auto requests =
      static_cast<std::size_t>(std::clamp(3.0 * point.concurrency, 1000.0, 6000.0));
  Judge judge(point.limits, requests);
  serving::ServingEngine engine(spec, &judge);
  RandomStream lengths(seed, entity_key(point.name));
  RandomStream arrivals(seed, entity_key(point.name + " arrivals"));
  double at = 0.0;
  for (std::size_t i = 0; i < requests && !judge.failed(); ++i) {
    at += arrivals.exponential(1.0) / rate;
    const Nanos now{std::llround(at * 1e9)};
    engine.advance(now);
    serving::Request request;
    request.arrival = now;
    request.input_tokens = drawn_length(lengths, point.input, point.range, 2);
    request.output_tokens = drawn_length(lengths, point.output, point.range, 2);
    judge.asked.push_back(now);
    engine.submit(request, now);
  }
  while (judge.ended < requests && !judge.failed()) {
    const std::optional<Nanos> step = engine.next_wakeup();
    if (!step) return false;
    engine.advance(*step);
  }
  return !judge.failed();
}

}  // namespace

double share_within_limits(const ServingPoint& point, const serving::EngineSpec& spec,
                           std::uint64_t seed, double most) {
  double kept = 0.0;
  double broken = 1.0;
  for (int i = 0; i < halvings; ++i) {
    const double share = 0.5 * (kept + broken);
    (holds(point, spec, seed, share * most) ? kept : broken) = share;
  }
  return kept;
}

}  // namespace sn::evidence
