// sn/fabric/transfer_session.cc
//
// The passing of time between changes of rates (see transfer_session.h).

#include "sn/fabric/transfer_session.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "sn/base/result.h"

namespace sn::fabric {

namespace {

constexpr double nothing = 1e-6;  // bytes: what rounding leaves of a finished flow

std::int64_t nanos_up(double seconds) {
  return static_cast<std::int64_t>(std::ceil(seconds * 1e9));
}

}  // namespace

TransferSession::LinkId TransferSession::add_link(Bandwidth capacity) {
  carried_.emplace_back();
  sending_.push_back(0);
  return rates_.add_link(capacity.si());
}

void TransferSession::set_capacity(LinkId link, Bandwidth capacity, Nanos now) {
  progress(now);
  rates_.set_capacity(link, capacity.si());
  share();
}

void TransferSession::progress(Nanos now) {
  SN_ASSERT(now >= now_);
  const double dt = static_cast<double>(now.count - now_.count) * 1e-9;
  now_ = now;
  if (dt <= 0.0) return;
  for (Flow& f : flows_) {
    if (f.arrives) continue;
    const double sent = std::min(f.remaining, f.rate * dt);
    f.remaining -= sent;
    for (const LinkId l : rates_.path(f.path)) carried_[l] += Bytes::from_si(sent);
  }
}

void TransferSession::add_member(MaxMin::Class path, std::int64_t change) {
  rates_.add_members(path, change);
  for (const LinkId l : rates_.path(path)) sending_[l] += change;
}

void TransferSession::share() {
  rates_.solve();
  for (Flow& f : flows_) {
    if (!f.arrives) f.rate = rates_.rate(f.path);
  }
}

TransferSession::FlowId TransferSession::start(std::span<const LinkId> path, Bytes size,
                                               Time latency, std::uint64_t tag, Nanos now) {
  SN_ASSERT(!path.empty() && size.si() >= 0.0);
  progress(now);
  const auto [at, fresh] = paths_.try_emplace({path.begin(), path.end()}, 0);
  if (fresh) at->second = rates_.add_class(path);
  add_member(at->second, 1);
  flows_.push_back({.id = next_,
                    .tag = tag,
                    .path = at->second,
                    .remaining = size.si(),
                    .latency = latency,
                    .arrives = {}});
  share();
  return next_++;
}

bool TransferSession::cancel(FlowId flow, Nanos now) {
  progress(now);
  const auto at =
      std::find_if(flows_.begin(), flows_.end(), [&](const Flow& f) { return f.id == flow; });
  if (at == flows_.end()) return false;
  if (!at->arrives) add_member(at->path, -1);
  flows_.erase(at);
  share();
  return true;
}

std::optional<Nanos> TransferSession::expected(FlowId flow) const {
  const auto at =
      std::find_if(flows_.begin(), flows_.end(), [&](const Flow& f) { return f.id == flow; });
  if (at == flows_.end()) return std::nullopt;
  if (at->arrives) return at->arrives;
  return Nanos{now_.count + nanos_up(at->remaining / at->rate + at->latency.si())};
}

Bandwidth TransferSession::fair_rate(std::span<const LinkId> path) const {
  double least = std::numeric_limits<double>::infinity();
  for (const LinkId l : path) {
    least = std::min(least, rates_.capacity(l) / static_cast<double>(sending_[l] + 1));
  }
  return Bandwidth::from_si(least);
}

std::optional<Nanos> TransferSession::next_sent() const {
  std::optional<Nanos> next;
  for (const Flow& f : flows_) {
    if (f.arrives) continue;
    const Nanos t{now_.count + (f.remaining <= nothing ? 0 : nanos_up(f.remaining / f.rate))};
    if (!next || t < *next) next = t;
  }
  return next;
}

std::optional<Nanos> TransferSession::next_wakeup() const {
  std::optional<Nanos> next = next_sent();
  for (const Flow& f : flows_) {
    if (f.arrives && (!next || *f.arrives < *next)) next = f.arrives;
  }
  return next;
}

void TransferSession::advance(Nanos now, std::vector<Delivered>& done) {
  // Rates change whenever a flow is all sent, so time moves from one such moment to the next.
  for (std::optional<Nanos> t = next_sent(); t && *t <= now; t = next_sent()) {
    progress(*t);
    for (Flow& f : flows_) {
      if (f.arrives || f.remaining > std::max(nothing, f.rate * 1e-9)) continue;
      f.arrives = Nanos{t->count + nanos_up(f.latency.si())};
      add_member(f.path, -1);
    }
    share();
  }
  progress(now);
  std::vector<std::pair<Nanos, Delivered>> arrived;
  std::erase_if(flows_, [&](const Flow& f) {
    if (!f.arrives || *f.arrives > now) return false;
    arrived.push_back({*f.arrives, {.flow = f.id, .tag = f.tag, .sent = *f.arrives}});
    return true;
  });
  std::stable_sort(arrived.begin(), arrived.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& a : arrived) done.push_back(a.second);
}

}  // namespace sn::fabric
