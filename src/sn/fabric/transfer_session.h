// sn/fabric/transfer_session.h
//
// Flows that share links over time: KV cache between pools, weights from storage.
//
// Max-min fairness (flow/max_min.h): flows of one path are one class, and only what a start or an
// end touches is worked out anew. Between two of those
//   remaining(t + dt) = remaining(t) - rate x dt
// A flow is delivered one latency after its last byte was sent. Clock-agnostic: the owner asks for
// `next_wakeup` and calls `advance`. Limits: rates settle at once (no transport protocol); links
// are the sustained bandwidths of `Path`, so that headers are paid for.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "sn/base/clock.h"
#include "sn/base/units/quantity.h"
#include "sn/fabric/flow/max_min.h"

namespace sn::fabric {

class TransferSession {
 public:
  using LinkId = std::uint32_t;
  using FlowId = std::uint64_t;

  /// What is done: the tag that `start` was given.
  struct Delivered {
    FlowId flow = 0;
    std::uint64_t tag = 0;
    Nanos sent = {};
  };

  [[nodiscard]] LinkId add_link(Bandwidth capacity);
  /// From the next `advance` on; flows under way speed up or slow down.
  void set_capacity(LinkId link, Bandwidth capacity, Nanos now);

  /// `size` bytes over every link of `path`, delivered `latency` after the last one was sent.
  FlowId start(std::span<const LinkId> path, Bytes size, Time latency, std::uint64_t tag,
               Nanos now);
  /// False when it is no longer under way.
  bool cancel(FlowId flow, Nanos now);

  /// When `flow` is delivered if nothing else comes or goes; nothing when it is not under way.
  [[nodiscard]] std::optional<Nanos> expected(FlowId flow) const;
  /// What one more flow over `path` would have at least: its fair share of every link.
  [[nodiscard]] Bandwidth fair_rate(std::span<const LinkId> path) const;

  [[nodiscard]] std::optional<Nanos> next_wakeup() const;
  /// Moves to `now` and appends what was delivered by then, in order of time.
  void advance(Nanos now, std::vector<Delivered>& done);

  [[nodiscard]] std::size_t flows() const { return flows_.size(); }
  /// Bytes sent over `link` so far.
  [[nodiscard]] Bytes carried(LinkId link) const { return carried_[link]; }
  [[nodiscard]] std::size_t links() const { return carried_.size(); }
  [[nodiscard]] Bandwidth capacity(LinkId link) const {
    return Bandwidth::from_si(rates_.capacity(link));
  }
  /// What is sent over it now.
  [[nodiscard]] Bandwidth load(LinkId link) const { return Bandwidth::from_si(rates_.load(link)); }

 private:
  struct Flow {
    FlowId id = 0;
    std::uint64_t tag = 0;
    MaxMin::Class path = 0;
    double remaining = 0.0;  // bytes
    double rate = 0.0;       // bytes/s
    Time latency;
    std::optional<Nanos> arrives;  // all sent; on its way
  };

  void progress(Nanos now);
  void share();
  /// A flow joins its path, or leaves it.
  void add_member(MaxMin::Class path, std::int64_t change);
  [[nodiscard]] std::optional<Nanos> next_sent() const;

  MaxMin rates_;
  std::map<std::vector<LinkId>, MaxMin::Class> paths_;
  std::vector<Bytes> carried_;         // by link
  std::vector<std::int64_t> sending_;  // flows, by link
  std::vector<Flow> flows_;            // in order of start
  FlowId next_ = 1;
  Nanos now_ = {};
};

}  // namespace sn::fabric
