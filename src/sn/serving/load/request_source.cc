// sn/serving/load/request_source.cc
//
// Replays and imitations (see request_source.h).

#include "sn/serving/load/request_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <optional>
#include <queue>
#include <tuple>
#include <utility>

#include "sn/base/random.h"

namespace sn::serving {

namespace {

double d(std::int64_t v) { return static_cast<double>(v); }

std::int64_t rounded(double v) { return static_cast<std::int64_t>(std::llround(v)); }

/// Another source from some request on, up to a number of requests or a time.
class Cut final : public RequestSource {
 public:
  Cut(std::unique_ptr<RequestSource> inner, const Replay& how)
      : inner_(std::move(inner)), skip_(how.skip), limit_(how.limit), until_(how.until) {}

  bool next(Request& request) override {
    if (limit_ > 0 && given_ == limit_) return false;
    while (skipped_ < skip_) {
      if (!inner_->next(request)) return false;
      ++skipped_;
      start_ = request.arrival;
    }
    if (!inner_->next(request)) return false;
    request.arrival.count -= start_.count;
    if (until_ > Time{} && request.arrival.to_time() > until_) return false;
    ++given_;
    return true;
  }
  [[nodiscard]] std::int64_t expected() const override {
    double n = d(inner_->expected());
    if (until_ > Time{} && inner_->span() > until_) n *= until_ / inner_->span();
    n = std::max(0.0, n - d(skip_));
    return limit_ > 0 ? std::min(limit_, rounded(n)) : rounded(n);
  }
  [[nodiscard]] Time span() const override {
    const double share = d(expected()) / std::max(1.0, d(inner_->expected()));
    return inner_->span() * std::min(1.0, share);
  }
  [[nodiscard]] Errors faults() const override { return inner_->faults(); }

 private:
  std::unique_ptr<RequestSource> inner_;
  std::int64_t skip_;
  std::int64_t limit_;
  Time until_;
  std::int64_t skipped_ = 0;
  Nanos start_;  // arrival of the last one skipped
  std::int64_t given_ = 0;
};

std::unique_ptr<RequestSource> cut(std::unique_ptr<RequestSource> inner, const Replay& how) {
  if (how.skip == 0 && how.limit == 0 && how.until <= Time{}) return inner;
  return std::make_unique<Cut>(std::move(inner), how);
}

/// `trace`, held in memory.
std::shared_ptr<const TraceFile> in_memory(const TraceFile& trace) {
  auto out = std::make_shared<TraceFile>(trace);
  std::vector<Request> all;
  const std::unique_ptr<RequestSource> source = trace.read();
  Request request;
  while (source->next(request)) all.push_back(std::move(request));
  // One that can no longer be read is left to its readers, which say so.
  if (source->faults().empty()) {
    out->held = std::make_shared<const std::vector<Request>>(std::move(all));
  }
  return out;
}

/// Nanoseconds from the first arrival of `trace` to the first of its repetition: one mean gap
/// closes it. A double, since it may be beyond the clock.
double period_of(const TraceFile& trace) {
  const double span = d(trace.last.count - trace.first.count);
  return std::max(1.0, span + span / d(std::max<std::int64_t>(1, trace.requests - 1)));
}

/// A replay that the clock or the memory does not hold.
Errors check(const TraceFile& trace, const Replay& how) {
  const double length = period_of(trace) * d(how.repeat);
  const double speed = how.scaling == Scaling::copies ? 1.0 : how.multiple;
  if (std::max(length, length / speed) > d(arrivals_end.count)) return {beyond_clock()};
  if (how.scaling == Scaling::time || how.multiple <= d(copies_max)) return {};
  return {{.code = ErrorCode::limit,
           .message = fmt::format("{:.4g} copies of the trace side by side; the limit is {}",
                                  how.multiple, copies_max),
           .where = {.file = trace.name},
           .hint = "a lower rate, or a trace that runs faster (--scaling time)"}};
}

/// A trace, scaled and repeated. Copies and repetitions are merged by arrival.
class TraceReplay final : public RequestSource {
 public:
  TraceReplay(std::shared_ptr<const TraceFile> trace, const Replay& how)
      : trace_(std::move(trace)), how_(how), faults_(check(*trace_, how)) {
    if (!faults_.empty()) return;
    period_ = trace_->last.count - trace_->first.count;
    period_ += period_ / std::max<std::int64_t>(1, trace_->requests - 1);
    period_ = std::max<std::int64_t>(1, period_);
    const bool copies = how.scaling == Scaling::copies;
    speed_ = copies ? 1.0 : how.multiple;
    const auto count =
        copies ? std::max<std::int64_t>(1, rounded(std::ceil(how.multiple))) : std::int64_t{1};
    const double fraction = how.multiple - std::floor(how.multiple);
    last_share_ = copies && fraction > 0.0 ? fraction : 1.0;
    if (count > readers_max && !trace_->held) trace_ = in_memory(*trace_);
    copies_.resize(static_cast<std::size_t>(count));
    for (std::size_t c = 0; c < copies_.size(); ++c) {
      Copy& copy = copies_[c];
      copy.shift = period_ / count * static_cast<std::int64_t>(c);
      begin(copy);
      bool more = go_on(copy);
      while (more && copy.time < 0) more = go_on(copy);
      if (more) push(c);
    }
  }

