// sn/fabric/packet/packet_engine.h
//
// The state and the event loop behind PacketModel. Internal to this folder.
//
// Everything is an index into a flat array: links, ports (a link and one of its virtual channels),
// packets, streams (transfers under way). A route is a row of ports. An event is two words.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "sn/fabric/event_lanes.h"
#include "sn/fabric/packet/packet_model.h"

namespace sn::fabric {

class PacketEngine {
 public:
  using Tag = TransferModel::Tag;

  PacketEngine(Router& router, const PacketSetup& setup);

  void start(DeviceId from, DeviceId to, std::int64_t bytes, Tag tag);
  void start_in_switch(std::span<const DeviceId> members, std::int64_t bytes, Tag tag);
  void wait(std::int64_t delay, Tag tag);
  bool next(std::vector<Tag>& done);
  [[nodiscard]] std::vector<std::string> stuck() const;
  [[nodiscard]] std::int64_t now() const { return now_; }
  [[nodiscard]] double carried(LinkId l) const { return static_cast<double>(wires_[l].sent); }
  [[nodiscard]] std::int64_t longest(LinkId l) const { return wires_[l].longest; }
  [[nodiscard]] const PacketCounts& counts() const { return counts_; }
  [[nodiscard]] std::int64_t delivered_bytes() const { return delivered_bytes_; }

 private:
  static constexpr std::uint32_t none = 0xffffffff;

  enum class Kind : std::uint32_t {
    arrive,  // packet `arg` at its next device
    done,    // link has sent
    credit,  // port has `arg` bytes more
    pause,   // link stops, or goes on (`arg` 0)
    kick,    // stream may send again
    ack,     // stream: `arg` bytes have arrived; the top bit: marked
    lost,    // stream: `arg` bytes have not
    notice,  // stream: congestion (CNP)
    timer,   // stream: rate recovery
    pull,    // stream: one packet more
    tag      // waits_[arg] is over
  };
  struct Event {
    std::uint32_t what;  // kind in the upper 4 bits, index below
    std::uint32_t arg;
  };
  struct Packet {
    std::uint32_t stream;
    std::uint32_t route;  // of its first port
    std::uint32_t next;   // in a queue, or of free ones
    std::uint32_t bytes;
    std::uint16_t hop;   // ports behind it
    std::uint16_t hops;  // of the route
    bool marked;
    bool trimmed;
    bool reduced;  // on the way down, after in-switch reduction
  };
  struct Port {
    std::uint32_t head = none;
    std::uint32_t tail = none;
    std::int64_t credits = 0;
    std::int64_t bytes = 0;  // in the queue
  };
  struct Wire {
    std::int64_t full = 0;     // ticks of a whole unit
    std::int64_t latency = 0;  // of the cable
    std::int64_t ahead = 0;    // and of the device behind it
    std::uint32_t done_lane = 0;
    std::uint32_t head_lane = 0;
    std::uint32_t tail_lane = 0;
    std::uint32_t credit_lane = 0;
    DeviceId from = 0;
    std::uint32_t member = 0;   // among the links of `from`
    std::uint32_t in_port = 0;  // where the packet being sent came from
    std::uint32_t in_bytes = 0;
    std::uint8_t turn = 0;
    bool busy = false;
    bool laned = false;  // its lanes are known: links that never send have none
    bool paused = false;
    bool credited = false;   // moves by credits
    bool switching = false;  // leads to a device that cuts through
    bool pausing = false;    // has told whoever sends on it to stop
    LinkKind kind = LinkKind::scale_up;
    double per_byte = 0.0;   // ticks a payload byte at most sustains
    double wire_byte = 0.0;  // ticks a byte on the wire
    double bit_errors = 0.0;
    std::int64_t fill = 0;  // bytes of its input, where pauses rule
    std::int64_t sent = 0;
    std::int64_t longest = 0;
    std::uint64_t draws = 0;
  };
  struct Stream {
    Tag tag = 0;
    std::int64_t bytes = 0;
    std::int64_t unsent = 0;
    std::int64_t arrived = 0;
    std::uint32_t ways = 0;  // in table_: member x each + turn
    std::uint32_t each = 1;  // ways a first link
    std::uint32_t control = none;
    std::uint32_t sequence = 0;
    std::uint32_t reduction = none;
    DeviceId from = 0;
    std::uint8_t channel = 0;
    bool listed = false;
  };
  enum class Rule : std::uint8_t { roce, uec, dctcp };
  /// What a transport remembers of a stream.
  struct Control {
    Rule rule = Rule::roce;
    double line = 0.0;  // payload bytes a tick of its narrowest link
    double rate = 0.0;  // bytes a tick
    double target = 0.0;
    double alpha = 1.0;
    double window = 0.0;
    std::int64_t inflight = 0;
    std::int64_t back = 0;  // ticks of a notice to the sender
    std::int64_t next_time = 0;
    std::int64_t last_notice = -1'000'000'000'000;
    std::int64_t acked = 0;
    std::int64_t acked_marked = 0;
    std::int64_t allowed = 0;  // packets
    int stage = 0;
    bool kicked = false;
    bool timed = false;
    DeviceId to = 0;
    std::vector<std::uint32_t> again;  // sizes to send once more
  };
  struct Source {
    std::vector<std::uint32_t> streams;
    std::size_t turn = 0;
  };
  struct Ways {
    std::uint32_t first = 0;  // in table_
    std::uint32_t each = 1;
    std::int64_t latency = 0;
    double line = 0.0;
    bool networked = false;
    bool dcn = false;
  };
  /// A sum in the switches: which units have come from how many members.
  struct Reduction {
    Tag tag = 0;
    std::vector<DeviceId> members;
    std::vector<std::uint32_t> streams;
    std::vector<std::uint16_t> seen;               // by unit
    std::vector<std::vector<std::uint32_t>> down;  // routes to each member, by plane
    std::vector<std::vector<std::uint32_t>> next;  // unit that each member sends next, by plane
    std::int64_t bytes = 0;
    std::int64_t arrived = 0;
    std::uint32_t planes = 0;
  };

