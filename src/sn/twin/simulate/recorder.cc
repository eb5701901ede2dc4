// sn/twin/simulate/recorder.cc
//
// Sums, and the report made of them (see recorder.h).

#include "sn/twin/simulate/recorder.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace sn::twin {

namespace {

double seconds(Nanos t) { return static_cast<double>(t.count) * 1e-9; }
double seconds(Nanos from, Nanos to) { return static_cast<double>(to.count - from.count) * 1e-9; }
double ratio(double a, double b) { return b > 0.0 ? a / b : 0.0; }
double d(std::uint64_t v) { return static_cast<double>(v); }
double d(std::int64_t v) { return static_cast<double>(v); }

constexpr std::size_t cdf_points = 100;

LatencySummary summary_of(const Histogram& h) {
  LatencySummary s;
  s.count = h.count();
  if (s.count == 0) return s;
  const auto at = [&](double q) { return Time::from_si(h.quantile(q)); };
  s.mean = Time::from_si(h.mean());
  s.p50 = at(0.5);
  s.p90 = at(0.9);
  s.p95 = at(0.95);
  s.p99 = at(0.99);
  s.max = Time::from_si(h.max());
  for (std::size_t i = 0; i <= cdf_points; ++i) {
    const double q = static_cast<double>(i) / static_cast<double>(cdf_points);
    s.cdf.emplace_back(at(q), q);
  }
  return s;
}

}  // namespace

Recorder::Recorder(Setup setup)
    : setup_(std::move(setup)),
      pools_(setup_.peaks.size()),
      windows_(std::max<std::size_t>(1, setup_.windows)),
      classes_(serving::priorities),
      misses_(setup_.slo.size()),
      sums_(setup_.slo.size()) {
  timeline_.reserve(std::min<std::size_t>(setup_.timeline_limit, 1u << 20));
}

void Recorder::begin_measuring() {
  warm_ = true;
  for (Histogram* h : {&ttft_, &tpot_, &itl_, &e2e_, &queue_, &load_, &retrieval_}) *h = {};
  pools_.assign(pools_.size(), {});
  classes_.assign(classes_.size(), {});
  misses_.assign(misses_.size(), 0);
  sums_.assign(sums_.size(), 0.0);
  arrived_ = measured_ = 0;
  output_ = total_ = input_ = cached_ = loaded_ = blocks_ = hit_blocks_ = 0.0;
}

Recorder::Window& Recorder::window_at(Nanos at) {
  const double share = setup_.end.count > 0 ? seconds(at) / seconds(setup_.end) : 0.0;
  const double n = static_cast<double>(windows_.size());
  return windows_[static_cast<std::size_t>(std::clamp(share * n, 0.0, n - 1.0))];
}

void Recorder::keep(const TimelineEvent& event) {
  if (timeline_.size() < setup_.timeline_limit) {
    timeline_.push_back(event);
  } else if (setup_.timeline_limit > 0) {
    ++timeline_left_out_;
  }
}

void Recorder::on_arrival(Nanos at) {
  ++submitted_;
  last_arrival_ = at;
  if (measured(at)) ++arrived_;
  ++window_at(at).arrivals;
}

void Recorder::on_step(const serving::StepRecord& step) {
  if (setup_.timeline_limit > 0) {
    keep({.kind = TimelineEvent::Kind::step,
          .begin = step.begin,
          .end = step.end,
          .pool = step.pool,
          .instance = step.instance,
          .id = 0,
          .decoding = step.decoding,
          .prefill_tokens = step.prefill_tokens});
  }
  // What is served after the last arrival drains the machine: it is no rate of the last window.
  const bool drains = step.end > setup_.end;
  if (step.prefill_tokens > 0.0 && !drains) window_at(step.end).input += step.prefill_tokens;
  if (!measured(step.begin)) return;
  if (step.gaps > 0) itl_.add(seconds(step.gap), static_cast<std::uint64_t>(step.gaps));
  if (step.end > setup_.end) return;
  PoolSums& p = pools_[step.pool];
  ++p.steps;
  p.busy += step.time->interval.si();
  p.flops += step.time->flops.si();
  p.bytes += step.time->hbm_bytes.si();
  p.joules += step.time->energy.si();
  if (step.decoding > 0.0) {
    ++p.decode_steps;
    p.decoding += step.decoding;
  }
  if (step.prefill_tokens > 0.0) {
    ++p.prefill_steps;
    p.prefill += step.prefill_tokens;
  }
}