  bool next(Request& request) override {
    while (!queue_.empty() && faults_.empty()) {
      const std::size_t c = queue_.top().copy;
      queue_.pop();
      Copy& copy = copies_[c];
      request = std::move(copy.head);
      const std::int64_t index = copy.index;
      const std::int64_t time = copy.time;
      if (go_on(copy)) push(c);
      if (c + 1 == copies_.size() && last_share_ < 1.0 &&
          RandomStream(static_cast<std::uint64_t>(index), entity_key("thinning")).uniform() >
              last_share_) {
        continue;
      }
      request.arrival = {rounded(d(time) / speed_)};
      salt(request, static_cast<std::int64_t>(c) + index / trace_->requests * copy_count());
      return true;
    }
    return false;
  }
  [[nodiscard]] std::int64_t expected() const override {
    return rounded((d(copy_count() - 1) + last_share_) * d(how_.repeat * trace_->requests));
  }
  [[nodiscard]] Time span() const override {
    return Time::from_si(d(period_ * how_.repeat) * 1e-9 / speed_);
  }
  [[nodiscard]] Errors faults() const override { return faults_; }

 private:
  /// One of the traces side by side, and its next request.
  struct Copy {
    std::unique_ptr<RequestSource> lap;
    std::int64_t shift = 0;   // its clock runs ahead by so much
    std::int64_t index = -1;  // of the next request, over all repetitions
    std::int64_t time = 0;    // of it, since the start, unscaled
    Request head;
  };
  struct Turn {
    std::int64_t time = 0;
    std::size_t copy = 0;

    friend bool operator>(const Turn& a, const Turn& b) {
      return std::tie(a.time, a.copy) > std::tie(b.time, b.copy);
    }
  };

  [[nodiscard]] std::int64_t copy_count() const {
    return static_cast<std::int64_t>(copies_.size());
  }

  /// Where a copy's clock stands at 0, as far as that can be had without reading up to there.
  void begin(Copy& copy) const {
    if (!trace_->held) {
      copy.lap = trace_->read();
      return;
    }
    const auto earlier = [](const Request& r, std::int64_t at) { return r.arrival.count < at; };
    const auto at = std::lower_bound(trace_->held->begin(), trace_->held->end(),
                                     trace_->first.count + copy.shift, earlier);
    copy.index = at - trace_->held->begin() - 1;
    copy.lap = trace_->read(copy.index + 1);
  }