  void make_wires();
  void make_lanes(Wire& w);
  [[nodiscard]] static Event event(Kind kind, std::uint32_t index, std::uint32_t arg = 0) {
    return {(static_cast<std::uint32_t>(kind) << 28) | index, arg};
  }
  void at(std::int64_t time, Event e) { events_.push_at(time, e); }
  [[nodiscard]] std::int64_t service(const Wire& w, std::int64_t bytes) const;
  [[nodiscard]] double uniform(Wire& w);

  // packet_routes.cc
  const Ways& ways_between(DeviceId from, DeviceId to);
  [[nodiscard]] std::vector<std::vector<LinkId>> paths_between(DeviceId from, DeviceId to);
  std::uint32_t add_route(const std::vector<LinkId>& path, std::uint8_t channel);

  // packet_engine.cc
  void handle(Event e);
  void arrive(std::uint32_t packet);
  void enqueue(std::uint32_t port, std::uint32_t packet);
  void try_start(std::uint32_t link);
  bool pull_from_source(std::uint32_t link);
  void send(std::uint32_t link, std::uint32_t port, std::uint32_t packet);
  void sent(std::uint32_t link);
  void deliver(std::uint32_t packet);
  void kick(std::uint32_t stream);
  void unlist(Source& source, std::size_t at);
  std::uint32_t take_packet();
  void free_packet(std::uint32_t packet);
  std::uint32_t add_stream(const Stream& s);
  void list(std::uint32_t stream);
  void finish(std::uint32_t stream);
  [[nodiscard]] std::uint32_t link_of(std::uint32_t port) const { return port >> shift_; }

  // packet_transport.cc
  void make_control(Stream& s, const Ways& ways, DeviceId to);
  /// Bytes that the stream may send now, of a packet; 0: not yet.
  [[nodiscard]] std::int64_t allowed(std::uint32_t stream);
  void sent_one(Stream& s, std::int64_t bytes);
  /// Marks, trims or drops; false when the packet is gone.
  bool admit(Wire& w, Port& q, std::uint32_t packet);
  void received(std::uint32_t stream, Packet& p);
  void fill(std::uint32_t link, std::int64_t change);
  void on_ack(std::uint32_t stream, std::uint32_t arg);
  void on_lost(std::uint32_t stream, std::uint32_t bytes);
  void on_notice(std::uint32_t stream);
  void on_timer(std::uint32_t stream);
  void pull_at(std::uint32_t stream);

  // packet_reduction.cc
  bool pull_reduction(std::uint32_t link, std::uint32_t stream);
  void reduce(std::uint32_t stream, Packet& p);

  Router& router_;
  const Topology& topology_;
  PacketSetup setup_;
  std::uint32_t shift_ = 0;  // ports a link, as a power of two
  std::vector<Wire> wires_;
  std::vector<Port> ports_;
  std::vector<Packet> packets_;
  std::vector<Stream> streams_;
  std::vector<std::uint32_t> free_streams_;
  std::vector<Control> controls_;
  std::vector<std::uint32_t> free_controls_;
  std::vector<Source> sources_;        // by device
  std::vector<std::int64_t> pulled_;   // by device: when its next pull may go
  std::vector<std::uint32_t> routes_;  // [hops, port, port, ...]
  std::vector<std::uint32_t> table_;   // routes, by first link and turn
  std::unordered_map<std::uint64_t, Ways> ways_;
  std::vector<Reduction> reductions_;
  std::vector<Tag> waits_;
  std::vector<std::uint32_t> free_waits_;
  std::vector<Tag> finished_;
  std::uint32_t free_ = none;  // packets
  EventLanes<Event> events_;
  std::int64_t now_ = 0;
  std::int64_t delivered_bytes_ = 0;
  std::size_t under_way_ = 0;
  PacketCounts counts_;
};

}  // namespace sn::fabric
