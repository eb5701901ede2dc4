// sn/twin/simulate/simulation_run.cc
//
// The clock of a simulation (see simulation_run.h).

#include "sn/twin/simulate/simulation_run.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "sn/base/units/units.h"

namespace sn::twin {

namespace {

double d(std::int64_t v) { return static_cast<double>(v); }

constexpr std::int64_t samples_per_window = 10;
constexpr std::int64_t progress_every = 512;  // requests

}  // namespace

SimulationRun::SimulationRun(serving::EngineSpec spec, std::vector<Stream> streams, Nanos warm,
                             Nanos end, const SimulationOptions& options, const Run& run)
    : options_(options),
      run_(run),
      lanes_(streams.size()),
      engine_(spec, this),
      sample_step_(std::max<std::int64_t>(
          1, end.count / (static_cast<std::int64_t>(options.windows) * samples_per_window))),
      // After the arrivals a run may go on for any multiple of their span.
      wider_from_(std::max(
          2 * end.count,
          sample_step_ * static_cast<std::int64_t>(options.windows) * samples_per_window)) {
  SN_ASSERT(end <= serving::arrivals_end);
  SN_ASSERT(streams.size() == spec.deployments.size());
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    Lane& lane = lanes_[i];
    lane.source = std::move(streams[i].source);
    const serving::DeploymentSpec& of = spec.deployments[i];
    lane.pools = of.pools.size();
    lane.tiering = of.tiering;
    lane.block = of.pools.front().save_per_token * (d(of.block_tokens) * (1.0 - of.windowed_share));
    SN_ASSERT(streams[i].peaks.size() == lane.pools);
    lane.recorder =
        std::make_unique<Recorder>(Recorder::Setup{.slo = std::move(streams[i].slo),
                                                   .peaks = std::move(streams[i].peaks),
                                                   .warm = warm,
                                                   .end = end,
                                                   .expected = lane.source->expected(),
                                                   .windows = options.windows,
                                                   .timeline_limit = options.timeline_limit,
                                                   .watch_slo = options.stop_when_hopeless});
    lane.more = lane.source->next(lane.next);
  }
  warm_requests_ = std::llround(options.warm_up * d(lanes_.front().source->expected()));
}

bool SimulationRun::stopped() const {
  return interrupted() || std::any_of(lanes_.begin(), lanes_.end(),
                                      [](const Lane& lane) { return lane.recorder->hopeless(); });
}

SimulationRun::Lane* SimulationRun::first() {
  Lane* out = nullptr;
  for (Lane& lane : lanes_) {
    if (!lane.more) continue;
    if (out == nullptr || lane.next.arrival < out->next.arrival) out = &lane;
  }
  return out;
}

void SimulationRun::take(Lane& lane, Nanos at) {
  lane.recorder->on_arrival(at);
  lane.next.deployment = static_cast<std::uint32_t>(&lane - lanes_.data());
  engine_.submit(lane.next, at);
  if (++taken_ == warm_requests_) warm_sent_ = at;
  if (taken_ % progress_every == 0) tell(taken_);
  lane.more = lane.source->next(lane.next);
}

void SimulationRun::open_loop() {
  for (Lane* lane = first(); lane != nullptr && !stopped(); lane = first()) {
    const Nanos at = std::max(lane->next.arrival, now_);
    if (lane->next.arrival < now_) ++lane->out_of_order;
    advance_through_faults(at);
    take(*lane, at);
  }
}

void SimulationRun::closed_loop() {
  Lane& lane = lanes_.front();
  while (lane.more && !stopped()) {
    while (lane.more && engine_.alive() < options_.clients) take(lane, now_);
    const auto next = engine_.next_wakeup();
    const auto fault = faults_.next();
    if (!next && !fault) return;
    advance_through_faults(next ? *next : *fault);
  }
}

void SimulationRun::go() {
  options_.clients > 0 ? closed_loop() : open_loop();
  while (!stopped()) {
    const auto next = engine_.next_wakeup();
    const auto fault = faults_.next();
    if (faults_.any() && engine_.alive() == 0) break;
    if (!next && !fault) break;
    // A run without faults looks at its engine only when a sample is due.
    const Nanos due = next ? std::max(*next, Nanos{next_sample_}) : *fault;
    advance_through_faults(due);
  }
}

void SimulationRun::write(std::size_t i, SimulationReport& report) const {
  lanes_[i].recorder->write(report, now_, interrupted());
  report.out_of_order = lanes_[i].out_of_order;
  report.interrupted = interrupted();
  report.unfinished = unfinished(i);
  report.faults = faults_.summary();
  report.tiers = tiers(i);
  report.layers = layers();
  if (faults_.any()) report.fault_policy = fault_policy_;
  if (!report.stuck()) return;
  // What waits for ever does not say that more arrives than can be served.
  report.growing = false;
  report.meets_slo = false;
}