void Recorder::on_gap(const serving::RequestRecord&, Nanos at, Nanos gap) {
  if (measured(at)) itl_.add(seconds(gap));
}

void Recorder::on_transfer(const serving::RequestRecord& r, Nanos begin, Nanos end, Bytes size) {
  ++transfers_;
  transferred_ += size.si();
  exposed_ += seconds(begin, end);
  keep({.kind = TimelineEvent::Kind::transfer, .begin = begin, .end = end, .id = r.id});
}

void Recorder::judge(const serving::RequestRecord& r, double ttft, double tpot, double e2e) {
  const double values[] = {ttft, tpot, e2e};  // by serving::Metric
  bool good = r.ending == serving::Ending::finished;
  const double expected =
      d(setup_.expected) * (1.0 - seconds(setup_.warm) / std::max(1e-9, seconds(setup_.end)));
  for (std::size_t i = 0; i < setup_.slo.size(); ++i) {
    const serving::SloTarget& t = setup_.slo[i];
    const double value = values[static_cast<std::size_t>(t.metric)];
    const bool missed = r.ending != serving::Ending::finished || value > t.limit.si();
    good = good && !missed;
    if (missed) ++misses_[i];
    if (std::isfinite(value)) sums_[i] += value;
    const bool beyond =
        t.quantile<0.0 ? sums_[i] > t.limit.si() * expected : d(misses_[i])>(1.0 - t.quantile) *
            expected +
        1.0;
    if (beyond && warm_ && setup_.watch_slo && setup_.expected > 0 && !hopeless_) {
      hopeless_ = true;
      hopeless_by_ = {.kind = Failure::Kind::target, .target = t};
    }
  }
  ClassSums& c = classes_[static_cast<std::size_t>(r.priority)];
  ++c.requests;
  if (good) ++c.good;
}

void Recorder::tell_admitted(const serving::RequestRecord& r) {
  Window& w = window_at(r.scheduled);
  w.admitted += d(r.input);
  w.cached += d(r.cached);
  keep({.kind = TimelineEvent::Kind::queued,
        .begin = r.arrival,
        .end = r.scheduled,
        .instance = r.instance,
        .id = r.id});
  if (r.first_token.count > 0) {
    keep({.kind = TimelineEvent::Kind::prefill,
          .begin = r.scheduled,
          .end = r.first_token,
          .instance = r.instance,
          .id = r.id});
    keep({.kind = TimelineEvent::Kind::decode,
          .begin = r.first_token,
          .end = r.last_token,
          .instance = r.instance,
          .id = r.id});
  }
}

void Recorder::on_end(const serving::RequestRecord& r) {
  using serving::Ending;
  ++endings_[static_cast<std::size_t>(r.ending)];
  preemptions_ += static_cast<std::uint64_t>(r.preempted);
  if (r.ending == Ending::queue_full && !saturated_) {
    saturated_ = r.end;
    if (setup_.watch_slo && !hopeless_) {
      hopeless_ = true;
      hopeless_by_ = {.kind = Failure::Kind::queue_full};
    }
  }
  if (r.scheduled.count > 0 && measured(r.arrival)) {
    input_ += d(r.input);
    cached_ += d(r.cached);
    loaded_ += d(r.loaded);
    blocks_ += d(r.blocks);
    hit_blocks_ += d(r.hit_blocks);
  }
  if (r.scheduled.count > 0) tell_admitted(r);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  if (r.ending != Ending::finished) {
    if (measured(r.arrival) && r.ending != Ending::cancelled && r.ending != Ending::too_long) {
      ++measured_;
      judge(r, nan, nan, nan);
    }
    return;
  }
  const double ttft = seconds(r.arrival, r.first_token);
  Window& first = window_at(r.first_token);
  ++first.first_tokens;
  first.ttft += ttft;
  Window& w = r.end > setup_.end ? drained_ : window_at(r.end);
  ++w.finished;
  w.output += d(r.tokens);
  if (measured(r.end) && r.end <= setup_.end) {
    output_ += d(r.tokens);
    total_ += d(r.tokens + r.input);
  }
  if (!measured(r.arrival)) return;
  ++measured_;
  const double tpot = r.tokens > 1 ? seconds(r.first_token, r.last_token) / d(r.tokens - 1) : nan;
  ttft_.add(ttft);
  e2e_.add(seconds(r.arrival, r.end));
  queue_.add(seconds(r.queued, r.scheduled));
  if (r.loaded > 0 && r.load_end > r.load_begin) load_.add(seconds(r.load_begin, r.load_end));
  if (r.fetched.count > 0) retrieval_.add(seconds(r.arrival, r.fetched));
  classes_[static_cast<std::size_t>(r.priority)].ttft.add(ttft);
  if (r.tokens > 1) {
    tpot_.add(tpot);
    classes_[static_cast<std::size_t>(r.priority)].tpot.add(tpot);
  }
  judge(r, ttft, r.tokens > 1 ? tpot : 0.0, seconds(r.arrival, r.end));
}

