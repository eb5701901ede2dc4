// sn/api/directions/directions.h
//
// The four directions of GPU-centric machines on one deployment: what hangs on ScaleUp (attach),
// message or memory semantics, three layers or two, copper or optics. All sixteen combinations play
// the base's deployment on the engine, with traffic that shares links (`fidelity.fabric: flow`).
//
// The base is the scenario with peripherals on PCIe, messages, three layers and copper. Beside the
// figures of each combination stand probes: single transfers alone on an idle machine, by the same
// models; what of them changed is the reason of a row. Bytes per port are conserved: a transfer
// that leaves PCIe for ScaleUp is on a ScaleUp port, and collectives there have the rest.

#pragma once

#include <array>
#include <string>
#include <vector>

#include "sn/api/open.h"
#include "sn/base/report/report_visitor.h"
#include "sn/base/run.h"

namespace sn::api {

struct DirectionsRequest {
  OpenRequest open;
  std::string medium = "cpo";  // against copper
  bool knees = true;           // the largest rate under the SLO of each; else at the base's load
};

/// Single transfers, alone. 0: there is no such thing in the scenario.
struct Probes {
  Time kv_fetch;    // a mean prompt's blocks from the first tier below HBM
  Time hand_over;   // a mean prompt's cache to the decode pool
  Time all_reduce;  // 64 KiB over the ranks of a tensor-parallel group
  Time exchange;    // dispatch of one token a rank, over the expert-parallel group
  Time retrieval;   // of `workload.retrieval`
  Time cold_start;  // weights of one OS image over the DCN
  Time checkpoint;  // the model's weights to a store, over all images
  Time scale_up;    // one way through the domain, a cache line
};
inline constexpr std::size_t probe_count = 8;
[[nodiscard]] std::array<Time, probe_count> values_of(const Probes& probes);
[[nodiscard]] const std::array<std::string, probe_count>& probe_names();

struct DirectionRow {
  bool attach = false;  // on ScaleUp
  bool memory = false;  // semantics
  bool two_layers = false;
  bool optics = false;
  double multiple = 0.0;  // largest that meets the SLO; 0 without knees
  Time ttft;              // means at the base's operating load
  Time ttft_p90;
  Time tpot;
  double output_per_gpu = 0.0;
  double watts = 0.0;               // of the deployment's racks; 0 without a plant
  double million = 0.0;             // dollars a million output tokens; 0 without prices
  double up = 0.0;                  // share of GPUs
  double scale_up_share = 0.0;      // of its ports' capacity, transfers and collectives
  double scale_up_transfers = 0.0;  // bytes of transfers on ScaleUp ports
  double dcn_share = 0.0;
  double hit_rate = 0.0;    // of input tokens, tiers included
  Length reach;             // of the ScaleUp medium
  std::int64_t domain = 0;  // GPUs
  Probes probes;
  std::string cause;   // what differs from the base, and by how much
  std::string failed;  // not empty: why it could not be played
};

struct DirectionsReport {
  std::string name;
  std::string machine;
  std::string plan;
  std::string medium;
  std::string slo;
  double multiple = 0.0;           // operating load: what TTFT and TPOT are at
  std::vector<DirectionRow> rows;  // the base first
  bool interrupted = false;
  Errors warnings;
};

void describe(ReportVisitor& v, const Probes& probes);
void describe(ReportVisitor& v, const DirectionRow& row);
void describe(ReportVisitor& v, const DirectionsReport& report);

[[nodiscard]] Result<DirectionsReport> directions(const DirectionsRequest& request,
                                                  const catalog::Catalog& catalog,
                                                  const Run& run = Run());

}  // namespace sn::api
