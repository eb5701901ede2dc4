// sn/api/collective.h
//
// How long a collective takes on a rack of the catalog, by size: the table of nccl-tests,
// predicted.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sn/base/quantity.h"
#include "sn/base/report/report_visitor.h"
#include "sn/base/result.h"
#include "sn/base/run.h"
#include "sn/catalog/catalog.h"
#include "sn/collective/collective.h"
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
  /// Changes of `cluster.rack` and `cluster.scale_out`, as a scenario would make them.
  std::vector<twin::FieldValue> fields = {};
};

struct CollectiveRow {
  Bytes size;
  collective::Timing timing;
};

struct CollectiveTable {
  std::string rack;
  std::string entry;  // of the parameters
  collective::Op op = collective::Op::all_reduce;
  collective::Group group;
  collective::Kernels kernels = collective::Kernels::automatic;
  std::vector<CollectiveRow> rows;
  bool interrupted = false;  // larger sizes are missing
};

void describe(ReportVisitor& v, const CollectiveTable& table);

[[nodiscard]] Result<CollectiveTable> collective_table(const CollectiveRequest& request,
                                                       const catalog::Catalog& catalog,
                                                       const Run& run = Run());

}  // namespace sn::api
