// sn/fabric/flow/flow_model.h
//
// Transfers as fluids: rates by max-min fairness over trunks, worked out at every start and end.
//
// A transfer holds the trunks of its way (every plane of a GPU, all uplinks of a leaf: per-packet
// spraying), or single links of ScaleOut where its flows are hashed (`ecmp`). Members of a class
// progress alike, v' = rate: a transfer that starts at v0 has sent its bytes at v0 + bytes, so that
// a change of rate costs one update a class, not a transfer. It is done one latency after its last
// byte was sent. Ends within a nanosecond of each other are taken together at the last of them, so
// that equal flows stay equal whatever rounding does; nothing ends early.
// Capacity of a link: raw x efficiency x health x (1 - background).
// Limits: no protocol, no buffers, no ramp: rates settle at once.

#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sn/fabric/event_lanes.h"
#include "sn/fabric/flow/max_min.h"
#include "sn/fabric/topology/routing.h"
#include "sn/fabric/transfer_model.h"

namespace sn::fabric {

struct FlowSetup {
  bool ecmp = false;  // ScaleOut by hash, not sprayed
  std::uint64_t seed = 1;
  Background background = {};
};

class FlowModel final : public TransferModel {
 public:
  /// `router` has the state of the links and outlives the model.
  FlowModel(Router& router, const FlowSetup& setup);

  void start(DeviceId from, DeviceId to, std::int64_t bytes, Tag tag) override;
  void start_in_switch(std::span<const DeviceId> members, std::int64_t bytes, Tag tag) override;
  void wait(Time delay, Tag tag) override;
  bool next(std::vector<Tag>& done) override;
  [[nodiscard]] Picos now() const override { return Picos{now_}; }
  [[nodiscard]] double carried(LinkId link) const override;

  [[nodiscard]] const MaxMin& rates() const { return solver_; }

 private:
  /// One transfer of a class under way: the class's progress at which it has sent all.
  struct Goal {
    double at;
    Tag tag;
  };
  struct Flow {
    double progress = 0.0;  // bytes that a member has sent since the class began
    double rate = 0.0;      // bytes/s of one member
    std::int64_t since = 0;
    Goal first = {};         // the nearest goal
    std::int32_t more = -1;  // in queues_, the others
    std::uint32_t version = 0;
    std::uint32_t way = 0;  // its latency
    bool busy = false;
  };
  struct End {
    std::uint32_t flow;
    std::uint32_t version;
  };
  /// Ends of one time; equal flows end together, so that there are few of these.
  struct Moment {
    std::int64_t time;
    std::uint32_t slot;
    friend bool operator>(const Moment& a, const Moment& b) {
      return a.time != b.time ? a.time > b.time : a.slot > b.slot;
    }
  };

  std::uint32_t flow_between(DeviceId from, DeviceId to);
  std::uint32_t make_flow(std::span<const MaxMin::Link> path, Time latency);
  void add_goal(std::uint32_t flow, std::int64_t bytes, Tag tag);
  void progress(Flow& flow) const;
  void schedule(std::uint32_t flow);
  void settle();
  void finish(std::int64_t until);
  void push_end(std::int64_t time, End end);
  [[nodiscard]] MaxMin::Link link_for(LinkId link) const;
  void rehash();

  Router& router_;
  FlowSetup setup_;
  MaxMin solver_;  // trunks first, then single links of ScaleOut
  std::size_t trunks_ = 0;
  std::vector<Flow> flows_;  // by class of the solver
  std::vector<std::vector<Goal>> queues_;
  std::vector<std::int32_t> free_queues_;
  struct Known {
    std::uint64_t key;
    std::uint32_t flow;
  };
  std::vector<Known> known_;  // open addressing by (from, to)
  std::size_t known_count_ = 0;
  std::vector<std::int64_t> latencies_;  // in ticks
  std::vector<Moment> moments_;          // a heap
  std::vector<std::vector<End>> slots_;
  std::vector<std::uint32_t> free_slots_;
  std::int64_t last_time_ = -1;  // of the moment that was added to last
  std::uint32_t last_slot_ = 0;
  std::vector<std::uint32_t> ended_;
  EventLanes<Tag> arrivals_;
  std::vector<EventLanes<Tag>::Lane> lanes_;  // by way
  std::vector<double> given_;                 // bytes, by link of the solver
  std::vector<MaxMin::Link> scratch_;
  std::int64_t now_ = 0;
};

}  // namespace sn::fabric