std::vector<Unfinished> SimulationRun::unfinished(std::size_t i) const {
  const auto deployment = static_cast<std::uint32_t>(i);
  const serving::AliveCounts alive = engine_.alive_by_state(deployment);
  const bool cut = stopped() && !interrupted();
  const std::string run = interrupted() ? "the run was interrupted"
                          : cut         ? "the run ended when the SLO could no longer be met"
                                        : "";
  const std::string_view other = "nothing more was due: a fault of the engine, please report it";
  const auto last = static_cast<std::uint32_t>(lanes_[i].pools - 1);
  const bool decoders = engine_.state(deployment, last).up > 0;
  std::vector<Unfinished> out;
  const auto add = [&](const char* state, std::int64_t n, std::string_view cause) {
    if (n > 0) out.push_back({state, run.empty() ? std::string(cause) : run, n});
  };
  add("in the front end", alive.front_end, other);
  add("without an instance", alive.homeless, "no instance of their pool came up again");
  add("waiting", alive.waiting, other);
  add("loading", alive.loading, other);
  add("prefilling", alive.prefilling, other);
  add("waiting for a decode rank", alive.handover,
      decoders ? other : "no decode instance came up again");
  add("moving", alive.moving, other);
  add("decoding", alive.decoding, other);
  return out;
}

std::vector<TierResult> SimulationRun::tiers(std::size_t i) const {
  const Lane& lane = lanes_[i];
  std::vector<TierResult> out;
  const double seconds = std::max(1e-9, now_.to_time().si());
  for (std::uint32_t t = 0; t < lane.tiering.tiers.size(); ++t) {
    const serving::TierState s = engine_.tier_state(static_cast<std::uint32_t>(i), t);
    out.push_back({.name = lane.tiering.tiers[t].name,
                   .capacity = lane.block * d(s.capacity),
                   .filled = s.capacity > 0 ? d(s.blocks) / d(s.capacity) : 0.0,
                   .looked = s.looked,
                   .hits = s.hits,
                   .passed = s.passed,
                   .lost = s.lost,
                   .evicted = s.evicted,
                   .read = s.read,
                   .written = s.written,
                   .read_rate = Bandwidth::from_si(s.read.si() / seconds),
                   .write_rate = Bandwidth::from_si(s.written.si() / seconds)});
  }
  return out;
}

double SimulationRun::look_at_links() {
  const std::vector<serving::LinkState> links = engine_.links();
  link_most_.resize(links.size(), 0.0);
  double most = 0.0;
  for (std::size_t i = 0; i < links.size(); ++i) {
    const double share = links[i].load / links[i].capacity;
    link_most_[i] = std::max(link_most_[i], share);
    most = std::max(most, share);
  }
  return most;
}

std::vector<LayerResult> SimulationRun::layers() const {
  const std::vector<serving::LinkState> links = engine_.links();
  const double seconds = std::max(1e-9, now_.to_time().si());
  std::vector<LayerResult> out;
  for (const fabric::Layer layer :
       {fabric::Layer::scale_up, fabric::Layer::scale_out, fabric::Layer::dcn}) {
    LayerResult r;
    r.layer = layer;
    Bandwidth capacity;
    for (std::size_t i = 0; i < links.size(); ++i) {
      const serving::LinkState& l = links[i];
      if (l.layer != layer) continue;
      ++r.links;
      r.transfers += l.carried;
      r.collectives += l.collectives;
      capacity += l.capacity;
      const double share = (l.carried + l.collectives).si() / (l.capacity.si() * seconds);
      if (!r.worst.empty() && share <= r.worst_mean) continue;
      r.worst = l.name;
      r.worst_mean = share;
      r.worst_peak = i < link_most_.size() ? link_most_[i] : 0.0;
    }
    if (r.links == 0) continue;
    r.mean = (r.transfers + r.collectives).si() / (capacity.si() * seconds);
    out.push_back(std::move(r));
  }
  return out;
}

Errors SimulationRun::faults() const {
  Errors out;
  for (const Lane& lane : lanes_) {
    const Errors more = lane.source->faults();
    out.insert(out.end(), more.begin(), more.end());
  }
  return out;
}

void SimulationRun::advance_through_faults(Nanos at) {
  for (auto due = faults_.next(); due && *due <= at && !stopped(); due = faults_.next()) {
    advance(std::max(*due, now_));
    faults_.act(engine_);
  }
  advance(at);
}

/// To `at`, with samples on the way.
void SimulationRun::advance(Nanos at) {
  while (next_sample_ <= at.count) {
    now_ = {next_sample_};
    engine_.advance(now_);
    const double link = look_at_links();
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      states_.clear();
      for (std::uint32_t p = 0; p < lanes_[i].pools; ++p) {
        states_.push_back(engine_.state(static_cast<std::uint32_t>(i), p));
      }
      lanes_[i].recorder->sample(now_, states_, link);
    }
    if (next_sample_ >= wider_from_ && wider_from_ <= serving::arrivals_end.count) {
      sample_step_ *= 2;
      wider_from_ *= 2;
    }
    next_sample_ += sample_step_;
    if (stopped()) return;
  }
  now_ = at;
  engine_.advance(at);
}

void SimulationRun::tell(std::int64_t taken) const {
  std::int64_t all = 0;
  for (const Lane& lane : lanes_) all += lane.source->expected();
  run_.tell({.doing = "t=" + format(now_.to_time()),
             .share = std::min(1.0, d(taken) / std::max(1.0, d(all)))});
}

}  // namespace sn::twin