void Recorder::sample(Nanos at, const std::vector<serving::PoolState>& pools, double link) {
  Window& w = window_at(at);
  ++w.samples;
  w.link += link;
  double pages = 0.0;
  double held = 0.0;
  double cached = 0.0;
  for (std::size_t i = 0; i < pools.size(); ++i) {
    const serving::PoolState& s = pools[i];
    w.waiting += d(s.waiting);
    w.decoding += d(s.decoding);
    pages += d(s.pages);
    held += d(s.held);
    cached += d(s.cached);
    if (!measured(at) || at > setup_.end) continue;
    PoolSums& p = pools_[i];
    ++p.samples;
    const double share = ratio(d(s.held), d(s.pages));
    p.held += share;
    p.held_most = std::max(p.held_most, share);
    p.waiting += d(s.waiting);
    p.up += d(s.up);
  }
  w.held += ratio(held, pages);
  w.blocks += ratio(cached, pages);
}

void Recorder::write_slo(SimulationReport& report) const {
  report.meets_slo = !saturated_ && ttft_.count() > 0;
  std::uint64_t lost = 0;
  for (const serving::Ending e : {serving::Ending::failed, serving::Ending::timed_out}) {
    lost += endings_[static_cast<std::size_t>(e)];
  }
  const Histogram* by_metric[] = {&ttft_, &tpot_, &e2e_};  // serving::Metric
  for (const serving::SloTarget& t : setup_.slo) {
    const Histogram& h = *by_metric[static_cast<std::size_t>(t.metric)];
    SloResult result{.target = t, .value = {}};
    if (h.count() > 0) {
      result.value = Time::from_si(t.quantile < 0.0 ? h.mean() : h.quantile(t.quantile));
    }
    // A request that was lost saw no latency, and is a miss all the same.
    const double share = ratio(d(lost), d(lost + ttft_.count()));
    result.met =
        result.value <= t.limit && (t.quantile < 0.0 ? lost == 0 : share <= 1.0 - t.quantile);
    report.meets_slo = report.meets_slo && result.met;
    report.targets.push_back(result);
  }
}

void Recorder::write_classes(SimulationReport& report) const {
  std::uint64_t good = 0;
  for (std::size_t i = 0; i < classes_.size(); ++i) {
    const ClassSums& c = classes_[i];
    good += c.good;
    if (c.requests == 0) continue;
    report.classes.push_back(
        {.priority = static_cast<int>(i),
         .requests = c.requests,
         .good = ratio(d(c.good), d(c.requests)),
         .ttft_p90 = Time::from_si(c.ttft.count() > 0 ? c.ttft.quantile(0.9) : 0.0),
         .tpot_p90 = Time::from_si(c.tpot.count() > 0 ? c.tpot.quantile(0.9) : 0.0)});
  }
  report.good = ratio(d(good), d(measured_));
}

void Recorder::write_pools(SimulationReport& report, double span) const {
  for (std::size_t i = 0; i < pools_.size() && i < report.pools.size(); ++i) {
    const PoolSums& s = pools_[i];
    PoolResult& p = report.pools[i];
    const double instances = d(p.instances);
    p.steps = s.steps;
    p.busy = ratio(s.busy, span * instances);
    const PoolPeaks& peaks = setup_.peaks[i];
    p.compute = ratio(s.flops, peaks.compute.si() * span * instances);
    p.memory = ratio(s.bytes, peaks.memory.si() * span * instances);
    p.batch = ratio(s.decoding, d(s.decode_steps));
    p.chunk = ratio(s.prefill, d(s.prefill_steps));
    p.held = ratio(s.held, d(s.samples));
    p.held_most = s.held_most;
    p.waiting = ratio(s.waiting, d(s.samples));
    p.up = ratio(s.up, d(s.samples) * instances);
    p.joules = s.joules + peaks.idle.si() * std::max(0.0, span - s.busy / std::max(1.0, instances));
  }
}

