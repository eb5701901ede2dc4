// sn/api/fabric_transfers.h
//
// Named transfers played on a fabric at the same time: what each group of them takes alone, on
// max-min fair flows and on packets, and which links they load most. Incast, ECMP collisions, one
// kind of traffic that slows another show here; a closed form knows each transfer alone.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sn/base/report/report_visitor.h"
#include "sn/base/result.h"
#include "sn/base/run.h"
#include "sn/fabric/packet/packet_model.h"
#include "sn/fabric/topology/routing.h"

namespace sn::api {

struct TransfersRequest {
  /// "rack0/gpu0:rack0/gpu9=1 GB"; `*` stands for any characters, and every device that fits sends
  /// to every other one that does. All begin at the same moment.
  std::vector<std::string> sends = {};
  std::string fidelity = "flow";   // flow, packet, all
  std::string transport = "roce";  // of ScaleOut: roce (hashed) or uec (sprayed)
};

/// What the transfers of one `sends` took, from the first start on.
struct TransferGroup {
  std::string from;
  std::string to;
  std::int64_t count = 0;
  Bytes each = {};
  Time alone = {};  // the longest of them on an idle fabric: latency + bytes / sustained rate
  Time flow_first = {};
  Time flow_last = {};
  Time packet_first = {};
  Time packet_last = {};
};

struct LoadedLink {
  std::string link;
  std::string kind;
  double share = 0.0;  // of what it could have carried until the last transfer ended
};

struct PlayedTransfers {
  std::vector<TransferGroup> groups;
  bool flow = false;
  bool packet = false;
  std::vector<LoadedLink> busiest;  // on flows where those were played
  fabric::PacketCounts packets;
  bool interrupted = false;
};

void describe(ReportVisitor& v, const PlayedTransfers& played);

/// Errors: what is no transfer, devices that are not there or not reached, too many transfers or
/// packets, a deadlock (the cycle of links).
[[nodiscard]] Result<PlayedTransfers> play_transfers(fabric::Router& router,
                                                     const std::string& protocol,
                                                     const TransfersRequest& request,
                                                     const Run& run);

}  // namespace sn::api
