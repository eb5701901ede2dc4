// sn/fabric/transfer_session.h
//
// Flows that share links over time: KV cache between pools, weights from storage.
//
// Max-min fairness (Bertsekas and Gallager, "Data Networks", 1992, 6.5.2): rates grow together
// until a link is full; flows over it keep what they have, the others go on. Rates change only when
// a flow starts or ends:
//   remaining(t + dt) = remaining(t) - rate x dt
// A flow is delivered one latency after its last byte was sent. Clock-agnostic: the owner asks for
// `next_wakeup` and calls `advance`. Limits: rates settle at once (no transport protocol); links
// are the sustained bandwidths of `Path`, so that headers are paid for.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "sn/base/clock.h"
#include "sn/base/quantity.h"

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

  [[nodiscard]] std::optional<Nanos> next_wakeup() const;
  /// Moves to `now` and appends what was delivered by then, in order of time.
  void advance(Nanos now, std::vector<Delivered>& done);

  [[nodiscard]] std::size_t flows() const { return flows_.size(); }
  /// Bytes sent over `link` so far.
  [[nodiscard]] Bytes carried(LinkId link) const { return links_[link].carried; }

 private:
  struct Link {
    Bandwidth capacity;
    Bytes carried;
    double left = 0.0;  // of the capacity, while rates are worked out
    std::uint32_t open = 0;
  };
  struct Flow {
    FlowId id = 0;
    std::uint64_t tag = 0;
    std::vector<LinkId> path;
    double remaining = 0.0;  // bytes
    double rate = 0.0;       // bytes/s
    Time latency;
    bool settled = false;
    std::optional<Nanos> arrives;  // all sent; on its way
  };

  void progress(Nanos now);
  void share();
  [[nodiscard]] std::optional<Nanos> next_sent() const;

  std::vector<Link> links_;
  std::vector<Flow> flows_;  // in order of start
  FlowId next_ = 1;
  Nanos now_ = {};
};

}  // namespace sn::fabric
