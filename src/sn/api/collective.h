// sn/api/collective.h
//
// How long a collective takes on a rack of the catalog, by size: the table of nccl-tests,
// predicted.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sn/base/report/report_visitor.h"
#include "sn/base/result.h"
#include "sn/base/run.h"
#include "sn/base/units/quantity.h"
#include "sn/catalog/catalog.h"
#include "sn/collective/collective.h"
#include "sn/collective/schedule/fidelity.h"
#include "sn/twin/scenario/fields.h"

namespace sn::api {

struct CollectiveRequest {
  std::string rack;                // of the catalog
  std::int64_t gpus = 0;           // ranks, in whole domains; 0: one domain
  std::string op = "all_reduce";   // all_gather, reduce_scatter, all_to_all
  std::string algorithm = "auto";  // library, custom, ring, tree, in-switch, one-shot, two-shot
  std::string first = "1 KiB";     // sizes from here
  std::string last = "8 GiB";      // to here
  std::int64_t factor = 4;         // each so many times the one before, 64 of them at most
  std::string scale_out = {};      // of the catalog; empty: one that never blocks
  /// `analytic`, `flow` or `packet`; `all`: side by side. Flows and packets are rows' `played`.
  std::string fidelity = "analytic";
  /// What other traffic holds of a layer: "scale_up=0.3", "scale_out=...".
  std::vector<std::string> background = {};
  std::string transport = "roce";  // of ScaleOut: hashed; `uec`: sprayed
  bool trace = false;              // the chain of moves that each other waited for
  /// Changes of `cluster.rack` and `cluster.scale_out`, as a scenario would make them.
  std::vector<twin::FieldValue> fields = {};
};

/// A row at a finer fidelity.
struct PlayedRow {
  collective::Fidelity fidelity = collective::Fidelity::flow;
  collective::Pattern pattern = collective::Pattern::ring;  // what was played
  bool done = false;                                        // false: too many packets
  Time time;
  Time fabric;  // the schedule alone, without software
  Time ideal;   // its closed form
  std::vector<collective::Waited> chain = {};
};

struct CollectiveRow {
  Bytes size;
  collective::Timing timing;
  std::vector<PlayedRow> played = {};
};

struct CollectiveTable {
  std::string rack;
  std::string entry;  // of the parameters
  collective::Op op = collective::Op::all_reduce;
  collective::Group group;
  collective::Kernels kernels = collective::Kernels::automatic;
  fabric::Background background = {};
  std::vector<CollectiveRow> rows;
  bool interrupted = false;  // larger sizes are missing
};

void describe(ReportVisitor& v, const PlayedRow& row);
void describe(ReportVisitor& v, const CollectiveTable& table);

[[nodiscard]] Result<CollectiveTable> collective_table(const CollectiveRequest& request,
                                                       const catalog::Catalog& catalog,
                                                       const Run& run = Run());

}  // namespace sn::api
