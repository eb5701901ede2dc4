// sn/api/fabric.h
//
// The fabric of a scenario's machine: its elements, what they amount to, and one path through it.

#pragma once

#include <string>
#include <vector>

#include "sn/api/fabric_transfers.h"
#include "sn/base/report/report_visitor.h"
#include "sn/base/result.h"
#include "sn/fabric/topology/measures.h"
#include "sn/twin/world.h"

namespace sn::api {

struct FabricRequest {
  std::string from = {};  // a device ("rack0/gpu17"); with `to`: the path between them
  std::string to = {};
  /// Links as they are found: "rack0/gpu17/up/plane3" is down, "...=0.5" has half of its rate.
  std::vector<std::string> degraded = {};
  bool dot = false;                 // also as a graph for Graphviz
  TransfersRequest transfers = {};  // played where it has any
};

struct FabricPath {
  std::string from;
  std::string to;
  std::vector<fabric::Hop> hops;
  Time latency;
  Bandwidth raw;          // of the narrowest trunk on it: all parallel links together
  Bandwidth sustained;    // what payload has of it
  std::int64_t ways = 0;  // equal ones, 64 at most
};

struct FabricReport {
  std::string scenario;
  std::string rack;
  std::int64_t gpus = 0;
  std::int64_t domain = 0;
  std::string topology;  // of ScaleUp
  std::string protocol;  // of ScaleUp; empty: none known
  fabric::FabricMeasures measures;
  bool routed = false;
  FabricPath path;
  bool played = false;
  PlayedTransfers transfers;
  std::string dot;
};

void describe(ReportVisitor& v, const FabricReport& report);

/// Errors: too many links, ports that are not there, devices and links that are not, no path.
[[nodiscard]] Result<FabricReport> fabric_report(const twin::World& world,
                                                 const FabricRequest& request = {},
                                                 const Run& run = Run());

/// The same of a server as NCCL found it (fabric/topology/nccl_xml.h). Also: what is no such file.
[[nodiscard]] Result<FabricReport> fabric_report_of_file(const std::string& file,
                                                         const FabricRequest& request = {},
                                                         const Run& run = Run());

}  // namespace sn::api