  /// Takes the next request of a copy, from the start again after the last; false at a fault.
  bool go_on(Copy& copy) {
    if (!copy.lap->next(copy.head)) {
      faults_ = copy.lap->faults();
      if (!faults_.empty()) return false;
      copy.lap = trace_->read();
      if (!copy.lap->next(copy.head)) {
        faults_ = copy.lap->faults();
        return false;
      }
    }
    ++copy.index;
    copy.time = copy.head.arrival.count - trace_->first.count - copy.shift +
                copy.index / trace_->requests * period_;
    return true;
  }

  void push(std::size_t c) {
    if (copies_[c].time < period_ * how_.repeat) queue_.push({copies_[c].time, c});
  }

  /// Prefixes of another copy or lap are other people's.
  static void salt(Request& request, std::int64_t copy) {
    if (copy == 0) return;
    const auto salt = static_cast<std::uint64_t>(copy) * 0x9E3779B97F4A7C15ull;
    for (std::uint64_t& b : request.blocks) b ^= salt;
    if (request.session != 0) request.session ^= salt;
  }

  std::shared_ptr<const TraceFile> trace_;
  Replay how_;
  std::int64_t period_ = 1;
  double speed_ = 1.0;
  double last_share_ = 1.0;
  std::vector<Copy> copies_;
  std::priority_queue<Turn, std::vector<Turn>, std::greater<>> queue_;
  Errors faults_;
};

/// Draws from the classes of a workload.
class Imitation final : public RequestSource {
 public:
  Imitation(const Workload& workload, std::uint64_t seed, std::int64_t requests, double multiple)
      : workload_(workload),
        requests_(requests),
        rate_(workload.rate.si() * multiple),
        arrivals_(seed, entity_key("imitated-arrivals")),
        classes_(seed, entity_key("imitated-classes")),
        prefixes_(seed, entity_key("imitated-prefixes")) {
    double sum = 0.0;
    double fresh = 0.0;
    for (const RequestClass& c : workload_.classes) {
      cumulative_.push_back(sum += c.weight);
      fresh += c.weight * (c.input - (c.cached.empty() ? 0.0 : c.cached.back()));
    }
    fresh_ = std::max(1.0, fresh);
  }

  bool next(Request& request) override {
    if (given_ == requests_) return false;
    ++given_;
    // A gamma renewal process with the index of dispersion of the workload's counts.
    seconds_ += arrivals_.gamma(1.0 / std::max(0.05, workload_.dispersion), 1.0 / rate_);
    const std::optional<Nanos> at_time = to_nanos(Time::from_si(seconds_));
    if (!at_time || *at_time > arrivals_end) {
      faults_ = {beyond_clock()};
      return false;
    }
    const double u = classes_.uniform() * cumulative_.back();
    const auto at = std::lower_bound(cumulative_.begin(), cumulative_.end(), u);
    const auto k = std::min<std::size_t>(static_cast<std::size_t>(at - cumulative_.begin()),
                                         cumulative_.size() - 1);
    const RequestClass& c = workload_.classes[k];
    request = {};
    request.arrival = *at_time;
    request.input_tokens = std::max<std::int64_t>(1, rounded(c.input));
    request.output_tokens = std::max<std::int64_t>(1, rounded(c.output));
    if (!c.cached.empty() && c.cached.back() > 0.0) blocks(c, request);
    return true;
  }
  [[nodiscard]] std::int64_t expected() const override { return requests_; }
  [[nodiscard]] Time span() const override { return Time::from_si(d(requests_) / rate_); }
  [[nodiscard]] Errors faults() const override { return faults_; }

 private:
  static constexpr std::size_t memory = 1u << 16;  // requests that can be continued

  [[nodiscard]] double block() const {
    return workload_.block_tokens > 0.0 ? workload_.block_tokens : 64.0;
  }