bool Recorder::growing() const {
  // Means over a twentieth of the windows, in the middle and at the end.
  const std::size_t n = windows_.size();
  const std::size_t part = std::max<std::size_t>(1, n / 20);
  if (n < 4 * part) return false;
  const auto waiting = [&](std::size_t from) {
    double sum = 0.0;
    double samples = 0.0;
    for (std::size_t i = from; i < from + part; ++i) {
      sum += windows_[i].waiting;
      samples += d(windows_[i].samples);
    }
    return ratio(sum, samples);
  };
  double arrivals = 0.0;
  for (std::size_t i = n / 2; i < n; ++i) arrivals += d(windows_[i].arrivals);
  const double more = waiting(n - part) - waiting(n / 2 - part);
  return more > std::max(1.0, 0.02 * arrivals);
}

void Recorder::write_series(SimulationReport& report) const {
  const double width = seconds(setup_.end) / static_cast<double>(windows_.size());
  report.window = Time::from_si(width);
  for (std::size_t i = 0; i < windows_.size(); ++i) {
    const Window& w = windows_[i];
    const double samples = std::max(1.0, d(w.samples));
    report.series.push_back({.begin = Time::from_si(width * static_cast<double>(i)),
                             .arrivals = ratio(d(w.arrivals), width),
                             .finished = ratio(d(w.finished), width),
                             .output = ratio(w.output, width),
                             .input = ratio(w.input, width),
                             .waiting = w.waiting / samples,
                             .decoding = w.decoding / samples,
                             .held = w.held / samples,
                             .cached = w.blocks / samples,
                             .hit_rate = ratio(w.cached, w.admitted),
                             .ttft = ratio(w.ttft, d(w.first_tokens)),
                             .link = w.link / samples});
  }
}

void Recorder::write(SimulationReport& report, Nanos now, bool interrupted) {
  if (!warm_ && !interrupted) begin_measuring();
  const Nanos warm = warm_ ? setup_.warm : Nanos{};
  report.requests = submitted_;
  report.endings = endings_;
  report.preemptions = preemptions_;
  report.measured = measured_;
  report.warm_up = warm.to_time();
  report.last_arrival = last_arrival_.to_time();
  report.end = now.to_time();
  if (saturated_) report.saturated = saturated_->to_time();
  report.cut_short = hopeless_;
  report.cut_short_by = hopeless_by_;
  report.growing = !hopeless_ && growing();
  report.ttft = summary_of(ttft_);
  report.tpot = summary_of(tpot_);
  report.itl = summary_of(itl_);
  report.e2e = summary_of(e2e_);
  report.queue = summary_of(queue_);
  report.load = summary_of(load_);
  report.retrieval = summary_of(retrieval_);
  const double span = std::max(1e-9, std::min(seconds(setup_.end), seconds(now)) - seconds(warm));
  write_slo(report);
  if (report.growing) report.meets_slo = false;
  write_classes(report);
  write_pools(report, span);
  write_series(report);
  report.request_rate = d(arrived_) / span;
  report.goodput = report.good * report.request_rate;
  report.output_tokens = output_ / span;
  report.total_tokens = total_ / span;
  report.output_per_gpu = ratio(report.output_tokens, d(report.gpus));
  double joules = 0.0;
  for (const PoolResult& p : report.pools) joules += p.joules;
  report.joules_per_token = ratio(joules, output_);
  report.hit_rate = ratio(cached_, input_);
  report.loaded = ratio(loaded_, input_);
  report.hit_blocks = ratio(hit_blocks_, blocks_);
  report.transfers = transfers_;
  report.transferred = Bytes::from_si(transferred_);
  report.transfer_exposed = Time::from_si(ratio(exposed_, d(transfers_)));
}

}  // namespace sn::twin
