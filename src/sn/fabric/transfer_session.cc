// sn/fabric/transfer_session.cc
//
// Progressive filling and the passing of time (see transfer_session.h).

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
  SN_ASSERT(capacity.si() > 0.0);
  links_.push_back({.capacity = capacity, .carried = {}});
  return static_cast<LinkId>(links_.size() - 1);
}

void TransferSession::set_capacity(LinkId link, Bandwidth capacity, Nanos now) {
  SN_ASSERT(capacity.si() > 0.0);
  progress(now);
  links_[link].capacity = capacity;
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
    for (const LinkId l : f.path) links_[l].carried += Bytes::from_si(sent);
  }
}

void TransferSession::share() {
  for (Link& l : links_) {
    l.left = l.capacity.si();
    l.open = 0;
  }
  std::size_t open = 0;
  for (Flow& f : flows_) {
    f.settled = f.arrives.has_value();
    if (f.settled) continue;
    ++open;
    for (const LinkId l : f.path) ++links_[l].open;
  }
  while (open > 0) {
    double least = std::numeric_limits<double>::infinity();
    for (const Link& l : links_) {
      if (l.open > 0) least = std::min(least, l.left / l.open);
    }
    const double limit = least * (1.0 + 1e-12);
    for (Flow& f : flows_) {
      if (f.settled) continue;
      const bool full = std::any_of(f.path.begin(), f.path.end(), [&](LinkId l) {
        return links_[l].left / links_[l].open <= limit;
      });
      if (!full && !f.path.empty()) continue;
      f.settled = true;
      f.rate = least;
      --open;
      for (const LinkId l : f.path) {
        links_[l].left = std::max(0.0, links_[l].left - least);
        --links_[l].open;
      }
    }
  }
}

TransferSession::FlowId TransferSession::start(std::span<const LinkId> path, Bytes size,
                                               Time latency, std::uint64_t tag, Nanos now) {
  SN_ASSERT(!path.empty() && size.si() >= 0.0);
  progress(now);
  flows_.push_back({.id = next_,
                    .tag = tag,
                    .path = {path.begin(), path.end()},
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
  flows_.erase(at);
  share();
  return true;
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
