// sn/fabric/packet/packet_model.h
//
// Transfers as packets of up to 4 KiB over every link of their way, on an int64 picosecond clock.
//
// A link sends one packet at a time: max(wire bytes / raw, payload / (raw x efficiency)), see
// protocol.h; the head is at the next device one latency later and goes on at once where that is a
// switch whose next link is no faster (cut-through), else when all of it is there. Queues are FIFOs
// at the output, one for each virtual channel.
//   ScaleUp, PCIe  credits: a packet moves when the input buffer behind the link has room, and the
//                  room comes back one latency after it went on. Bit errors: the link repeats from
//                  the bad flit on (go-back-N), a round trip and the packet again
//   ScaleOut       `roce`: ECMP, ECN marks between two thresholds, DCQCN at the sender (Zhu et al.,
//                  SIGCOMM'15), priority flow control between two fill levels of an input.
//                  `uec`: packets sprayed over all ways, payload trimmed where a queue is full, the
//                  rest pulled by the receiver at its line rate (NDP, Handley et al., SIGCOMM'17;
//                  Ultra Ethernet 1.0 receiver credit)
//   DCN            a window cut by the share of marks (DCTCP, Alizadeh et al., SIGCOMM'10); full
//                  queues drop, the sender hears of it a round trip later
//   in-switch      a switch adds the packets of all members and sends the sum to each
// A source gives its links packets of its transfers in turn, one of each; a link takes the next
// when it is free, so planes fill by themselves.
// Limits: acknowledgements, pulls and notices take time but no bandwidth; receivers keep up.

#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "sn/fabric/packet/protocol.h"
#include "sn/fabric/topology/routing.h"
#include "sn/fabric/transfer_model.h"

namespace sn::fabric {

enum class Transport : std::uint8_t { roce, uec };

/// Buffers and thresholds in bytes; all assumed unless a source is named.
struct PacketSetup {
  Protocol scale_up = {};
  Transport scale_out = Transport::roce;
  std::uint64_t seed = 1;
  Background background = {};
  double bit_errors = 0.0;           // rate on ScaleUp links, before replay
  std::int64_t channels = 2;         // virtual channels of ScaleUp
  std::int64_t credits = 0;          // input buffer of a channel; 0: twice rate x round trip
  std::int64_t mark_from = 400'000;  // ECN: no marks below, all above `mark_all`
  std::int64_t mark_all = 1'600'000;
  double mark_most = 0.2;           // probability just below `mark_all`
  std::int64_t pause_at = 512'000;  // PFC: fill of an input
  std::int64_t resume_at = 256'000;
  std::int64_t trim_at = 100'000;    // `uec`
  std::int64_t drop_at = 4'000'000;  // DCN, and `uec` headers never
  bool congestion_control = true;    // off: RoCE at line rate, PFC alone
};

/// What happened, in packets.
struct PacketCounts {
  std::uint64_t delivered = 0;
  std::uint64_t hops = 0;
  std::uint64_t events = 0;
  std::uint64_t marked = 0;
  std::uint64_t trimmed = 0;
  std::uint64_t dropped = 0;
  std::uint64_t repeated = 0;  // by link-level replay
  std::uint64_t pauses = 0;
};

class PacketEngine;

class PacketModel final : public TransferModel {
 public:
  /// `router` has the state of the links and outlives the model.
  PacketModel(Router& router, const PacketSetup& setup);
  ~PacketModel() override;

  void start(DeviceId from, DeviceId to, std::int64_t bytes, Tag tag) override;
  void start_in_switch(std::span<const DeviceId> members, std::int64_t bytes, Tag tag) override;
  void wait(Time delay, Tag tag) override;
  bool next(std::vector<Tag>& done) override;
  [[nodiscard]] std::vector<std::string> stuck() const override;
  [[nodiscard]] Picos now() const override;
  [[nodiscard]] double carried(LinkId link) const override;

  [[nodiscard]] const PacketCounts& counts() const;
  /// Most bytes that stood before `link`.
  [[nodiscard]] std::int64_t longest_queue(LinkId link) const;
  /// Payload delivered, of all transfers.
  [[nodiscard]] std::int64_t delivered_bytes() const;

 private:
  std::unique_ptr<PacketEngine> engine_;
};

}  // namespace sn::fabric
