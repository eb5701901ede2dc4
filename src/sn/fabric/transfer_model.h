// sn/fabric/transfer_model.h
//
// What both finer fidelities answer: bytes between devices of a topology, over time, beside others.
//
// Whoever plays a schedule starts transfers and waits, and asks for what is done next; the model
// owns the clock. flow/flow_model.h shares links by max-min fairness, packet/packet_model.h moves
// packets. The same calls in the same order give the same answers.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sn/base/clock.h"
#include "sn/base/units/quantity.h"
#include "sn/fabric/topology/topology.h"

namespace sn::fabric {

class TransferModel {
 public:
  using Tag = std::uint64_t;

  virtual ~TransferModel() = default;

  /// `bytes` > 0 from one device to another, from now on; `tag` is done when the last of them has
  /// arrived. The devices reach one another (asserted).
  virtual void start(DeviceId from, DeviceId to, std::int64_t bytes, Tag tag) = 0;
  /// `bytes` from every member up into the switches, reduced there, and the result down to every
  /// member: at least two, of one ScaleUp domain of a single stage.
  virtual void start_in_switch(std::span<const DeviceId> members, std::int64_t bytes, Tag tag) = 0;
  /// `tag` is done after `delay`.
  virtual void wait(Time delay, Tag tag) = 0;

  /// Moves to the next moment at which anything is done and appends those tags, in the order of
  /// their starts where they share the moment. False when nothing is under way, or nothing can
  /// move any more: `stuck` says what holds what.
  virtual bool next(std::vector<Tag>& done) = 0;
  /// Links in a cycle that wait for one another; empty when nothing is stuck.
  [[nodiscard]] virtual std::vector<std::string> stuck() const { return {}; }

  [[nodiscard]] virtual Picos now() const = 0;
  /// Payload that was given to `link` so far; of a trunk that is sprayed, its even share.
  [[nodiscard]] virtual double carried(LinkId link) const = 0;

 protected:
  TransferModel() = default;
  TransferModel(const TransferModel&) = default;
  TransferModel& operator=(const TransferModel&) = default;
};

/// What other traffic holds of each kind of link, in [0, 1).
struct Background {
  double scale_up = 0.0;
  double pcie = 0.0;
  double scale_out = 0.0;
  double dcn = 0.0;

  [[nodiscard]] double of(LinkKind kind) const {
    const double all[] = {scale_up, pcie, scale_out, dcn};
    return all[static_cast<std::size_t>(kind)];
  }
  friend bool operator==(const Background&, const Background&) = default;
};

}  // namespace sn::fabric