  /// The prefix of an earlier request, then blocks that nobody had.
  void blocks(const RequestClass& c, Request& request) {
    const auto count = static_cast<std::size_t>(std::ceil(d(request.input_tokens) / block()));
    const double shared = c.cached.back() / block();
    // The fraction of a block is met on average.
    auto prefix = static_cast<std::size_t>(shared + prefixes_.uniform());
    prefix = std::min(prefix, count);
    const double distance = stack_distance(c);
    const auto back = static_cast<std::size_t>(std::max(0.0, distance / fresh_));
    const std::vector<std::uint64_t>* from = nullptr;
    for (std::size_t i = back; i < past_.size() && i < back + 512; ++i) {
      const auto& candidate = past_[past_.size() - 1 - i];
      if (candidate.size() >= prefix) {
        from = &candidate;
        break;
      }
    }
    if (from != nullptr)
      request.blocks.assign(from->begin(), from->begin() + static_cast<std::ptrdiff_t>(prefix));
    while (request.blocks.size() < count) request.blocks.push_back(++fresh_block_);
    past_.push_back(request.blocks);
    if (past_.size() > memory) past_.pop_front();
  }

  /// Tokens of cache that the shared prefix needs to survive: the class's curve as a distribution.
  [[nodiscard]] double stack_distance(const RequestClass& c) {
    const double u = prefixes_.uniform() * c.cached.back();
    const auto& capacities = workload_.capacities;
    for (std::size_t i = 0; i < c.cached.size(); ++i) {
      if (c.cached[i] < u) continue;
      const double below = i == 0 ? 0.0 : c.cached[i - 1];
      const double low = i == 0 ? 0.0 : capacities[i - 1];
      const double share = c.cached[i] > below ? (u - below) / (c.cached[i] - below) : 1.0;
      return low + share * (capacities[i] - low);
    }
    return capacities.back();
  }

  Workload workload_;
  std::int64_t requests_;
  double rate_;
  RandomStream arrivals_;
  RandomStream classes_;
  RandomStream prefixes_;
  std::vector<double> cumulative_;
  double fresh_ = 1.0;  // new tokens per request
  std::int64_t given_ = 0;
  double seconds_ = 0.0;
  std::uint64_t fresh_block_ = 0;
  std::deque<std::vector<std::uint64_t>> past_;
  Errors faults_;
};

}  // namespace

Error beyond_clock() {
  return {.code = ErrorCode::limit,
          .message = "requests arrive over more than 146 years, half of what the clock holds",
          .where = {},
          .hint = "a higher rate, fewer requests or repetitions, shorter pauses"};
}

Result<Nanos> span_on_clock(const RequestSource& source) {
  if (Errors faults = source.faults(); !faults.empty()) return fail(std::move(faults));
  const std::optional<Nanos> span = to_nanos(source.span());
  if (!span || *span > arrivals_end) return fail(beyond_clock());
  return *span;
}

std::unique_ptr<RequestSource> draw(const SyntheticSpec& spec, std::uint64_t seed,
                                    const Replay& how) {
  SyntheticSpec scaled = spec;
  scaled.arrivals.rate = spec.arrivals.rate * how.multiple;
  scaled.requests = spec.requests * how.repeat;
  return cut(synthetic_source(scaled, seed), how);
}

std::unique_ptr<RequestSource> replay(std::shared_ptr<const TraceFile> trace, const Replay& how) {
  SN_ASSERT(trace != nullptr && trace->requests > 0 && how.multiple > 0.0);
  return cut(std::make_unique<TraceReplay>(std::move(trace), how), how);
}

std::unique_ptr<RequestSource> imitate(const Workload& workload, std::uint64_t seed,
                                       std::int64_t requests, const Replay& how) {
  SN_ASSERT(!workload.classes.empty() && how.multiple > 0.0);
  return cut(std::make_unique<Imitation>(workload, seed, requests * how.repeat, how.multiple), how);
}

}  // namespace sn::serving
